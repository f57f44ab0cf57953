#pragma once
// The daemon's own HTTP/1.1 server: a Unix socket, and a TCP port with or without TLS. Beast stays
// in the .cpp file.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "daemon/http/http_message.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace sluice::daemon {

struct ServerLimits {
  std::uint32_t header_bytes_max = 16 * 1024;
  std::uint64_t body_bytes_max = 64 * 1024;
  std::map<std::string, std::uint64_t, std::less<>> body_bytes_of{};  // of paths that may take more
  std::size_t connections_max = 128;  // per listening socket; more are answered 503 and closed
  std::size_t streams_max = 64;       // of them, open streams; less, or nobody else could ask
  std::size_t per_address_max = 48;   // of them, over TCP, from one address (IPv6: one /64)
  // Of answers that are being sent, per listening socket; more are answered 503. Those of up to
  // small_answer_bytes are not counted, so that whoever leaves large ones unread keeps nobody from asking
  // how the daemon is; one alone may be larger than all.
  std::size_t answer_bytes_max = 32 * 1024 * 1024;
  std::size_t small_answer_bytes = 64 * 1024;
  Duration handshake = std::chrono::seconds(10);           // of TLS
  Duration request = std::chrono::seconds(15);             // from idle to the last byte of a request
  Duration answer = std::chrono::seconds(30);              // to write one answer, or one piece of a stream
  Duration accept_pause = std::chrono::milliseconds(200);  // when the process is out of descriptors
};

// Called once a request; must not throw anything but cancellation. The request outlives the call.
using RequestHandler = std::function<awaitable<HttpResponse>(const HttpRequest&)>;

// Of the TCP door, beyond its address.
struct TcpOptions {
  std::vector<std::string> hosts;                  // see door_names()
  std::shared_ptr<boost::asio::ssl::context> tls;  // null: none
};

// Single-threaded. Every answer carries the strict headers of docs/security.md, and http_rules.hpp says which
// requests are answered.
class HttpServer {
 public:
  // `clock` must outlive the server; stop() must have returned before it is destroyed.
  HttpServer(Executor executor, Clock& clock, RequestHandler handler, ServerLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Mode 0660. A socket file nobody listens on is replaced; conflict if a daemon answers there.
  Result<void> listen_unix(const std::string& path);

  // Without TLS `address` must be a loopback address: invalid_argument otherwise. Port 0 takes a free one;
  // returns the port.
  Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port, TcpOptions options = {});

  // For the connections to come. Only where there was TLS before.
  void renew_tls(std::shared_ptr<boost::asio::ssl::context> tls);

  // No new connections from here on; removes the socket file.
  void stop_accepting();

  // Ends every session and waits for it.
  awaitable<void> stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::daemon
