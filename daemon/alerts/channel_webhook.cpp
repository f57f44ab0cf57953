#include "daemon/alerts/channel_webhook.hpp"

#include "core/base/utf8.hpp"
#include "core/base/within.hpp"
#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/job/references.hpp"
#include "daemon/alerts/channel_address.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

// Below the least limit of the robots (WeCom: 4096 bytes of markdown).
constexpr std::size_t kTextBytesMax = 3800;
constexpr std::size_t kAnswerBytesMax = 64 * 1024;
constexpr std::size_t kAnswerShown = 200;
constexpr std::size_t kPathTokenMin = 16;  // shorter, it is a word such as "send"

std::int64_t seconds_of(Instant now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

std::string plain_text(const AlertMessage& message) {
  return cut_text(message.title + "\n" + message.text, kTextBytesMax);
}

// A line each, as the robots' markdown wants it.
std::string markdown(const AlertMessage& message, std::string_view line_end) {
  std::string out = "### " + message.title;
  for (std::string_view rest = message.text; !rest.empty();) {
    const auto end = rest.find('\n');
    out += line_end;
    out += rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return cut_text(out, kTextBytesMax);
}

std::string dingtalk_body(const AlertMessage& message) {
  return json::serialize(json::object{
      {"msgtype", "markdown"},
      {"markdown", json::object{{"title", message.title}, {"text", markdown(message, "\n\n")}}}});
}

std::string wecom_body(const AlertMessage& message) {
  return json::serialize(json::object{{"msgtype", "markdown"},
                                      {"markdown", json::object{{"content", markdown(message, "\n")}}}});
}

std::string feishu_body(const AlertMessage& message, const std::string& secret, Instant now) {
  json::object body{{"msg_type", "text"}, {"content", json::object{{"text", plain_text(message)}}}};
  if (!secret.empty()) {
    const std::string timestamp = std::to_string(seconds_of(now));
    body["timestamp"] = timestamp;
    body["sign"] = http::base64(http::hmac_sha256(timestamp + "\n" + secret, ""));
  }
  return json::serialize(body);
}

// Slack reads "&", "<" and ">" as its own.
std::string slack_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string body_of(const ChannelConfig& config, const WebhookSecrets& secrets, const AlertMessage& message,
                    Instant now) {
  switch (config.shape) {
    case WebhookShape::generic:
      return config.body.empty() ? message_json(message) : fill_template(config.body, message.variables);
    case WebhookShape::dingtalk:
      return dingtalk_body(message);
    case WebhookShape::wecom:
      return wecom_body(message);
    case WebhookShape::feishu:
      return feishu_body(message, secrets.secret, now);
    case WebhookShape::slack:
      return json::serialize(json::object{{"text", slack_text(plain_text(message))}});
  }
  return "";
}

void sign_dingtalk(std::string& target, const std::string& secret, Instant now) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const std::string sign = http::base64(http::hmac_sha256(secret, fmt::format("{}\n{}", ms, secret)));
  target += fmt::format("{}timestamp={}&sign={}", target.find('?') == std::string::npos ? '?' : '&', ms,
                        http::percent_encode(sign));
}

void replace_all(std::string& text, const std::string& secret) {
  if (secret.size() < 4) return;  // too short to be one, and likely within ordinary words
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 6))
    text.replace(at, secret.size(), "******");
}

// Each value of it, for a token need not be the last one.
void mask_query(std::string& text, std::string_view url) {
  for (auto mark = url.find('?'); mark != std::string_view::npos;) {
    url.remove_prefix(mark + 1);
    mark = url.find('&');
    const std::string_view pair = url.substr(0, mark);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos) replace_all(text, std::string(pair.substr(equals + 1)));
  }
}

// A token may be any segment of the path, and may come back within it or alone.
void mask_path(std::string& text, std::string_view path) {
  if (path != "/") replace_all(text, std::string(path));
  while (!path.empty()) {
    const auto end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (segment.size() >= kPathTokenMin) replace_all(text, std::string(segment));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
  }
}

Error refused_by(std::string_view who, std::int64_t code, std::string_view said) {
  return Error(Errc::unavailable, fmt::format("send notice: {} answered {}: {}", who, code, said));
}

// Nothing: the answer has none, so it is not the robot's.
std::optional<std::int64_t> code_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) return -1;
  boost::system::error_code failure;
  const auto code = value->to_number<std::int64_t>(failure);
  return failure ? -1 : code;  // whatever 1.5 means, it is not 0
}

// The one that says what went wrong, where an answer has both.
std::optional<std::int64_t> feishu_code(const json::object& answer) {
  const auto code = code_in(answer, "code");
  if (code.value_or(0) != 0) return code;
  const auto status = code_in(answer, "StatusCode");
  return status ? status : code;
}

std::string said_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string()
             ? foreign_line(std::string_view(value->get_string()), kAnswerShown)
             : std::string();
}

}  // namespace

Result<WebhookRequest> webhook_request(const ChannelConfig& config, const WebhookSecrets& secrets,
                                       const AlertMessage& message, Instant now) {
  auto address = parse_web_address(secrets.url);
  if (!address) return address.error().in("send notice: url");
  WebhookRequest request;
  request.endpoint = address->endpoint;
  request.target = std::move(address->target);
  if (config.shape == WebhookShape::dingtalk && !secrets.secret.empty())
    sign_dingtalk(request.target, secrets.secret, now);
  request.headers = {{"Content-Type", "application/json; charset=utf-8"},
                     {"User-Agent", "sluice"},
                     {"X-Sluice-Delivery", message.delivery}};
  for (const auto& header : secrets.headers) {
    std::erase_if(request.headers,
                  [&](const auto& ours) { return http::equals_ignoring_case(ours.first, header.first); });
    request.headers.push_back(header);
  }
  request.body = body_of(config, secrets, message, now);
  return request;
}

Result<void> webhook_answer(WebhookShape shape, const http::Response& response) {
  if (response.status < 200 || response.status > 299) {
    const std::string_view hint = response.status >= 300 && response.status < 400
                                      ? "; redirects are not followed, give the last address"
                                      : "";
    return Error(Errc::unavailable, fmt::format("send notice: the server answered {}{}: {}", response.status,
                                                hint, foreign_line(response.body, kAnswerShown)));
  }
  const bool robot =
      shape == WebhookShape::dingtalk || shape == WebhookShape::wecom || shape == WebhookShape::feishu;
  if (!robot) return {};
  boost::system::error_code failure;
  const auto value = json::parse(response.body, failure);
  if (failure || !value.is_object()) {
    return Error(Errc::corrupt, fmt::format("send notice: the robot's answer is no JSON object: {}",
                                            foreign_line(response.body, kAnswerShown)));
  }
  const json::object& answer = value.get_object();
  const bool feishu = shape == WebhookShape::feishu;
  const auto code = feishu ? feishu_code(answer) : code_in(answer, "errcode");
  if (!code) {
    return Error(Errc::corrupt,
                 fmt::format("send notice: the robot's answer has no {}: {}", feishu ? "code" : "errcode",
                             foreign_line(response.body, kAnswerShown)));
  }
  if (*code == 0) return {};
  if (feishu) return refused_by("Feishu", *code, said_in(answer, "msg"));
  return refused_by(shape == WebhookShape::dingtalk ? "DingTalk" : "WeCom", *code, said_in(answer, "errmsg"));
}

std::string mask_secrets(std::string text, const WebhookSecrets& secrets) {
  replace_all(text, secrets.url);
  const auto address = parse_web_address(secrets.url);
  if (address && address->target != "/") replace_all(text, address->target);
  // A token in the query, in the path or behind "Bearer" may come back alone.
  mask_query(text, secrets.url);
  if (address) mask_path(text, std::string_view(address->target).substr(0, address->target.find('?')));
  replace_all(text, secrets.secret);
  for (const auto& [name, value] : secrets.headers) {
    replace_all(text, value);
    if (const auto blank = value.rfind(' '); blank != std::string::npos)
      replace_all(text, value.substr(blank + 1));
  }
  return text;
}

Result<WebhookSecrets> WebhookChannel::open() const {
  WebhookSecrets secrets;
  auto url = job::open_reference(config_.url.reveal(), fmt::format("alerts.channels.{}.url", config_.name));
  if (!url) return url.error();
  secrets.url = std::move(*url);
  auto secret =
      job::open_reference(config_.secret.reveal(), fmt::format("alerts.channels.{}.secret", config_.name));
  if (!secret) return secret.error();
  secrets.secret = std::move(*secret);
  for (const auto& [name, value] : config_.headers) {
    auto opened =
        job::open_reference(value.reveal(), fmt::format("alerts.channels.{}.headers.{}", config_.name, name));
    if (!opened) return opened.error();
    secrets.headers.emplace_back(name, std::move(*opened));
  }
  return secrets;
}

awaitable<Result<http::Response>> WebhookChannel::exchange(const WebhookRequest& prepared) {
  http::Request request;
  request.method = "POST";
  request.target = prepared.target;
  request.headers = prepared.headers;
  request.body = prepared.body;
  request.limit = config_.timeout;
  request.answer_bytes_max = kAnswerBytesMax;
  auto response = co_await ports_.transport.send(prepared.endpoint, request);
  co_return response;
}

awaitable<Result<void>> WebhookChannel::send(AlertMessage message) {
  const auto secrets = open();
  if (!secrets) co_return secrets.error();
  const auto request = webhook_request(config_, *secrets, message, ports_.clock.now());
  if (!request) co_return request.error();
  auto response = co_await within(ports_.clock, config_.timeout, "send notice", exchange(*request));
  if (!response) co_return Error(response.error().code(), mask_secrets(response.error().message(), *secrets));
  // Here already: of a secret that is cut in the middle nothing would be found.
  response->body = mask_secrets(std::move(response->body), *secrets);
  const auto taken = webhook_answer(config_.shape, *response);
  if (!taken) co_return Error(taken.error().code(), mask_secrets(taken.error().message(), *secrets));
  co_return Result<void>();
}

}  // namespace sluice::daemon
