#include "daemon/cli/commands.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/unit/daemon/alerts/alert_bench.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <sstream>

using namespace sluice;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

// One failed window that both channels were told of.
struct AlertApi {
  AlertApi() : world(sluice::test::test_now()), service(world) {
    bench.plan_days("08:00");
    bench.start();
    bench.fail("08:00");
    bench.clock.advance(5s);
    service.desk = bench.service.get();
  }
  json::value get(const std::string& target) { return json::parse(service.ask("GET", target).body); }

  sluice::test::AlertBench bench;
  sluice::test::Loop world;
  sluice::test::FakeService service;
};

// The command line's view of it.
struct DirectApi final : daemon::Api {
  explicit DirectApi(AlertApi& wanted) : api(wanted) {}
  json::value get(const std::string& target) override { return answer("GET", target, ""); }
  json::value post(const std::string& target, const std::string& body) override {
    auto value = answer("POST", target, body);
    api.bench.clock.advance(2s);
    return value;
  }
  json::value answer(const std::string& method, const std::string& target, const std::string& body) {
    const auto response = api.service.ask(method, target, true, body);
    if (response.status >= 400)
      throw daemon::CommandFailure(daemon::error_from_problem(response.status, response.body));
    return json::parse(response.body);
  }
  AlertApi& api;
};

struct Printed {
  daemon::Exit exit = daemon::Exit::failed;
  std::string out;
  std::string err;
};

template <class Command>
Printed run_command(Command command, daemon::Options options, AlertApi& api) {
  DirectApi direct(api);
  std::ostringstream out;
  std::ostringstream err;
  daemon::Console console{out, err};
  Printed printed;
  printed.exit = command(options, direct, console);
  printed.out = out.str();
  printed.err = err.str();
  return printed;
}

}  // namespace

TEST_CASE("api alerts: open incidents, one with its deliveries, channels, what was given up") {
  AlertApi api;
  const auto list = api.get("/api/v1/incidents");
  const auto& incidents = list.at("incidents").as_array();
  REQUIRE(incidents.size() == 1);
  CHECK(incidents[0].at("rule").as_string() == "exhausted");
  CHECK(incidents[0].at("severity").as_string() == "critical");
  CHECK(incidents[0].at("open").as_bool());
  CHECK(incidents[0].at("instance").as_string() == "orders@2018-10-16T08:00+08:00");
  CHECK(incidents[0].at("business_date").as_string() == "2018-10-15");
  CHECK(incidents[0].at("window").at("start").as_string() == "2018-10-15T23:50:00Z");
  CHECK(incidents[0].at("notices").to_number<int>() == 1);
  CHECK(list.at("next").is_null());
  CHECK(list.at("channels").as_array().size() == 2);
  CHECK(list.at("failed_deliveries").as_array().empty());
  const auto one = api.get("/api/v1/incidents/1");
  REQUIRE(one.at("deliveries").as_array().size() == 2);
  CHECK(one.at("deliveries").as_array()[0].at("state").as_string() == "sent");
  CHECK(api.get("/api/v1/incidents?state=all&limit=1").at("next").to_number<int>() == 1);
  CHECK(api.get("/api/v1/status").at("incidents_open").to_number<int>() == 1);
  const auto count = [&](const std::string& query) {
    return api.get("/api/v1/incidents?" + query).at("incidents").as_array().size();
  };
  CHECK(count("job=orders") == 1);
  CHECK(count("job=clients") == 0);
  CHECK(count("job=orders&rule=exhausted") == 1);
  CHECK(count("rule=lag") == 0);
}

TEST_CASE(
    "api alerts: the incident of a state store that does not work is told of before it is written down") {
  AlertApi api;
  const std::string full = "write state file: no space left on device";
  api.bench.store_failure = scheduler::StoreFailure{Error(Errc::disk_full, full), api.bench.clock.now()};
  api.bench.clock.advance(60s);
  const auto found = [&](const std::string& query) {
    return api.get("/api/v1/incidents?" + query).at("incidents").as_array();
  };
  const auto open = found("state=open");
  REQUIRE(open.size() == 2);
  CHECK(open[0].at("rule").as_string() == "store");
  CHECK(open[0].at("id").is_null());
  CHECK(open[0].at("open").as_bool());
  CHECK(open[0].at("error").as_string() == full);
  CHECK(found("rule=store").size() == 1);
  CHECK(found("job=orders").size() == 1);
  CHECK(found("rule=exhausted").size() == 1);
  CHECK(found("before=2").size() == 1);
  const auto status = api.get("/api/v1/status");
  CHECK(status.at("incidents_open").to_number<int>() == 2);
  CHECK(status.at("incidents").as_array().at(0).at("rule").as_string() == "store");
  const std::string metric = "sluice_incidents_open{rule=\"store\"} 1";
  CHECK_THAT(api.bench.metrics.text(), Catch::Contains(metric));
  CHECK_THAT(run_command(daemon::command_incidents, {}, api).out,
             Catch::Contains("store") && Catch::Contains(full));

  api.bench.store_failure.reset();
  api.bench.clock.advance(60s);
  CHECK(found("state=open").size() == 1);
  const auto all = found("state=all&rule=store");
  REQUIRE(all.size() == 1);
  CHECK(all[0].at("id").to_number<int>() == 2);
  CHECK_THAT(api.bench.metrics.text(), !Catch::Contains(metric));

  // It fails again: the incident is in the store as one that is over, and open in memory.
  api.bench.store_failure = scheduler::StoreFailure{Error(Errc::disk_full, full), api.bench.clock.now()};
  api.bench.clock.advance(60s);
  for (const char* query :
       {"state=open&rule=store", "state=all&rule=store", "state=all&rule=store&limit=1"}) {
    const auto again = found(query);
    REQUIRE(again.size() == 1);
    CHECK(again[0].at("id").to_number<int>() == 2);
    CHECK(again[0].at("open").as_bool());
  }
  CHECK(api.get("/api/v1/incidents/2").at("open").as_bool());
  CHECK_THAT(api.bench.metrics.text(), Catch::Contains(metric));
}

TEST_CASE(
    "api alerts: what does not exist is 404, what is no number 400, and reading alone changes nothing") {
  AlertApi api;
  CHECK(api.service.ask("GET", "/api/v1/incidents/99").status == 404);
  CHECK(api.service.ask("GET", "/api/v1/incidents/x").status == 400);
  CHECK(api.service.ask("GET", "/api/v1/incidents?state=some").status == 400);
  CHECK(api.service.ask("GET", "/api/v1/incidents?rule=lagg").status == 400);
  CHECK(api.service.ask("GET", "/api/v1/deliveries/99").status == 404);
  CHECK(api.service.ask("POST", "/api/v1/incidents/1/ack", false).status == 403);
  CHECK(api.service.ask("POST", "/api/v1/alerts/test", false).status == 403);
  CHECK(api.service.ask("POST", "/api/v1/alerts/test", true, R"({"channel": "nobody"})").status == 404);
  CHECK(api.service.ask("POST", "/api/v1/alerts/test", true, "{}").status == 400);
  api.service.desk = nullptr;
  CHECK(api.service.ask("GET", "/api/v1/incidents").status == 404);
  CHECK(api.service.ask("GET", "/api/v1/status").status == 200);
}

TEST_CASE("api alerts: an acknowledgement names its actor, is audited, and stops the notices") {
  AlertApi api;
  const auto answer = api.service.ask("POST", "/api/v1/incidents/1/ack");
  REQUIRE(answer.status == 200);
  CHECK(json::parse(answer.body).at("acknowledged_by").as_string() == "uid 1 (test)");
  const auto audit = api.bench.ask(api.bench.states->audit(1));
  CHECK(audit.at(0).action == "acknowledge");
  CHECK(audit.at(0).target == "incident 1");
  api.bench.said();
  api.bench.clock.advance(3h);
  CHECK(api.bench.said().empty());
}

TEST_CASE("cli alerts: incidents, one of them, ack and alert-test say what a person wants to know") {
  AlertApi api;
  daemon::Options options;
  auto printed = run_command(daemon::command_incidents, options, api);
  INFO(printed.out);
  CHECK(printed.exit == daemon::Exit::done);
  CHECK(printed.out.find("exhausted") != std::string::npos);
  CHECK(printed.out.find("orders@2018-10-16T08:00+08:00") != std::string::npos);
  options.target = "1";
  printed = run_command(daemon::command_incident, options, api);
  CHECK(printed.out.find("way out") != std::string::npos);
  CHECK(printed.out.find("handbook.md#exhausted") != std::string::npos);
  CHECK(printed.out.find("sluice why orders@2018-10-16T08:00+08:00") != std::string::npos);
  CHECK(printed.out.find("sent") != std::string::npos);
  printed = run_command(daemon::command_ack, options, api);
  CHECK(printed.out == "incident 1 is acknowledged by uid 1 (test): no further notices until it is over\n");
  options.target = "ops";
  printed = run_command(daemon::command_alert_test, options, api);
  CHECK(printed.exit == daemon::Exit::done);
  CHECK(printed.out == "channel ops took the test notice\n");
  api.bench.scripts["ops"].answer = [](std::size_t) { return std::string("403 Forbidden"); };
  printed = run_command(daemon::command_alert_test, options, api);
  CHECK(printed.exit == daemon::Exit::failed);
  CHECK(printed.err == "sluice: channel ops: 403 Forbidden\n");
  options.target = "7";
  CHECK_THROWS_AS(run_command(daemon::command_incident, options, api), daemon::CommandFailure);
  printed = run_command(daemon::command_status, daemon::Options(), api);
  CHECK(printed.out.find("1 open incident:\n  1 exhausted orders@2018-10-16T08:00+08:00") !=
        std::string::npos);
}
