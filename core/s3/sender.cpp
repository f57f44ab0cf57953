#include "core/s3/sender.hpp"

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/http/retry_after.hpp"
#include "core/objects/store_xml.hpp"
#include "core/s3/etag.hpp"

#include <fmt/format.h>

namespace sluice::s3 {

awaitable<Outcome> Sender::send(Call& call) {
  while (true) {
    call.attempts.begin();
    Result<http::Credentials> credentials = co_await options_.credentials->get();
    if (!credentials) {
      Failure failure;
      failure.error = credentials.error().in(call.doing);
      co_return failure;
    }
    call.credentials = std::move(*credentials);
    const http::Request request = sign(call);
    Result<http::Response> answer = co_await transport_.send(options_.address.endpoint, request);
    Outcome outcome = judge(call, std::move(answer));
    if (outcome) co_return outcome;
    const Failure& failure = outcome.error();
    const std::optional<Duration> pause = call.attempts.pause(failure.retry, failure.pause, random_);
    if (!pause) co_return outcome;
    on_retry_(http::repeat_line(failure.error.message(), call.attempts.begun() + 1, *pause));
    co_await clock_.sleep_for(*pause);
  }
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
  if (!answer) {
    Failure failure;
    failure.retry = is_transient(answer.error().code()) ? Retry::always : Retry::never;
    failure.error = answer.error().in(call.doing);
    return failure;
  }
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
  if (failure.retry == Retry::correct_clock) {
    const auto offset = http::clock_offset_of(error.server_time, response, clock_.now());
    if (offset) clock_offset_ = *offset;
    if (!offset) failure.retry = Retry::never;
  }
  if (failure.retry == Retry::renew_keys && !options_.credentials->renew(call.credentials)) {
    failure.retry = Retry::never;
  }
  failure.pause = http::asked_pause(response, clock_.now() + clock_offset_);
  return failure;
}

}  // namespace sluice::s3
