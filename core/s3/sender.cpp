#include "core/s3/sender.hpp"

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/objects/store_xml.hpp"
#include "core/s3/etag.hpp"

#include <fmt/format.h>

namespace sluice::s3 {

awaitable<Outcome> Sender::send(Call& call) {
  auto once = [this, &call](http::Credentials credentials) { return attempt(call, std::move(credentials)); };
  auto sent = http::send_repeatedly(repeat_ports(), call.doing, call.attempts, std::move(once));
  co_return co_await std::move(sent);
}

awaitable<Outcome> Sender::attempt(Call& call, http::Credentials credentials) {
  call.credentials = std::move(credentials);
  const http::Request request = sign(call);
  Result<http::Response> answer = co_await transport_.send(options_.address.endpoint, request);
  co_return judge(call, std::move(answer));
}

http::Request Sender::sign(Call& call) const {
  if (call.payload.empty()) {
    call.payload = options_.address.endpoint.tls ? "UNSIGNED-PAYLOAD" : http::hex(http::sha256(call.body));
  }
  const std::string path = options_.address.path_prefix + http::percent_encode(call.object, "/");
  http::Request request;
  request.method = call.method;
  request.target = call.queries.empty() ? path : path + "?" + query_string(call.queries);
  request.host = http::host_header(options_.address.endpoint);
  request.body = call.body;
  request.limit = options_.step_limit;
  request.sent_once = call.sent_once;
  request.answer_bytes_max = call.answer_bytes_max;
  request.headers = call.headers;
  if (!call.body_md5.empty()) request.headers.emplace_back("Content-MD5", http::base64(call.body_md5));
  request.headers.emplace_back("x-amz-date", http::format_basic_date(clock_.now() + clock_offset_));
  request.headers.emplace_back("x-amz-content-sha256", call.payload);
  if (!call.credentials.token.empty()) {
    request.headers.emplace_back("x-amz-security-token", call.credentials.token.reveal());
  }
  http::Headers covered = request.headers;
  covered.emplace_back("host", request.host);
  const SignedRequest to_sign{request.method, path, covered, call.queries};
  request.headers.emplace_back("Authorization",
                               authorization(to_sign, options_.address.region, call.credentials));
  return request;
}

// An answer that is good in every respect, or why not.
Outcome Sender::judge(const Call& call, Result<http::Response> answer) {
  if (!answer) return http::no_answer(answer.error(), call.doing);
  const bool success = answer->status >= 200 && answer->status < 300;
  if (!success || (call.may_fail_late && objects::parse_error_document(answer->body))) {
    return refusal(call, *answer);
  }
  if (const auto wrong = bad_checksum(call, *answer)) {
    Failure failure;
    failure.retry = Retry::once;
    failure.error = Error(Errc::corrupt, *wrong);
    return failure;
  }
  return std::move(*answer);
}

std::optional<std::string> Sender::bad_checksum(const Call& call, const http::Response& response) {
  if (call.body_md5.empty() && !call.checks_answer) return std::nullopt;
  const auto received = md5_of_etag(response);
  if (!received) return std::nullopt;
  const std::string expected = call.checks_answer ? http::md5(response.body) : call.body_md5;
  if (*received == expected) return std::nullopt;
  return fmt::format("{}: the server's MD5 is {}, ours {}, request {}", call.doing, http::hex(*received),
                     http::hex(expected), objects::one_line(response.header("x-amz-request-id")));
}

Failure Sender::refusal(const Call& call, const http::Response& response) {
  const ServerError error = parse_server_error(response);
  Failure failure;
  failure.code = error.code;
  failure.retry = retry_of(error);
  failure.error = Error(errc_of(error),
                        http::masked(fmt::format("{}: {}", call.doing, describe(error)), call.credentials));
  http::prepare_retry(failure, error.server_time, response, call.credentials, repeat_ports(), clock_offset_);
  return failure;
}

}  // namespace sluice::s3
