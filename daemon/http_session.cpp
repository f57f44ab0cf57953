#include "daemon/http_session.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_allowed(const std::vector<std::string>& hosts, std::string_view host) {
  return std::find(hosts.begin(), hosts.end(), lower(host)) != hosts.end();
}

}  // namespace

std::optional<HttpResponse> refuse_by_headers(const Listener& listener, const http::fields& fields,
                                              unsigned version) {
  const auto hosts = fields.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && version >= 11)) {
    return problem_response(400, "invalid_argument", "send exactly one Host header");
  }
  if (!listener.hosts.empty() && !is_allowed(listener.hosts, std::string_view(fields[http::field::host]))) {
    return problem_response(421, "permission_denied", "use localhost or 127.0.0.1 with the port as Host");
  }
  const auto origin = fields.find(http::field::origin);
  if (origin == fields.end()) return std::nullopt;
  const std::string_view value(origin->value());
  constexpr std::string_view kScheme = "http://";
  if (!value.starts_with(kScheme) || !is_allowed(listener.hosts, value.substr(kScheme.size()))) {
    return problem_response(403, "permission_denied", "answer no other site: the Origin is foreign");
  }
  return std::nullopt;
}

std::optional<HttpRequest> to_request(const http::request<http::string_body>& message) {
  auto target = parse_target(std::string_view(message.target()));
  if (!target) return std::nullopt;
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  request.if_none_match = std::string(message[http::field::if_none_match]);
  request.last_event_id = std::string(message["Last-Event-ID"]);
  request.body = message.body();
  return request;
}

HttpResponse refuse_stream(const ServerLimits& limits) {
  auto refusal = problem_response(
      503, "unavailable",
      fmt::format("open a stream: {} are open, which is the limit; close one, or try again later",
                  limits.streams_max));
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
