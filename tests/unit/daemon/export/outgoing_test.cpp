#include "daemon/export/outgoing.hpp"

#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace sluice;
using namespace sluice::daemon;

namespace {

const http::Endpoint kService{true, "a.example", 443};
const http::Endpoint kLocal{true, "127.0.0.1", 9000};

http::ProxyEnvironment environment() {
  http::ProxyEnvironment set;
  set.https_proxy = "http://env.example:3128";
  set.no_proxy = "near.example";
  return set;
}

http::ProxyRules rules_with(const std::string& proxy) {
  Config config;
  config.proxy = Secret(proxy);
  const auto options = transport_options(config, environment());
  if (!options) FAIL(options.error().message());
  return options->proxies;
}

std::string failure_with(const std::string& proxy) {
  Config config;
  config.proxy = Secret(proxy);
  const auto options = transport_options(config, environment());
  REQUIRE(options.has_error());
  CHECK(options.error().code() == Errc::invalid_argument);
  CHECK(options.error().message().find("canary") == std::string::npos);
  return options.error().message();
}

// Sets variables for one test; null unsets.
struct Variables {
  explicit Variables(std::initializer_list<std::pair<const char*, const char*>> set) {
    for (const auto& [name, value] : set) {
      names.emplace_back(name);
      const char* old = std::getenv(name);
      before.push_back(old == nullptr ? std::optional<std::string>() : std::optional<std::string>(old));
      value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
    }
  }
  ~Variables() {
    for (std::size_t i = 0; i < names.size(); ++i) {
      before[i] ? ::setenv(names[i].c_str(), before[i]->c_str(), 1) : ::unsetenv(names[i].c_str());
    }
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;
  std::vector<std::string> names;
  std::vector<std::optional<std::string>> before;
};

}  // namespace

TEST_CASE("outgoing: without a key the environment decides, and leaves loopback addresses alone") {
  const auto rules = rules_with("");
  REQUIRE(rules.proxy_for(kService) != nullptr);
  CHECK(rules.proxy_for(kService)->endpoint.host == "env.example");
  CHECK(rules.proxy_for(kLocal) == nullptr);
  CHECK(rules.proxy_for(http::Endpoint{true, "near.example", 443}) == nullptr);
  CHECK(rules.proxy_for(http::Endpoint{false, "a.example", 80}) == nullptr);
}

TEST_CASE("outgoing: none means none, whatever the environment says") {
  CHECK(rules_with("none").proxy_for(kService) == nullptr);
}

TEST_CASE("outgoing: the key is for both kinds of requests and loopback, but not for the exceptions") {
  const auto rules = rules_with("key.example:8080");
  CHECK(rules.proxy_for(kService)->endpoint.host == "key.example");
  CHECK(rules.proxy_for(http::Endpoint{false, "a.example", 80})->endpoint.host == "key.example");
  CHECK(rules.proxy_for(kLocal) != nullptr);
  CHECK(rules.proxy_for(http::Endpoint{true, "near.example", 443}) == nullptr);
}

TEST_CASE("outgoing: the login, a half of it or the whole address may be somewhere else") {
  const sluice::test::TempFolder folder;
  const std::string login = folder.write("login", "me:p%40ss:word\n");
  const std::string address = folder.write("address", "http://me:p%40ss@key.example:8080\n");
  const Variables variables{{"SLUICE_TEST_USER", "you"}, {"SLUICE_TEST_PASSWORD", "100% sure"}};
  const auto authorization = [](const std::string& proxy) {
    const auto rules = rules_with(proxy);
    REQUIRE(rules.proxy_for(kService) != nullptr);
    CHECK(rules.proxy_for(kService)->endpoint.host == "key.example");
    return rules.proxy_for(kService)->authorization;
  };
  CHECK(authorization("http://me:p%40ss@key.example:8080") == http::basic_authorization("me", "p@ss"));
  CHECK(authorization("http://me:${env:SLUICE_TEST_PASSWORD}@key.example:8080") ==
        http::basic_authorization("me", "100% sure"));
  CHECK(authorization("${env:SLUICE_TEST_USER}:${env:SLUICE_TEST_PASSWORD}@key.example:8080") ==
        http::basic_authorization("you", "100% sure"));
  CHECK(authorization("http://file:" + login + "@key.example:8080") ==
        http::basic_authorization("me", "p%40ss:word"));
  CHECK(authorization("file:" + address) == http::basic_authorization("me", "p@ss"));
}

TEST_CASE("outgoing: what is missing or wrong is named, without the login") {
  const Variables variables{{"SLUICE_TEST_PASSWORD", nullptr}};
  CHECK(failure_with("http://canary:${env:SLUICE_TEST_PASSWORD}@key.example:8080") ==
        "proxy: the environment variable SLUICE_TEST_PASSWORD is not set; set it for the daemon");
  CHECK(failure_with("http://me:canary%@key.example:8080") ==
        "proxy: user or password has a \"%\" without two hex digits; write %25");
  CHECK(failure_with("https://me:canary@key.example:8080") ==
        "proxy: the proxy's scheme is not http; write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT");
  Config config;
  http::ProxyEnvironment wrong;
  wrong.https_proxy = "socks5://me:canary@a.example:1";
  CHECK(transport_options(config, wrong).error().message() ==
        "environment variable https_proxy: the proxy's scheme is not http; write http://HOST:PORT or "
        "http://USER:PASSWORD@HOST:PORT");
}

TEST_CASE("outgoing: variables in lower case win, and HTTP_PROXY is not one of them") {
  const Variables variables{{"https_proxy", nullptr}, {"HTTPS_PROXY", "upper:1"}, {"http_proxy", nullptr},
                            {"HTTP_PROXY", "evil:1"}, {"no_proxy", "lower"},      {"NO_PROXY", "upper"}};
  const auto read = read_proxy_environment();
  CHECK(read.https_proxy == "upper:1");
  CHECK(read.http_proxy.empty());
  CHECK(read.no_proxy == "lower");
  const Variables more{{"https_proxy", "lower:1"}, {"http_proxy", "plain:1"}, {"no_proxy", ""}};
  CHECK(read_proxy_environment().https_proxy == "lower:1");
  CHECK(read_proxy_environment().http_proxy == "plain:1");
  CHECK(read_proxy_environment().no_proxy == "upper");
}
