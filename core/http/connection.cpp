#include "core/http/connection.hpp"

#include "core/http/pace.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include <chrono>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>

namespace sluice::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Parser = beast::http::response_parser<beast::http::string_body>;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kHeaderBytesMax = 64 * 1024;
constexpr std::size_t kReadBytes = kHeaderBytesMax;  // an empty buffer would be filled 512 bytes at a time
constexpr std::size_t kPieceBytes = 64 * 1024;       // written in one step
constexpr std::chrono::seconds kConnectMax{3};       // to an address with another one behind it: two SYNs
constexpr std::size_t kAddressesMax = 4;             // so that a connect is over after a few limits
// What the kernel holds of a body seems written. Megabytes of it would still be on their way over a slow link
// while the answer is waited for; this much gets there in time even at the least rate.
constexpr int kUnsentBytesMax = 128 * 1024;

// Network failures are values, but a cancelled task must not take its cancellation for one.
awaitable<void> rethrow_cancellation() {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

Error network_error(std::string_view doing, const error_code& code, Duration limit) {
  if (code == beast::error::timeout) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    return Error(Errc::timeout, fmt::format("{}: no progress within {} ms", doing, ms));
  }
  return Error(Errc::unavailable, fmt::format("{}: {}", doing, code.message()));
}

// How a request or an answer gets on. A step moves a piece of it and has the limit to itself.
class Progress {
 public:
  explicit Progress(Duration limit) : limit_(limit) {}

  // Readies `stream` for the next step; `bytes` were moved so far. False: the peer is too slow.
  bool begin_step(beast::tcp_stream& stream, std::size_t bytes) {
    bytes_ = bytes;
    elapsed_ = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin_);
    if (is_too_slow(limit_, elapsed_, bytes)) return false;
    stream.expires_after(limit_);
    return true;
  }

  // Measures from now on.
  void restart() { begin_ = std::chrono::steady_clock::now(); }

  // After begin_step() said so.
  Error too_slow(std::string_view doing) const {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed_).count();
    return Error(Errc::timeout, fmt::format("{}: slower than {} KiB/s: {} bytes in {} ms", doing,
                                            kBytesPerSecondMin / 1024, bytes_, ms));
  }

 private:
  Duration limit_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  Duration elapsed_{};
  std::size_t bytes_ = 0;
};

// Why reading an answer failed.
Error read_error(const Parser& parser, const error_code& code, const Request& request) {
  using HttpError = beast::http::error;
  if (code == HttpError::body_limit || code == HttpError::buffer_overflow) {
    return Error(Errc::corrupt, fmt::format("read answer: larger than {} bytes", request.answer_bytes_max));
  }
  const bool ended = code == HttpError::end_of_stream || code == HttpError::partial_message ||
                     code == asio::error::eof || code == asio::ssl::error::stream_truncated;
  if (ended && parser.is_header_done()) {
    return Error(Errc::corrupt, "read answer: ended before its announced length");
  }
  if (ended) return Error(Errc::unavailable, "read answer: connection closed before the answer");
  if (code.category() == beast::http::make_error_code(HttpError::bad_version).category()) {
    return Error(Errc::corrupt, fmt::format("read answer: not valid HTTP: {}", code.message()));
  }
  return network_error("read answer", code, request.limit);
}

// Whether an answer that we can read may begin with `bytes`.
bool begins_answer(std::string_view bytes) {
  constexpr std::string_view kBegin = "HTTP/1.";
  const std::size_t known = std::min(bytes.size(), kBegin.size());
  return bytes.substr(0, known) == kBegin.substr(0, known);
}

Response take_response(Parser& parser) {
  auto message = parser.release();
  Response response;
  response.status = static_cast<int>(message.result_int());
  response.headers.reserve(8);
  for (const auto& field : message) {
    response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  response.body = std::move(message.body());
  return response;
}

// `Stream` is a beast::tcp_stream or an SSL stream around one.
template <class Stream>
class StreamConnection final : public Connection {
 public:
  explicit StreamConnection(Stream stream) : stream_(std::move(stream)) {}

  Stream& stream() noexcept { return stream_; }

  awaitable<Exchange> exchange(const std::string& head, const Request& request) override {
    const std::array<asio::const_buffer, 2> buffers = {
        asio::buffer(head), asio::buffer(request.body.data(), request.body.size())};
    Progress progress(request.limit);
    bool in_time = true;
    // Asked before each step: how many bytes it may have.
    const auto next_step = [this, &progress, &in_time](const error_code& code, std::size_t bytes) {
      in_time = code || progress.begin_step(beast::get_lowest_layer(stream_), bytes);
      return code || !in_time ? std::size_t(0) : kPieceBytes;
    };
    auto written = co_await asio::async_write(stream_, buffers, next_step, kAsTuple);
    const error_code write_code = std::get<0>(written);
    if (write_code) co_await rethrow_cancellation();
    // A server may answer and close before it has read the whole request: its answer is worth more.
    if (!in_time || write_code == beast::error::timeout) {
      Exchange failed;
      failed.response = in_time ? network_error("write request", write_code, request.limit)
                                : progress.too_slow("write request");
      co_return failed;
    }
    Exchange result = co_await read(request);
    if (write_code && !result.answer_begun) {
      result.response = network_error("write request", write_code, request.limit);
    }
    result.reusable = result.reusable && !write_code;
    co_return result;
  }

 private:
  awaitable<Exchange> read(const Request& request) {
    Parser parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(request.answer_bytes_max);
    parser.skip(request.method == "HEAD");
    beast::flat_buffer buffer;
    buffer.reserve(kReadBytes);
    Progress progress(request.limit);
    Exchange result;
    auto read = co_await read_head(buffer, progress);
    result.answer_begun = buffer.size() > 0;
    if (read && !*read) read = co_await read_body(buffer, parser, progress);
    if (!read || *read) {
      co_await rethrow_cancellation();
      result.response = read ? read_error(parser, *read, request) : progress.too_slow("read answer");
      co_return result;
    }
    beast::get_lowest_layer(stream_).expires_never();
    result.reusable = parser.keep_alive() && buffer.size() == 0;
    if (parser.get().result_int() < 200) {
      result.reusable = false;
      result.response = Error(Errc::corrupt, "read answer: an interim status that was not asked for");
    } else {
      result.response = take_response(parser);
    }
    co_return result;
  }

  // Until the whole head is in `buffer`, and perhaps more; nothing if the peer is too slow. The parser judges
  // a line at once if it is in the first piece that it gets, and else only when the head has ended: with
  // whole heads it has one answer.
  awaitable<std::optional<error_code>> read_head(beast::flat_buffer& buffer, Progress& progress) {
    constexpr std::string_view kEnd = "\r\n\r\n";
    std::size_t searched = 0;
    for (;;) {
      if (!progress.begin_step(beast::get_lowest_layer(stream_), buffer.size())) co_return std::nullopt;
      const auto room = buffer.prepare(kReadBytes - buffer.size());
      auto outcome = co_await stream_.async_read_some(room, kAsTuple);
      const auto& [code, bytes] = outcome;
      if (code) co_return code;
      buffer.commit(bytes);
      if (buffer.size() == bytes) progress.restart();  // for what it has thought no server is slow
      const std::string_view head(static_cast<const char*>(buffer.data().data()), buffer.size());
      // Who speaks another language may well keep the connection open.
      if (!begins_answer(head)) co_return make_error_code(beast::http::error::bad_version);
      if (head.find(kEnd, searched) != std::string_view::npos) co_return error_code();
      if (head.size() == kReadBytes) co_return make_error_code(beast::http::error::header_limit);
      searched = head.size() - std::min(head.size(), kEnd.size() - 1);
    }
  }

  // The whole answer, of which `buffer` holds the beginning; nothing if the peer is too slow.
  awaitable<std::optional<error_code>> read_body(beast::flat_buffer& buffer, Parser& parser,
                                                 Progress& progress) {
    parser.eager(true);
    std::size_t parsed = 0;
    while (!parser.is_done()) {
      const std::size_t received = parsed + buffer.size();
      if (!progress.begin_step(beast::get_lowest_layer(stream_), received)) co_return std::nullopt;
      // The parser, not its message: only so do the limits count.
      auto outcome = co_await beast::http::async_read_some(stream_, buffer, parser, kAsTuple);
      const auto& [code, bytes] = outcome;
      if (code) co_return code;
      parsed += bytes;
    }
    co_return error_code();
  }

  Stream stream_;
};

using PlainConnection = StreamConnection<beast::tcp_stream>;
using TlsConnection = StreamConnection<asio::ssl::stream<beast::tcp_stream>>;

awaitable<Result<std::unique_ptr<Connection>>> secure(Endpoint endpoint, beast::tcp_stream stream,
                                                      Duration limit, asio::ssl::context& tls) {
  using TlsStream = asio::ssl::stream<beast::tcp_stream>;
  auto connection = std::make_unique<TlsConnection>(TlsStream(std::move(stream), tls));
  SSL* const native = connection->stream().native_handle();
  auto prepared = expect_host(native, endpoint.host);
  if (!prepared) co_return prepared.error();
  beast::get_lowest_layer(connection->stream()).expires_after(limit);
  auto outcome = co_await connection->stream().async_handshake(TlsStream::client, kAsTuple);
  const auto& [code] = outcome;
  if (!code) co_return std::unique_ptr<Connection>(std::move(connection));
  co_await rethrow_cancellation();
  if (code == beast::error::timeout) {
    co_return network_error(fmt::format("start TLS with {}", endpoint.host), code, limit);
  }
  co_return handshake_error(native, endpoint.host, code);
}

// Whether `text` may stand in a header line.
bool is_line_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string login_line(const Proxy& proxy) {
  if (proxy.authorization.empty()) return {};
  return fmt::format("Proxy-Authorization: {}\r\n", proxy.authorization.reveal());
}

// Why a proxy that answered `status` gave no tunnel.
Error tunnel_refused(int status, const Route& route) {
  if (status == 407) return login_refused("connect", route);
  const Errc code = status >= 500 || status == 429 ? Errc::unavailable : Errc::permission_denied;
  const std::string_view way_out =
      code == Errc::permission_denied ? "; allow it there, or except it with no_proxy" : "";
  return Error(code,
               fmt::format("connect to {} port {} through proxy {}: it answers {}{}", route.endpoint.host,
                           route.endpoint.port, name_of(*route.proxy), status, way_out));
}

// Makes the proxy at the other end of `stream` pass on everything to the route's endpoint, whose name it
// resolves.
awaitable<Result<void>> open_tunnel(Route route, beast::tcp_stream& stream, Duration limit) {
  const bool v6 = route.endpoint.host.find(':') != std::string::npos;
  const std::string authority =
      fmt::format("{}{}{}:{}", v6 ? "[" : "", route.endpoint.host, v6 ? "]" : "", route.endpoint.port);
  const std::string doing = fmt::format("connect to {} through proxy {}", authority, name_of(*route.proxy));
  const std::string head =
      fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n{1}\r\n", authority, login_line(*route.proxy));
  stream.expires_after(limit);
  auto written = co_await asio::async_write(stream, asio::buffer(head), kAsTuple);
  if (std::get<0>(written)) {
    co_await rethrow_cancellation();
    co_return network_error(doing, std::get<0>(written), limit);
  }
  beast::http::response_parser<beast::http::empty_body> parser;
  parser.header_limit(kHeaderBytesMax);
  parser.skip(true);  // what follows the header of a success is the tunnel
  beast::flat_buffer buffer;
  stream.expires_after(limit);
  auto outcome = co_await beast::http::async_read_header(stream, buffer, parser, kAsTuple);
  if (std::get<0>(outcome)) {
    co_await rethrow_cancellation();
    co_return network_error(doing, std::get<0>(outcome), limit);
  }
  const int status = static_cast<int>(parser.get().result_int());
  if (status < 200 || status >= 300) co_return tunnel_refused(status, route);
  if (buffer.size() > 0) co_return Error(Errc::corrupt, doing + ": bytes in the tunnel before we spoke");
  co_return Result<void>();
}

}  // namespace

Error login_refused(std::string_view doing, const Route& route) {
  const std::string_view login = route.proxy->authorization.empty() ? "it wants a user and password"
                                                                    : "it does not accept user and password";
  return Error(
      Errc::permission_denied,
      fmt::format("{} to {} port {} through proxy {}: 407, {}; correct them in `proxy` of sluice.yaml, or in "
                  "https_proxy and http_proxy",
                  doing, route.endpoint.host, route.endpoint.port, name_of(*route.proxy), login));
}

Result<std::string> serialize_head(const Route& route, const Request& request) {
  const std::string authority = host_header(route.endpoint);
  const std::string host = request.host.empty() ? authority : request.host;
  const std::string origin = route.is_proxied() ? "http://" + authority : std::string();
  bool safe = is_line_safe(request.method) && is_line_safe(host) && is_line_safe(request.target) &&
              request.target.find(' ') == std::string::npos;
  std::string head =
      fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", request.method, origin, request.target, host);
  if (route.is_proxied()) head += login_line(*route.proxy);
  for (const auto& [name, value] : request.headers) {
    safe = safe && is_line_safe(name) && is_line_safe(value);
    fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
  }
  if (!safe) {
    return Error(Errc::invalid_argument, "send request: a line break or space inside its target or a header");
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", request.body.size());
  }
  head += "\r\n";
  return head;
}

Duration connect_limit(Duration limit, std::size_t behind) {
  if (behind == 0) return limit;
  return std::min(limit / static_cast<std::int64_t>(behind + 1), Duration(kConnectMax));
}

awaitable<Result<std::unique_ptr<Connection>>> open_connection(const Route& route, const Addresses& addresses,
                                                               Duration limit, asio::ssl::context* tls) {
  const Executor executor = co_await asio::this_coro::executor;
  const Endpoint& hop = route.first_hop();
  const std::string_view whom = route.proxy != nullptr ? "proxy " : "";
  Error last(Errc::unavailable, fmt::format("connect to {}{}: no address", whom, hop.host));
  const std::size_t tries = std::min(addresses.size(), kAddressesMax);
  for (std::size_t i = 0; i < tries; ++i) {
    beast::tcp_stream stream(executor);
    const Tcp::endpoint target(addresses[i], hop.port);
    const Duration most = connect_limit(limit, tries - 1 - i);
    stream.expires_after(most);
    auto outcome = co_await stream.async_connect(target, kAsTuple);
    const auto& [code] = outcome;
    if (code) {
      co_await rethrow_cancellation();
      const std::string doing =
          fmt::format("connect to {}{} port {} ({})", whom, hop.host, hop.port, addresses[i].to_string());
      last = network_error(doing, code, most);
      continue;
    }
    stream.expires_never();
    error_code ignored;  // a missing option costs time, not correctness
    stream.socket().set_option(Tcp::no_delay(true), ignored);
    ::setsockopt(stream.socket().native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytesMax,
                 sizeof kUnsentBytesMax);
    if (route.endpoint.tls) {
      if (route.proxy != nullptr) {
        auto opening = open_tunnel(route, stream, limit);
        const auto tunnel = co_await std::move(opening);
        if (!tunnel) co_return tunnel.error();
      }
      auto securing = secure(route.endpoint, std::move(stream), limit, *tls);
      co_return co_await std::move(securing);
    }
    co_return std::unique_ptr<Connection>(std::make_unique<PlainConnection>(std::move(stream)));
  }
  co_return last;
}

}  // namespace sluice::http
