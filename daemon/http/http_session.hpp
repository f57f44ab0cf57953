#pragma once
// One connection of the server, from accept to close. Template over the stream: plain or TLS.

#include "daemon/http/http_rules.hpp"
#include "daemon/http/http_server.hpp"
#include "daemon/http/problem.hpp"
#include "daemon/http/server_tls.hpp"

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
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

namespace sluice::daemon {

// What is the same for all connections of one listening socket.
struct Listener {
  DoorNames names;
  std::shared_ptr<boost::asio::ssl::context> tls;  // null: none
  bool loopback = false;
  const ServerLimits* limits = nullptr;
  const RequestHandler* handler = nullptr;
  std::size_t connections = 0;
  std::size_t streams = 0;                        // of them, answers that are made while they are sent
  std::size_t answer_bytes = 0;                   // of answers that are being sent, but for small ones
  std::map<std::string, std::size_t> by_address;  // connections, over TCP
};

// A connection as long as it counts towards the limits. `address` is empty on the Unix socket.
class Place {
 public:
  Place(Listener& listener, std::string address);
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Listener& listener_;
  std::string address_;
};

// `amount` of `total` as long as it lives.
class Share {
 public:
  Share(std::size_t& total, std::size_t amount) : total_(total), amount_(amount) { total_ += amount_; }
  ~Share() { total_ -= amount_; }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

 private:
  std::size_t& total_;
  std::size_t amount_;
};

namespace http = boost::beast::http;

inline constexpr std::size_t kReadBytes = 4096;
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

HttpResponse refusal_response(const Refusal& refusal);

// The request in our own form, with the body of the message; nothing when the target cannot be read.
std::optional<HttpRequest> to_request(http::request<http::string_body>& message);

// How long the body of a request to `target` may be.
std::uint64_t body_limit(const ServerLimits& limits, std::string_view target);

// 431, 413 or 400 for what the parser met; nothing when the peer went away or was too slow.
std::optional<HttpResponse> refuse_by_parser(boost::system::error_code failure);

// 503 for one stream more than there may be.
HttpResponse refuse_stream(const ServerLimits& limits);

// `answer`, or 503 where too many bytes wait already for peers that do not read them.
HttpResponse answer_or_refusal(const Listener& listener, HttpResponse answer);

// What an answer takes of ServerLimits::answer_bytes_max.
std::size_t counted_bytes(const ServerLimits& limits, const HttpResponse& answer);

// Whether it is an SSL stream around another one.
template <class Stream>
concept TlsStreamLike = requires(Stream& stream) {
  stream.native_handle();
};

// `address` counts the connections of one address; empty: not counted.
template <class Stream>
class Session {
 public:
  Session(Stream stream, Listener& listener, Caller caller, std::string address)
      : stream_(std::move(stream)),
        listener_(listener),
        caller_(std::move(caller)),
        place_(listener, std::move(address)) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  awaitable<void> run() {
    if constexpr (TlsStreamLike<Stream>) {
      if (!co_await shake_hands()) co_return;
    }
    for (bool keep = true; keep;) keep = co_await serve_one();
    co_await close();
  }

 private:
  auto& lowest() { return boost::beast::get_lowest_layer(stream_); }

  // False if the peer speaks no TLS of ours, has no certificate that is wanted, or is too slow.
  awaitable<bool> shake_hands() {
    lowest().expires_after(listener_.limits->handshake);
    const auto shaken = co_await stream_.async_handshake(Stream::server, kAsValue);
    if (std::get<0>(shaken)) co_return false;
    caller_.certificate = certificate_name(stream_.native_handle());
    co_return true;
  }

  // The head is looked at byte by byte before the parser sees it.
  awaitable<Head> read_head() {
    for (;;) {
      const auto received = buffer_.cdata();
      const std::string_view text(static_cast<const char*>(received.data()), received.size());
      Head head = scan_head(text, listener_.limits->header_bytes_max);
      if (head.complete || head.refusal) co_return head;
      const auto space = buffer_.prepare(kReadBytes);
      const auto read = co_await stream_.async_read_some(space, kAsValue);
      if (std::get<0>(read)) co_return Head();
      buffer_.commit(std::get<1>(read));
    }
  }

  // True if another request may follow on this connection.
  awaitable<bool> serve_one() {
    lowest().expires_after(listener_.limits->request);
    const Head scanned = co_await read_head();
    if (scanned.refusal) {
      HttpResponse refused = refusal_response(*scanned.refusal);
      co_await send(std::move(refused), 11, false, false);
    }
    if (!scanned.complete) co_return false;
    http::request_parser<http::string_body> parser;
    parser.header_limit(listener_.limits->header_bytes_max);
    parser.body_limit(boost::none);  // it depends on the path, and the length has to be sent
    const auto begun = co_await http::async_read_header(stream_, buffer_, parser, kAsValue);
    boost::system::error_code failure = std::get<0>(begun);
    if (!failure) {
      const auto& fields = parser.get();
      const auto refusal =
          refuse_by_fields(listener_.names, fields, fields.method_string(), fields.version());
      if (refusal) {
        HttpResponse refused = refusal_response(*refusal);
        co_await send(std::move(refused), fields.version(), false, fields.method() == http::verb::head);
        co_return false;
      }
      const std::uint64_t limit = body_limit(*listener_.limits, std::string_view(fields.target()));
      if (parser.content_length().value_or(0) > limit) {
        failure = http::error::body_limit;
      } else {
        const auto read = co_await http::async_read(stream_, buffer_, parser, kAsValue);
        failure = std::get<0>(read);
      }
    }
    if (failure) {
      auto refusal = refuse_by_parser(failure);
      if (refusal) co_await send(std::move(*refusal), 11, false, false);
      co_return false;
    }
    lowest().expires_never();
    auto message = parser.release();
    const bool head = message.method() == http::verb::head;
    auto request = to_request(message);
    HttpResponse answer;
    if (request) {
      request->caller = caller_;
      answer = co_await (*listener_.handler)(*request);
    } else {
      answer = problem_response(400, "invalid_argument", "read the request target: not a valid path");
    }
    if (answer.stream) {
      co_await send_stream(answer, message.version(), head);
      co_return false;
    }
    co_return co_await send(std::move(answer), message.version(), message.keep_alive(), head);
  }

  void set_headers(http::fields& fields, const HttpResponse& answer) {
    if (!answer.content_type.empty()) fields.set(http::field::content_type, answer.content_type);
    for (const auto& [name, value] : answer.headers) fields.set(name, value);
    add_fixed_headers(fields);
    if (listener_.names.tls) fields.set(http::field::strict_transport_security, "max-age=31536000");
  }

  // True if the connection may go on.
  awaitable<bool> send(HttpResponse made, unsigned version, bool keep_alive, bool head) {
    const std::size_t length = made.body.size();
    if (head) made.body = std::string();
    HttpResponse answer = answer_or_refusal(listener_, std::move(made));
    const Share held(listener_.answer_bytes, counted_bytes(*listener_.limits, answer));
    http::response<http::string_body> message(static_cast<http::status>(answer.status), version);
    set_headers(message, answer);
    message.keep_alive(keep_alive);
    if (answer.status != 304) message.content_length(head ? length : answer.body.size());
    message.body() = std::move(answer.body);
    http::response_serializer<http::string_body> serializer(message);
    lowest().expires_after(listener_.limits->answer);
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
      HttpResponse refusal = refuse_stream(*listener_.limits);
      co_await send(std::move(refusal), version, false, head);
      co_return;
    }
    const Share place(listener_.streams, 1);
    const bool chunked = version >= 11;
    http::response<http::empty_body> message(static_cast<http::status>(answer.status), version);
    set_headers(message, answer);
    message.keep_alive(false);
    message.chunked(chunked);
    http::response_serializer<http::empty_body> serializer(message);
    lowest().expires_after(listener_.limits->answer);
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
      lowest().expires_after(listener_.limits->answer);
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
    std::array<char, 512> sink{};
    auto buffer = boost::asio::buffer(sink);
    lowest().expires_never();  // of the reading: what send_pieces() sets is for its writing only from here on
    co_await stream_.async_read_some(buffer, kAsValue);
  }

  // Reads away what the peer still sends, or the reset would destroy our last answer on its way.
  awaitable<void> close() {
    boost::system::error_code ignored;
    lowest().expires_after(std::chrono::seconds(1));
    if constexpr (TlsStreamLike<Stream>) co_await stream_.async_shutdown(kAsValue);
    lowest().socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
    std::array<char, 4096> sink{};
    for (int rounds = 0; rounds < 64; ++rounds) {
      auto buffer = boost::asio::buffer(sink);
      const auto read = co_await lowest().async_read_some(buffer, kAsValue);
      if (std::get<0>(read)) break;
    }
    lowest().socket().close(ignored);
  }

  Stream stream_;
  Listener& listener_;
  Caller caller_;
  Place place_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace sluice::daemon
