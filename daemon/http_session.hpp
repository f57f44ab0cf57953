#pragma once
// One connection of the server, from accept to close. Template over the stream: TCP or Unix.

#include "daemon/http_server.hpp"
#include "daemon/problem.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <array>
#include <optional>
#include <string>
#include <tuple>

namespace sluice::daemon {

// What is the same for all connections of one listening socket.
struct Listener {
  bool control = false;
  std::vector<std::string> hosts;  // allowed values of Host; empty: any (Unix socket)
  const ServerLimits* limits = nullptr;
  const RequestHandler* handler = nullptr;
  std::size_t connections = 0;
  std::size_t streams = 0;  // of them, answers that are made while they are sent
};

namespace http = boost::beast::http;

inline constexpr auto kAsValue = boost::asio::as_tuple(boost::asio::use_awaitable);

inline void add_fixed_headers(http::fields& fields) {
  fields.set("Content-Security-Policy",
             "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  fields.set("X-Content-Type-Options", "nosniff");
  fields.set("X-Frame-Options", "DENY");
  fields.set("Referrer-Policy", "no-referrer");
  fields.set("Cross-Origin-Resource-Policy", "same-origin");
  fields.set("Cross-Origin-Opener-Policy", "same-origin");
  if (fields.find(http::field::cache_control) == fields.end())
    fields.set(http::field::cache_control, "no-store");
}

// Nothing if the request may be answered; otherwise why not.
std::optional<HttpResponse> refuse_by_headers(const Listener& listener, const http::fields& fields,
                                              unsigned version);

// The request in our own form; nothing when the target cannot be read.
std::optional<HttpRequest> to_request(const http::request<http::string_body>& message);

// 431, 413 or 400 for what the parser met; nothing when the peer went away or was too slow.
std::optional<HttpResponse> refuse_by_parser(boost::system::error_code failure);

// 503 for one stream more than there may be.
HttpResponse refuse_stream(const ServerLimits& limits);

template <class Stream>
class Session {
 public:
  Session(Stream stream, Listener& listener, std::string actor)
      : stream_(std::move(stream)), listener_(listener), actor_(std::move(actor)) {
    ++listener_.connections;
  }
  ~Session() { --listener_.connections; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  awaitable<void> run() {
    for (bool keep = true; keep;) keep = co_await serve_one();
    co_await close();
  }

 private:
  // True if another request may follow on this connection.
  awaitable<bool> serve_one() {
    http::request_parser<http::string_body> parser;
    parser.header_limit(listener_.limits->header_bytes_max);
    parser.body_limit(listener_.limits->body_bytes_max);
    stream_.expires_after(listener_.limits->request);
    const auto read = co_await http::async_read(stream_, buffer_, parser, kAsValue);
    if (const auto failure = std::get<0>(read)) {
      const auto refusal = refuse_by_parser(failure);
      if (refusal) co_await send(*refusal, 11, false, false);
      co_return false;
    }
    stream_.expires_never();
    const auto message = parser.release();
    const bool head = message.method() == http::verb::head;
    const auto refusal = refuse_by_headers(listener_, message, message.version());
    if (refusal) {
      co_await send(*refusal, message.version(), false, head);
      co_return false;
    }
    auto request = to_request(message);
    HttpResponse answer;
    if (request) {
      request->control = listener_.control;
      request->actor = actor_;
      answer = co_await (*listener_.handler)(*request);
    } else {
      answer = problem_response(400, "invalid_argument", "read the request target: not a valid path");
    }
    if (answer.stream) {
      co_await send_stream(answer, message.version(), head);
      co_return false;
    }
    co_return co_await send(answer, message.version(), message.keep_alive(), head);
  }

  static void set_headers(http::fields& fields, const HttpResponse& answer) {
    if (!answer.content_type.empty()) fields.set(http::field::content_type, answer.content_type);
    for (const auto& [name, value] : answer.headers) fields.set(name, value);
    add_fixed_headers(fields);
  }

  // True if the connection may go on.
  awaitable<bool> send(const HttpResponse& answer, unsigned version, bool keep_alive, bool head) {
    http::response<http::string_body> message(static_cast<http::status>(answer.status), version);
    set_headers(message, answer);
    message.keep_alive(keep_alive);
    if (answer.status != 304) message.content_length(answer.body.size());
    if (!head) message.body() = answer.body;
    http::response_serializer<http::string_body> serializer(message);
    stream_.expires_after(listener_.limits->answer);
    boost::system::error_code failure;
    if (head) {
      const auto written = co_await http::async_write_header(stream_, serializer, kAsValue);
      failure = std::get<0>(written);
    } else {
      const auto written = co_await http::async_write(stream_, serializer, kAsValue);
      failure = std::get<0>(written);
    }
    co_return !failure && keep_alive;
  }

  // Until the source ends, the peer goes away or does not read, or the session is cancelled.
  awaitable<void> send_stream(const HttpResponse& answer, unsigned version, bool head) {
    if (listener_.streams >= listener_.limits->streams_max) {
      const HttpResponse refusal = refuse_stream(*listener_.limits);
      co_await send(refusal, version, false, head);
      co_return;
    }
    const StreamPlace place(listener_.streams);
    const bool chunked = version >= 11;
    http::response<http::empty_body> message(static_cast<http::status>(answer.status), version);
    set_headers(message, answer);
    message.keep_alive(false);
    message.chunked(chunked);
    http::response_serializer<http::empty_body> serializer(message);
    stream_.expires_after(listener_.limits->answer);
    const auto written = co_await http::async_write_header(stream_, serializer, kAsValue);
    if (std::get<0>(written) || head) co_return;
    namespace asio = boost::asio;
    const auto executor = co_await asio::this_coro::executor;
    auto watching = asio::co_spawn(executor, wait_for_peer(), asio::deferred);
    auto sending = asio::co_spawn(executor, send_pieces(answer.stream, chunked), asio::deferred);
    auto group = asio::experimental::make_parallel_group(std::move(watching), std::move(sending));
    // Whichever ends first ends the other one, and the connection.
    co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  }

  awaitable<void> send_pieces(std::shared_ptr<BodySource> source, bool chunked) {
    for (;;) {
      const std::optional<std::string> piece = co_await source->next();
      stream_.expires_after(listener_.limits->answer);
      boost::system::error_code failure;
      if (!chunked) {
        if (!piece) co_return;
        const auto written =
            co_await boost::asio::async_write(stream_, boost::asio::buffer(*piece), kAsValue);
        failure = std::get<0>(written);
      } else if (piece) {
        const auto chunk = http::make_chunk(boost::asio::buffer(*piece));
        const auto written = co_await boost::asio::async_write(stream_, chunk, kAsValue);
        failure = std::get<0>(written);
      } else {
        const auto last = http::make_chunk_last();
        co_await boost::asio::async_write(stream_, last, kAsValue);
        co_return;
      }
      if (failure) co_return;
    }
  }

  // Reading stands open beside the writing: a peer that closes is noticed before there is anything to send.
  // One that asks for something else on this connection has read enough.
  awaitable<void> wait_for_peer() {
    std::array<char, 512> sink;
    auto buffer = boost::asio::buffer(sink);
    stream_.expires_never();  // of the reading: what send_pieces() sets is for its writing only from here on
    co_await stream_.async_read_some(buffer, kAsValue);
  }

  // Reads away what the peer still sends, or the reset would destroy our last answer on its way.
  awaitable<void> close() {
    boost::system::error_code ignored;
    stream_.socket().shutdown(Stream::socket_type::shutdown_send, ignored);
    stream_.expires_after(std::chrono::seconds(1));
    std::array<char, 4096> sink;
    for (int rounds = 0; rounds < 64; ++rounds) {
      auto buffer = boost::asio::buffer(sink);
      const auto read = co_await stream_.async_read_some(buffer, kAsValue);
      if (std::get<0>(read)) break;
    }
    stream_.socket().close(ignored);
  }

  struct StreamPlace {
    explicit StreamPlace(std::size_t& open) : count(open) { ++count; }
    ~StreamPlace() { --count; }
    StreamPlace(const StreamPlace&) = delete;
    StreamPlace& operator=(const StreamPlace&) = delete;
    std::size_t& count;
  };

  Stream stream_;
  Listener& listener_;
  std::string actor_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace sluice::daemon
