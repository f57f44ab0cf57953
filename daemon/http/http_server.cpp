#include "daemon/http/http_server.hpp"

#include "core/base/task_group.hpp"
#include "daemon/http/http_session.hpp"
#include "daemon/http/tls_session.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <list>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::daemon {
namespace {

namespace asio = boost::asio;
using UnixProtocol = asio::local::stream_protocol;
// Over the Unix socket and over TCP without TLS: one Session for both, which is half a minute less to
// compile.
using PlainStream = boost::beast::basic_stream<asio::generic::stream_protocol>;

Caller caller_of(UnixProtocol::socket& socket, const Listener&) {
  Caller caller;
  caller.unix_socket = true;
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  caller.name = known ? fmt::format("uid {} (unix socket)", peer.uid) : "unknown (unix socket)";
  return caller;
}

asio::ip::address address_of(const asio::ip::tcp::socket& socket) {
  boost::system::error_code gone;
  const auto address = socket.remote_endpoint(gone).address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address;
}

Caller caller_of(const asio::ip::tcp::socket& socket, const Listener& listener) {
  Caller caller;
  caller.loopback = listener.loopback;
  caller.name = address_of(socket).to_string();
  return caller;
}

std::string address_group(const UnixProtocol::socket&) { return ""; }

// Whoever has an IPv6 address has all of its /64.
std::string address_group(const asio::ip::tcp::socket& socket) {
  const auto address = address_of(socket);
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return asio::ip::address_v6(bytes).to_string();
}

void send_at_once(UnixProtocol::socket&) {}

// An answer is several writes, with TLS one for each 8 KiB; what is left of it would wait for an
// acknowledgement that the peer delays by 40 ms.
void send_at_once(asio::ip::tcp::socket& socket) {
  boost::system::error_code ignored;  // a missing option costs time, not correctness
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

bool is_full(const Listener& listener, const std::string& address) {
  if (listener.connections >= listener.limits->connections_max) return true;
  const auto same = listener.by_address.find(address);
  return same != listener.by_address.end() && same->second >= listener.limits->per_address_max;
}

template <class Socket>
void turn_away(Socket& socket, bool plain) {
  static constexpr std::string_view kFull =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n";
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  if (plain) socket.write_some(asio::buffer(kFull), ignored);
  socket.close(ignored);
}

bool out_of_descriptors(const boost::system::error_code& failure) {
  return failure == asio::error::no_descriptors || failure == asio::error::no_memory ||
         failure == asio::error::no_buffer_space ||
         failure == boost::system::errc::too_many_files_open_in_system;
}

awaitable<void> run_session(PlainStream stream, Listener& listener, Caller caller, std::string address) {
  Session<PlainStream> session(std::move(stream), listener, std::move(caller), std::move(address));
  co_await session.run();
}

template <class Socket>
awaitable<void> session_of(Socket socket, Listener& listener, Caller caller, std::string address) {
  if constexpr (std::is_same_v<Socket, asio::ip::tcp::socket>) {
    if (listener.tls) {
      boost::beast::tcp_stream stream(std::move(socket));
      return run_tls_session(std::move(stream), listener, std::move(caller), std::move(address));
    }
  }
  PlainStream stream(asio::generic::stream_protocol::socket(std::move(socket)));
  return run_session(std::move(stream), listener, std::move(caller), std::move(address));
}

// A process without descriptors fails five times a second, perhaps for hours: that is told once a minute.
class AcceptFailures {
 public:
  void tell(const boost::system::error_code& failure, Duration now) {
    ++untold_;
    if (quiet_until_ && now < *quiet_until_) return;
    spdlog::warn("accept a connection: {}; callers wait failures={}", failure.message(), untold_);
    untold_ = 0;
    quiet_until_ = now + std::chrono::minutes(1);
  }

 private:
  std::optional<Duration> quiet_until_;
  std::uint64_t untold_ = 0;
};

template <class Acceptor>
awaitable<void> accept_loop(Acceptor& acceptor, Listener& listener, TaskGroup& sessions, Clock& clock) {
  AcceptFailures failures;
  for (;;) {
    auto accepted = co_await acceptor.async_accept(kAsValue);
    auto& [failure, socket] = accepted;
    if (failure == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (failure) {
      failures.tell(failure, clock.monotonic());
      if (out_of_descriptors(failure)) co_await clock.sleep_for(listener.limits->accept_pause);
      continue;
    }
    std::string address = address_group(socket);
    if (is_full(listener, address)) {
      turn_away(socket, listener.tls == nullptr);
      continue;
    }
    send_at_once(socket);
    Caller caller = caller_of(socket, listener);
    sessions.start(session_of(std::move(socket), listener, std::move(caller), std::move(address)));
  }
}

// Asks whether somebody answers at `path`.
bool is_alive(const std::string& path) {
  asio::io_context loop(1);
  UnixProtocol::socket probe(loop);
  boost::system::error_code failure;
  probe.connect(UnixProtocol::endpoint(path), failure);
  return !failure;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(Executor executor, Clock& clock, RequestHandler handler, ServerLimits limits)
      : clock_(clock),
        handler_(std::move(handler)),
        limits_(std::move(limits)),
        unix_(executor),
        tcp_(executor),
        accepting_(executor),
        sessions_(executor) {}

  Result<void> listen_unix(const std::string& path) {
    struct stat present {};
    if (::lstat(path.c_str(), &present) == 0) {
      if (!S_ISSOCK(present.st_mode)) {
        return Error(Errc::conflict, fmt::format("listen on {}: the file exists and is no socket", path));
      }
      if (is_alive(path)) {
        return Error(Errc::conflict, fmt::format("listen on {}: another daemon listens there", path));
      }
      ::unlink(path.c_str());
    }
    if (path.size() > 107) {
      return Error(Errc::invalid_argument,
                   fmt::format("listen on {}: the path is longer than 107 bytes", path));
    }
    boost::system::error_code failure;
    unix_.open(UnixProtocol(), failure);
    if (!failure && ::fchmod(unix_.native_handle(), 0660) != 0)
      return from_errno(errno, "set the mode of " + path);
    if (!failure) unix_.bind(UnixProtocol::endpoint(path), failure);
    if (!failure && ::chmod(path.c_str(), 0660) != 0) return from_errno(errno, "set the mode of " + path);
    if (!failure) unix_.listen(128, failure);
    if (failure) return from_errno(failure.value(), "listen on " + path);
    unix_path_ = path;
    unix_listener_.names.any_host = true;
    begin(unix_, unix_listener_);
    return {};
  }

  Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port, TcpOptions options) {
    boost::system::error_code failure;
    const auto parsed = asio::ip::make_address(address, failure);
    if (failure || (!parsed.is_loopback() && !options.tls)) {
      return Error(Errc::invalid_argument,
                   fmt::format("listen on {}: not a loopback address (127.0.0.1 or ::1), and there is no TLS",
                               address));
    }
    const asio::ip::tcp::endpoint endpoint(parsed, port);
    tcp_.open(endpoint.protocol(), failure);
    if (!failure) tcp_.set_option(asio::socket_base::reuse_address(true), failure);
    if (!failure) tcp_.bind(endpoint, failure);
    if (!failure) tcp_.listen(128, failure);
    if (failure) return from_errno(failure.value(), fmt::format("listen on {} port {}", address, port));
    const std::uint16_t bound = tcp_.local_endpoint().port();
    tcp_listener_.names = door_names(address, bound, options.hosts, options.tls != nullptr);
    tcp_listener_.loopback = parsed.is_loopback();
    tcp_listener_.tls = std::move(options.tls);
    begin(tcp_, tcp_listener_);
    return bound;
  }

  void renew_tls(std::shared_ptr<asio::ssl::context> tls) {
    if (tcp_listener_.tls) tcp_listener_.tls = std::move(tls);
  }

  void stop_accepting() {
    boost::system::error_code ignored;
    unix_.close(ignored);
    tcp_.close(ignored);
    accepting_.stop();
    if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
    unix_path_.clear();
  }

  awaitable<void> stop() {
    stop_accepting();
    sessions_.stop();
    co_await accepting_.join();
    co_await sessions_.join();
  }

 private:
  template <class Acceptor>
  void begin(Acceptor& acceptor, Listener& listener) {
    listener.limits = &limits_;
    listener.handler = &handler_;
    accepting_.start(accept_loop(acceptor, listener, sessions_, clock_));
  }

  Clock& clock_;
  RequestHandler handler_;
  ServerLimits limits_;
  UnixProtocol::acceptor unix_;
  asio::ip::tcp::acceptor tcp_;
  std::string unix_path_;
  Listener unix_listener_;
  Listener tcp_listener_;
  TaskGroup accepting_;
  TaskGroup sessions_;
};

HttpServer::HttpServer(Executor executor, Clock& clock, RequestHandler handler, ServerLimits limits)
    : impl_(std::make_unique<Impl>(std::move(executor), clock, std::move(handler), std::move(limits))) {}
HttpServer::~HttpServer() = default;
Result<void> HttpServer::listen_unix(const std::string& path) { return impl_->listen_unix(path); }
Result<std::uint16_t> HttpServer::listen_tcp(const std::string& address, std::uint16_t port,
                                             TcpOptions options) {
  return impl_->listen_tcp(address, port, std::move(options));
}
void HttpServer::renew_tls(std::shared_ptr<boost::asio::ssl::context> tls) {
  impl_->renew_tls(std::move(tls));
}
void HttpServer::stop_accepting() { impl_->stop_accepting(); }
awaitable<void> HttpServer::stop() { return impl_->stop(); }

}  // namespace sluice::daemon
