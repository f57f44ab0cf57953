#pragma once
// One connection of the server, from accept to close. Template over the stream: TCP or Unix.

#include "daemon/http_server.hpp"
#include "daemon/problem.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
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
    co_return co_await send(answer, message.version(), message.keep_alive(), head);
  }

  // True if the connection may go on.
  awaitable<bool> send(const HttpResponse& answer, unsigned version, bool keep_alive, bool head) {
    http::response<http::string_body> message(static_cast<http::status>(answer.status), version);
    if (!answer.content_type.empty()) message.set(http::field::content_type, answer.content_type);
    for (const auto& [name, value] : answer.headers) message.set(name, value);
    add_fixed_headers(message);
    message.keep_alive(keep_alive);
    message.content_length(answer.body.size());
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

  Stream stream_;
  Listener& listener_;
  std::string actor_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace sluice::daemon
