#pragma once
// How the daemon reaches the services: certificates and proxies, from its configuration and its environment.

#include "core/http/transport.hpp"
#include "daemon/config/config.hpp"

namespace sluice::daemon {

// The variables https_proxy, HTTPS_PROXY, http_proxy (in lower case only: a web server may set the other from
// a request), no_proxy and NO_PROXY; lower case wins.
http::ProxyEnvironment read_proxy_environment();

// The key `proxy` comes before the environment's proxies, and reaches loopback addresses, too; exceptions are
// those of the environment in both cases. Opens what `proxy` refers to. Errors name the key or the variable,
// and never a value.
Result<http::TransportOptions> transport_options(const Config& config,
                                                 const http::ProxyEnvironment& environment);

// Which proxies are used, for the daemon's log; without their logins.
void log_proxies(const http::ProxyRules& rules);

}  // namespace sluice::daemon
