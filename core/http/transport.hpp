#pragma once
// HTTP/1.1 as a port: one request, one whole answer.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/http/endpoint.hpp"
#include "core/http/proxy.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;                         // "POST"
  std::string target;                         // path and query as they go on the wire, already encoded
  std::string host;                           // Host header; empty: made from the endpoint
  Headers headers;                            // Content-Length and Host are added by the transport
  std::string_view body;                      // must stay valid until send() returns
  Duration limit = std::chrono::seconds(30);  // for connect, handshake, answer, each piece of a body
  std::size_t answer_bytes_max = 16 * 1024 * 1024;
  bool direct = false;     // never through a proxy
  bool sent_once = false;  // not idempotent: the caller must know of every time it may have arrived
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;

  // First header of that name (any letter case), or "".
  std::string_view header(std::string_view name) const;
};

// Errors of send(): unavailable (resolve, connect, reset, closed early), timeout, corrupt (not HTTP, too
// large, shorter than announced), permission_denied (certificate not accepted, proxy wants another login).
class Transport {
 public:
  virtual ~Transport() = default;

  // Connections are kept and reused. A kept connection that turns out dead before any byte of the answer came
  // is replaced once, silently, but not for a request that is sent_once: that may have been carried out. No
  // other retry.
  virtual awaitable<Result<Response>> send(const Endpoint& endpoint, const Request& request) = 0;
};

// How the real transport connects.
struct TransportOptions {
  std::string ca_file;                             // PEM; empty: the system's
  ProxyRules proxies{};                            // which requests go through a proxy
  std::size_t idle_connections_max = 64;           // over all endpoints
  Duration idle_limit = std::chrono::seconds(20);  // closed after this long unused
};

// Sockets, TLS and all. One per io_context.
std::unique_ptr<Transport> make_transport(Executor executor, Clock& clock, TransportOptions options = {});

}  // namespace sluice::http
