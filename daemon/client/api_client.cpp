#include "daemon/client/api_client.hpp"

#include "core/base/clock.hpp"
#include "daemon/client/remote_api.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using Stream = boost::beast::basic_stream<asio::local::stream_protocol>;

constexpr auto kAsValue = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kConnectLimit = std::chrono::seconds(5);
constexpr std::uint64_t kAnswerBytesMax = 256 * 1024 * 1024;

struct Answer {
  int status = 0;
  std::string body;
};

std::string hint_for(const boost::system::error_code& failure) {
  if (failure == asio::error::access_denied) return "you need the rights of the group that owns the socket";
  return "is the daemon running? Name its socket with --socket PATH or $SLUICE_SOCKET";
}

awaitable<Answer> ask(std::string socket, beast_http::request<beast_http::string_body> request,
                      std::chrono::milliseconds limit) {
  Stream stream(co_await asio::this_coro::executor);
  stream.expires_after(std::min(kConnectLimit, limit));
  const asio::local::stream_protocol::endpoint endpoint(socket);
  const auto connected = co_await stream.async_connect(endpoint, kAsValue);
  if (const auto failure = std::get<0>(connected)) {
    throw CommandFailure(Exit::unreachable,
                         fmt::format("connect to {}: {}; {}", socket, failure.message(), hint_for(failure)));
  }
  stream.expires_after(limit);
  const auto written = co_await beast_http::async_write(stream, request, kAsValue);
  boost::beast::flat_buffer buffer;
  beast_http::response_parser<beast_http::string_body> parser;
  parser.body_limit(kAnswerBytesMax);
  const auto read = co_await beast_http::async_read(stream, buffer, parser, kAsValue);
  if (const auto failure = std::get<0>(read)) {
    const auto first = std::get<0>(written) ? std::get<0>(written) : failure;
    throw CommandFailure(Exit::unreachable, fmt::format("ask the daemon at {}: {}", socket, first.message()));
  }
  Answer answer;
  answer.status = static_cast<int>(parser.get().result_int());
  answer.body = std::move(parser.get().body());
  co_return answer;
}

class UnixApi final : public Api {
 public:
  UnixApi(std::string socket, std::chrono::milliseconds limit) : socket_(std::move(socket)), limit_(limit) {}

  boost::json::value get(const std::string& target) override {
    return call(beast_http::verb::get, target, "");
  }
  boost::json::value post(const std::string& target, const std::string& body) override {
    return call(beast_http::verb::post, target, body);
  }

 private:
  boost::json::value call(beast_http::verb method, const std::string& target, const std::string& body) {
    if (socket_.size() > 107)
      throw CommandFailure(Exit::usage, "use the socket: its path is longer than 107 bytes");
    beast_http::request<beast_http::string_body> request(method, target, 11, body);
    request.set(beast_http::field::host, "localhost");
    request.set(beast_http::field::connection, "close");
    if (!body.empty()) request.set(beast_http::field::content_type, "application/json");
    request.prepare_payload();
    const Answer answer = run(ask(socket_, std::move(request), limit_));
    return read_answer(socket_, answer.status, answer.body);
  }

  static Answer run(awaitable<Answer> task) {
    asio::io_context loop(1);
    Answer answer;
    std::exception_ptr thrown;
    asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failure, Answer value) {
      thrown = failure;
      answer = std::move(value);
    });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return answer;
  }

  std::string socket_;
  std::chrono::milliseconds limit_;
};

}  // namespace

std::unique_ptr<Api> make_unix_api(std::string socket, std::chrono::milliseconds limit) {
  return std::make_unique<UnixApi>(std::move(socket), limit);
}

}  // namespace sluice::daemon
