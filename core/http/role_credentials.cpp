#include "core/http/role_credentials.hpp"

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sluice::http {
namespace {

constexpr Duration kRefreshBefore = std::chrono::minutes(10);
constexpr Duration kPauseAfterFailure = std::chrono::seconds(30);
constexpr Duration kStepLimit = std::chrono::seconds(5);  // the service is on this machine's host
constexpr int kTries = 3;
constexpr Duration kPauseBetweenTries = std::chrono::milliseconds(500);
constexpr std::size_t kAnswerBytesMax = 16 * 1024;
constexpr std::size_t kValueBytesMax = 8 * 1024;  // a security token has about 1 KB
constexpr std::size_t kNameBytesMax = 64;         // of a role
constexpr const char* kSessionSeconds = "60";     // one fetch is a matter of milliseconds
constexpr const char* kSessionPath = "/latest/api/token";
constexpr const char* kRolesPath = "/latest/meta-data/ram/security-credentials/";
constexpr std::string_view kOtherWay = "give accessId and accessKey instead of ramRole";

// Whether `text` may stand in a header: letters, digits and signs, no blank.
bool is_token(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string_view first_line(std::string_view text) {
  return trim(text.substr(0, text.find_first_of("\r\n")));
}

std::string_view text_member(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string_view(value->get_string());
}

Errc errc_of_status(int status) {
  if (status == 404) return Errc::not_found;
  if (status == 429) return Errc::throttled;
  if (status == 401 || status == 403) return Errc::permission_denied;
  return status >= 500 ? Errc::unavailable : Errc::corrupt;
}

std::string name_of(const Endpoint& endpoint) { return fmt::format("{}:{}", endpoint.host, endpoint.port); }

}  // namespace

Result<Credentials> parse_role_keys(std::string_view answer) {
  boost::json::parse_options limits;
  limits.max_depth = 4;
  boost::system::error_code failure;
  const auto document = boost::json::parse(answer, failure, {}, limits);
  if (failure || !document.is_object()) return Error(Errc::corrupt, "the answer is no JSON object");
  const auto& object = document.get_object();
  if (text_member(object, "Code") != "Success") {
    return Error(Errc::corrupt, "the answer's Code is not \"Success\"");
  }
  for (const std::string_view name : {"AccessKeyId", "AccessKeySecret", "SecurityToken"}) {
    if (!is_token(text_member(object, name), kValueBytesMax)) {
      return Error(Errc::corrupt, fmt::format("the answer has no usable {}", name));
    }
  }
  const auto expires = parse_iso_date(text_member(object, "Expiration"));
  if (!expires) return Error(Errc::corrupt, "the answer has no usable Expiration");
  Credentials credentials;
  credentials.access_id = text_member(object, "AccessKeyId");
  credentials.key = Secret(std::string(text_member(object, "AccessKeySecret")));
  credentials.token = Secret(std::string(text_member(object, "SecurityToken")));
  credentials.expires = expires;
  return credentials;
}

// Marks a fetch as under way, and wakes the others when it ends, however it ends.
class RoleCredentials::Fetching {
 public:
  explicit Fetching(RoleCredentials& owner) : owner_(owner) { owner_.fetching_ = true; }
  ~Fetching() {
    owner_.fetching_ = false;
    owner_.ended_.notify_all();
  }
  Fetching(const Fetching&) = delete;
  Fetching& operator=(const Fetching&) = delete;

 private:
  RoleCredentials& owner_;
};

RoleCredentials::RoleCredentials(Executor executor, Clock& clock, Transport& transport, RoleOptions options,
                                 Notice notice)
    : clock_(clock),
      transport_(transport),
      options_(std::move(options)),
      notice_(std::move(notice)),
      doing_(fmt::format("get keys of RAM role {} from {}", options_.role, name_of(options_.endpoint))),
      ended_(std::move(executor)) {}

awaitable<Result<Credentials>> RoleCredentials::get() {
  for (;;) {
    if (counts() && (fetching_ || !is_due())) co_return *known_;
    if (!fetching_) co_return co_await fetch();
    const std::uint64_t before = fetches_;
    while (fetching_) co_await ended_.wait();
    // Its failure is ours; one that was cancelled leaves no result, and someone else takes over.
    if (fetches_ != before && failure_) co_return *failure_;
  }
}

bool RoleCredentials::renew(const Credentials& refused) {
  if (known_ && refused == *known_) was_refused_ = true;
  return true;
}

bool RoleCredentials::counts() const { return known_ && !was_refused_ && clock_.now() < *known_->expires; }

bool RoleCredentials::is_due() const {
  return clock_.now() >= fetch_at_ && clock_.monotonic() >= not_before_;
}

awaitable<Result<Credentials>> RoleCredentials::fetch() {
  const Fetching mark(*this);
  auto fetched = co_await fetch_patiently();
  ++fetches_;
  failure_.reset();
  if (fetched) {
    const Instant now = clock_.now();
    const Instant expires = *fetched->expires;
    fetch_at_ = expires - std::min<Duration>(kRefreshBefore, (expires - now) / 3);
    was_refused_ = false;
    known_ = *fetched;
    co_return *known_;
  }
  not_before_ = clock_.monotonic() + kPauseAfterFailure;
  if (!counts()) {
    failure_ = fetched.error();
    co_return *failure_;
  }
  notice_(fmt::format("{}; going on with the keys that expire on {}", fetched.error().message(),
                      format_date(*known_->expires)));
  co_return *known_;
}

awaitable<Result<Credentials>> RoleCredentials::fetch_patiently() {
  for (int tries = 1;; ++tries) {
    auto fetched = co_await fetch_once();
    if (fetched || tries == kTries || !is_transient(fetched.error().code())) co_return fetched;
    co_await clock_.sleep_for(kPauseBetweenTries);
  }
}

awaitable<Result<Credentials>> RoleCredentials::fetch_once() {
  const auto session = co_await open_session();
  if (!session) co_return session.error();
  std::string role = options_.role;
  if (role == "auto") {
    auto found = co_await find_role(*session);
    if (!found) co_return found.error();
    role = std::move(*found);
  }
  Headers headers;
  if (!session->empty()) headers.emplace_back("X-aliyun-ecs-metadata-token", *session);
  std::string path = kRolesPath + percent_encode(role);
  const auto answer = co_await ask("GET", std::move(path), std::move(headers));
  if (!answer) co_return answer.error();
  if (answer->status != 200) co_return refused(*answer);
  auto keys = parse_role_keys(answer->body);
  if (!keys) co_return failed(keys.error().code(), keys.error().message());
  if (*keys->expires <= clock_.now()) {
    co_return failed(Errc::unauthenticated, fmt::format("they expired on {}; set this machine's clock",
                                                        format_date(*keys->expires)));
  }
  co_return keys;
}

// The token that the following questions carry; "" for a service that knows no such tokens.
awaitable<Result<std::string>> RoleCredentials::open_session() {
  Headers headers;
  headers.emplace_back("X-aliyun-ecs-metadata-token-ttl-seconds", kSessionSeconds);
  const auto answer = co_await ask("PUT", kSessionPath, std::move(headers));
  if (!answer) co_return answer.error();
  if (answer->status == 404 || answer->status == 405) co_return std::string();
  if (answer->status != 200) co_return refused(*answer);
  std::string session(first_line(answer->body));
  if (!is_token(session, kValueBytesMax)) {
    co_return failed(Errc::corrupt, "the answer to /latest/api/token is no token");
  }
  co_return session;
}

awaitable<Result<std::string>> RoleCredentials::find_role(const std::string& session) {
  Headers headers;
  if (!session.empty()) headers.emplace_back("X-aliyun-ecs-metadata-token", session);
  const auto answer = co_await ask("GET", kRolesPath, std::move(headers));
  if (!answer) co_return answer.error();
  if (answer->status != 200) co_return refused(*answer);
  const std::string_view role = first_line(answer->body);
  if (!is_token(role, kNameBytesMax)) co_return failed(Errc::corrupt, "the answer does not name a role");
  co_return std::string(role);
}

awaitable<Result<Response>> RoleCredentials::ask(const char* method, std::string path, Headers headers) {
  Request request;
  request.method = method;
  request.target = std::move(path);
  request.headers = std::move(headers);
  request.limit = kStepLimit;
  request.answer_bytes_max = kAnswerBytesMax;
  request.direct = true;
  auto answer = co_await transport_.send(options_.endpoint, request);
  if (answer) co_return answer;
  const Errc code = answer.error().code();
  const bool away = code == Errc::unavailable || code == Errc::timeout;
  co_return failed(code, away ? fmt::format("{}; only cloud servers (ECS) have this address: elsewhere {}",
                                            answer.error().message(), kOtherWay)
                              : answer.error().message());
}

Error RoleCredentials::failed(Errc code, std::string_view reason) const {
  return Error(code, fmt::format("{}: {}", doing_, reason));
}

Error RoleCredentials::refused(const Response& answer) const {
  const Errc code = errc_of_status(answer.status);
  if (code != Errc::not_found) return failed(code, fmt::format("status {}", answer.status));
  const std::string role = options_.role == "auto" ? std::string() : " " + options_.role;
  return failed(
      code, fmt::format("this machine has no RAM role{}; attach it to the machine, or {}", role, kOtherWay));
}

}  // namespace sluice::http
