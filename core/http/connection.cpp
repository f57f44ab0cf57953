#include "core/http/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

namespace sluice::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Parser = beast::http::response_parser<beast::http::string_body>;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kHeaderBytesMax = 64 * 1024;
constexpr std::size_t kReadBytes = 64 * 1024;  // an empty buffer would be filled 512 bytes at a time
constexpr std::size_t kAddressesMax = 4;       // so that a connect is over after a few limits

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
    beast::get_lowest_layer(stream_).expires_after(request.limit);
    auto written = co_await asio::async_write(stream_, buffers, kAsTuple);
    const auto& [write_code, bytes_written] = written;
    if (write_code) {
      co_await rethrow_cancellation();
      // A server may answer and close before it has read the whole request: its answer is worth more.
      if (write_code == beast::error::timeout) {
        Exchange failed;
        failed.response = network_error("write request", write_code, request.limit);
        co_return failed;
      }
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
    beast::get_lowest_layer(stream_).expires_after(request.limit);
    // The parser, not its message: only so do the limits count.
    auto outcome = co_await beast::http::async_read(stream_, buffer, parser, kAsTuple);
    const auto& [code, bytes] = outcome;
    Exchange result;
    result.answer_begun = bytes > 0 || buffer.size() > 0 || parser.got_some();
    if (code) {
      co_await rethrow_cancellation();
      result.response = read_error(parser, code, request);
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

std::string host_field(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  std::string host = v6 ? fmt::format("[{}]", endpoint.host) : endpoint.host;
  const std::uint16_t usual = endpoint.tls ? 443 : 80;
  if (endpoint.port != usual) host += fmt::format(":{}", endpoint.port);
  return host;
}

}  // namespace

Result<std::string> serialize_head(const Endpoint& endpoint, const Request& request) {
  const std::string host = request.host.empty() ? host_field(endpoint) : request.host;
  bool safe = is_line_safe(request.method) && is_line_safe(host) && is_line_safe(request.target) &&
              request.target.find(' ') == std::string::npos;
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.target, host);
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

awaitable<Result<std::unique_ptr<Connection>>> open_connection(const Endpoint& endpoint,
                                                               const Addresses& addresses, Duration limit,
                                                               asio::ssl::context* tls) {
  const Executor executor = co_await asio::this_coro::executor;
  Error last(Errc::unavailable, fmt::format("connect to {}: no address", endpoint.host));
  const std::size_t tries = std::min(addresses.size(), kAddressesMax);
  for (std::size_t i = 0; i < tries; ++i) {
    beast::tcp_stream stream(executor);
    const Tcp::endpoint target(addresses[i], endpoint.port);
    stream.expires_after(limit);
    auto outcome = co_await stream.async_connect(target, kAsTuple);
    const auto& [code] = outcome;
    if (code) {
      co_await rethrow_cancellation();
      const std::string doing =
          fmt::format("connect to {} port {} ({})", endpoint.host, endpoint.port, addresses[i].to_string());
      last = network_error(doing, code, limit);
      continue;
    }
    stream.expires_never();
    error_code ignored;  // a missing option costs time, not correctness
    stream.socket().set_option(Tcp::no_delay(true), ignored);
    if (endpoint.tls) {
      auto securing = secure(endpoint, std::move(stream), limit, *tls);
      co_return co_await std::move(securing);
    }
    co_return std::unique_ptr<Connection>(std::make_unique<PlainConnection>(std::move(stream)));
  }
  co_return last;
}

}  // namespace sluice::http
