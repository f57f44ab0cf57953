#include "core/http/tls.hpp"

#include "tests/unit/core/http/certificate.hpp"
#include "tests/unit/core/http/loopback.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::test;

namespace {

TransportOptions trusting(const TemporaryFile& file) {
  TransportOptions options;
  options.ca_file = file.path();
  return options;
}

}  // namespace

TEST_CASE("tls: a certificate of a trusted authority for the right name is accepted and the connection kept",
          "[http]") {
  const Identity identity("DNS:localhost");
  const TemporaryFile authority(identity.certificate_pem());
  Client client(trusting(authority));
  auto context = identity.server_context();
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one")}, {ok(std::string(300'000, 'x'))}}}, &context);
  const auto first = client.send(server, get(), true, "localhost");
  REQUIRE(first.has_value());
  CHECK(first->body == "one");
  CHECK(client.send(server, get(), true, "localhost")->body.size() == 300'000);
  CHECK(server.connections() == 1);
}

TEST_CASE("tls: a kept connection that died is replaced, a cut answer is corrupt", "[http]") {
  const Identity identity("IP:127.0.0.1");
  const TemporaryFile authority(identity.certificate_pem());
  Client client(trusting(authority));
  auto context = identity.server_context();
  LoopbackServer server(
      client.io, "127.0.0.1",
      {{{ok("one"), Reply::Then::close}},
       {{ok("two")}, {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", Reply::Then::close}}},
      &context);
  CHECK(client.send(server, get(), true)->body == "one");
  CHECK(client.send(server, get(), true)->body == "two");
  CHECK(server.connections() == 2);
  const auto cut = client.send(server, get(), true);
  REQUIRE(cut.has_error());
  CHECK(cut.error().code() == Errc::corrupt);
}

TEST_CASE("tls: an address is looked for among the certificate's addresses", "[http]") {
  const Identity identity("IP:127.0.0.1");
  const TemporaryFile authority(identity.certificate_pem());
  Client client(trusting(authority));
  auto context = identity.server_context();
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one")}}}, &context);
  CHECK(client.send(server, get(), true).has_value());
}

TEST_CASE("tls: a certificate for another name is refused", "[http]") {
  const Identity identity("DNS:other.test,DNS:*.localhost,IP:127.0.0.2");
  const TemporaryFile authority(identity.certificate_pem());
  Client client(trusting(authority));
  auto context = identity.server_context();
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one")}}, {{ok("two")}}}, &context);
  const auto named = client.send(server, get(), true, "localhost");
  REQUIRE(named.has_error());
  CHECK(named.error().code() == Errc::permission_denied);
  CHECK(named.error().message() == "verify certificate of localhost: hostname mismatch");
  const auto numbered = client.send(server, get(), true);
  REQUIRE(numbered.has_error());
  CHECK(numbered.error().message() == "verify certificate of 127.0.0.1: IP address mismatch");
  CHECK(server.requests().empty());
}

TEST_CASE("tls: a certificate that nobody vouches for is refused", "[http]") {
  const Identity identity("DNS:localhost");
  const Identity trusted("DNS:localhost");
  const TemporaryFile authority(trusted.certificate_pem());
  Client client(trusting(authority));
  auto context = identity.server_context();
  LoopbackServer server(client.io, "127.0.0.1", {{{ok("one")}}}, &context);
  const auto response = client.send(server, get(), true, "localhost");
  REQUIRE(response.has_error());
  CHECK(response.error().code() == Errc::permission_denied);
  CHECK(response.error().message().starts_with("verify certificate of localhost: "));
}

TEST_CASE("tls: a server that does not speak TLS is unavailable", "[http]") {
  const Identity identity("DNS:localhost");
  const TemporaryFile authority(identity.certificate_pem());
  Client client(trusting(authority));
  LoopbackServer server(client.io, "127.0.0.1", {{}});
  Request request = get();
  request.limit = std::chrono::milliseconds(30);
  const auto response = client.send(server, request, true);
  REQUIRE(response.has_error());
  CHECK(response.error().code() == Errc::timeout);
  CHECK(response.error().message() == "start TLS with 127.0.0.1: no progress within 30 ms");
}

TEST_CASE("tls: a file without certificates is an error that names it", "[http]") {
  const TemporaryFile empty("");
  Client client(trusting(empty));
  LoopbackServer server(client.io, "127.0.0.1", {{}});
  const auto response = client.send(server, get(), true);
  REQUIRE(response.has_error());
  CHECK(response.error().code() == Errc::io);
  CHECK(response.error().message().starts_with("load certificates " + empty.path() + ": "));
}
