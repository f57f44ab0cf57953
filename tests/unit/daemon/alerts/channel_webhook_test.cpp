#include "daemon/alerts/channel_webhook.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_transport.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <map>
#include <string>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

AlertMessage sample_message() {
  scheduler::Delivery delivery;
  delivery.id = 7;
  delivery.notice.at = Instant(1'600'000'000'000'001us);
  delivery.notice.kind = scheduler::AlertKind::exhausted;
  delivery.notice.facts.job = "orders";
  delivery.notice.facts.error = "a <b> & \"c\"";
  return compose_alert(delivery, Language::english, AlertConfig());
}

ChannelConfig shaped(WebhookShape shape, const std::string& secret = "") {
  ChannelConfig config;
  config.name = "ops";
  config.shape = shape;
  config.url = Secret("https://robot.example.com/send?access_token=token-canary");
  config.secret = Secret(secret);
  return config;
}

WebhookSecrets secrets_of(const ChannelConfig& config) {
  WebhookSecrets secrets;
  secrets.url = config.url.reveal();
  secrets.secret = config.secret.reveal();
  return secrets;
}

const Instant kNow = Instant(1'600'000'000'123ms);

WebhookRequest request_for(const ChannelConfig& config) {
  return webhook_request(config, secrets_of(config), sample_message(), kNow).value();
}

http::Response answered(int status, const std::string& body) {
  http::Response response;
  response.status = status;
  response.body = body;
  return response;
}

}  // namespace

TEST_CASE("webhook: generic posts all variables, or the body of the configuration, with the delivery's id") {
  auto config = shaped(WebhookShape::generic);
  auto request = request_for(config);
  CHECK(request.endpoint.host == "robot.example.com");
  CHECK(request.target == "/send?access_token=token-canary");
  CHECK(boost::json::parse(request.body).at("job").as_string() == "orders");
  http::Response carrier;
  carrier.headers = request.headers;
  CHECK(carrier.header("X-Sluice-Delivery") == "7-1600000000000001");
  CHECK(carrier.header("Content-Type") == "application/json; charset=utf-8");
  config.body = R"({"e": "${error}"})";
  CHECK(request_for(config).body == R"({"e": "a <b> & \"c\""})");
}

TEST_CASE("webhook: a header of the configuration takes the place of ours") {
  const auto config = shaped(WebhookShape::generic);
  WebhookSecrets secrets = secrets_of(config);
  secrets.headers = {{"content-type", "application/vnd.page+json"}, {"X-Team", "ops"}};
  const auto request = webhook_request(config, secrets, sample_message(), kNow).value();
  std::map<std::string, std::string> sent;
  for (const auto& [name, value] : request.headers) CHECK(sent.emplace(name, value).second);
  CHECK(sent["content-type"] == "application/vnd.page+json");
  CHECK_FALSE(sent.contains("Content-Type"));
  CHECK(sent["User-Agent"] == "sluice");
  CHECK(sent["X-Team"] == "ops");
}

// The signatures were computed with openssl: printf '1600000000123\nSECabc' | openssl dgst -sha256 -hmac
// SECabc ...
TEST_CASE("webhook: DingTalk is signed in the query, over milliseconds and secret") {
  const auto request = request_for(shaped(WebhookShape::dingtalk, "SECabc"));
  CHECK(request.target ==
        "/send?access_token=token-canary&timestamp=1600000000123&sign="
        "dX%2FFIkzCbxUw3eUs8sFyyR7rHPCvxGGVWJEP%2BDCXMMg%3D");
  const auto body = boost::json::parse(request.body);
  CHECK(body.at("msgtype").as_string() == "markdown");
  CHECK(body.at("markdown").at("title").as_string() == "[sluice] orders: failed, no rerun is left");
  CHECK(body.at("markdown").at("text").as_string().starts_with("### [sluice] orders: failed"));
  CHECK(request_for(shaped(WebhookShape::dingtalk)).target == "/send?access_token=token-canary");
}

TEST_CASE("webhook: Feishu is signed in the body, over seconds and secret as the key") {
  const auto request = request_for(shaped(WebhookShape::feishu, "SECabc"));
  CHECK(request.target == "/send?access_token=token-canary");
  const auto body = boost::json::parse(request.body);
  CHECK(body.at("timestamp").as_string() == "1600000000");
  CHECK(body.at("sign").as_string() == "I5DG+X0JW7CHeTFcYEcWK0GRyeF0JHnOenO1RgUv07k=");
  CHECK(body.at("msg_type").as_string() == "text");
  CHECK(body.at("content").at("text").as_string().starts_with("[sluice] orders"));
  CHECK_FALSE(
      boost::json::parse(request_for(shaped(WebhookShape::feishu)).body).as_object().contains("sign"));
}

TEST_CASE("webhook: WeCom and Slack get their own forms") {
  const auto wecom = boost::json::parse(request_for(shaped(WebhookShape::wecom)).body);
  CHECK(wecom.at("msgtype").as_string() == "markdown");
  CHECK(wecom.at("markdown").at("content").as_string().starts_with("### [sluice] orders"));
  const auto slack = boost::json::parse(request_for(shaped(WebhookShape::slack)).body);
  CHECK(slack.at("text").as_string().find("a &lt;b&gt; &amp; \"c\"") != boost::json::string::npos);
}

TEST_CASE("webhook: what robots refuse with status 200 is a failure") {
  using Shape = WebhookShape;
  CHECK(webhook_answer(Shape::dingtalk, answered(200, R"({"errcode":0,"errmsg":"ok"})")));
  CHECK(webhook_answer(Shape::dingtalk, answered(200, R"({"errcode":310000,"errmsg":"sign not match"})"))
            .error()
            .message() == "send notice: DingTalk answered 310000: sign not match");
  CHECK(webhook_answer(Shape::wecom, answered(200, R"({"errcode":93000,"errmsg":"invalid webhook url"})"))
            .error()
            .message() == "send notice: WeCom answered 93000: invalid webhook url");
  CHECK(webhook_answer(Shape::feishu, answered(200, R"({"code":0})")));
  CHECK(webhook_answer(Shape::feishu, answered(200, R"({"StatusCode":0,"StatusMessage":"success"})")));
  CHECK(webhook_answer(Shape::feishu, answered(200, R"({"code":19021,"msg":"sign match fail"})"))
            .error()
            .message() == "send notice: Feishu answered 19021: sign match fail");
  CHECK_FALSE(webhook_answer(Shape::dingtalk, answered(200, "<html>")));
  CHECK(webhook_answer(Shape::slack, answered(200, "ok")));
  CHECK(webhook_answer(Shape::generic, answered(204, "")));
  CHECK(webhook_answer(Shape::generic, answered(500, "oops")).error().message() ==
        "send notice: the server answered 500: oops");
  CHECK(webhook_answer(Shape::generic, answered(302, "")).error().message() ==
        "send notice: the server answered 302; redirects are not followed, give the last address: ");
}

TEST_CASE("webhook: a robot has taken a notice only if it says so") {
  using Shape = WebhookShape;
  for (const Shape shape : {Shape::dingtalk, Shape::wecom, Shape::feishu}) {
    // A gateway in front of the robot answers in its own words.
    CHECK_FALSE(webhook_answer(shape, answered(200, "{}")));
    CHECK_FALSE(webhook_answer(shape, answered(200, R"({"error":"login required"})")));
    CHECK_FALSE(webhook_answer(shape, answered(200, R"({"errcode":"310000","code":"19021"})")));
    CHECK_FALSE(webhook_answer(shape, answered(200, R"({"errcode":null,"code":null})")));
  }
  CHECK(webhook_answer(Shape::wecom, answered(200, "{}")).error().message() ==
        "send notice: the robot's answer has no errcode: {}");
  CHECK(webhook_answer(Shape::feishu, answered(200, R"({"code":0,"StatusCode":0})")));
  CHECK_FALSE(webhook_answer(Shape::feishu, answered(200, R"({"code":0,"StatusCode":9})")));
}

TEST_CASE("webhook: what a server answers is an error of one line in UTF-8, whatever it is") {
  using Shape = WebhookShape;
  CHECK(webhook_answer(Shape::wecom, answered(200, R"({"errcode":1.5,"errmsg":"half"})")).error().message() ==
        "send notice: WeCom answered -1: half");
  CHECK(webhook_answer(Shape::feishu, answered(200, R"({"code":1e300})")).error().message() ==
        "send notice: Feishu answered -1: ");
  CHECK(
      webhook_answer(Shape::dingtalk, answered(200, R"({"errcode":7,"errmsg":"a\nb"})")).error().message() ==
      "send notice: DingTalk answered 7: a b");
  CHECK(webhook_answer(Shape::slack, answered(502, "<html>\r\n\xc4\xe3")).error().message() ==
        "send notice: the server answered 502: <html>  ??");
}

TEST_CASE("webhook: no secret reaches an error, whoever says it") {
  sluice::test::Loop loop;
  sluice::test::ScriptedTransport transport;
  ::setenv("SLUICE_TEST_HOOK_KEY", "header-canary", 1);
  auto config = shaped(WebhookShape::dingtalk, "sign-canary");
  config.headers.emplace_back("Authorization", Secret("${env:SLUICE_TEST_HOOK_KEY}"));
  WebhookChannel channel(config, ChannelPorts{loop.io.get_executor(), loop.clock, transport});
  transport.answer(answered(500, "bad: token-canary sign-canary header-canary"));
  transport.answer(answered(500, std::string(190, 'x') + " token-canary"));
  transport.fail(
      Error(Errc::unavailable, "connect to https://robot.example.com/send?access_token=token-canary"));
  for (int turn = 0; turn < 3; ++turn) {
    const auto sent = loop.run(channel.send(sample_message()));
    REQUIRE_FALSE(sent);
    INFO(sent.error().message());
    CHECK(sent.error().message().find("token-") == std::string::npos);
    CHECK(sent.error().message().find("canary") == std::string::npos);
    CHECK(sent.error().message().find("******") != std::string::npos);
  }
  CHECK(transport.sent().at(0).header("Authorization") == "header-canary");
  CHECK(transport.sent().at(0).body.find("canary") == std::string::npos);
  ::unsetenv("SLUICE_TEST_HOOK_KEY");
  const auto missing = loop.run(channel.send(sample_message()));
  CHECK(missing.error().message() ==
        "alerts.channels.ops.headers.Authorization: the environment variable SLUICE_TEST_HOOK_KEY is not "
        "set; set it "
        "for the daemon");
}

TEST_CASE("webhook: a secret is masked wherever it stands in the address or a header") {
  WebhookSecrets secrets;
  secrets.url = "https://robot.example.com/send?key=query-canary&to=team&sign=sign-canary==";
  secrets.headers = {{"Authorization", "Bearer bearer-canary"}, {"X-Team", "ops"}};
  const std::string masked = mask_secrets(
      "no key query-canary for team with sign-canary==, and no token bearer-canary in ops", secrets);
  CHECK(masked.find("canary") == std::string::npos);
  CHECK(masked.find("in ops") != std::string::npos);  // a short value is an ordinary word
  CHECK(mask_secrets("connect to https://robot.example.com/send?key=query-canary&to=team&sign=sign-canary==",
                     secrets) == "connect to ******");
  secrets.url = "https://hooks.example.com/services/T0/B0/path-canary-path-canary";
  CHECK(mask_secrets("send to path-canary-path-canary", secrets) == "send to ******");
  secrets.url = "https://hooks.example.com/hook/path-canary-path-canary/send?env=prod";
  CHECK(mask_secrets("no /hook/path-canary-path-canary/send here", secrets) == "no ****** here");
  CHECK(mask_secrets("hooks.example.com: no path-canary-path-canary", secrets) ==
        "hooks.example.com: no ******");
  secrets.url = "https://robot.example.com/send?";
  CHECK(mask_secrets("no key", secrets) == "no key");
}
