#pragma once
// The daemon's own HTTP/1.1 server: a Unix socket for control, a loopback TCP port for reading. Beast stays
// in the .cpp file.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "daemon/http_message.hpp"

#include <functional>
#include <memory>
#include <string>

namespace sluice::daemon {

struct ServerLimits {
  std::uint32_t header_bytes_max = 16 * 1024;
  std::uint64_t body_bytes_max = 64 * 1024;
  std::size_t connections_max = 128;            // per listening socket; more are answered 503 and closed
  std::size_t streams_max = 64;                 // of them, open streams; less, or nobody else could ask
  Duration request = std::chrono::seconds(15);  // from idle to the last byte of a request
  Duration answer = std::chrono::seconds(30);   // to write one answer, or one piece of a stream
  Duration accept_pause = std::chrono::milliseconds(200);  // when the process is out of descriptors
};

// Called once a request; must not throw anything but cancellation. The request outlives the call.
using RequestHandler = std::function<awaitable<HttpResponse>(const HttpRequest&)>;

// Single-threaded. Every answer carries the strict headers of docs/api.md. Over TCP the Host must be
// localhost, 127.0.0.1 or [::1] with the port (421 otherwise) and an Origin, if sent, must be the same (403
// otherwise).
class HttpServer {
 public:
  // `clock` must outlive the server; stop() must have returned before it is destroyed.
  HttpServer(Executor executor, Clock& clock, RequestHandler handler, ServerLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Mode 0660. A socket file nobody listens on is replaced; conflict if a daemon answers there.
  Result<void> listen_unix(const std::string& path);

  // `address` must be a loopback address: invalid_argument otherwise. Port 0 takes a free one; returns the
  // port.
  Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port);

  // No new connections from here on; removes the socket file.
  void stop_accepting();

  // Ends every session and waits for it.
  awaitable<void> stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::daemon
