#include "daemon/export/outgoing.hpp"

#include "core/http/percent_decode.hpp"
#include "core/job/references.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

namespace sluice::daemon {
namespace {

constexpr std::string_view kKey = "proxy";

std::string first_set(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

// One half of a login: what a reference refers to as it is, other text percent-decoded.
Result<std::string> open_half(std::string_view text) {
  if (job::is_reference(text)) return job::open_reference(text, kKey);
  std::string decoded;
  if (http::percent_decode(text, decoded)) return decoded;
  return Error(Errc::invalid_argument,
               "proxy: user or password has a \"%\" without two hex digits; write %25");
}

// "USER:PASSWORD", in which the whole or a half may be a reference.
Result<Secret> open_login(std::string_view login) {
  if (login.empty()) return Secret();
  // Of "${env:USER}:${env:PASSWORD}" only the halves are references.
  const std::size_t brace = login.starts_with("${") ? login.find('}') : std::string_view::npos;
  const bool two = brace != std::string_view::npos && brace + 1 < login.size();
  if (job::is_reference(login) && !two) {
    const auto opened = job::open_reference(login, kKey);
    if (!opened) return opened.error();
    const std::size_t colon = std::min(opened->find(':'), opened->size());
    return http::basic_authorization(opened->substr(0, colon),
                                     opened->substr(std::min(colon + 1, opened->size())));
  }
  const std::size_t colon = std::min(login.find(':', two ? brace : 0), login.size());
  const auto user = open_half(login.substr(0, colon));
  if (!user) return user.error();
  const auto password = open_half(login.substr(std::min(colon + 1, login.size())));
  if (!password) return password.error();
  return http::basic_authorization(*user, *password);
}

Result<http::Proxy> open_proxy(const Secret& key) {
  const auto text = job::open_reference(key.reveal(), kKey);
  if (!text) return text.error();
  auto address = http::parse_proxy_address(*text);
  if (!address) return address.error().in(kKey);
  auto login = open_login(address->login);
  if (!login) return login.error();
  http::Proxy proxy;
  proxy.endpoint = std::move(address->endpoint);
  proxy.authorization = std::move(*login);
  return proxy;
}

}  // namespace

http::ProxyEnvironment read_proxy_environment() {
  http::ProxyEnvironment environment;
  environment.https_proxy = first_set({"https_proxy", "HTTPS_PROXY"});
  environment.http_proxy = first_set({"http_proxy"});
  environment.no_proxy = first_set({"no_proxy", "NO_PROXY"});
  return environment;
}

Result<http::TransportOptions> transport_options(const Config& config,
                                                 const http::ProxyEnvironment& environment) {
  http::TransportOptions options;
  options.ca_file = config.ca_file;
  if (config.proxy.reveal() == "none") return options;
  if (config.proxy.empty()) {
    auto rules = http::rules_of(environment);
    if (!rules) return rules.error();
    options.proxies = std::move(*rules);
    return options;
  }
  auto proxy = open_proxy(config.proxy);
  if (!proxy) return proxy.error();
  options.proxies.for_http = *proxy;
  options.proxies.for_https = std::move(*proxy);
  options.proxies.exceptions = http::NoProxy(environment.no_proxy);
  options.proxies.loopback = true;
  return options;
}

void log_proxies(const http::ProxyRules& rules) {
  if (rules.for_https) spdlog::info("proxy for=https through={}", name_of(*rules.for_https));
  if (rules.for_http) spdlog::info("proxy for=http through={}", name_of(*rules.for_http));
}

}  // namespace sluice::daemon
