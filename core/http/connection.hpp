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

  // Sends `request`, whose serialized header is `head`, and reads the answer; each within request.limit.
  // After an exchange that is not reusable the connection must be destroyed. Cancellation unwinds.
  virtual awaitable<Exchange> exchange(const std::string& head, const Request& request) = 0;
};

// The request line and header fields as they go on the wire, with Host and Content-Length. invalid_argument:
// a character that would end a line early.
Result<std::string> serialize_head(const Endpoint& endpoint, const Request& request);

// Tries `addresses` in order; each connect and the handshake get `limit`. `tls` is needed for TLS endpoints
// only and must outlive the connection. Errors: unavailable, timeout, permission_denied. Cancellation
// unwinds.
awaitable<Result<std::unique_ptr<Connection>>> open_connection(const Endpoint& endpoint,
                                                               const Addresses& addresses, Duration limit,
                                                               boost::asio::ssl::context* tls);

}  // namespace sluice::http
