#pragma once
// A tiny scripted HTTP server on the loopback interface, and a way to run one coroutine against it.

#include "core/base/signal.hpp"
#include "core/base/task_group.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/http/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::http::test {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// Ends all tasks of `tasks`. Cancels from inside the loop, as the program does: from outside, Asio 1.81 only
// queues the cancellation, and its target may be gone when its turn comes.
inline void stop(asio::io_context& io, TaskGroup& tasks) {
  asio::post(io, [&tasks] { tasks.stop(); });
  io.restart();
  while ((!tasks.stopping() || tasks.size() > 0) && io.run_one_for(std::chrono::seconds(10)) > 0) {
  }
}

// What the server does with one request it has read.
struct Reply {
  enum class Then { keep, close, hold };
  std::string text;        // written as it is; may be empty
  Then then = Then::keep;  // hold: neither reads, writes nor closes any more
  bool early = false;      // answers when the head is there, without reading the body
  std::size_t cut = 0;     // so many bytes come first, in a piece of their own
  // A pause comes behind every so many bytes of the body that is read, or of the text; 0: none.
  std::size_t body_at_once = 0;
  std::size_t text_at_once = 0;
};

// Transports have their limits from the real clock, so a slow server takes real time.
inline constexpr std::chrono::milliseconds kPause{25};

// Serves connection number i by script i; connections without a script are closed at once. After
// as_tunnel(answer) it is a proxy and what lies behind it in one: each connection begins with a plain request
// that gets `answer`, and goes on with TLS if that is a 200.
class LoopbackServer {
 public:
  LoopbackServer(asio::io_context& io, const std::string& address, std::vector<std::vector<Reply>> scripts,
                 asio::ssl::context* tls = nullptr)
      : acceptor_(io, Tcp::endpoint(asio::ip::make_address(address), 0)),
        scripts_(std::move(scripts)),
        tls_(tls),
        held_(io.get_executor()),
        tasks_(io.get_executor()),
        io_(io) {
    tasks_.start(accept_loop());
  }
  ~LoopbackServer() { stop(io_, tasks_); }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  // What the kernel takes for the server is next to nothing: only what the server reads gets through.
  void without_room() { acceptor_.set_option(asio::socket_base::receive_buffer_size(16 * 1024)); }

  void as_tunnel(std::string answer) { tunnel_ = std::move(answer); }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::size_t connections() const { return connections_; }
  // Head and body of every request, in order of arrival.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  awaitable<void> accept_loop() {
    for (;;) {
      auto accepted = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
      auto& [code, socket] = accepted;
      if (code) co_return;
      const std::size_t number = connections_++;
      if (number >= scripts_.size()) continue;
      tasks_.start(serve(std::move(socket), number));
    }
  }

  awaitable<void> serve(Tcp::socket socket, std::size_t number) {
    if (tls_ == nullptr) {
      co_await play(socket, number);
      co_return;
    }
    if (!tunnel_.empty()) {
      std::string buffer;
      if (!co_await read_request(socket, buffer, true)) co_return;
      const auto bytes = asio::buffer(tunnel_);
      co_await asio::async_write(socket, bytes, asio::as_tuple(asio::use_awaitable));
      if (!tunnel_.starts_with("HTTP/1.1 200")) co_return;
    }
    asio::ssl::stream<Tcp::socket> stream(std::move(socket), *tls_);
    auto shaken =
        co_await stream.async_handshake(asio::ssl::stream_base::server, asio::as_tuple(asio::use_awaitable));
    if (std::get<0>(shaken)) co_return;
    co_await play(stream, number);
  }

  template <class Stream>
  awaitable<void> play(Stream& stream, std::size_t number) {
    std::string buffer;
    for (const Reply& reply : scripts_[number]) {
      const bool complete = co_await read_request(stream, buffer, !reply.early, reply.body_at_once);
      if (!complete) co_return;
      if (reply.cut > 0) co_await write_alone(stream, asio::buffer(reply.text, reply.cut));
      std::size_t begun = reply.cut;
      while (reply.text_at_once > 0 && begun + reply.text_at_once < reply.text.size()) {
        const auto piece = asio::buffer(asio::buffer(reply.text) + begun, reply.text_at_once);
        auto written = co_await asio::async_write(stream, piece, asio::as_tuple(asio::use_awaitable));
        if (std::get<0>(written)) co_return;
        begun += reply.text_at_once;
        co_await pause();
      }
      const asio::const_buffer rest = asio::buffer(reply.text) + begun;
      auto written = co_await asio::async_write(stream, rest, asio::as_tuple(asio::use_awaitable));
      if (std::get<0>(written) || reply.then == Reply::Then::close) co_return;
      if (reply.then == Reply::Then::hold) co_await held_.wait();
    }
    // Waits for the client to close.
    co_await read_request(stream, buffer, true);
  }

  // Gives the client, which is on the same loop, turns enough to read them before anything else comes.
  template <class Stream>
  awaitable<void> write_alone(Stream& stream, asio::const_buffer bytes) {
    co_await asio::async_write(stream, bytes, asio::as_tuple(asio::use_awaitable));
    for (int turn = 0; turn < 5; ++turn) co_await asio::post(asio::use_awaitable);
  }

  awaitable<void> pause() {
    asio::steady_timer timer(io_, kPause);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  template <class Stream>
  awaitable<bool> read_request(Stream& stream, std::string& buffer, bool with_body, std::size_t at_once = 0) {
    auto dynamic = asio::dynamic_buffer(buffer);
    auto head =
        co_await asio::async_read_until(stream, dynamic, "\r\n\r\n", asio::as_tuple(asio::use_awaitable));
    const auto& [code, head_bytes] = head;
    if (code) co_return false;
    const std::size_t body_bytes = with_body ? announced_length(buffer.substr(0, head_bytes)) : 0;
    const std::size_t total = head_bytes + body_bytes;
    std::size_t pause_at = at_once > 0 ? at_once : total;
    while (buffer.size() < total) {
      if (buffer.size() >= pause_at) {
        pause_at += at_once;
        co_await pause();
      }
      std::array<char, 65536> chunk;
      auto got = co_await stream.async_read_some(asio::buffer(chunk), asio::as_tuple(asio::use_awaitable));
      const auto& [read_code, bytes] = got;
      if (read_code) co_return false;
      buffer.append(chunk.data(), bytes);
    }
    requests_.push_back(buffer.substr(0, total));
    buffer.erase(0, total);
    co_return true;
  }

  static std::size_t announced_length(const std::string& head) {
    constexpr std::string_view kName = "Content-Length: ";
    const auto at = head.find(kName);
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + kName.size()));
  }

  Tcp::acceptor acceptor_;
  std::vector<std::vector<Reply>> scripts_;
  asio::ssl::context* tls_;
  std::string tunnel_;
  Signal held_;
  std::size_t connections_ = 0;
  std::vector<std::string> requests_;
  TaskGroup tasks_;
  asio::io_context& io_;
};

// Runs `task` on `io` until it ends; fails when nothing happens for ten seconds.
template <class T>
T run(asio::io_context& io, awaitable<T> task) {
  std::optional<T> result;
  std::exception_ptr failure;
  bool done = false;
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
    failure = error;
    if (!error) result.emplace(std::move(value));
    done = true;
  });
  io.restart();
  while (!done) {
    if (io.run_one_for(std::chrono::seconds(10)) == 0) throw std::logic_error("nothing happens");
  }
  if (failure) std::rethrow_exception(failure);
  return std::move(*result);
}

inline std::string ok(std::string_view body) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

inline Request get(std::string target = "/") {
  Request request;
  request.method = "GET";
  request.target = std::move(target);
  return request;
}

// A loop, a clock that stands still and a transport, for the address of one server.
struct Client {
  explicit Client(TransportOptions options = {})
      : transport(make_transport(io.get_executor(), clock, options)) {}

  Result<Response> send(const LoopbackServer& server, const Request& request, bool tls = false,
                        const std::string& host = "127.0.0.1") {
    const Endpoint endpoint{tls, host, server.port()};
    return run(io, transport->send(endpoint, request));
  }

  asio::io_context io{1};
  VirtualClock clock{io, Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 16))};
  std::unique_ptr<Transport> transport;
};

}  // namespace sluice::http::test
