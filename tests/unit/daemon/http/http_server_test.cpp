#include "daemon/http/http_server.hpp"

#include "tests/unit/daemon/http/http_peer.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::get;
using sluice::test::Peer;

namespace {

awaitable<HttpResponse> echo(const HttpRequest& request) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.path + (request.caller.unix_socket ? " control " : " tcp ") +
                  request.caller.name + " " + std::to_string(request.body.size());
  co_return response;
}

// To a path that is a number.
awaitable<HttpResponse> answer_of_size(const HttpRequest& request) {
  HttpResponse response;
  response.body = std::string(std::stoul(request.path.substr(1)), 'x');
  co_return response;
}

struct Fixture : sluice::test::ServerFixture {
  explicit Fixture(ServerLimits limits = {}) : ServerFixture(echo, limits) {}
};
}  // namespace

TEST_CASE("server: the Unix socket has mode 0660, gives control, and names who asks") {
  sluice::test::TempFolder folder;
  Fixture f;
  const std::string path = folder.path("sluice.sock");
  REQUIRE(f.server.listen_unix(path).has_value());
  struct stat state {};
  REQUIRE(::stat(path.c_str(), &state) == 0);
  CHECK((state.st_mode & 0777) == 0660);
  const Peer peer(path);
  const std::string answer = f.ask(peer, get("anything"));
  CHECK(answer.starts_with("HTTP/1.1 200 OK"));
  CHECK(answer.find("GET /x control uid " + std::to_string(::getuid()) + " (unix socket) 0") !=
        std::string::npos);
  f.server.stop_accepting();
  CHECK(::stat(path.c_str(), &state) != 0);
}

TEST_CASE("server: a dead socket file is replaced, a living one and a plain file are not") {
  sluice::test::TempFolder folder;
  const std::string path = folder.path("sluice.sock");
  Fixture first;
  REQUIRE(first.server.listen_unix(path).has_value());
  {
    Fixture second;
    const auto refused = second.server.listen_unix(path);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == Errc::conflict);
  }
  const std::string plain = folder.write("plain", "data");
  Fixture third;
  CHECK_FALSE(third.server.listen_unix(plain).has_value());
  const std::string dead = folder.path("dead.sock");
  {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    dead.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(socket);
  }
  CHECK(third.server.listen_unix(dead).has_value());
}

TEST_CASE("server: TCP is for reading, from this machine, under its own name") {
  Fixture f;
  CHECK(f.server.listen_tcp("0.0.0.0", 0).error().code() == Errc::invalid_argument);
  const auto port = f.server.listen_tcp("127.0.0.1", 0);
  REQUIRE(port.has_value());
  const std::string own = "127.0.0.1:" + std::to_string(*port);
  CHECK(f.ask(Peer(*port), get(own)).find("GET /x tcp 127.0.0.1 0") != std::string::npos);
  CHECK(f.ask(Peer(*port), get("LOCALHOST:" + std::to_string(*port))).starts_with("HTTP/1.1 200"));
  CHECK(f.ask(Peer(*port), get("evil.example:" + std::to_string(*port))).starts_with("HTTP/1.1 421"));
  CHECK(f.ask(Peer(*port), get("127.0.0.1")).starts_with("HTTP/1.1 421"));
  CHECK(f.ask(Peer(*port), get(own, "Origin: http://evil.example\r\n")).starts_with("HTTP/1.1 403"));
  CHECK(f.ask(Peer(*port), get(own, "Origin: null\r\n")).starts_with("HTTP/1.1 403"));
  CHECK(f.ask(Peer(*port), get(own, "Origin: http://" + own + "\r\n")).starts_with("HTTP/1.1 200"));
  CHECK(f.ask(Peer(*port), get(own, "Host: " + own + "\r\n")).starts_with("HTTP/1.1 400"));
  CHECK(f.ask(Peer(*port), "GET / HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 400"));
}

TEST_CASE("server: every answer carries the strict headers") {
  sluice::test::TempFolder folder;
  Fixture f;
  REQUIRE(f.server.listen_unix(folder.path("s")).has_value());
  const std::string answer = f.ask(Peer(folder.path("s")), get("x"));
  for (const char* header : {"Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff",
                             "X-Frame-Options: DENY", "Referrer-Policy: no-referrer",
                             "Cache-Control: no-store", "Cross-Origin-Resource-Policy: same-origin"}) {
    INFO(header);
    CHECK(answer.find(header) != std::string::npos);
  }
}

TEST_CASE("server: large headers, large bodies and nonsense are refused") {
  sluice::test::TempFolder folder;
  ServerLimits limits;
  limits.body_bytes_of.emplace("/many", 100 * 1024);
  Fixture f(limits);
  REQUIRE(f.server.listen_unix(folder.path("s")).has_value());
  const std::string big(17 * 1024, 'h');
  CHECK(f.ask(Peer(folder.path("s")), get("x", "X-Big: " + big + "\r\n")).starts_with("HTTP/1.1 431"));
  const auto post = [](std::size_t size) {
    return "POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
           "Content-Length: " +
           std::to_string(size) + "\r\n\r\n";
  };
  CHECK(f.ask(Peer(folder.path("s")), post(64 * 1024 + 1) + "a").starts_with("HTTP/1.1 413"));
  const std::string full = f.ask(Peer(folder.path("s")), post(64 * 1024) + std::string(64 * 1024, 'b'));
  CHECK(full.find("POST /x control") != std::string::npos);
  CHECK(full.find(" 65536") != std::string::npos);
  const auto many = [&](std::size_t size) { return "POST /many?x=1" + post(size).substr(7); };
  const std::string more = f.ask(Peer(folder.path("s")), many(100 * 1024) + std::string(100 * 1024, 'b'));
  CHECK(more.find(" 102400") != std::string::npos);
  CHECK(f.ask(Peer(folder.path("s")), many(100 * 1024 + 1) + "a").starts_with("HTTP/1.1 413"));
  CHECK(f.ask(Peer(folder.path("s")), "nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
  CHECK(f.ask(Peer(folder.path("s")), "GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .starts_with("HTTP/1.1 400"));
}

TEST_CASE("server: connections are kept, HEAD has no body") {
  sluice::test::TempFolder folder;
  Fixture f;
  REQUIRE(f.server.listen_unix(folder.path("s")).has_value());
  const Peer peer(folder.path("s"));
  CHECK(f.ask(peer, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n", "GET /1").find("200 OK") != std::string::npos);
  const std::string head = f.ask(peer, "HEAD /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(head.find("200 OK") != std::string::npos);
  CHECK(head.find("Content-Length: ") != std::string::npos);
  CHECK(head.ends_with("\r\n\r\n(closed)"));
}

TEST_CASE("server: a silent or slow peer is put out, one connection too many is told to come back") {
  sluice::test::TempFolder folder;
  ServerLimits limits;
  limits.request = std::chrono::milliseconds(50);
  limits.connections_max = 1;
  Fixture f(limits);
  REQUIRE(f.server.listen_unix(folder.path("s")).has_value());
  const Peer slow(folder.path("s"));
  slow.send("GET / HT");
  f.loop.poll();
  const Peer second(folder.path("s"));
  CHECK(f.receive(second).starts_with("HTTP/1.1 503"));
  CHECK(f.receive(slow) == "(closed)");
  CHECK(f.ask(Peer(folder.path("s")), get("x")).starts_with("HTTP/1.1 200"));
}

TEST_CASE("server: one address has a limit of its own, and what it holds is given back") {
  ServerLimits limits;
  limits.per_address_max = 2;
  Fixture f(limits);
  const auto port = f.server.listen_tcp("127.0.0.1", 0);
  REQUIRE(port.has_value());
  {
    const sluice::test::Peer first(*port);
    const sluice::test::Peer second(*port);
    f.loop.poll();
    CHECK(f.receive(sluice::test::Peer(*port)).starts_with("HTTP/1.1 503"));
  }
  for (int turns = 0; turns < 100; ++turns) f.loop.poll();
  CHECK(f.ask(sluice::test::Peer(*port), get("127.0.0.1:" + std::to_string(*port)))
            .starts_with("HTTP/1.1 200"));
}

TEST_CASE("server: answers that nobody reads take no more than so many bytes, and small ones go on") {
  sluice::test::TempFolder folder;
  ServerLimits limits;
  limits.answer_bytes_max = 1536 * 1024;
  const std::string path = folder.path("s");
  sluice::test::ServerFixture f(answer_of_size, limits);
  REQUIRE(f.server.listen_unix(path).has_value());
  const auto request = [](const std::string& size) {
    return "GET /" + size + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  };
  {
    const Peer silent(path);
    silent.send(request("1048576"));
    for (int turns = 0; turns < 100; ++turns) f.loop.poll();
    const std::string refused = f.ask(Peer(path), request("1048576"));
    CHECK(refused.starts_with("HTTP/1.1 503"));
    CHECK(refused.find("Retry-After: 15\r\n") != std::string::npos);
    CHECK(f.ask(Peer(path), request("400000")).starts_with("HTTP/1.1 200"));
    CHECK(f.ask(Peer(path), request("1000")).starts_with("HTTP/1.1 200"));
    const std::string head = f.ask(Peer(path), "HEAD" + request("1048576").substr(3));
    CHECK(head.starts_with("HTTP/1.1 200"));
    CHECK(head.find("Content-Length: 1048576\r\n") != std::string::npos);
  }
  for (int turns = 0; turns < 100; ++turns) f.loop.poll();
  const std::string alone = f.ask(Peer(path), request("2097152"));
  CHECK(alone.starts_with("HTTP/1.1 200"));
  CHECK(alone.size() > 2097152);
}

TEST_CASE("server: a body that comes too slowly is given up") {
  sluice::test::TempFolder folder;
  ServerLimits limits;
  limits.request = std::chrono::milliseconds(50);
  Fixture f(limits);
  REQUIRE(f.server.listen_unix(folder.path("s")).has_value());
  const sluice::test::Peer slow(folder.path("s"));
  slow.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{");
  CHECK(f.receive(slow) == "(closed)");
}

TEST_CASE("server: requests in one piece are answered one after another") {
  sluice::test::TempFolder folder;
  Fixture f;
  REQUIRE(f.server.listen_unix(folder.path("s")).has_value());
  const sluice::test::Peer peer(folder.path("s"));
  const std::string first = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string answers = f.ask(peer, first + first + get("x"));
  std::size_t count = 0;
  for (std::size_t at = 0; (at = answers.find("HTTP/1.1 200", at)) != std::string::npos; ++at) ++count;
  CHECK(count == 3);
}

TEST_CASE("server: running out of descriptors is survived") {
  sluice::test::TempFolder folder;
  Fixture f;
  REQUIRE(f.server.listen_unix(folder.path("s")).has_value());
  f.loop.poll();
  const Peer peer(folder.path("s"));
  peer.send(get("x"));
  std::ostringstream log;
  const std::shared_ptr<spdlog::logger> before_test = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log)));
  // The sanitizer opens a pipe to look at a type that it has not seen: all are seen while there are
  // descriptors.
  spdlog::warn("first line");
  log.str("");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(peer.socket()) + 1;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  for (int seconds = 0; seconds < 90; ++seconds) {
    f.clock.advance(std::chrono::seconds(1));
    for (int turns = 0; turns < 10; ++turns) f.loop.poll();
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  spdlog::set_default_logger(before_test);
  const std::string told = log.str();
  CHECK(std::count(told.begin(), told.end(), '\n') == 2);  // not five times a second
  CHECK(told.find("accept a connection: Too many open files; callers wait failures=1\n") !=
        std::string::npos);
  CHECK(f.clock.next_wake().has_value());  // it waits instead of spinning
  f.clock.advance(std::chrono::seconds(1));
  CHECK(f.receive(peer).starts_with("HTTP/1.1 200"));
}
