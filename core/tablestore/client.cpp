#include "core/tablestore/client.hpp"

#include "core/base/utf8.hpp"
#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/http/inflate.hpp"
#include "core/http/retry_after.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sluice::tablestore {
namespace {

// Beyond this the server refuses a request for its date.
constexpr Duration kSkewRefused = std::chrono::minutes(15);
// Below this our own clock is trusted again.
constexpr Duration kSkewHealed = std::chrono::minutes(5);

constexpr std::size_t kForeignTextMax = 1000;

// A server whose clock was never set says 1970; its date must not become ours.
bool is_plausible(Instant date) {
  using namespace std::chrono;
  return date >= sys_days(year(2020) / 1 / 1) && date < sys_days(year(2100) / 1 / 1);
}

std::optional<Instant> server_date(const http::Response& response) {
  if (const auto date = http::parse_iso_date(response.header("x-ots-date"))) return date;
  return http::parse_date(response.header("Date"));
}

// Puts the body in place of its compressed form, whose MD5 it returns; "" for an answer that is not
// compressed.
Result<std::string> unpack(http::Response& answer, std::size_t bytes_max) {
  const std::string_view type = answer.header("x-ots-response-compress-type");
  if (type.empty()) return std::string();
  const std::string_view size = answer.header("x-ots-response-compress-size");
  std::size_t bytes = 0;
  const auto [end, failure] = std::from_chars(size.data(), size.data() + size.size(), bytes);
  if (type != "deflate" || failure != std::errc() || end != size.data() + size.size() || bytes == 0) {
    return Error(Errc::corrupt,
                 fmt::format("the answer is compressed as \"{}\" from \"{}\" bytes", type, size));
  }
  if (bytes > bytes_max) {
    return Error(Errc::corrupt,
                 fmt::format("the answer inflates to {} bytes, allowed are {}", bytes, bytes_max));
  }
  auto body = http::inflate_zlib(answer.body, bytes);
  if (!body) return body.error();
  std::string packed_md5 = http::base64(http::md5(answer.body));
  answer.body = std::move(*body);
  return packed_md5;
}

bool is_success(const http::Response& answer) { return answer.status >= 200 && answer.status < 300; }

// What the server refuses, of an answer that is whole and genuine; nothing of one that succeeded. The body is
// then as the server meant it.
Result<ServerError> open_answer(std::string_view operation, const SigningKey& key, std::size_t bytes_max,
                                http::Response& answer) {
  const auto packed_md5 = unpack(answer, bytes_max);
  if (!packed_md5) return packed_md5.error();
  const ServerError refusal = is_success(answer) ? ServerError() : parse_server_error(answer);
  const auto genuine = verify_answer(operation, key, answer, refusal.code, *packed_md5);
  if (!genuine) return genuine.error();
  return refusal;
}

}  // namespace

Client::Client(http::Transport& transport, Clock& clock, Random& random, ClientOptions options)
    : transport_(transport),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      v4_secrets_(options_.region),
      budget_(options_.retry.budget) {}

awaitable<Result<Client::Answer>> Client::perform(const Call& call) {
  Remedies used;
  for (int repeat = 0;; ++repeat) {
    if (observer_ != nullptr) observer_->on_request(call.operation, repeat);
    const Duration begun = clock_.monotonic();
    Try outcome = co_await try_once(call);
    if (outcome.answer) co_return std::move(outcome.answer);
    const Error& error = outcome.answer.error();
    std::optional<Duration> pause = Duration(0);
    if (!remedied(outcome, used)) {
      // Sending an operation twice does no harm: those that write leave the same behind however often they
      // are carried out.
      const Failure failure{error.code(), outcome.retry, outcome.asked_pause};
      pause = pause_before(options_.retry, failure, true, repeat + 1, random_);
    }
    if (!pause) co_return given_up(error, repeat + 1, {});
    if (!budget_.spend(begun, clock_.monotonic() + *pause)) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(options_.retry.budget).count();
      const std::string why = fmt::format("the attempt's retry budget of {} s is used up", seconds);
      co_return given_up(error, repeat + 1, why);
    }
    if (observer_ != nullptr) observer_->on_retry(error, repeat + 1, *pause);
    if (*pause > Duration(0)) co_await clock_.sleep_for(*pause);
  }
}

Error Client::given_up(const Error& error, int tries, std::string_view why) {
  std::string text = error.message();
  if (tries > 1) text += fmt::format("; gave up after {} tries", tries);
  if (!why.empty()) text += fmt::format("{} {}", tries > 1 ? ":" : ";", why);
  return Error(error.code(), std::move(text));
}

bool Client::remedied(const Try& outcome, Remedies& used) {
  if (outcome.date_refused) return !std::exchange(used.date_adopted, true);
  if (outcome.keys_refused) return !std::exchange(used.keys_renewed, true);
  return false;
}

awaitable<Client::Try> Client::try_once(const Call& call) {
  Try failed;
  const auto credentials = co_await options_.credentials->get();
  if (!credentials) {
    failed.answer = credentials.error().in(call.doing);
    co_return failed;
  }
  const Instant sent = clock_.now();
  const Instant dated = sent + skew_;
  const SigningKey key = signing_key(*credentials, dated);
  const http::Request request = make_request(call, *credentials, key, dated);
  auto response = co_await transport_.send(options_.endpoint, request);
  if (!response) {
    failed.answer = response.error().in(call.doing);
    failed.retry = retry_class_of(response.error());
    co_return failed;
  }
  Try outcome = judge(call, key, std::move(response).value(), sent);
  if (outcome.answer.has_error()) {
    const Error& error = outcome.answer.error();
    outcome.answer = Error(error.code(), http::masked(error.message(), *credentials));
  }
  outcome.keys_refused = outcome.keys_refused && options_.credentials->renew(*credentials);
  co_return outcome;
}

SigningKey Client::signing_key(const Credentials& credentials, Instant dated) {
  SigningKey key{credentials.access_id, credentials.key};
  if (!options_.region.empty()) key.secret = v4_secrets_.get(credentials.key, format_sign_day(dated));
  return key;
}

http::Request Client::make_request(const Call& call, const Credentials& credentials, const SigningKey& key,
                                   Instant dated) const {
  http::Request request;
  request.method = "POST";
  request.target = "/" + call.operation;
  request.body = call.body;
  request.limit = options_.step_limit;
  request.answer_bytes_max = options_.answer_bytes_max;
  request.headers = {
      {"x-ots-accesskeyid", credentials.access_id},
      {"x-ots-apiversion", "2015-12-31"},
      {"x-ots-contentmd5", http::base64(http::md5(call.body))},
      {"x-ots-date", format_ots_date(dated)},
      {"x-ots-instancename", options_.instance},
  };
  if (options_.compress_answers) request.headers.emplace_back("x-ots-response-compress-type", "deflate");
  if (!credentials.token.empty()) {
    request.headers.emplace_back("x-ots-ststoken", credentials.token.reveal());
  }
  if (options_.region.empty()) {
    std::string signature = request_signature(call.operation, request.headers, key.secret);
    request.headers.emplace_back("x-ots-signature", std::move(signature));
  } else {
    request.headers.emplace_back("x-ots-signdate", format_sign_day(dated));
    request.headers.emplace_back("x-ots-signregion", options_.region);
    std::string signature = request_signature_v4(call.operation, request.headers, key.secret);
    request.headers.emplace_back("x-ots-signaturev4", std::move(signature));
  }
  request.headers.emplace_back("User-Agent", "sluice");
  return request;
}

Client::Try Client::judge(const Call& call, const SigningKey& key, http::Response response, Instant sent) {
  Try outcome;
  const std::string request_id = foreign_line(response.header("x-ots-requestid"), kForeignTextMax);
  const auto refusal = open_answer(call.operation, key, options_.answer_bytes_max, response);
  if (!refusal) {
    // It may quote a header that is not the service's.
    const std::string reason = foreign_line(refusal.error().message(), kForeignTextMax);
    const std::string text = fmt::format("{}: {} ({}, request {})", call.doing, reason, response.status,
                                         request_id.empty() ? "without id" : request_id);
    outcome.answer = Error(refusal.error().code(), text);
    outcome.retry = retry_class_of(outcome.answer.error());
    return outcome;
  }
  if (!is_success(response)) {
    outcome.answer = to_error(*refusal, call.doing);
    outcome.retry = retry_class_of(*refusal);
    outcome.asked_pause = http::asked_pause(response, clock_.now() + skew_);
    outcome.keys_refused = is_key_refused(*refusal);
    outcome.date_refused = is_clock_skew(*refusal) && adopt_server_date(response, sent);
    return outcome;
  }
  const Instant server_time = *http::parse_iso_date(response.header("x-ots-date"));
  compare_clocks(server_time);
  outcome.answer = Answer{std::move(response.body), server_time, request_id};
  return outcome;
}

bool Client::adopt_server_date(const http::Response& response, Instant sent) {
  const auto date = server_date(response);
  if (!date || !is_plausible(*date)) return false;
  const Instant midpoint = sent + (clock_.now() - sent) / 2;
  skew_ = *date - midpoint;
  return true;
}

void Client::compare_clocks(Instant server_time) {
  const Duration difference = server_time - clock_.now();
  const Duration size = std::chrono::abs(difference);
  if (size < kSkewHealed) {
    skew_ = Duration(0);
    warned_ = false;
  }
  if (size <= kSkewRefused || warned_) return;
  warned_ = true;
  if (observer_ == nullptr) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(difference).count();
  observer_->on_warning(fmt::format("the server's clock is {} s {} ours: set this machine's clock",
                                    std::abs(seconds), seconds < 0 ? "behind" : "ahead of"));
}

}  // namespace sluice::tablestore
