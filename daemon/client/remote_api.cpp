#include "daemon/client/remote_api.hpp"

#include "core/base/system_clock.hpp"
#include "core/http/transport.hpp"
#include "core/job/yaml_document.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace sluice::daemon {
namespace {

constexpr std::size_t kRemoteBytesMax = 256 * 1024 * 1024;

bool is_this_machine(const std::string& host) {
  boost::system::error_code failure;
  const auto address = boost::asio::ip::make_address(host, failure);
  return host == "localhost" || (!failure && address.is_loopback());
}

// A document as the daemon's problems are. A proxy answers in its own words.
bool has_reason(const boost::json::value& document) {
  const auto* object = document.if_object();
  const auto* detail = object == nullptr ? nullptr : object->if_contains("detail");
  return detail != nullptr && detail->is_string() && !detail->get_string().empty();
}

class RemoteApi final : public Api {
 public:
  RemoteApi(http::Endpoint endpoint, RemoteServer server, std::chrono::milliseconds limit)
      : endpoint_(std::move(endpoint)), server_(std::move(server)), limit_(limit) {}

  boost::json::value get(const std::string& target) override { return call("GET", target, ""); }
  boost::json::value post(const std::string& target, const std::string& body) override {
    return call("POST", target, body);
  }

 private:
  boost::json::value call(const std::string& method, const std::string& target, const std::string& body) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.body = body;
    request.limit = limit_;
    request.answer_bytes_max = kRemoteBytesMax;
    request.sent_once = method == "POST";
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    if (!server_.token.empty())
      request.headers.emplace_back("Authorization", "Bearer " + server_.token.reveal());
    const auto answer = send(request);
    if (!answer)
      throw CommandFailure(Exit::unreachable, fmt::format("ask the daemon at {}: {}", server_.address,
                                                          answer.error().message()));
    return read_answer(server_.address, answer->status, answer->body);
  }

  // A loop of its own for each request: the commands block.
  Result<http::Response> send(const http::Request& request) const {
    boost::asio::io_context loop(1);
    SystemClock clock;
    http::TransportOptions options;
    options.ca_file = server_.ca_file;
    const auto transport = http::make_transport(loop.get_executor(), clock, std::move(options));
    Result<http::Response> answer = Error();
    std::exception_ptr thrown;
    boost::asio::co_spawn(loop, transport->send(endpoint_, request),
                          [&](std::exception_ptr failure, Result<http::Response> value) {
                            thrown = failure;
                            answer = std::move(value);
                            loop.stop();  // what is kept of the connection is of no use any more
                          });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return answer;
  }

  http::Endpoint endpoint_;
  RemoteServer server_;
  std::chrono::milliseconds limit_;
};

}  // namespace

std::optional<RemoteServer> remote_server(const ReadVariable& variable) {
  RemoteServer server;
  server.address = variable("SLUICE_SERVER");
  if (server.address.empty()) return std::nullopt;
  server.ca_file = variable("SLUICE_CA_FILE");
  std::string token = variable("SLUICE_TOKEN");
  const std::string file = variable("SLUICE_TOKEN_FILE");
  if (token.empty() && !file.empty()) {
    const auto text = job::read_text_file(file);
    if (!text) throw CommandFailure(Exit::usage, "read $SLUICE_TOKEN_FILE: " + text.error().message());
    token = text->substr(0, text->find_first_of("\r\n"));
  }
  server.token = Secret(std::move(token));
  return server;
}

std::unique_ptr<Api> make_remote_api(RemoteServer server, std::chrono::milliseconds limit) {
  auto endpoint = http::parse_endpoint(server.address);
  if (!endpoint)
    throw CommandFailure(Exit::usage, fmt::format("read $SLUICE_SERVER: {}", endpoint.error().message()));
  if (!endpoint->tls && !is_this_machine(endpoint->host))
    throw CommandFailure(Exit::usage,
                         fmt::format("reach {}: the token would go in the clear; use https", server.address));
  return std::make_unique<RemoteApi>(std::move(*endpoint), std::move(server), limit);
}

boost::json::value read_answer(const std::string& server, int status, const std::string& body) {
  boost::system::error_code ec;
  auto value = boost::json::parse(body, ec);
  if (status >= 200 && status < 300) {
    if (!ec) return value;
    throw CommandFailure(
        Exit::failed, fmt::format("ask the daemon at {}: its answer is no JSON: {}", server, ec.message()));
  }
  if (status >= 400 && !ec && has_reason(value)) throw CommandFailure(error_from_problem(status, body));
  const bool away = status >= 502 && status <= 504;
  throw CommandFailure(
      away ? Exit::unreachable : Exit::failed,
      fmt::format("ask the daemon at {}: status {} without a reason; is it a daemon that answers "
                  "there?",
                  server, status));
}

}  // namespace sluice::daemon
