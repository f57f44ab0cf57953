// A transport and servers that are slow. Its limits are of the real clock, so pauses are real too; each is a
// small part of the limit.
#include "core/http/pace.hpp"
#include "core/http/transport.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/unit/core/http/certificate.hpp"
#include "tests/unit/core/http/loopback.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::test;
using namespace std::chrono_literals;

namespace {

constexpr Duration kLimit = 24 * kPause;
constexpr std::size_t kPieces = 30;  // with a pause behind each the whole takes longer than the limit

Request put(std::string_view body) {
  Request request;
  request.method = "PUT";
  request.target = "/bucket/part";
  request.body = body;
  request.limit = kLimit;
  return request;
}

}  // namespace

TEST_CASE("transport: a body that is taken slowly may take longer than the limit", "[http]") {
  const Identity identity("IP:127.0.0.1");
  const TemporaryFile authority(identity.certificate_pem());
  auto context = identity.server_context();
  const bool tls = GENERATE(false, true);
  TransportOptions options;
  options.ca_file = authority.path();
  Client client(options);
  const std::string body(5 * 1024 * 1024, 'x');
  Reply slow{ok("taken")};
  slow.body_at_once = body.size() / (2 * kPieces);  // the limit of the write, and that of the answer
  LoopbackServer server(client.io, "127.0.0.1", {{slow}}, tls ? &context : nullptr);
  server.without_room();
  const auto response = client.send(server, put(body), tls);
  REQUIRE(response);
  CHECK(response->body == "taken");
}

TEST_CASE("transport: an answer that comes slowly may take longer than the limit", "[http]") {
  Client client;
  const std::string body(1024 * 1024, 'x');
  const bool is_chunked = GENERATE(false, true);
  Reply slow{is_chunked
                 ? fmt::format("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                               body.size(), body)
                 : ok(body)};
  slow.text_at_once = body.size() / kPieces;
  LoopbackServer server(client.io, "127.0.0.1", {{slow, {ok("next")}}});
  const auto response = client.send(server, put({}));
  REQUIRE(response);
  CHECK(response->body == body);
  CHECK(client.send(server, put({}))->body == "next");
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: a server that stops in the midst of a slow answer is a timeout", "[http]") {
  Client client;
  const std::string body(1024 * 1024, 'x');
  Reply slow{fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size() + 1, body),
             Reply::Then::hold};
  slow.text_at_once = body.size() / kPieces;
  LoopbackServer server(client.io, "127.0.0.1", {{slow}});
  const auto response = client.send(server, put({}));
  REQUIRE(response.has_error());
  CHECK(response.error().code() == Errc::timeout);
  CHECK_THAT(response.error().message(), Catch::EndsWith("read answer: no progress within 600 ms"));
}

TEST_CASE("transport: a server that sends a byte now and then is given up", "[http]") {
  Client client;
  Reply slow{ok(std::string(1000, 'x'))};
  slow.text_at_once = 1;
  LoopbackServer server(client.io, "127.0.0.1", {{slow}});
  const auto response = client.send(server, put({}));
  REQUIRE(response.has_error());
  CHECK(response.error().code() == Errc::timeout);
  CHECK_THAT(response.error().message(), Catch::Contains("read answer: slower than 8 KiB/s: "));
}

TEST_CASE("pace: a peer has its limit once, and a second for every 8 KiB", "[http]") {
  CHECK_FALSE(is_too_slow(30s, 30s, 0));
  CHECK(is_too_slow(30s, 30s + 1us, 0));
  CHECK_FALSE(is_too_slow(30s, 31s, 8192));
  CHECK(is_too_slow(30s, 31s, 8191));
  // The largest part of an upload.
  CHECK_FALSE(is_too_slow(30s, 30s + 655'360s, 5ull * 1024 * 1024 * 1024));
}
