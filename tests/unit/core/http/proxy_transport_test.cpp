#include "core/http/transport.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/unit/core/http/certificate.hpp"
#include "tests/unit/core/http/loopback.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::test;
using Then = Reply::Then;
using Scripts = std::vector<std::vector<Reply>>;

namespace {

const Endpoint kSecure{true, "db.example", 443};
const Endpoint kPlain{false, "db.example", 8080};
constexpr const char* kTunnel = "HTTP/1.1 200 Connection established\r\n\r\n";
constexpr const char* kLogin = "user:canary-9931";

// A proxy on the loopback address, and a client that uses it for everything but `no_proxy`.
struct Fixture {
  explicit Fixture(Scripts scripts, const std::string& login = {}, bool plain = false,
                   const std::string& no_proxy = {})
      : server(io, "127.0.0.1", std::move(scripts), plain ? nullptr : &context) {
    const auto proxy =
        parse_proxy(fmt::format("http://{}{}127.0.0.1:{}", login, login.empty() ? "" : "@", server.port()));
    TransportOptions options;
    options.ca_file = authority.path();
    options.proxies.for_http = *proxy;
    options.proxies.for_https = *proxy;
    options.proxies.exceptions = NoProxy(no_proxy);
    options.proxies.loopback = true;
    transport = make_transport(io.get_executor(), clock, options);
  }
  Result<Response> send(const Endpoint& endpoint, Request request = get("/path?a=b")) {
    return run(io, transport->send(endpoint, request));
  }
  std::string proxy_name() const { return fmt::format("127.0.0.1 port {}", server.port()); }

  asio::io_context io{1};
  VirtualClock clock{io, Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 16))};
  Identity identity{"DNS:db.example"};
  TemporaryFile authority{identity.certificate_pem()};
  asio::ssl::context context{identity.server_context()};
  LoopbackServer server;
  std::unique_ptr<Transport> transport;
};

std::string failure_of(const Result<Response>& result) {
  REQUIRE(result.has_error());
  CHECK(result.error().message().find("canary") == std::string::npos);
  return std::string(to_string(result.error().code())) + ": " + result.error().message();
}

}  // namespace

TEST_CASE("proxy: TLS goes through a tunnel to a name that only the proxy resolves, and is kept", "[http]") {
  Fixture f(Scripts{{{ok("one")}, {ok("two")}}}, kLogin);
  f.server.as_tunnel(kTunnel);
  CHECK(f.send(kSecure)->body == "one");
  CHECK(f.send(kSecure)->body == "two");
  CHECK(f.server.connections() == 1);
  REQUIRE(f.server.requests().size() == 3);
  CHECK(f.server.requests()[0] ==
        "CONNECT db.example:443 HTTP/1.1\r\nHost: db.example:443\r\nProxy-Authorization: Basic "
        "dXNlcjpjYW5hcnktOTkzMQ==\r\n\r\n");
  CHECK(f.server.requests()[1] == "GET /path?a=b HTTP/1.1\r\nHost: db.example\r\n\r\n");
}

TEST_CASE("proxy: an address in a tunnel's name stands in brackets", "[http]") {
  Fixture f(Scripts{{}});
  f.server.as_tunnel("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
  CHECK(failure_of(f.send(Endpoint{true, "fd00::1", 8443})) ==
        fmt::format("unavailable: connect to fd00::1 port 8443 through proxy {}: it answers 502",
                    f.proxy_name()));
  CHECK(f.server.requests()[0] == "CONNECT [fd00::1]:8443 HTTP/1.1\r\nHost: [fd00::1]:8443\r\n\r\n");
}

TEST_CASE("proxy: the certificate behind a tunnel must be that of the host", "[http]") {
  Fixture f(Scripts{{{ok("one")}}});
  f.server.as_tunnel(kTunnel);
  CHECK(failure_of(f.send(Endpoint{true, "other.example", 443})) ==
        "permission_denied: verify certificate of other.example: hostname mismatch");
}

TEST_CASE("proxy: a tunnel that is refused says by whom, why and what helps", "[http]") {
  struct Case {
    const char* answer;
    const char* login;
    const char* reason;
  };
  const Case cases[] = {
      {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno", "",
       "permission_denied: connect to db.example port 443 through proxy {}: 407, it wants a user and "
       "password; "
       "correct them in `proxy` of sluice.yaml, or in https_proxy and http_proxy"},
      {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", kLogin,
       "permission_denied: connect to db.example port 443 through proxy {}: 407, it does not accept user and "
       "password; correct them in `proxy` of sluice.yaml, or in https_proxy and http_proxy"},
      {"HTTP/1.1 403 Forbidden\r\n\r\n", "",
       "permission_denied: connect to db.example port 443 through proxy {}: it answers 403; allow it there, "
       "or "
       "except it with no_proxy"},
      {"HTTP/1.1 200 OK\r\n\r\ntoo early", "",
       "corrupt: connect to db.example:443 through proxy {}: bytes in the tunnel before we spoke"},
  };
  for (const auto& [answer, login, reason] : cases) {
    Fixture f(Scripts{{}}, login);
    f.server.as_tunnel(answer);
    CHECK(failure_of(f.send(kSecure)) == fmt::format(fmt::runtime(reason), f.proxy_name()));
    CHECK(f.server.connections() == 1);
  }
}

TEST_CASE("proxy: a proxy that is silent or not there is named", "[http]") {
  Request hurried = get();
  hurried.limit = std::chrono::milliseconds(30);
  Fixture silent(Scripts{{{"", Then::hold}}}, {}, true);
  CHECK(failure_of(silent.send(kSecure, hurried)) ==
        fmt::format("timeout: connect to db.example:443 through proxy {}: no progress within 30 ms",
                    silent.proxy_name()));
  Fixture closing(Scripts{{{"", Then::close}}}, {}, true);
  CHECK(failure_of(closing.send(kSecure)) ==
        fmt::format("unavailable: connect to db.example:443 through proxy {}: end of stream",
                    closing.proxy_name()));
  TransportOptions options;
  options.proxies.for_http = *parse_proxy("127.0.0.1:1");
  Client client(options);
  const Request request = get();
  CHECK(failure_of(run(client.io, client.transport->send(kPlain, request))) ==
        "unavailable: connect to proxy 127.0.0.1 port 1 (127.0.0.1): Connection refused");
}

TEST_CASE("proxy: plain requests carry the whole URL and the login, and the connection is kept", "[http]") {
  Fixture f(Scripts{{{ok("one")}, {ok("two")}}}, kLogin, true);
  CHECK(f.send(kPlain)->body == "one");
  CHECK(f.send(kPlain)->body == "two");
  CHECK(f.server.connections() == 1);
  CHECK(f.server.requests()[0] ==
        "GET http://db.example:8080/path?a=b HTTP/1.1\r\nHost: db.example:8080\r\nProxy-Authorization: Basic "
        "dXNlcjpjYW5hcnktOTkzMQ==\r\n\r\n");
}

TEST_CASE("proxy: a plain request without the right login is refused as a tunnel is", "[http]") {
  Fixture f(Scripts{{{"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"}}}, kLogin,
            true);
  CHECK(
      failure_of(f.send(kPlain)) ==
      fmt::format(
          "permission_denied: send request to db.example port 8080 through proxy {}: 407, it does not accept "
          "user and password; correct them in `proxy` of sluice.yaml, or in https_proxy and http_proxy",
          f.proxy_name()));
}

TEST_CASE("proxy: an answer that breaks off names the proxy", "[http]") {
  Fixture f(Scripts{{{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Then::close}}}, {}, true);
  CHECK(failure_of(f.send(kPlain)) ==
        fmt::format(
            "corrupt: db.example port 8080 through proxy {}: read answer: ended before its announced length",
            f.proxy_name()));
}

TEST_CASE("proxy: exceptions and direct requests go past it, on connections of their own", "[http]") {
  Fixture f(Scripts{{{ok("proxy 1")}, {ok("proxy 2")}}}, {}, true);
  LoopbackServer origin(f.io, "127.0.0.1", {{{ok("origin 1")}, {ok("origin 2")}}});
  const Endpoint endpoint{false, "127.0.0.1", origin.port()};
  Request direct = get();
  direct.direct = true;
  CHECK(f.send(endpoint)->body == "proxy 1");
  CHECK(f.send(endpoint, direct)->body == "origin 1");
  CHECK(f.send(endpoint)->body == "proxy 2");
  CHECK(f.send(endpoint, direct)->body == "origin 2");
  CHECK(origin.requests()[0].starts_with("GET / HTTP/1.1\r\nHost: 127.0.0.1"));
  CHECK(f.server.connections() == 1);
  CHECK(origin.connections() == 1);

  Fixture excepting(Scripts{}, {}, true, "127.0.0.0/8");
  LoopbackServer other(excepting.io, "127.0.0.1", {{{ok("origin")}}});
  CHECK(excepting.send(Endpoint{false, "127.0.0.1", other.port()})->body == "origin");
  CHECK(excepting.server.connections() == 0);
}
