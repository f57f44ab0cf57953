#include "daemon/api/api_backfill.hpp"

#include "daemon/base/json_view.hpp"
#include "daemon/base/time_text.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/http/problem.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <sstream>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::DirectApi;
using sluice::test::FakeService;

namespace {

struct Fixture {
  sluice::test::Loop world{sluice::test::test_now()};
  FakeService service{world};
  DirectApi api{service};
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};

  boost::json::value post(const std::string& target, const std::string& body) {
    const auto answer = service.ask("POST", target, true, body);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return boost::json::parse(answer.body);
  }
  std::string detail(const std::string& body) {
    const auto answer = service.ask("POST", "/api/v1/backfills", true, body);
    REQUIRE(answer.status >= 400);
    return JsonView(boost::json::parse(answer.body))["detail"].text();
  }
  Options parse(std::vector<const char*> words) {
    words.insert(words.begin(), "sluice");
    return std::get<Options>(parse_command_line(static_cast<int>(words.size()), words.data()));
  }
};

constexpr const char* kOrder = R"({"job": "orders", "from": "2018-10-10", "to": "2018-10-11"})";

// An instance of group 1.
scheduler::NewInstance in_group(const std::string& slot) {
  scheduler::NewInstance instance;
  instance.id.job = "orders";
  instance.id.group = 1;
  instance.id.scheduled = job::parse_local(slot).value();
  instance.zone = "Asia/Shanghai";
  instance.window_start = instance.id.scheduled - std::chrono::minutes(10);
  instance.window_end = instance.id.scheduled - std::chrono::minutes(5);
  return instance;
}

}  // namespace

TEST_CASE("api: a backfill is asked for by slots or by business dates, in the job's zone") {
  Fixture f;
  f.post("/api/v1/backfills", kOrder);
  f.post(
      "/api/v1/backfills",
      R"({"job": "orders", "first_date": "2018-10-09", "last_date": "2018-10-11", "parallel": 3, "order": "desc",
             "all": true, "run_now": true, "alerts": "both", "priority": 5})");
  REQUIRE(f.service.ordered.size() == 2);
  const auto& slots = f.service.ordered[0];
  CHECK(slots.from == job::parse_local("2018-10-10T00:00+08:00").value());
  CHECK(slots.to == job::parse_local("2018-10-11T00:00+08:00").value());
  CHECK(slots.parallel == 1);
  CHECK_FALSE(slots.descending);
  CHECK_FALSE(slots.all);
  const auto& dates = f.service.ordered[1];
  CHECK(dates.from == job::parse_local("2018-10-10T00:00+08:00").value());
  CHECK(dates.to == job::parse_local("2018-10-13T00:00+08:00").value());
  CHECK(dates.parallel == 3);
  CHECK(dates.descending);
  CHECK(dates.all);
  CHECK(dates.run_now);
  CHECK(dates.alerts == scheduler::EndNotices::both);
  CHECK(dates.priority == 5);
}

TEST_CASE("api: business dates and days count in dates, also around one that a zone left out") {
  Fixture f;
  // Samoa went from 29 December straight to the 31st.
  f.service.jobs_[0].schedule.zone = "Pacific/Apia";
  f.post("/api/v1/backfills", R"({"job": "orders", "first_date": "2011-12-30"})");
  CHECK(f.service.ordered[0].from == job::parse_local("2011-12-31T00:00+14:00").value());
  CHECK(f.service.ordered[0].to == job::parse_local("2012-01-01T00:00+14:00").value());
  f.post("/api/v1/backfills", R"({"job": "orders", "first_date": "2011-12-28", "last_date": "2011-12-29"})");
  CHECK(f.service.ordered[1].from == job::parse_local("2011-12-29T00:00-10:00").value());
  CHECK(f.service.ordered[1].to == job::parse_local("2011-12-31T00:00+14:00").value());
  f.post("/api/v1/backfills", R"({"job": "orders", "first_date": "2016-02-28"})");
  CHECK(f.service.ordered[2].from == job::parse_local("2016-02-29T00:00+14:00").value());
  const auto left_out = local_day("2011-12-30", "Pacific/Apia");
  REQUIRE(left_out.has_value());
  CHECK(left_out->from == left_out->to);
  const auto before = local_day("2011-12-29", "Pacific/Apia");
  REQUIRE(before.has_value());
  CHECK(before->to - before->from == std::chrono::hours(24));
  const auto spring = local_day("2026-03-29", "Europe/Berlin");
  REQUIRE(spring.has_value());
  CHECK(spring->to - spring->from == std::chrono::hours(23));
  CHECK_FALSE(local_day("2026-02-29", "Europe/Berlin").has_value());
  CHECK_FALSE(local_day("2026-03-29", "Mars").has_value());
}

TEST_CASE("api: a backfill may have several ranges, times, parameters and hours, and shows them") {
  Fixture f;
  const auto value = f.post("/api/v1/backfills", R"({"job": "orders",
    "ranges": [{"from": "2018-10-12", "to": "2018-10-12T06:00"}, {"first_date": "2018-10-09"}],
    "between": "08:00-17:00", "run_between": "22:00-06:00", "weekends": true,
    "parameters": {"date": "$[yyyymmdd-1]"}})");
  const auto& order = f.service.ordered.at(0);
  CHECK(order.from == job::parse_local("2018-10-10T00:00+08:00").value());
  CHECK(order.to == job::parse_local("2018-10-12T06:00+08:00").value());
  REQUIRE(order.ranges.size() == 2);
  CHECK(order.ranges[1].to == job::parse_local("2018-10-11T00:00+08:00").value());
  CHECK(order.times == scheduler::DayPart{std::chrono::hours(8), std::chrono::hours(17)});
  CHECK(order.run_hours == scheduler::RunHours{{std::chrono::hours(22), std::chrono::hours(6)}, true});
  REQUIRE(order.parameters.size() == 1);
  CHECK(order.parameters[0].second == "$[yyyymmdd-1]");
  const JsonView shown(value);
  CHECK(shown["ranges"].items().size() == 2);
  CHECK(shown["between"].text() == "08:00-17:00");
  CHECK(shown["run_between"].text() == "22:00-06:00");
  CHECK(shown["weekends"].boolean());
  CHECK(shown["parameters"]["date"].text() == "$[yyyymmdd-1]");
  CHECK(shown["alerts"].text() == "none");
}

TEST_CASE("api: a wrong order of a backfill is refused and its member named") {
  Fixture f;
  CHECK(f.detail("[]").find("a JSON object") != std::string::npos);
  CHECK(f.detail(R"({"job": "nobody"})").find("no such job") != std::string::npos);
  CHECK(f.detail(R"({"job": "orders"})").find("from and to, or the business dates") != std::string::npos);
  CHECK(f.detail(R"({"job": "orders", "from": "2018-10-10", "to": "2018-10-11", "first_date": "2018-10-10"})")
            .find("from") != std::string::npos);
  CHECK(f.detail(R"({"job": "orders", "from": "soon", "to": "2018-10-11"})").find("from") !=
        std::string::npos);
  CHECK(f.detail(R"({"job": "orders", "first_date": "2018-10-10T00:00"})").find("business date") !=
        std::string::npos);
  for (const char* member :
       {R"("last_date": "2018-10-10")", R"("all": 1)", R"("parallel": "3")", R"("order": "up")",
        R"("priority": 1.5)", R"("ranges": [])", R"("ranges": [{"from": "2018-10-10", "to": "2018-10-11"}])",
        R"("between": "8-17")", R"("run_between": "22:00-22:00")", R"("weekends": 1)",
        R"("parameters": ["a"])", R"("alerts": true)"}) {
    const std::string body =
        std::string(kOrder).substr(0, std::string(kOrder).size() - 1) + ", " + member + "}";
    CHECK(f.detail(body).find("read the body: ") != std::string::npos);
  }
}

TEST_CASE("api: a backfill tells its state, its counts and what stands still") {
  Fixture f;
  f.post("/api/v1/backfills", kOrder);
  std::vector<scheduler::NewInstance> rows;
  for (const char* slot : {"2018-10-10T00:00+08:00", "2018-10-10T00:05+08:00"})
    rows.push_back(in_group(slot));
  f.world.run(f.service.store().add_instances(rows));
  const auto first = f.world.run(f.service.store().instance(rows[0].id));
  const auto attempt = f.world.run(f.service.store().begin_attempt(first->row, {}, f.service.now())).value();
  f.world.run(f.service.store().fail(attempt, scheduler::AttemptResult::failed, Error(Errc::io, "write: no"),
                                     {}, std::nullopt, f.service.now()));
  const auto answer = f.service.ask("GET", "/api/v1/backfills/1");
  REQUIRE(answer.status == 200);
  const auto value = boost::json::parse(answer.body);
  const JsonView shown(value);
  CHECK(shown["state"].text() == "failed");
  CHECK(shown["counts"]["FAILURE"].count() == 1);
  CHECK(shown["counts"]["WAIT_TIME"].count() == 1);
  REQUIRE(shown["groups"].items().size() == 1);
  CHECK(JsonView(shown["groups"].items()[0])["chain"].text() == "orders#1");
  CHECK(JsonView(shown["groups"].items()[0])["first_date"].text() == "2018-10-09");
  REQUIRE(shown["stuck"].items().size() == 1);
  CHECK(JsonView(shown["stuck"].items()[0])["id"].text() == "orders#1@2018-10-10T00:00+08:00");
  CHECK(f.service.ask("GET", "/api/v1/backfills/2").status == 404);
  CHECK(f.service.ask("GET", "/api/v1/backfills/x").status == 400);
}

TEST_CASE("api: the instances of a backfill are listed through all its groups, in pages") {
  Fixture f;
  f.post("/api/v1/backfills", kOrder);
  std::vector<scheduler::NewInstance> rows;
  for (const int minute : {0, 5, 10}) {
    scheduler::NewInstance row;
    row.id.job = "orders";
    row.id.group = 1;
    row.id.scheduled = job::parse_local("2018-10-10T00:00+08:00").value() + std::chrono::minutes(minute);
    row.zone = "Asia/Shanghai";
    rows.push_back(std::move(row));
  }
  f.world.run(f.service.store().add_instances(std::move(rows)));
  f.service.plan(2);  // the recurring ones are not among them
  const auto page = f.api.get("/api/v1/instances?backfill=1&order=asc&limit=2");
  CHECK(JsonView(page)["instances"].items().size() == 2);
  const std::string next = JsonView(page)["next"].text();
  CHECK(next == "orders#1@2018-10-10T00:05+08:00");
  const auto rest = f.api.get("/api/v1/instances?backfill=1&order=asc&after=" + percent_encode(next));
  CHECK(JsonView(rest)["instances"].items().size() == 1);
  CHECK(f.service.ask("GET", "/api/v1/instances?backfill=9").status == 404);
}

TEST_CASE("api: the dates of a backfill's instances are read in the zone of its job") {
  Fixture f;
  job::Job other;
  other.name = "aaa";
  other.schedule.zone = "America/New_York";
  f.service.jobs_.insert(f.service.jobs_.begin(), other);
  f.post("/api/v1/backfills", kOrder);
  scheduler::NewInstance row;
  row.id.job = "orders";
  row.id.group = 1;
  row.id.scheduled = job::parse_local("2018-10-10T00:00+08:00").value();
  row.zone = "Asia/Shanghai";
  f.world.run(f.service.store().add_instances(std::vector<scheduler::NewInstance>(1, row)));
  const auto listed = [&](const std::string& slots) {
    return JsonView(f.api.get("/api/v1/instances?backfill=1&" + slots))["instances"].items().size();
  };
  CHECK(listed("date=2018-10-10") == 1);
  CHECK(listed("date=2018-10-09") == 0);
  CHECK(listed("from=2018-10-10&to=2018-10-10T00:01") == 1);
}

TEST_CASE("api: backfills are listed newest first, in pages") {
  Fixture f;
  for (int n = 0; n < 3; ++n) f.post("/api/v1/backfills", kOrder);
  const auto first = boost::json::parse(f.service.ask("GET", "/api/v1/backfills?limit=2").body);
  CHECK(JsonView(JsonView(first)["backfills"].items()[0])["id"].count() == 3);
  CHECK(JsonView(first)["next"].count() == 2);
  const auto second = boost::json::parse(f.service.ask("GET", "/api/v1/backfills?limit=2&before=2").body);
  CHECK(JsonView(second)["backfills"].items().size() == 1);
  CHECK(JsonView(second)["next"].is_null());
  CHECK(JsonView(f.api.get("/api/v1/backfills?state=running"))["backfills"].items().size() == 3);
  CHECK(JsonView(f.api.get("/api/v1/backfills?state=failed"))["backfills"].items().empty());
  CHECK(JsonView(f.api.get("/api/v1/backfills?state=done"))["backfills"].items().empty());
}

TEST_CASE("api: a preview of a backfill shows what would run and what would not, and why") {
  Fixture f;
  const auto value = f.post("/api/v1/backfills/preview", kOrder);
  const JsonView plan(value);
  CHECK(plan["runs"].count() == 1);
  CHECK(plan["left_out"].count() == 1);
  REQUIRE(plan["instances"].items().size() == 2);
  const JsonView runs(plan["instances"].items()[0]);
  CHECK(runs["group"].count() == 1);
  CHECK(runs["object"].text() == "instance/orders/x.csv");
  CHECK(runs["left_out"].is_null());
  const JsonView left(plan["instances"].items()[1]);
  CHECK(left["group"].is_null());
  CHECK(left["left_out"].text() == "it succeeded");
}

TEST_CASE("api: pause, resume and cancel reach the backfill with their actor, and need control") {
  Fixture f;
  f.post("/api/v1/backfills", kOrder);
  f.post("/api/v1/backfills/1/pause", "");
  f.post("/api/v1/backfills/1/resume", "");
  f.post("/api/v1/backfills/1/cancel", R"({"kill": true})");
  CHECK(f.service.acted == std::vector<std::string>({"pause 1 uid 1 (test)", "resume 1 uid 1 (test)",
                                                     "cancel 1 uid 1 (test) kill"}));
  CHECK(f.service.ask("POST", "/api/v1/backfills/1/pause", false).status == 403);
  CHECK(f.service.ask("POST", "/api/v1/backfills", false, kOrder).status == 403);
  f.service.refuse = Error(Errc::refused_by_state, "change backfill 1: it is done");
  CHECK(f.service.ask("POST", "/api/v1/backfills/1/pause").status == 409);
}

TEST_CASE("api: an instance of a backfill is found by its id, '#' and all") {
  Fixture f;
  f.world.run(f.service.store().add_instances({in_group("2018-10-10T00:00+08:00")}));
  const std::string id = percent_encode("orders#1@2018-10-10T00:00+08:00");
  for (const char* part : {"", "/why", "/logs"}) {
    INFO(part);
    CHECK(f.service.ask("GET", "/api/v1/instances/" + id + part).status == 200);
  }
  const auto shown = boost::json::parse(f.service.ask("GET", "/api/v1/instances/" + id).body);
  CHECK(JsonView(shown)["group"].count() == 1);
  CHECK(f.service.ask("POST", "/api/v1/instances/" + id + "/rerun").status == 200);
  CHECK(f.service.acted.back() == "rerun orders#1@2018-10-10T00:00+08:00 uid 1 (test)");
  const auto listed = f.service.ask("GET", "/api/v1/instances?job=" + percent_encode("orders#1"));
  REQUIRE(listed.status == 200);
  CHECK(JsonView(boost::json::parse(listed.body))["instances"].items().size() == 1);
}

TEST_CASE("api: a backfill that stands still does not make its job late") {
  Fixture f;
  f.world.run(f.service.store().add_instances({in_group("2018-10-10T00:00+08:00")}));
  CHECK(f.service.ask("GET", "/readyz").status == 200);
}

TEST_CASE("command line: a backfill and its actions are told apart") {
  Fixture f;
  const Options create =
      f.parse({"backfill", "orders", "--from", "2018-10-10", "--to", "2018-10-11", "--parallel", "3",
               "--order", "desc", "--all", "--dry-run", "--priority", "4"});
  CHECK(create.command == "backfill");
  CHECK(create.target == "orders");
  CHECK(create.parallel == 3);
  CHECK(create.order == "desc");
  CHECK(create.all);
  CHECK(create.dry_run);
  CHECK(create.priority == 4);
  for (const std::string action : {"show", "pause", "resume", "cancel"}) {
    const Options acted = f.parse({"backfill", action.c_str(), "7", "--output", "json"});
    CHECK(acted.command == "backfill " + action);
    CHECK(acted.target == "7");
    CHECK(acted.json);
  }
  CHECK(f.parse({"backfill", "cancel", "7", "--kill"}).kill);
  CHECK(f.parse({"backfills", "orders"}).command == "backfills");
}

TEST_CASE("command line: what else a backfill is asked for reaches the API, and show tells it") {
  Fixture f;
  const Options options =
      f.parse({"backfill", "-p", "date=2018=1", "orders", "--range", "2018-10-10..2018-10-11", "--range",
               "2018-10-12..2018-10-12T06:00", "--dates", "2018-10-13", "--between", "08:00-17:00",
               "--run-between", "22:00-06:00", "--weekends", "--alerts", "failure"});
  CHECK(options.target == "orders");
  CHECK(command_backfill(options, f.api, f.console) == Exit::done);
  const auto& order = f.service.ordered.at(0);
  CHECK(order.priority == 1);
  CHECK(order.ranges.size() == 3);
  CHECK(order.to == job::parse_local("2018-10-15T00:00+08:00").value());
  CHECK(order.alerts == scheduler::EndNotices::failure);
  f.out.str("");
  command_act_on_backfill(f.parse({"backfill", "show", "1"}), f.api, f.console);
  const std::string shown = f.out.str();
  for (const char* part :
       {"slots 2018-10-10 00:00 to 2018-10-11 00:00 and 2018-10-12 00:00 to 2018-10-12 06:00 and ",
        ", of these 08:00-17:00 (missing slots only)", "  starts instances 22:00-06:00 on weekends\n",
        "  parameter date = 2018=1\n", "  sends a notice of: failure\n"}) {
    INFO(part);
    CHECK(shown.find(part) != std::string::npos);
  }
}

TEST_CASE("command line: a backfill is made, shown, listed and previewed") {
  Fixture f;
  CHECK(command_backfill(f.parse({"backfill", "orders", "--dates", "2018-10-09..2018-10-10"}), f.api,
                         f.console) == Exit::done);
  CHECK(f.out.str() ==
        "backfill 1 of orders begins: slots 2018-10-10 00:00 to 2018-10-12 00:00, 1 groups; sluice backfill "
        "show "
        "1\n");
  f.out.str("");
  command_act_on_backfill(f.parse({"backfill", "show", "1"}), f.api, f.console);
  CHECK(f.out.str().find("backfill 1 of orders: running, 0 of 0 done\n") == 0);
  CHECK(f.out.str().find("2018-10-09 to 2018-10-09") != std::string::npos);
  f.out.str("");
  command_backfills(f.parse({"backfills"}), f.api, f.console);
  CHECK(f.out.str().find("uid 1 (test)") != std::string::npos);
  f.out.str("");
  command_backfill(f.parse({"backfill", "orders", "--from", "2018-10-10", "--to", "2018-10-11", "--dry-run"}),
                   f.api, f.console);
  CHECK(f.out.str().find("would run 1 instances in 1 groups and leave out 1; nothing was written") !=
        std::string::npos);
  CHECK(f.out.str().find("it succeeded") != std::string::npos);
  command_act_on_backfill(f.parse({"backfill", "cancel", "1", "--kill"}), f.api, f.console);
  CHECK(f.service.acted == std::vector<std::string>({"cancel 1 uid 1 (test) kill"}));
}

TEST_CASE("command line: a backfill is followed until it ends, and the exit code tells how") {
  Fixture f;
  f.console.err_terminal = true;
  struct Look {
    const char* state;
    const char* counts;
  };
  const auto follow = [&](std::vector<Look> looks, bool json) {
    sluice::test::AnswersInOrder api;
    for (const Look& look : looks) {
      api.answers.push_back(fmt::format(
          R"({{"id": 7, "job": "orders", "zone": "Asia/Shanghai", "state": "{}", "planned": true, "counts": {{{}}},
              "from": "2018-10-09T16:00:00Z", "to": "2018-10-10T16:00:00Z", "alerts": "none"}})",
          look.state, look.counts));
    }
    std::size_t pauses = 0;
    f.out.str("");
    f.err.str("");
    Options options;
    options.json = json;
    const Exit exit = follow_backfill(7, options, api, f.console, [&] { ++pauses; });
    CHECK(pauses + 1 == looks.size());
    CHECK(api.asked == std::vector<std::string>(looks.size(), "/api/v1/backfills/7"));
    return exit;
  };
  CHECK(follow({{"running", ""}, {"paused", R"("SUCCESS": 1, "RUNNING": 1)"}, {"done", R"("SUCCESS": 2)"}},
               false) == Exit::done);
  CHECK(f.err.str().find("1 of 2 done, 1 running, paused") != std::string::npos);
  CHECK(f.out.str().find("backfill 7 of orders: done, 2 of 2 done\n") == 0);
  CHECK(follow({{"failed", R"("FAILURE": 1)"}}, false) == Exit::failed);
  CHECK(follow({{"cancelled", R"("SKIPPED": 1)"}}, true) == Exit::failed);
  CHECK(JsonView(boost::json::parse(f.out.str()))["state"].text() == "cancelled");
  CHECK(f.parse({"backfill", "orders", "--dates", "2018-10-09", "--wait"}).wait);
  CHECK(f.parse({"backfill", "show", "7", "--follow"}).follow);
}

TEST_CASE("command line: a backfill without job or slots is bad usage") {
  Fixture f;
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"backfill", "orders"},
        {"backfill", "orders", "--from", "2018-10-10"},
        {"backfill", "--from", "2018-10-10", "--to", "2018-10-11"},
        {"backfill", "orders", "--from", "2018-10-10", "--dates", "2018-10-10"},
        {"backfill", "orders", "--range", "2018-10-10"}}) {
    try {
      command_backfill(f.parse(words), f.api, f.console);
      FAIL("accepted");
    } catch (const CommandFailure& failure) {
      CHECK(failure.exit() == Exit::usage);
    }
  }
}
