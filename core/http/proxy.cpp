#include "core/http/proxy.hpp"

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/http/percent_decode.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::http {
namespace {

using boost::asio::ip::address;

std::optional<address> to_address(std::string_view text) {
  boost::system::error_code failure;
  const auto parsed = boost::asio::ip::make_address(std::string(text), failure);
  if (failure) return std::nullopt;
  return parsed;
}

// Whether the first `bits` bits are equal.
template <class Bytes>
bool same_prefix(const Bytes& a, const Bytes& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  if (bits % 8 == 0) return true;
  return ((a[whole] ^ b[whole]) >> (8 - bits % 8)) == 0;
}

// `entry` is an address, or a block such as "10.0.0.0/8".
bool covers_address(std::string_view entry, const address& host) {
  const std::size_t slash = entry.find('/');
  std::string_view number = entry.substr(0, slash);
  if (number.starts_with('[') && number.ends_with(']')) number = number.substr(1, number.size() - 2);
  const auto block = to_address(number);
  if (!block || block->is_v4() != host.is_v4()) return false;
  unsigned bits = host.is_v4() ? 32 : 128;
  if (slash != std::string_view::npos) {
    const std::string_view text = entry.substr(slash + 1);
    unsigned given = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), given);
    if (failure != std::errc() || end != text.data() + text.size() || given > bits) return false;
    bits = given;
  }
  return host.is_v4() ? same_prefix(host.to_v4().to_bytes(), block->to_v4().to_bytes(), bits)
                      : same_prefix(host.to_v6().to_bytes(), block->to_v6().to_bytes(), bits);
}

bool covers_name(std::string_view entry, std::string_view host) {
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.ends_with('.')) entry.remove_suffix(1);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (entry.empty() || !host.ends_with(entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  const auto number = to_address(host);
  return number && number->is_loopback();
}

Error bad_proxy(std::string_view reason) {
  return Error(Errc::invalid_argument,
               fmt::format("{}; write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT", reason));
}

}  // namespace

NoProxy::NoProxy(std::string_view list) : list_(to_lower(list)) {}

bool NoProxy::covers(std::string_view host) const {
  constexpr std::string_view kSeparators = ", \t";
  const auto number = to_address(host);
  std::string_view rest(list_);
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kSeparators), rest.size()));
    if (rest.empty()) return false;
    const std::string_view entry = rest.substr(0, rest.find_first_of(kSeparators));
    rest.remove_prefix(entry.size());
    if (entry == "*") return true;
    if (number ? covers_address(entry, *number) : covers_name(entry, host)) return true;
  }
}

const Proxy* ProxyRules::proxy_for(const Endpoint& endpoint) const {
  const std::optional<Proxy>& proxy = endpoint.tls ? for_https : for_http;
  if (!proxy || exceptions.covers(endpoint.host)) return nullptr;
  if (!loopback && is_loopback(endpoint.host)) return nullptr;
  return &*proxy;
}

Result<ProxyAddress> parse_proxy_address(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  ProxyAddress address;
  if (to_lower(text.substr(0, kScheme.size())) == kScheme) text.remove_prefix(kScheme.size());
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    address.login = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find("://") != std::string_view::npos || address.login.find("://") != std::string::npos) {
    return bad_proxy("the proxy's scheme is not http");
  }
  const auto endpoint = parse_endpoint(text);
  if (!endpoint) return bad_proxy("this names no proxy");
  const bool has_port = text.rfind(':') != std::string_view::npos && !text.ends_with(']');
  if (!has_port) return bad_proxy("the proxy's port is missing");
  address.endpoint = *endpoint;
  return address;
}

Result<Proxy> parse_proxy(std::string_view text) {
  auto address = parse_proxy_address(text);
  if (!address) return address.error();
  Proxy proxy;
  proxy.endpoint = std::move(address->endpoint);
  if (address->login.empty()) return proxy;
  const std::string_view login(address->login);
  const std::size_t colon = std::min(login.find(':'), login.size());
  std::string user;
  std::string password;
  const bool decoded = percent_decode(login.substr(0, colon), user) &&
                       percent_decode(login.substr(std::min(colon + 1, login.size())), password);
  if (!decoded)
    return bad_proxy("the proxy's user or password has a \"%\" without two hex digits; write %25");
  // RFC 7617, section 2: what follows the first colon is the password.
  if (user.find(':') != std::string::npos)
    return bad_proxy("the proxy's user has a \":\", which no proxy can tell from the end of the name");
  proxy.authorization = basic_authorization(user, password);
  return proxy;
}

Secret basic_authorization(std::string_view user, std::string_view password) {
  return Secret("Basic " + base64(fmt::format("{}:{}", user, password)));
}

std::string name_of(const Proxy& proxy) {
  return fmt::format("{} port {}", proxy.endpoint.host, proxy.endpoint.port);
}

Result<ProxyRules> rules_of(const ProxyEnvironment& environment) {
  ProxyRules rules;
  rules.exceptions = NoProxy(environment.no_proxy);
  if (!environment.https_proxy.empty()) {
    auto proxy = parse_proxy(environment.https_proxy);
    if (!proxy) return proxy.error().in("environment variable https_proxy");
    rules.for_https = std::move(*proxy);
  }
  if (!environment.http_proxy.empty()) {
    auto proxy = parse_proxy(environment.http_proxy);
    if (!proxy) return proxy.error().in("environment variable http_proxy");
    rules.for_http = std::move(*proxy);
  }
  return rules;
}

}  // namespace sluice::http
