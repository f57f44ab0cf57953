#include "tests/sandbox/listener.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <list>

namespace sluice::sandbox {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Parser = http::request_parser<http::string_body>;

constexpr std::uint32_t kHeaderLimit = 64U << 10U;  // metadata of an object alone may have 8 KB
constexpr std::uint64_t kBodyLimit = std::uint64_t{5} << 30U;
constexpr std::uint64_t kBlockBytes = 256U << 10U;
constexpr auto kStepLimit = std::chrono::seconds(60);
constexpr auto kIdleLimit = std::chrono::minutes(10);

Request convert(Parser& parser) {
  auto& message = parser.get();
  Request out;
  out.method = std::string(message.method_string());
  parse_target(std::string_view(message.target().data(), message.target().size()), out);
  for (const auto& field : message) {
    std::string name(field.name_string());
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    std::string& value = out.headers[name];
    if (!value.empty()) value += ',';
    value += std::string_view(field.value().data(), field.value().size());
  }
  out.body = std::move(message.body());
  return out;
}

std::string head_of(const Response& response, bool keep_alive) {
  std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\n", response.status,
      std::string_view(
          http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status))).data()));
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
  // Neither 204 nor 304 may announce a length.
  if (response.status != 204 && response.status != 304)
    head += fmt::format("Content-Length: {}\r\n", response.length());
  return head + (keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

}  // namespace

class Listener::Impl {
 public:
  Impl() : signals_(io_, SIGTERM, SIGINT) {}

  std::string listen(const ListenOptions& options, Handler& handler) {
    Port& port = ports_.emplace_back(io_, handler);
    if (!options.certificate_file.empty()) {
      port.tls.emplace(asio::ssl::context::tls_server);
      port.tls->use_certificate_chain_file(options.certificate_file);
      port.tls->use_private_key_file(options.key_file, asio::ssl::context::pem);
    }
    const tcp::endpoint address(asio::ip::address_v4::loopback(), options.port);
    port.acceptor.open(address.protocol());
    port.acceptor.set_option(asio::socket_base::reuse_address(true));
    port.acceptor.bind(address);
    port.acceptor.listen();
    return fmt::format("{}://127.0.0.1:{}", port.tls ? "https" : "http",
                       port.acceptor.local_endpoint().port());
  }

  void run() {
    signals_.async_wait([this](boost::system::error_code, int) { stop(); });
    for (Port& port : ports_)
      asio::co_spawn(io_, accept(port), [this](std::exception_ptr failure) {
        if (failure && !stopping_) std::rethrow_exception(failure);
      });
    io_.run();
  }

 private:
  using Connections = std::list<tcp::socket*>;

  struct Port {
    Port(asio::io_context& io, Handler& handler_of_all) : acceptor(io), handler(handler_of_all) {}
    tcp::acceptor acceptor;
    std::optional<asio::ssl::context> tls;
    Handler& handler;
  };

  void stop() {
    stopping_ = true;
    for (Port& port : ports_) port.acceptor.close();
    boost::system::error_code ignored;
    for (tcp::socket* socket : open_) socket->close(ignored);
  }

  asio::awaitable<void> accept(Port& port) {
    while (!stopping_) {
      tcp::socket socket = co_await port.acceptor.async_accept(asio::use_awaitable);
      socket.set_option(tcp::no_delay(true));
      // A connection that fails ends alone; its client sees the closed socket.
      if (port.tls)
        asio::co_spawn(io_, serve_tls(std::move(socket), port), [](std::exception_ptr) {});
      else
        asio::co_spawn(io_, serve_plain(std::move(socket), port), [](std::exception_ptr) {});
    }
  }

  // Keeps the socket in open_ for as long as its session runs, so that stop() reaches it.
  struct Registration {
    Registration(Connections& all, tcp::socket& socket) : all_(all), at_(all.insert(all.end(), &socket)) {}
    ~Registration() { all_.erase(at_); }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    Connections& all_;
    Connections::iterator at_;
  };

  asio::awaitable<void> serve_plain(tcp::socket socket, Port& port) {
    beast::tcp_stream stream(std::move(socket));
    const Registration registration(open_, stream.socket());
    co_await serve(stream, stream, port.handler);
  }

  asio::awaitable<void> serve_tls(tcp::socket socket, Port& port) {
    beast::ssl_stream<beast::tcp_stream> stream(std::move(socket), *port.tls);
    beast::tcp_stream& lowest = stream.next_layer();
    const Registration registration(open_, lowest.socket());
    lowest.expires_after(kStepLimit);
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    co_await serve(stream, lowest, port.handler);
  }

  template <class Stream>
  asio::awaitable<void> serve(Stream& stream, beast::tcp_stream& lowest, Handler& handler) {
    beast::flat_buffer buffer;
    for (bool keep_alive = true; keep_alive && !stopping_;) {
      Parser parser;
      parser.header_limit(kHeaderLimit);
      parser.body_limit(kBodyLimit);
      lowest.expires_after(kIdleLimit);
      co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
      lowest.expires_after(kStepLimit);
      if (parser.get()[http::field::expect] == "100-continue") {
        const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        const auto bytes = asio::buffer(go_on);
        co_await asio::async_write(stream, bytes, asio::use_awaitable);
      }
      lowest.expires_after(kIdleLimit);
      co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
      keep_alive = parser.get().keep_alive();
      const Request request = convert(parser);
      const std::optional<Fault> fault = handler.fault_for(request);
      keep_alive = co_await respond(stream, lowest, handler, request, fault, keep_alive);
    }
  }

  // Whether the connection may go on.
  template <class Stream>
  asio::awaitable<bool> respond(Stream& stream, beast::tcp_stream& lowest, Handler& handler,
                                const Request& request, const std::optional<Fault>& fault, bool keep_alive) {
    const FaultAction action = fault ? fault->action : FaultAction::bad_md5;
    if (fault && (action == FaultAction::delay || action == FaultAction::stall)) {
      const auto limit = std::chrono::milliseconds(fault->value);
      const bool gone = co_await wait(lowest, action == FaultAction::stall ? kIdleLimit : limit);
      if (gone || action == FaultAction::stall) co_return reset(lowest);
    }
    if (fault && action == FaultAction::reset_before) co_return reset(lowest);
    const Response response = handler.answer(request, fault);
    if (fault && action == FaultAction::reset_after) co_return reset(lowest);
    std::uint64_t send = request.method == "HEAD" ? 0 : response.length();
    if (fault && action == FaultAction::truncate_body) send = std::min<std::uint64_t>(send, fault->value);
    co_await write(stream, lowest, response, send, keep_alive);
    if (fault && action == FaultAction::truncate_body) co_return reset_after_flush(lowest);
    co_return keep_alive;
  }

  // True when the sandbox is being stopped meanwhile.
  asio::awaitable<bool> wait(beast::tcp_stream& lowest, std::chrono::milliseconds limit) {
    lowest.expires_never();
    constexpr auto step = std::chrono::milliseconds(50);
    asio::steady_timer timer(io_);
    for (auto left = limit; left.count() > 0 && !stopping_; left -= step) {
      timer.expires_after(std::min(left, step));
      co_await timer.async_wait(asio::use_awaitable);
      // A client that gave up has closed its side: nothing is left to stall.
      char peeked = 0;
      boost::system::error_code error;
      lowest.socket().non_blocking(true);
      const auto bytes = asio::buffer(&peeked, 1);
      const std::size_t got = lowest.socket().receive(bytes, tcp::socket::message_peek, error);
      if (got == 0 && error != asio::error::would_block) co_return true;
    }
    co_return stopping_;
  }

  template <class Stream>
  asio::awaitable<void> write(Stream& stream, beast::tcp_stream& lowest, const Response& response,
                              std::uint64_t send, bool keep_alive) {
    std::string block = head_of(response, keep_alive);
    if (!response.slice) block.append(response.body, 0, send);
    lowest.expires_after(kStepLimit);
    auto bytes = asio::buffer(block);
    co_await asio::async_write(stream, bytes, asio::use_awaitable);
    if (!response.slice) co_return;
    const FileSlice& slice = *response.slice;
    for (std::uint64_t done = 0; done < send; done += block.size()) {
      slice.file->read(slice.offset + done, std::min(send - done, kBlockBytes), block);
      if (block.empty()) co_return;
      lowest.expires_after(kStepLimit);
      bytes = asio::buffer(block);
      co_await asio::async_write(stream, bytes, asio::use_awaitable);
    }
  }

  // Closing with data unsent and no linger makes the kernel send RST.
  static bool reset(beast::tcp_stream& lowest) {
    boost::system::error_code ignored;
    lowest.socket().set_option(asio::socket_base::linger(true, 0), ignored);
    lowest.socket().close(ignored);
    return false;
  }

  static bool reset_after_flush(beast::tcp_stream& lowest) {
    boost::system::error_code ignored;
    lowest.socket().shutdown(tcp::socket::shutdown_both, ignored);
    lowest.socket().close(ignored);
    return false;
  }

  asio::io_context io_{1};
  std::list<Port> ports_;
  asio::signal_set signals_;
  Connections open_;
  bool stopping_ = false;
};

Listener::Listener() : impl_(std::make_unique<Impl>()) {}
Listener::~Listener() = default;
std::string Listener::listen(const ListenOptions& options, Handler& handler) {
  return impl_->listen(options, handler);
}
void Listener::run() { impl_->run(); }

}  // namespace sluice::sandbox
