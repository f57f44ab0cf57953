#pragma once
// One connection to an endpoint, plain or TLS, that carries one request after another.

#include "core/http/resolver.hpp"
#include "core/http/tls.hpp"
#include "core/http/transport.hpp"

#include <memory>

namespace sluice::http {

// What came of one request.
struct Exchange {
  Result<Response> response = Error();
  bool answer_begun = false;  // at least one byte of an answer was received
  bool reusable = false;      // the connection may carry another request
};

class Connection {
 public:
  virtual ~Connection() = default;

  // Sends `request`, whose serialized header is `head`, and reads the answer; each step within request.limit.
  // After an exchange that is not reusable the connection must be destroyed. Cancellation unwinds.
  virtual awaitable<Exchange> exchange(const std::string& head, const Request& request) = 0;
};

// Where requests go, and through what.
struct Route {
  Endpoint endpoint;
  const Proxy* proxy = nullptr;  // null: none; must outlive the connections

  // Whom to connect to.
  const Endpoint& first_hop() const noexcept { return proxy != nullptr ? proxy->endpoint : endpoint; }
  // Whether the proxy sees the requests. TLS goes through a tunnel.
  bool is_proxied() const noexcept { return proxy != nullptr && !endpoint.tls; }
  friend bool operator==(const Route&, const Route&) = default;
};

// The request line and header fields as they go on the wire, with Host and Content-Length; for a proxy that
// sees them with the whole URL and the login. invalid_argument: a character that would end a line early.
Result<std::string> serialize_head(const Route& route, const Request& request);

// What the connect to an address gets of `limit` with so many addresses `behind` it. One that swallows
// packets, as IPv6 behind many a firewall, must leave the next ones time within a caller's own limit.
Duration connect_limit(Duration limit, std::size_t behind);

// Tries `addresses`, those of the first hop, in order; each connect gets its connect_limit(), the proxy's
// tunnel and the handshake `limit`. `tls` is needed for TLS endpoints only and must outlive the connection.
// Errors: unavailable, timeout, corrupt, permission_denied. Cancellation unwinds.
awaitable<Result<std::unique_ptr<Connection>>> open_connection(const Route& route, const Addresses& addresses,
                                                               Duration limit,
                                                               boost::asio::ssl::context* tls);

// What a proxy that wants another login, or none of us, is told of as. `doing` is "connect" or "send
// request".
Error login_refused(std::string_view doing, const Route& route);

}  // namespace sluice::http
