#pragma once
// Which requests go through an HTTP proxy, and through which one. Pure.

#include "core/base/secret.hpp"
#include "core/http/endpoint.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

struct Proxy {
  Endpoint endpoint;     // spoken to in plain HTTP
  Secret authorization;  // value of Proxy-Authorization; empty: none is sent
};

// Hosts that need no proxy, as NO_PROXY lists them, separated by commas or blanks: "example.com" (with or
// without a dot in front) for the name and all names below it, addresses, blocks such as 10.0.0.0/8 and
// fd00::/8, "*" for everything. What is none of these matches nothing. A name is not looked up to find it in
// a block.
class NoProxy {
 public:
  NoProxy() = default;
  explicit NoProxy(std::string_view list);

  // `host` as in Endpoint.
  bool covers(std::string_view host) const;

 private:
  std::string list_;  // in lower case
};

struct ProxyRules {
  std::optional<Proxy> for_http{};   // for http:// endpoints
  std::optional<Proxy> for_https{};  // for https:// endpoints
  NoProxy exceptions{};
  bool loopback = false;  // also for 127.0.0.0/8, ::1 and localhost

  // Null: no proxy.
  const Proxy* proxy_for(const Endpoint& endpoint) const;
};

// A proxy as it is written: "http://LOGIN@HOST:PORT", the scheme and "LOGIN@" being optional.
struct ProxyAddress {
  std::string login;  // as written; "user:password", each percent-encoded
  Endpoint endpoint;
};

// invalid_argument: another scheme than http, no host, no port. The error shows nothing of `text`, in which
// there may be a password.
Result<ProxyAddress> parse_proxy_address(std::string_view text);

// parse_proxy_address() with its login decoded.
Result<Proxy> parse_proxy(std::string_view text);

// The value of Proxy-Authorization.
Secret basic_authorization(std::string_view user, std::string_view password);

// "proxy.example port 3128": how messages name it.
std::string name_of(const Proxy& proxy);

// The environment variables of proxies; empty: not set.
struct ProxyEnvironment {
  std::string https_proxy;
  std::string http_proxy;
  std::string no_proxy;
};

// Rules that leave loopback addresses alone. invalid_argument names the variable.
Result<ProxyRules> rules_of(const ProxyEnvironment& environment);

}  // namespace sluice::http
