#include "daemon/alerts/alert_config.hpp"

#include "daemon/alerts/channel_address.hpp"
#include "daemon/config/config.hpp"
#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> messages(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& problem : parse_config("/etc/sluice/sluice.yaml", text).problems)
    out.push_back(problem.message);
  return out;
}

}  // namespace

TEST_CASE("alert config: without a word all rules that matter are on, and nobody is told") {
  const auto loaded = parse_config("/etc/sluice/sluice.yaml", "");
  REQUIRE(loaded.config);
  const AlertConfig& alerts = loaded.config->alerts;
  CHECK(alerts.channels.empty());
  CHECK(alerts.rules == job::AlertRules());
  CHECK(alerts.policy.interval == 30min);
  CHECK(alerts.policy.per_day == 3);
  CHECK(alerts.policy.silence.begin == alerts.policy.silence.end);
  CHECK(alerts.policy.recovery);
  CHECK(alerts.heartbeat.url.empty());
  CHECK(alerts.heartbeat.interval == 60s);
}

TEST_CASE("alert config: every key is read") {
  const auto loaded = parse_config("/etc/sluice/sluice.yaml", R"(
alerts:
  language: zh
  link: https://sluice.example.com/
  interval: 10m
  maxPerDay: 5
  silence: "23:00-07:00"
  timezone: Europe/Berlin
  recovery: off
  default: [ops]
  channels:
    ops: {type: webhook, shape: dingtalk, url: "${env:URL}", secret: "${env:SIGN}", timeout: 3s, language: en}
    own: {type: webhook, url: "https://h.example.com/x?y=1", headers: {Authorization: "${env:KEY}"},
          body: '{"t": "${title}"}'}
    page: {type: command, command: [/bin/page, -u], grace: 1s}
    mail: {type: sendmail, from: a@b.example, to: [c@d.example, e@f.example]}
  heartbeat: {url: "https://beat.example.com/1", method: POST, interval: 30s}
  rules: {failed: on, lag: 2h, restart: off, store: off, definitions: off, channel: off}
)");
  for (const auto& problem : loaded.problems) UNSCOPED_INFO(problem.message);
  REQUIRE(loaded.config);
  const AlertConfig& alerts = loaded.config->alerts;
  CHECK(alerts.language == Language::chinese);
  CHECK(alerts.link == "https://sluice.example.com");
  CHECK(alerts.policy.interval == 10min);
  CHECK(alerts.policy.per_day == 5);
  CHECK(alerts.policy.silence.begin == 23h);
  CHECK(alerts.policy.silence.end == 7h);
  CHECK(alerts.policy.silence.zone == "Europe/Berlin");
  CHECK_FALSE(alerts.policy.recovery);
  CHECK(alerts.default_channels == std::vector<std::string>{"ops"});
  REQUIRE(alerts.channels.size() == 4);
  CHECK(alerts.channels[0].shape == WebhookShape::dingtalk);
  CHECK(alerts.channels[0].timeout == 3s);
  CHECK(alerts.channels[0].language == Language::english);
  CHECK(alerts.channels[0].secret.reveal() == "${env:SIGN}");
  CHECK(alerts.channels[1].language == Language::chinese);
  CHECK(alerts.channels[1].headers.at(0).first == "Authorization");
  CHECK(alerts.channels[2].command == std::vector<std::string>{"/bin/page", "-u"});
  CHECK(alerts.channels[2].grace == 1s);
  CHECK(alerts.channels[3].command == std::vector<std::string>{"/usr/sbin/sendmail", "-t", "-i"});
  CHECK(alerts.channels[3].to.size() == 2);
  CHECK(alerts.heartbeat.post);
  CHECK(alerts.heartbeat.interval == 30s);
  CHECK(alerts.rules.failed);
  CHECK(alerts.rules.lag == Duration(2h));
  CHECK_FALSE(alerts.restart);
  CHECK_FALSE(alerts.store);
  CHECK_FALSE(alerts.definitions);
  CHECK_FALSE(alerts.channel);
}

TEST_CASE("alert config: what is wrong is named with the way out, and no address is quoted") {
  const auto found = messages(R"(
alerts:
  silence: evening
  timezone: Mars
  default: [nobody]
  link: https://sluice.example.com/?lang=zh
  heartbeat: {interval: 30s}
  channels:
    "a b": {type: webhook}
    a: {type: webhook, url: "ftp://host/token-canary"}
    b: {type: webhook, url: "https://h/x", shape: slack, secret: s, body: "{}"}
    c: {type: webhook, url: "https://h/x", body: '{"a": "${nothing}"}'}
    d: {type: webhook, url: "https://h/x", body: '{"a": ${title}'}
    e: {type: command, command: [page]}
    f: {type: sendmail, from: "Me <a@b>", to: []}
    g: {type: pigeon}
    h: {url: x}
)");
  const std::vector<std::string> expected = {
      "alerts.silence: expected two times of the day such as \"23:00-07:00\", got \"evening\"",
      "alerts.timezone: \"Mars\" is not known; use an IANA name such as Asia/Shanghai",
      "alerts.default: there is no channel \"nobody\" under alerts.channels",
      "alerts.link: expected the address of the dashboard, such as https://sluice.example.com, "
      "without a query",
      "alerts.heartbeat.url: missing; give the address to ask, or leave out heartbeat",
      "alerts.channels.a b: expected a name of up to 50 letters, digits, \"-\" and \"_\"",
      "alerts.channels.a.url: expected an address such as https://hooks.example.com/send?token=x, without "
      "user and "
      "\"#\"",
      "alerts.channels.b.secret: only the shapes dingtalk and feishu sign; use headers for other keys",
      "alerts.channels.b.body: only the shape generic has a body of its own",
      "alerts.channels.e.command: expected a list that begins with the absolute path of a program, such as "
      "[/usr/bin/page, -u]",
      "alerts.channels.f.from: expected one mail address without a name, such as sluice@example.com",
      "alerts.channels.f.to: expected a list of mail addresses without names, such as [ops@example.com]",
      "alerts.channels.g.type: expected webhook, command or sendmail, got \"pigeon\"",
      "alerts.channels.h.type: missing; say webhook, command or sendmail"};
  std::string all;
  for (const std::string& message : found) all += message + "\n";
  INFO(all);
  for (const std::string& message : expected) {
    INFO(message);
    CHECK(std::find(found.begin(), found.end(), message) != found.end());
  }
  CHECK(all.find("alerts.channels.c.body: there is no variable ${nothing}; there are id, ") !=
        std::string::npos);
  CHECK(all.find("alerts.channels.d.body: no JSON once the variables are filled in: ") != std::string::npos);
  CHECK(all.find("canary") == std::string::npos);
}

TEST_CASE("alert config: silence is some of the day, and a channel is named once") {
  for (const char* text : {"07:00-07:00", "00:00-00:00", "00:00-24:00", "23:00", "-", "23:00-", "7-8"}) {
    INFO(text);
    const auto found = messages(std::string("alerts: {silence: \"") + text + "\"}\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("alerts.silence: expected two times of the day"));
  }
  const auto twice =
      messages("alerts: {default: [a, a], channels: {a: {type: command, command: [/bin/page]}}}\n");
  CHECK(twice == std::vector<std::string>{"alerts.default: it names a channel twice; once is enough"});
}

TEST_CASE("alert config: headers that frame the request are not the channel's to set") {
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "CONNECTION"}) {
    INFO(name);
    const auto found =
        messages(std::string("alerts: {channels: {a: {type: webhook, url: \"https://h/x\", headers: {") +
                 name + ": \"5\"}}}}\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0] == std::string("alerts.channels.a.headers.") + name +
                          ": sluice sets this header itself; leave it out");
  }
}

TEST_CASE("alert config: addresses of channels keep path and query as they are") {
  const auto address = parse_web_address("https://oapi.example.com:8443/robot/send?access_token=a%2Fb");
  REQUIRE(address);
  CHECK(address->endpoint.tls);
  CHECK(address->endpoint.host == "oapi.example.com");
  CHECK(address->endpoint.port == 8443);
  CHECK(address->target == "/robot/send?access_token=a%2Fb");
  CHECK(parse_web_address("http://h")->target == "/");
  CHECK(parse_web_address("http://h?x=1")->target == "/?x=1");
  for (const char* bad :
       {"", "h/x", "https://", "https://u:p@h/", "https://h/a b", "https://h/#a", "https://h/\r\nX: y"})
    CHECK_FALSE(parse_web_address(bad));
}
