#include "daemon/http/http_session.hpp"

#include <fmt/format.h>

namespace sluice::daemon {
Place::Place(Listener& listener, std::string address) : listener_(listener), address_(std::move(address)) {
  ++listener_.connections;
  if (!address_.empty()) ++listener_.by_address[address_];
}

Place::~Place() {
  --listener_.connections;
  if (!address_.empty() && --listener_.by_address[address_] == 0) listener_.by_address.erase(address_);
}

HttpResponse refusal_response(const Refusal& refusal) {
  return problem_response(refusal.status, refusal.code, refusal.detail);
}

std::optional<HttpRequest> to_request(http::request<http::string_body>& message) {
  auto target = parse_target(std::string_view(message.target()));
  if (!target) return std::nullopt;
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  request.if_none_match = std::string(message[http::field::if_none_match]);
  request.last_event_id = std::string(message["Last-Event-ID"]);
  request.authorization = std::string(message[http::field::authorization]);
  request.body = std::move(message.body());
  return request;
}

std::uint64_t body_limit(const ServerLimits& limits, std::string_view target) {
  const auto own = limits.body_bytes_of.find(target.substr(0, target.find('?')));
  return own == limits.body_bytes_of.end() ? limits.body_bytes_max : own->second;
}

HttpResponse refuse_stream(const ServerLimits& limits) {
  auto refusal = problem_response(
      503, "unavailable",
      fmt::format("open a stream: {} are open, which is the limit; close one, or try again later",
                  limits.streams_max));
  refusal.headers.emplace_back("Retry-After", "15");
  return refusal;
}

std::size_t counted_bytes(const ServerLimits& limits, const HttpResponse& answer) {
  return answer.body.size() > limits.small_answer_bytes ? answer.body.size() : 0;
}

HttpResponse answer_or_refusal(const Listener& listener, HttpResponse answer) {
  const std::size_t bytes = counted_bytes(*listener.limits, answer);
  const bool fits = listener.answer_bytes + bytes <= listener.limits->answer_bytes_max;
  if (bytes == 0 || listener.answer_bytes == 0 || fits) return answer;
  auto refusal = problem_response(
      503, "unavailable",
      fmt::format("send an answer of {} bytes: {} bytes of others are not read yet, and {} is the limit; "
                  "try again later",
                  bytes, listener.answer_bytes, listener.limits->answer_bytes_max));
  refusal.headers.emplace_back("Retry-After", "15");
  return refusal;
}

std::optional<HttpResponse> refuse_by_parser(boost::system::error_code failure) {
  if (failure == http::error::header_limit || failure == http::error::buffer_overflow) {
    return problem_response(431, "invalid_argument", "send smaller headers");
  }
  if (failure == http::error::body_limit) {
    return problem_response(413, "invalid_argument", "send a smaller body");
  }
  const bool gone = failure == http::error::end_of_stream || failure == http::error::partial_message ||
                    failure.category() != http::make_error_code(http::error::bad_method).category();
  if (gone) return std::nullopt;
  return problem_response(400, "invalid_argument", "read the request: " + failure.message());
}

}  // namespace sluice::daemon
