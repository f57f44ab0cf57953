// Fuzz target of HTTP answers, through the client's own connection and a loopback socket: any bytes in any
// two pieces give the same answer or the same kind of error, within the limits, and a connection that may be
// used again is one whose answer was whole.
//
// Input: a byte of choices, one for where the bytes are cut, then the bytes the server sends before it
// closes.

#include "core/http/connection.hpp"
#include "tests/fuzz/check.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <optional>

namespace {

using namespace sluice;
namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr std::size_t kBodyMax = 1000;
constexpr std::size_t kHeadMax = 64 * 1024;

struct Server {
  asio::io_context loop{1};
  Tcp::acceptor acceptor{loop, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)};

  // Runs what is ready until nothing happens any more: over loopback what was written has then arrived.
  template <class Done>
  void settle(const Done& done) {
    for (int idle = 0; idle < 2 && !done();) idle = loop.poll() == 0 ? idle + 1 : 0;
  }
};

// What the exchange of one request comes to when the server sends `first`, then `second`, and closes.
http::Exchange exchange(Server& server, std::string_view first, std::string_view second, bool is_head) {
  static const Tcp::endpoint kAddress = server.acceptor.local_endpoint();
  http::Route route;
  route.endpoint.host = "127.0.0.1";
  route.endpoint.port = kAddress.port();
  const http::Addresses addresses = {kAddress.address()};
  std::unique_ptr<http::Connection> connection;
  http::Request request;
  request.method = is_head ? "HEAD" : "GET";
  request.target = "/";
  request.answer_bytes_max = kBodyMax;
  std::optional<http::Exchange> result;
  const auto open = [&]() -> awaitable<void> {
    auto opening = http::open_connection(route, addresses, std::chrono::seconds(5), nullptr);
    auto opened = co_await std::move(opening);
    fuzz::check(opened.has_value());
    connection = std::move(*opened);
    const std::string head = "GET / HTTP/1.1\r\n\r\n";
    auto exchanging = connection->exchange(head, request);
    result = co_await std::move(exchanging);
  };
  const auto rethrow = [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  };
  server.loop.restart();
  asio::co_spawn(server.loop, open(), rethrow);
  Tcp::socket peer(server.loop);
  bool accepted = false;
  server.acceptor.async_accept(peer, [&](const auto& failure) {
    fuzz::check(!failure);
    accepted = true;
  });
  while (!accepted) server.loop.run_one();
  boost::system::error_code ignored;
  asio::write(peer, asio::buffer(first.data(), first.size()), ignored);
  server.settle([&] { return result.has_value(); });
  asio::write(peer, asio::buffer(second.data(), second.size()), ignored);
  peer.shutdown(Tcp::socket::shutdown_send, ignored);
  while (!result) server.loop.run_one();
  // Reset, not closed: else thousands of ports a second would wait for late packets.
  peer.set_option(asio::socket_base::linger(true, 0), ignored);
  peer.close(ignored);
  connection.reset();
  server.loop.poll();
  return std::move(*result);
}

void check_answer(const http::Exchange& exchange, std::size_t sent) {
  if (exchange.response.has_error()) {
    const Errc code = exchange.response.error().code();
    fuzz::check(!exchange.reusable && (code == Errc::corrupt || code == Errc::unavailable));
    return fuzz::check_message(exchange.response.error(), 300);
  }
  const http::Response& answer = *exchange.response;
  std::size_t bytes = 0;
  for (const auto& [name, value] : answer.headers) bytes += name.size() + value.size();
  fuzz::check(exchange.answer_begun && answer.status >= 200 && answer.status <= 999);
  fuzz::check(answer.body.size() <= kBodyMax && answer.body.size() <= sent && bytes <= kHeadMax);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static Server server;
  const std::string_view bytes = fuzz::text_of(data + 2, size - 2);
  const bool is_head = (data[0] & 1U) != 0;
  const http::Exchange whole = exchange(server, bytes, {}, is_head);
  check_answer(whole, bytes.size());
  const std::size_t cut = bytes.size() * data[1] / 256;
  const http::Exchange parts = exchange(server, bytes.substr(0, cut), bytes.substr(cut), is_head);
  check_answer(parts, bytes.size());
  fuzz::check(whole.response.has_value() == parts.response.has_value());
  if (whole.response) {
    fuzz::check(whole.response->status == parts.response->status &&
                whole.response->headers == parts.response->headers &&
                whole.response->body == parts.response->body);
  } else {
    // Which reason is told of a malformed chunk depends on the pieces it came in.
    fuzz::check(whole.response.error().code() == parts.response.error().code());
  }
  return 0;
}
