#include "core/http/transport.hpp"

#include "core/base/random.hpp"
#include "tests/unit/core/http/loopback.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::test;
using Then = Reply::Then;

namespace {

Request put(std::string_view body) {
  Request request;
  request.method = "PUT";
  request.target = "/bucket/a%20b";
  request.headers = {{"X-One", "1"}};
  request.body = body;
  return request;
}

}  // namespace

TEST_CASE("transport: a request goes out as written and the answer comes back whole", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1",
                        {{{"HTTP/1.1 200 OK\r\nX-Two: b\r\nX-Two: c\r\nContent-Length: 5\r\n\r\nhello"}}});
  const auto response = client.send(server, put("body"));
  REQUIRE(response.has_value());
  CHECK(response->status == 200);
  CHECK(response->body == "hello");
  CHECK(response->header("x-TWO") == "b");
  CHECK(response->header("absent").empty());
  CHECK(server.requests().front() ==
        fmt::format(
            "PUT /bucket/a%20b HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nX-One: 1\r\nContent-Length: 4\r\n\r\nbody",
            server.port()));
}

TEST_CASE("transport: a kept connection carries the next request", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one")}, {ok("two")}}});
  CHECK(client.send(server, get())->body == "one");
  CHECK(client.send(server, get())->body == "two");
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: a request in flight does not share its connection", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one"), Then::hold}}, {{ok("two")}}});
  const Endpoint endpoint{false, "127.0.0.1", server.port()};
  const Request request = get();
  std::vector<std::string> bodies;
  TaskGroup tasks(client.io.get_executor());
  struct Sender {
    static awaitable<void> send(Transport& transport, const Endpoint& to, const Request& what,
                                std::vector<std::string>& out) {
      auto response = co_await transport.send(to, what);
      out.push_back(response ? response->body : response.error().message());
    }
  };
  tasks.start(Sender::send(*client.transport, endpoint, request, bodies));
  tasks.start(Sender::send(*client.transport, endpoint, request, bodies));
  while (bodies.size() < 2 && client.io.run_one_for(std::chrono::seconds(10)) > 0) {
  }
  CHECK(bodies.size() == 2);
  CHECK(server.connections() == 2);
}

TEST_CASE("transport: a kept connection that died is replaced once, silently, and the body goes out again",
          "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one"), Then::close}}, {{ok("two")}}});
  CHECK(client.send(server, put("first"))->body == "one");
  const auto second = client.send(server, put("second"));
  REQUIRE(second.has_value());
  CHECK(second->body == "two");
  CHECK(server.connections() == 2);
  CHECK(server.requests().back().ends_with("\r\n\r\nsecond"));
}

TEST_CASE("transport: what is sent once is not sent again when its kept connection died", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one"), Then::close}}, {{ok("two")}}});
  Request request = put("first");
  request.sent_once = true;
  CHECK(client.send(server, request)->body == "one");
  const auto second = client.send(server, request);
  REQUIRE(second.has_error());
  CHECK(second.error().code() == Errc::unavailable);
  CHECK(server.connections() == 1);
  CHECK(client.send(server, request)->body == "two");
}

TEST_CASE("transport: a new connection that dies is an error, not repeated", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{"", Then::close}}, {{ok("two")}}});
  const auto response = client.send(server, get());
  REQUIRE(response.has_error());
  CHECK(response.error().code() == Errc::unavailable);
  CHECK(response.error().message() ==
        fmt::format("127.0.0.1 port {}: read answer: connection closed before the answer", server.port()));
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: a kept connection that dies after the answer began is an error, not repeated",
          "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1",
                        {{{ok("one")}, {"HTTP/1.1 200", Then::close}}, {{ok("two")}}});
  CHECK(client.send(server, get()).has_value());
  const auto second = client.send(server, get());
  REQUIRE(second.has_error());
  CHECK(second.error().code() == Errc::unavailable);
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: a body shorter than announced is corrupt", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1",
                        {{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhell", Then::close}},
                         {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell", Then::close}}});
  for (int i = 0; i < 2; ++i) {
    const auto response = client.send(server, get());
    REQUIRE(response.has_error());
    CHECK(response.error().code() == Errc::corrupt);
    CHECK(response.error().message().ends_with("read answer: ended before its announced length"));
  }
}

TEST_CASE("transport: an answer larger than allowed is corrupt, announced or not", "[http]") {
  Client client;
  LoopbackServer server(
      client.io, "127.0.0.1",
      {{{"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", Then::hold}},
       {{fmt::format("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n{}\r\n0\r\n\r\n",
                     std::string(101, 'x')),
         Then::hold}},
       {{fmt::format("HTTP/1.1 200 OK\r\n\r\n{}", std::string(101, 'x')), Then::close}},
       {{ok(std::string(100, 'x'))}}});
  Request request = get();
  request.answer_bytes_max = 100;
  for (int i = 0; i < 3; ++i) {
    const auto response = client.send(server, request);
    REQUIRE(response.has_error());
    CHECK(response.error().code() == Errc::corrupt);
    CHECK(response.error().message().ends_with("read answer: larger than 100 bytes"));
  }
  CHECK(client.send(server, request)->body.size() == 100);
  CHECK(server.connections() == 4);
}

TEST_CASE("transport: what is not HTTP is corrupt", "[http]") {
  Client client;
  LoopbackServer server(
      client.io, "127.0.0.1",
      {{{"220 mail.example ESMTP\r\n\r\n", Then::hold}}, {{"HTTP/1.1 100 Continue\r\n\r\n", Then::hold}}});
  for (int i = 0; i < 2; ++i) {
    const auto response = client.send(server, get());
    REQUIRE(response.has_error());
    CHECK(response.error().code() == Errc::corrupt);
  }
}

TEST_CASE("transport: what came of an answer does not depend on the pieces that it came in", "[http]") {
  struct Case {
    std::string text;
    std::string end;  // of the message
  };
  const Case answer = GENERATE(values<Case>({
      {"220 mail.example ESMTP\r\n", "not valid HTTP: bad version"},
      {"HTTP/2.0 200 OK\r\n\r\n", "not valid HTTP: bad version"},
      {"HTTP/1.1 200 OK\r\n no name: at all\r\n\r\n", "not valid HTTP: bad field"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       "not valid HTTP: multiple Content-Length"},
      {"HTTP/1.1 200 OK\r\nConte", "connection closed before the answer"},
      {"HTTP/1.1 20x OK\r\nContent-Length: 1\r\n", "connection closed before the answer"},
      {"HTT", "connection closed before the answer"},
  }));
  Client client;
  std::vector<std::vector<Reply>> scripts;
  for (std::size_t cut = 0; cut < answer.text.size(); ++cut)
    scripts.push_back({{answer.text, Then::close, false, cut}});
  LoopbackServer server(client.io, "127.0.0.1", scripts);
  for (std::size_t cut = 0; cut < answer.text.size(); ++cut) {
    CAPTURE(answer.text, cut);
    const auto response = client.send(server, get());
    REQUIRE(response.has_error());
    CHECK_THAT(response.error().message(), Catch::EndsWith("read answer: " + answer.end));
  }
}

TEST_CASE("transport: a head without an end is corrupt", "[http]") {
  Client client;
  const std::string head = "HTTP/1.1 200 OK\r\nX-One: " + std::string(64 * 1024, 'a');
  LoopbackServer server(client.io, "127.0.0.1", {{{head, Then::hold}}, {{head, Then::hold, false, 30'000}}});
  for (int i = 0; i < 2; ++i) {
    const auto response = client.send(server, get());
    REQUIRE(response.has_error());
    CHECK(response.error().code() == Errc::corrupt);
    CHECK_THAT(response.error().message(),
               Catch::EndsWith("read answer: not valid HTTP: header limit exceeded"));
  }
}

TEST_CASE("transport: a silent server is a timeout and its connection is thrown away", "[http]") {
  Client client;
  LoopbackServer server(
      client.io, "127.0.0.1",
      {{{ok("one")}, {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntw", Then::hold}}, {{ok("three")}}});
  CHECK(client.send(server, get())->body == "one");
  Request hurried = get();
  hurried.limit = std::chrono::milliseconds(20);
  const auto late = client.send(server, hurried);
  REQUIRE(late.has_error());
  CHECK(late.error().code() == Errc::timeout);
  CHECK(late.error().message().ends_with("read answer: no progress within 20 ms"));
  CHECK(client.send(server, get())->body == "three");
}

TEST_CASE("transport: a server that does not read is a timeout of the write", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one"), Then::hold}}});
  REQUIRE(client.send(server, get()).has_value());
  const std::string body(32 * 1024 * 1024, 'x');
  Request request = put(body);
  request.limit = std::chrono::milliseconds(50);
  const auto response = client.send(server, request);
  REQUIRE(response.has_error());
  CHECK(response.error().code() == Errc::timeout);
  CHECK(response.error().message().ends_with("write request: no progress within 50 ms"));
}

TEST_CASE("transport: an answer given before the whole request was read is taken", "[http]") {
  Client client;
  const std::string refusal = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
  LoopbackServer server(client.io, "127.0.0.1", {{{refusal, Then::close, true}}});
  const std::string body(32 * 1024 * 1024, 'x');
  const auto response = client.send(server, put(body));
  REQUIRE(response.has_value());
  CHECK(response->status == 403);
  CHECK(response->body == "no");
}

TEST_CASE("transport: chunked bodies are put together and trailers tolerated", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1",
                        {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "3\r\nabc\r\n4;name=value\r\ndefg\r\n0\r\nX-Trailer: t\r\n\r\n"},
                          {ok("next")}}});
  CHECK(client.send(server, get())->body == "abcdefg");
  CHECK(client.send(server, get())->body == "next");
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: answers to HEAD and with status 204 and 304 have no body", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1",
                        {{{"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"},
                          {"HTTP/1.1 204 No Content\r\n\r\n"},
                          {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"},
                          {ok("body")}}});
  Request head = get();
  head.method = "HEAD";
  const auto announced = client.send(server, head);
  REQUIRE(announced.has_value());
  CHECK(announced->body.empty());
  CHECK(announced->header("Content-Length") == "1000000000");
  CHECK(client.send(server, get())->status == 204);
  CHECK(client.send(server, get())->status == 304);
  CHECK(client.send(server, get())->body == "body");
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: a connection that the server will close is not kept", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1",
                        {{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na"}},
                         {{"HTTP/1.1 200 OK\r\n\r\nuntil the end", Then::close}},
                         {{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nbEXTRA"}},
                         {{ok("c")}}});
  CHECK(client.send(server, get())->body == "a");
  CHECK(client.send(server, get())->body == "until the end");
  CHECK(client.send(server, get())->body == "b");
  CHECK(client.send(server, get())->body == "c");
  CHECK(server.connections() == 4);
}

TEST_CASE("transport: connections unused for longer than the limit are closed", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one")}, {ok("two")}}, {{ok("three")}}});
  CHECK(client.send(server, get())->body == "one");
  client.clock.advance(std::chrono::seconds(19));
  CHECK(client.send(server, get())->body == "two");
  client.clock.advance(std::chrono::seconds(20));
  CHECK(client.send(server, get())->body == "three");
}

TEST_CASE("transport: no more connections are kept than allowed", "[http]") {
  TransportOptions options;
  options.idle_connections_max = 0;
  Client client(options);
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one")}}, {{ok("two")}}});
  CHECK(client.send(server, get())->body == "one");
  CHECK(client.send(server, get())->body == "two");
  CHECK(server.connections() == 2);
}

TEST_CASE("transport: large bodies pass in both directions", "[http]") {
  Client client;
  std::string body(5 * 1024 * 1024, '\0');
  SeededRandom random(7);
  for (char& c : body) c = static_cast<char>(random.below(256));
  LoopbackServer server(client.io, "127.0.0.1", {{{ok(body)}}});
  const auto response = client.send(server, put(body));
  REQUIRE(response.has_value());
  CHECK(response->body == body);
  CHECK(server.requests().front().ends_with(body));
}

TEST_CASE("transport: a refused connection is unavailable and names the place", "[http]") {
  Client client;
  std::uint16_t port = 0;
  {
    asio::io_context other;
    port = LoopbackServer(other, "127.0.0.1", {}).port();
  }
  const Endpoint endpoint{false, "127.0.0.1", port};
  const Request request = get();
  const auto response = run(client.io, client.transport->send(endpoint, request));
  REQUIRE(response.has_error());
  CHECK(response.error().code() == Errc::unavailable);
  CHECK(response.error().message() ==
        fmt::format("connect to 127.0.0.1 port {} (127.0.0.1): Connection refused", port));
}

TEST_CASE("transport: IPv6 addresses are reached and named in brackets", "[http]") {
  Client client;
  std::unique_ptr<LoopbackServer> server;
  try {
    server =
        std::make_unique<LoopbackServer>(client.io, "::1", std::vector<std::vector<Reply>>{{{ok("six")}}});
  } catch (const boost::system::system_error&) {
    WARN("this machine has no IPv6 loopback");
    return;
  }
  CHECK(client.send(*server, get(), false, "::1")->body == "six");
  CHECK(server->requests().front().find(fmt::format("\r\nHost: [::1]:{}\r\n", server->port())) !=
        std::string::npos);
}

TEST_CASE("transport: line breaks in a request are refused before anything is sent", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one")}}});
  Request request = get("/a b");
  CHECK(client.send(server, request).error().code() == Errc::invalid_argument);
  request = get("/a");
  request.headers = {{"X-A", "b\r\nX-Evil: c"}};
  CHECK(client.send(server, request).error().code() == Errc::invalid_argument);
  CHECK(server.connections() == 0);
}

TEST_CASE("transport: cancellation unwinds from a waiting request", "[http]") {
  Client client;
  LoopbackServer server(client.io, "127.0.0.1", {{{"", Then::hold}}});
  const Endpoint endpoint{false, "127.0.0.1", server.port()};
  const Request request = get();
  struct Sender {
    static awaitable<void> send(Transport& transport, const Endpoint& to, const Request& what,
                                bool& returned) {
      co_await transport.send(to, what);
      returned = true;
    }
  };
  bool returned = false;
  TaskGroup tasks(client.io.get_executor());
  tasks.start(Sender::send(*client.transport, endpoint, request, returned));
  while (server.requests().empty() && client.io.run_one_for(std::chrono::seconds(10)) > 0) {
  }
  stop(client.io, tasks);
  CHECK(tasks.size() == 0);
  CHECK_FALSE(returned);
}
