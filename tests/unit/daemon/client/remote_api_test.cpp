#include "daemon/client/remote_api.hpp"

#include "tests/unit/daemon/temp_folder.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <map>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace sluice;
using namespace sluice::daemon;

namespace {

std::optional<RemoteServer> from(const std::map<std::string, std::string>& variables) {
  return remote_server([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

std::string refusal_of(const std::string& address) {
  RemoteServer server;
  server.address = address;
  try {
    make_remote_api(std::move(server));
  } catch (const CommandFailure& failure) {
    CHECK(failure.exit() == Exit::usage);
    return failure.what();
  }
  return "";
}

// Something with a socket that gives one answer, whatever it is asked.
class Stranger {
 public:
  Stranger(const std::string& path, std::string answer) : listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    thread_ = std::thread([this, text = std::move(answer)] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      std::array<char, 4096> request{};
      static_cast<void>(::recv(peer, request.data(), request.size(), 0));
      static_cast<void>(::send(peer, text.data(), text.size(), MSG_NOSIGNAL));
      ::close(peer);
    });
  }
  ~Stranger() {
    thread_.join();
    ::close(listener_);
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

 private:
  int listener_;
  std::thread thread_;
};

struct Said {
  int exit = 0;
  std::string text;
};

// What a command hears of an answer with this status line and body.
Said heard_of(const std::string& status, const std::string& body) {
  const sluice::test::TempFolder folder;
  const std::string path = folder.path("s");
  const Stranger stranger(
      path, "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  try {
    return Said{0, boost::json::serialize(make_unix_api(path)->get("/api/v1/jobs"))};
  } catch (const CommandFailure& failure) {
    std::string text = failure.what();
    const std::size_t at = text.find(path);
    if (at != std::string::npos) text.replace(at, path.size(), "SOCKET");
    return Said{static_cast<int>(failure.exit()), text};
  }
}

}  // namespace

TEST_CASE("remote api: the environment names server, token and authorities") {
  CHECK_FALSE(from({{"SLUICE_TOKEN", "t"}}));
  const sluice::test::TempFolder folder;
  const std::string file = folder.write("token", "sluice_1\n");
  const auto server =
      from({{"SLUICE_SERVER", "https://a:1"}, {"SLUICE_TOKEN_FILE", file}, {"SLUICE_CA_FILE", "/ca.pem"}});
  REQUIRE(server);
  CHECK(server->address == "https://a:1");
  CHECK(server->token.reveal() == "sluice_1");
  CHECK(server->ca_file == "/ca.pem");
  CHECK(from({{"SLUICE_SERVER", "https://a"}, {"SLUICE_TOKEN", "t"}, {"SLUICE_TOKEN_FILE", file}})
            ->token.reveal() == "t");
  CHECK_THROWS_AS(from({{"SLUICE_SERVER", "https://a"}, {"SLUICE_TOKEN_FILE", folder.path("none")}}),
                  CommandFailure);
}

TEST_CASE("remote api: a token goes to other machines under TLS only") {
  CHECK(refusal_of("http://sluice.example.com").find("in the clear") != std::string::npos);
  CHECK(refusal_of("ftp://a").find("SLUICE_SERVER") != std::string::npos);
  CHECK(refusal_of("http://127.0.0.1:7788").empty());
  CHECK(refusal_of("https://sluice.example.com").empty());
}

TEST_CASE("remote api: what is not the daemon's answer is a failure that names who gave it") {
  CHECK(heard_of("200 OK", R"({"a":1})").text == R"({"a":1})");
  const Said moved = heard_of("302 Found", "{}");
  CHECK(moved.exit == 1);
  CHECK(moved.text ==
        "ask the daemon at SOCKET: status 302 without a reason; is it a daemon that answers there?");
  CHECK(heard_of("200 OK", "<html>").exit == 1);
  CHECK(heard_of("200 OK", "<html>").text.starts_with("ask the daemon at SOCKET: its answer is no JSON: "));
  for (const std::string status : {"502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"}) {
    const Said away = heard_of(status, "<html>");
    CHECK(away.exit == 4);
    CHECK(away.text == "ask the daemon at SOCKET: status " + status.substr(0, 3) +
                           " without a reason; is it a daemon that answers there?");
  }
  CHECK(heard_of("500 Oops", "{}").exit == 1);
  const Said own = heard_of("503 Service Unavailable", R"({"code":"unavailable","detail":"it starts"})");
  CHECK(own.exit == 1);
  CHECK(own.text == "it starts");
}

TEST_CASE("unix api: a daemon that does not answer is given up after the limit") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.path("s");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  try {
    make_unix_api(path, std::chrono::milliseconds(20))->get("/api/v1/jobs");
    FAIL("nobody answered");
  } catch (const CommandFailure& failure) {
    CHECK(failure.exit() == Exit::unreachable);
  }
  ::close(listener);
}
