#include "daemon/api/api_json.hpp"
#include "daemon/base/json_view.hpp"
#include "tests/support/version_store_conformance.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"
#include "tests/unit/daemon/job_file_text.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::FakeService;

namespace {

struct Fixture {
  sluice::test::Loop world{sluice::test::test_now()};
  FakeService service{world};

  boost::json::value json(const std::string& target) {
    const auto answer = service.ask("GET", target);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return boost::json::parse(answer.body);
  }
  void keep(const std::string& version, const std::string& text, int minute) {
    scheduler::JobVersion kept = sluice::test::version_at("orders", version, minute);
    kept.text = job::DefinitionText();
    kept.text.file = "jobs.d/orders.yaml";
    kept.text.text = text;
    world.run(service.kept.put_in_force({kept}, {}, {}));
  }
};

}  // namespace

TEST_CASE("api: the versions of a job, the latest first, each with its text") {
  Fixture f;
  f.keep("aaa", sluice::test::job_text("orders"), 0);
  f.keep("0123456789ab", sluice::test::job_text("orders", 10), 5);
  const auto list = f.json("/api/v1/jobs/orders/versions");
  const auto& versions = JsonView(list)["versions"].items();
  REQUIRE(versions.size() == 2);
  CHECK(JsonView(versions[0])["version"].text() == "0123456789ab");
  CHECK(JsonView(versions[0])["present"].boolean());
  CHECK(JsonView(versions[0])["actor"].text() == "SIGHUP");
  CHECK(JsonView(versions[1])["effective"].is_null());
  const auto one = f.json("/api/v1/jobs/orders/versions/present");
  CHECK(JsonView(one)["text"].text() == sluice::test::job_text("orders", 10));
  CHECK(f.service.ask("GET", "/api/v1/jobs/none/versions").status == 404);
  CHECK(f.service.ask("GET", "/api/v1/jobs/orders/versions/none").status == 404);
}

TEST_CASE("api: two versions of a job differ by keys and by text") {
  Fixture f;
  f.keep("aaa", sluice::test::job_text("orders"), 0);
  f.keep("0123456789ab", sluice::test::job_text("orders", 10), 5);
  const auto answer = f.json("/api/v1/jobs/orders/versions/aaa/diff");
  const JsonView diff(answer);
  REQUIRE(diff["keys"].items().size() == 1);
  CHECK(JsonView(diff["keys"].items()[0])["key"].text() == "schedule.interval");
  CHECK(JsonView(diff["keys"].items()[0])["after"].text() == "10m");
  CHECK(diff["diff"].text().find(
            "+schedule: {cycle: minute, start: \"00:00\", end: \"23:59\", interval: 10m}") !=
        std::string::npos);
  CHECK(diff["missing"].text().empty());
}

TEST_CASE("api: the audit log by job, instance, action and time, in pages") {
  Fixture f;
  f.service.plan(2);
  const std::string instance = "orders@2018-10-16T00:05+08:00";
  f.world.run(f.service.kept.add_audit({sluice::test::audit_at("pause", "orders", 1),
                                        sluice::test::audit_at("rerun", instance, 2),
                                        sluice::test::audit_at("pause", "users", 3)}));
  const auto count = [&](const std::string& query) {
    const auto answer = f.json("/api/v1/audit" + query);
    return JsonView(answer)["entries"].items().size();
  };
  CHECK(count("") == 3);
  CHECK(count("?job=orders") == 2);
  CHECK(count("?action=pause") == 2);
  CHECK(count("?instance=orders@2018-10-15T16:05Z") == 1);  // whatever the offset
  CHECK(count("?actor=nobody") == 0);
  CHECK(count("?from=2018-10-16T00:03") == 1);
  const auto page = f.json("/api/v1/audit?limit=2");
  CHECK(JsonView(page)["next"].count() == 2);
  CHECK(JsonView(JsonView(page)["entries"].items()[1])["target"].text() == instance);
  CHECK(count("?limit=2&before=2") == 1);
  CHECK(count("?before=0") == 3);  // from the newest, as of the other lists
  CHECK(f.service.ask("GET", "/api/v1/audit?limit=0").status == 400);
  CHECK(f.service.ask("GET", "/api/v1/audit?from=soon").status == 400);
}

TEST_CASE("api: a time with a fraction of a second, as answers have it, is read as a parameter") {
  const auto second = job::parse_local("2018-10-16T00:00:41+08:00").value();
  const auto at = [&](const std::string& text) { return time_from_text(text, "UTC").value() - second; };
  CHECK(at(utc_text(second + std::chrono::milliseconds(402))) == std::chrono::milliseconds(402));
  CHECK(at("2018-10-15T16:00:41.5Z") == std::chrono::milliseconds(500));
  CHECK(at("2018-10-16T00:00:41.000001999+08:00") == std::chrono::microseconds(1));
  CHECK(at("2018-10-16T00:00:41.1234567899999+08:00") == std::chrono::microseconds(123'456));
  for (const char* bad : {"2018-10-15T16:00:41.Z", "2018-10-15T16:00:41.5", "2018-10-15T16:00.5Z",
                          "2018-10-15T16:00:41.-5Z", "2018-10-15T16:00:41.5.5Z", "2018-10-15.5"}) {
    INFO(bad);
    CHECK_FALSE(time_from_text(bad, "UTC").has_value());
  }
  Fixture f;
  CHECK(f.service.ask("GET", "/api/v1/audit?from=2026-11-27T20:51:41.402Z").status == 200);
}

TEST_CASE("api: a reload passes on its slot, its dry run and its actor") {
  Fixture f;
  JobChange change;
  change.job = "orders";
  change.before = "aaa";
  change.after = "bbb";
  change.keys = {{"priority", "1", "2"}};
  f.service.report.changes = {change};
  f.service.report.restart = {"listen.tcp"};
  const auto answer =
      f.service.ask("POST", "/api/v1/reload", true, R"({"dry_run": true, "from": "2018-10-17T00:00"})");
  REQUIRE(answer.status == 200);
  REQUIRE(f.service.reloads.size() == 1);
  CHECK(f.service.reloads[0].dry_run);
  CHECK(f.service.reloads[0].from == "2018-10-17T00:00");
  CHECK(f.service.reloads[0].actor == "uid 1 (test)");
  const auto body = boost::json::parse(answer.body);
  const JsonView report(body);
  CHECK(JsonView(report["changes"].items().at(0))["change"].text() == "changed");
  CHECK(JsonView(report["needs_restart"].items().at(0)).text() == "listen.tcp");
  CHECK(f.service.ask("POST", "/api/v1/reload").status == 200);  // a body is not needed
  CHECK(f.service.ask("POST", "/api/v1/reload", true, "[]").status == 400);
  CHECK(f.service.ask("POST", "/api/v1/reload", false).status == 403);
}

TEST_CASE("api: a member of the wrong kind is refused, not taken for one that is left out") {
  Fixture f;
  for (const char* wrong :
       {R"({"dry_run": "true"})", R"({"dry_run": 1})", R"({"dry_run": true, "from": 20181017})"}) {
    INFO(wrong);
    CHECK(f.service.ask("POST", "/api/v1/reload", true, wrong).status == 400);
  }
  CHECK(f.service.reloads.empty());
  for (const char* wrong : {R"({"text": "name: a", "script": {"a": 1}})", R"({"text": "name: a", "from": 5})",
                            R"({"text": ["name: a"]})"}) {
    INFO(wrong);
    CHECK(f.service.ask("POST", "/api/v1/diff", true, wrong).status == 400);
  }
  CHECK(f.service.differences.empty());
  CHECK(f.service.ask("POST", "/api/v1/reload", true, R"({"dry_run": null, "from": null})").status == 200);
}

TEST_CASE("api: the difference of an edit, on the disk or sent along") {
  Fixture f;
  f.service.compared.zone = "Asia/Shanghai";
  f.service.compared.replaced = 7;
  SlotDifference slot;
  slot.kind = SlotDifference::Kind::gone;
  slot.id = f.service.id(1);
  f.service.compared.slots = {slot};
  const auto answer = f.json("/api/v1/jobs/orders/diff?from=2018-10-17&to=2018-10-18");
  const JsonView difference(answer);
  CHECK(difference["replaced"].count() == 7);
  CHECK(JsonView(difference["slots"].items().at(0))["id"].text() == "orders@2018-10-16T00:05+08:00");
  CHECK(JsonView(difference["slots"].items().at(0))["change"].text() == "gone");
  CHECK(f.service.differences.at(0).job == "orders");
  CHECK(f.service.differences.at(0).to == "2018-10-18");
  CHECK(f.service.ask("POST", "/api/v1/diff", true, R"({"file": "/a.yaml", "text": "name: a"})").status ==
        200);
  CHECK(f.service.differences.at(1).draft->text == "name: a");
  CHECK(f.service.ask("POST", "/api/v1/diff", true, "{}").status == 400);
}

TEST_CASE("plan difference: slots that go, come and change") {
  const auto planned = [](int minute, const std::string& object) {
    PlannedInstance instance;
    instance.instance.id.job = "orders";
    instance.instance.id.scheduled = sluice::test::at_minute(minute);
    instance.object = object;
    return instance;
  };
  std::size_t unchanged = 0;
  const auto slots =
      compare_slots({planned(0, "a"), planned(5, "b"), planned(10, "c"), planned(20, "e")},
                    {planned(0, "a"), planned(7, "x"), planned(10, "y"), planned(20, "e")}, unchanged);
  CHECK(unchanged == 2);
  REQUIRE(slots.size() == 3);
  CHECK(slots[0].kind == SlotDifference::Kind::gone);
  CHECK(slots[1].kind == SlotDifference::Kind::added);
  CHECK(slots[1].id.scheduled == sluice::test::at_minute(7));
  CHECK(slots[2].kind == SlotDifference::Kind::changed);
  CHECK(slots[2].changes == std::vector<job::KeyChange>{{"object", "c", "y"}});
}
