#include "core/http/proxy.hpp"

#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::http;

namespace {

std::string reason(std::string_view text) {
  const auto proxy = parse_proxy(text);
  REQUIRE(proxy.has_error());
  CHECK(proxy.error().code() == Errc::invalid_argument);
  return proxy.error().message();
}

// Whether a request to `url` goes through the proxy `rules` have for it.
bool is_proxied(const ProxyRules& rules, std::string_view url) {
  return rules.proxy_for(*parse_endpoint(url)) != nullptr;
}

ProxyRules rules_with(const std::string& no_proxy) {
  ProxyEnvironment environment;
  environment.https_proxy = "http://proxy.example:3128";
  environment.http_proxy = "plain.example:8080";
  environment.no_proxy = no_proxy;
  return *rules_of(environment);
}

}  // namespace

TEST_CASE("proxy: host, port and login are read, the login decoded", "[http]") {
  for (const char* text : {"http://proxy.example:3128", "proxy.example:3128/", "HTTP://Proxy.Example:3128"}) {
    const auto proxy = parse_proxy(text);
    REQUIRE(proxy);
    CHECK(proxy->endpoint == Endpoint{false, "proxy.example", 3128});
    CHECK(proxy->authorization.empty());
    CHECK(name_of(*proxy) == "proxy.example port 3128");
  }
  // The example of RFC 7617.
  CHECK(parse_proxy("http://Aladdin:open%20sesame@[::1]:80")->authorization.reveal() ==
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(parse_proxy("http://Aladdin:open%20sesame@[::1]:80")->endpoint.host == "::1");
  // What stands behind the last "@" is the host, so a password may have one.
  CHECK(parse_proxy("user:p@ss:word@proxy:1")->authorization == basic_authorization("user", "p@ss:word"));
  CHECK(parse_proxy("user@proxy:1")->authorization == basic_authorization("user", ""));
}

TEST_CASE("proxy: what is no usable proxy is refused without showing it", "[http]") {
  const std::string forms = "; write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT";
  CHECK(reason("https://canary@proxy:443") == "the proxy's scheme is not http" + forms);
  CHECK(reason("socks5://canary@proxy:1080") == "the proxy's scheme is not http" + forms);
  CHECK(reason("http://canary@proxy.example") == "the proxy's port is missing" + forms);
  CHECK(reason("http://canary@[::1]") == "the proxy's port is missing" + forms);
  CHECK(reason("http://canary@proxy:0") == "this names no proxy" + forms);
  CHECK(reason("http://canary@:3128") == "this names no proxy" + forms);
  CHECK(reason("http://canary@proxy:3128/path") == "this names no proxy" + forms);
  CHECK(reason("") == "this names no proxy" + forms);
  CHECK(reason("http://user:canary%2@proxy:1") ==
        "the proxy's user or password has a \"%\" without two hex digits; write %25" + forms);
}

TEST_CASE("proxy: a login that is encoded wrongly, or hides a scheme, is refused", "[http]") {
  CHECK(reason("http://can%3Aary:x@proxy:1").find("the proxy's user has a \":\"") != std::string::npos);
  CHECK(reason("http://can%zzary:x@proxy:1").find("write %25") != std::string::npos);
  CHECK(reason("http://user:x@socks5://proxy:1").starts_with("the proxy's scheme is not http"));
  CHECK(reason("socks5://user:canary@proxy:1").find("canary") == std::string::npos);
  CHECK(parse_proxy("http://%75ser:%40@proxy:1")->authorization == basic_authorization("user", "@"));
  CHECK(parse_proxy("http://:secret@proxy:1")->authorization == basic_authorization("", "secret"));
  ProxyEnvironment wrong;
  wrong.https_proxy = "socks5://proxy:1";
  CHECK(rules_of(wrong).error().message().starts_with("environment variable https_proxy: "));
}

TEST_CASE("proxy: each kind of endpoint has its own, from the environment", "[http]") {
  const ProxyRules rules = rules_with("");
  CHECK(rules.proxy_for(*parse_endpoint("https://a.example"))->endpoint.host == "proxy.example");
  CHECK(rules.proxy_for(*parse_endpoint("http://a.example"))->endpoint.host == "plain.example");
  CHECK_FALSE(is_proxied(*rules_of(ProxyEnvironment()), "https://a.example"));
  ProxyEnvironment wrong;
  wrong.http_proxy = "http://canary@proxy";
  CHECK(rules_of(wrong).error().message() ==
        "environment variable http_proxy: the proxy's port is missing; write http://HOST:PORT or "
        "http://USER:PASSWORD@HOST:PORT");
}

TEST_CASE("proxy: loopback addresses are left alone unless the rules say otherwise", "[http]") {
  ProxyRules rules = rules_with("");
  for (const char* url : {"https://127.0.0.1:1", "http://127.9.9.9", "https://[::1]", "http://localhost:9000",
                          "https://bucket.localhost"}) {
    INFO(url);
    rules.loopback = false;
    CHECK_FALSE(is_proxied(rules, url));
    rules.loopback = true;
    CHECK(is_proxied(rules, url));
  }
  CHECK(is_proxied(rules_with(""), "https://notlocalhost"));
}

TEST_CASE("proxy: the exceptions of no_proxy match as curl has them", "[http]") {
  struct Case {
    const char* list;
    const char* url;
    bool excepted;
  };
  const Case cases[] = {
      {"example.com", "https://example.com", true},
      {"example.com", "https://www.example.com", true},
      {"example.com", "https://example.com.", true},
      {"example.com.", "https://example.com", true},
      {"example.com", "https://notexample.com", false},
      {"example.com", "https://example.com.evil", false},
      {".example.com", "https://www.example.com", true},
      {".example.com", "https://example.com", true},
      {"Example.COM", "https://EXAMPLE.com", true},
      {"a.b, ,example.com\tc.d", "https://example.com", true},
      {"a.b example.com", "https://x.a.b", true},
      {"*", "https://example.com", true},
      {"*", "https://10.0.0.1", true},
      {"example.com,*", "https://other", true},
      {"ample.com", "https://example.com", false},
      {".", "https://example.com", false},
      {"10.0.0.1", "https://10.0.0.1", true},
      {"10.0.0.1", "https://10.0.0.11", false},
      {"0.0.1", "https://10.0.0.1", false},
      {"10.0.0.0/8", "https://10.200.0.1", true},
      {"10.0.0.0/8", "https://11.0.0.1", false},
      {"10.0.0.0/8", "https://name.example", false},
      {"192.168.1.128/25", "https://192.168.1.129", true},
      {"192.168.1.128/25", "https://192.168.1.127", false},
      {"0.0.0.0/0", "https://8.8.8.8", true},
      {"10.0.0.0/33", "https://10.0.0.0", false},
      {"10.0.0.0/", "https://10.0.0.0", false},
      {"10.0.0.0/x", "https://10.0.0.0", false},
      {"fd00::/8", "https://[fd12::1]", true},
      {"fd00::/8", "https://[fe80::1]", false},
      {"[fd12::1]", "https://[fd12::1]", true},
      {"::/0", "https://10.0.0.1", false},
      {"fd12:0::1", "https://[fd12::1]", true},
      {"fd00::/9", "https://[fd7f::1]", true},
      {"fd00::/9", "https://[fd80::1]", false},
      {"fd12::1/128", "https://[fd12::1]", true},
      {"fd12::1/129", "https://[fd12::1]", false},
      {"10.0.0.0/8x", "https://10.0.0.1", false},
      {"10.0.0.0/-1", "https://10.0.0.1", false},
      {"10.0.0.0/99999999999", "https://10.0.0.1", false},
      {"10.0.0.1/32", "https://10.0.0.1", true},
      {"10.0.0.1/31", "https://10.0.0.2", false},
      {"[", "https://[fd12::1]", false},
      {"[fd12::1", "https://[fd12::1]", false},
      {"fd12::1", "https://10.0.0.1", false},
  };
  for (const auto& [list, url, excepted] : cases) {
    INFO(list << " and " << url);
    CHECK(is_proxied(rules_with(list), url) == !excepted);
  }
}
