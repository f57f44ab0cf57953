#include "daemon/alerts/alert_text.hpp"

#include "core/job/civil_time.hpp"
#include "tests/support/catch_result.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;
using scheduler::AlertKind;
using scheduler::NoticeEvent;

namespace {

scheduler::Delivery sample_delivery(AlertKind kind = AlertKind::exhausted,
                                    NoticeEvent event = NoticeEvent::opened) {
  scheduler::Delivery delivery;
  delivery.id = 7;
  delivery.channel = "ops";
  delivery.notice.incident = 3;
  delivery.notice.kind = kind;
  delivery.notice.event = event;
  delivery.notice.at = *job::parse_local("2018-10-16T00:16+08:00");
  delivery.notice.opened = delivery.notice.at;
  delivery.notice.facts.job = "orders";
  delivery.notice.facts.instance = "orders@2018-10-16T00:15+08:00";
  delivery.notice.facts.business_date = "2018-10-15";
  delivery.notice.facts.zone = "Asia/Shanghai";
  delivery.notice.facts.window_start = *job::parse_local("2018-10-16T00:05+08:00");
  delivery.notice.facts.window_end = *job::parse_local("2018-10-16T00:10+08:00");
  delivery.notice.facts.until = *job::parse_local("2018-10-16T00:05+08:00");
  delivery.notice.facts.error = "attempt 4 failed: put object \"a\"\nX: 503";
  delivery.notice.facts.count = 287;
  return delivery;
}

std::string variable(const AlertMessage& message, std::string_view wanted) {
  for (const auto& [name, value] : message.variables) {
    if (name == wanted) return value;
  }
  return "?";
}

}  // namespace

TEST_CASE("alert text: a failure says job, instance, business date, window, reason and the way out") {
  AlertConfig config;
  config.link = "https://sluice.example.com";
  const auto message = compose_alert(sample_delivery(), Language::english, config);
  CHECK(message.title == "[sluice] orders: failed, no rerun is left");
  CHECK(message.text ==
        "job: orders\n"
        "instance: orders@2018-10-16T00:15+08:00\n"
        "business date: 2018-10-15\n"
        "window: 2018-10-16T00:05+08:00 .. 2018-10-16T00:10+08:00\n"
        "durable up to: 2018-10-16T00:05+08:00\n"
        "windows waiting behind it: 287\n"
        "reason: attempt 4 failed: put object \"a\" X: 503\n"
        "since: 2018-10-16T00:16+08:00\n"
        "way out: sluice why orders@2018-10-16T00:15+08:00; sluice logs orders@2018-10-16T00:15+08:00; "
        "sluice rerun "
        "orders@2018-10-16T00:15+08:00\n"
        "dashboard: https://sluice.example.com/#/incidents/3");
}

TEST_CASE("alert text: what belongs to no incident that is kept leads to the dashboard itself") {
  AlertConfig config;
  config.link = "https://sluice.example.com";
  scheduler::Delivery delivery = sample_delivery();
  delivery.notice.incident = 0;
  const auto message = compose_alert(delivery, Language::english, config);
  CHECK(variable(message, "link") == "https://sluice.example.com/");
  CHECK(variable(compose_alert(delivery, Language::english, AlertConfig()), "link").empty());
}

TEST_CASE(
    "alert text: a delivery is named by its number and the time of its notice, for numbers come again") {
  scheduler::Delivery delivery = sample_delivery();
  const std::string first = compose_alert(delivery, Language::english, AlertConfig()).delivery;
  delivery.tries = 3;
  CHECK(compose_alert(delivery, Language::english, AlertConfig()).delivery == first);
  delivery.notice.at += 1us;
  const auto other = compose_alert(delivery, Language::english, AlertConfig());
  CHECK(other.delivery != first);
  CHECK(variable(other, "delivery") == other.delivery);
  CHECK(variable(other, "id") == "7");
}

TEST_CASE("alert text: the same in Chinese") {
  const auto message = compose_alert(sample_delivery(), Language::chinese, AlertConfig());
  CHECK(message.title == "[sluice] orders：运行失败，自动重跑次数已用尽");
  CHECK(message.text.find("业务日期：2018-10-15\n") != std::string::npos);
  CHECK(message.text.find("处理方法：sluice why orders@2018-10-16T00:15+08:00") != std::string::npos);
  const auto over = compose_alert(sample_delivery(AlertKind::lag, NoticeEvent::recovered), Language::chinese,
                                  AlertConfig());
  CHECK(over.title == "[sluice] 已恢复：orders：数据延迟，287 个到期窗口尚未落盘");
}

TEST_CASE("alert text: every rule and event has words in both languages") {
  for (int kind = 0; kind <= static_cast<int>(AlertKind::channel); ++kind) {
    for (int event = 0; event <= static_cast<int>(NoticeEvent::test); ++event) {
      for (const Language language : {Language::english, Language::chinese}) {
        const auto message =
            compose_alert(sample_delivery(static_cast<AlertKind>(kind), static_cast<NoticeEvent>(event)),
                          language, AlertConfig());
        CHECK(message.title.size() > 15);
        CHECK(message.title.find('{') == std::string::npos);
        CHECK(message.variables.size() == alert_variable_names().size());
        for (std::size_t at = 0; at < message.variables.size(); ++at)
          CHECK(message.variables[at].first == alert_variable_names()[at]);
      }
    }
  }
}

TEST_CASE("alert text: the JSON of a message reads back, absent things are null") {
  auto delivery = sample_delivery();
  delivery.notice.facts.until.reset();
  const auto value =
      boost::json::parse(message_json(compose_alert(delivery, Language::chinese, AlertConfig())));
  const auto& object = value.as_object();
  CHECK(object.at("id").as_int64() == 7);
  CHECK(object.at("incident").as_int64() == 3);
  CHECK(object.at("event").as_string() == "opened");
  CHECK(object.at("rule").as_string() == "exhausted");
  CHECK(object.at("severity").as_string() == "critical");
  CHECK(object.at("error").as_string() == "attempt 4 failed: put object \"a\" X: 503");
  CHECK(object.at("window_start").as_string() == "2018-10-15T16:05:00Z");
  CHECK(object.at("until").is_null());
  CHECK(object.at("count").as_int64() == 287);
}

TEST_CASE("alert template: values cannot leave the string they stand in") {
  AlertVariables variables = {{"title", "a \"b\"\\\n\x01 ${text}"}, {"text", "T"}};
  const std::string filled =
      fill_template(R"({"t": "<${title}>", "u": "${text}", "v": "$${text}"})", variables);
  const auto value = boost::json::parse(filled);
  CHECK(value.at("t").as_string() == "<a \"b\"\\\n\x01 ${text}>");
  CHECK(value.at("u").as_string() == "T");
  CHECK(value.at("v").as_string() == "${text}");
  CHECK(check_template(R"({"t": "${title} ${severity}"})"));
  CHECK_FALSE(check_template(R"({"t": "${titel}"})"));
  CHECK_FALSE(check_template("{"));
  CHECK_FALSE(check_template(R"({"t": ${title}})"));
  CHECK_FALSE(check_template(R"({"t": -${until}})"));
  CHECK(check_template(R"({"n": ${count}, "s": ${seconds}, "i": [${id}, ${incident}]})"));
}

TEST_CASE("alert text: long texts are cut between characters") {
  CHECK(cut_text("abc", 3) == "abc");
  CHECK(cut_text("abcdef", 5) == "ab...");
  CHECK(cut_text("你好世界", 9) == "你好...");
  CHECK(cut_text("你好世界", 8) == "你...");
  auto delivery = sample_delivery();
  delivery.notice.facts.error = std::string(100'000, 'x');
  CHECK(variable(compose_alert(delivery, Language::english, AlertConfig()), "error").size() == 1000);
}
