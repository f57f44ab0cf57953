#include "daemon/alerts/alert_service.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/unit/daemon/alerts/alert_bench.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using sluice::test::AlertBench;

namespace {

std::vector<scheduler::Incident> all_incidents(AlertBench& bench) {
  return bench.ask(bench.alerts->incidents({.all = true}));
}

}  // namespace

TEST_CASE(
    "alert service: a failed window is one incident, told of to every channel, and over when it has "
    "succeeded") {
  AlertBench bench;
  bench.plan_days("08:00");
  bench.start();
  bench.fail("08:00");
  bench.clock.advance(2s);
  CHECK(bench.said() == "opened exhausted");
  CHECK(bench.said("mail") == "opened exhausted");
  const auto incident = all_incidents(bench).at(0);
  CHECK(incident.facts.instance == "orders@2018-10-16T08:00+08:00");
  CHECK(incident.facts.error.find("put object: 503") != std::string::npos);

  const auto row = bench.ask(bench.states->instance(AlertBench::id("08:00")))->row;
  REQUIRE(bench.ask(bench.states->operate(row, {scheduler::State::failure}, scheduler::State::wait_resource,
                                          "rerun", scheduler::AuditEntry())));
  bench.clock.advance(2h);  // it waits for its rerun: neither repeated nor over
  CHECK(bench.said().empty());
  bench.succeed("08:00");
  bench.clock.advance(2s);
  CHECK(bench.said() == "recovered exhausted");
}

TEST_CASE(
    "alert service: behaviour 15, 288 windows that fail and block give at most 3 notices and 1 recovery") {
  AlertBench bench("2018-10-16T00:00+08:00");
  bench.plan_days();
  bench.start();
  bench.fail("00:00");
  bench.clock.advance(24h);
  CHECK(bench.said() == "opened exhausted; again exhausted; again exhausted");
  const auto open = bench.ask(bench.alerts->incidents({}));
  REQUIRE(open.size() == 1);
  CHECK(open[0].facts.instance == "orders@2018-10-16T00:00+08:00");
  CHECK(open[0].facts.count >= 285);  // written down every ten minutes
  for (auto at = AlertBench::id("00:00").scheduled; at <= bench.clock.now(); at += 5min) {
    const auto row =
        bench.ask(bench.states->instance(AlertBench::id(job::format_local(at, "Asia/Shanghai"))))->row;
    REQUIRE(
        bench.ask(bench.states->change_state(row, {scheduler::State::failure, scheduler::State::wait_time},
                                             scheduler::State::success, "by hand")));
  }
  bench.clock.advance(1min);
  CHECK(bench.said() == "recovered exhausted");
}

TEST_CASE("alert service: a frozen window that blocks others is one incident that names it") {
  AlertBench bench;
  bench.plan_days("08:00");
  const auto row = bench.ask(bench.states->instance(AlertBench::id("08:00")))->row;
  REQUIRE(bench.ask(bench.states->change_state(row, {scheduler::State::wait_time}, scheduler::State::frozen,
                                               "frozen by uid 7")));
  bench.start();
  bench.clock.advance(36min);
  CHECK(bench.said() == "opened blocked");
  bench.clock.advance(3h);
  CHECK(all_incidents(bench).size() == 1);
}

TEST_CASE("alert service: what waits for another job lags unless that job's own trouble is told of") {
  AlertBench bench;
  job::Job users;
  users.name = "users";
  scheduler::BlockedChain cause;
  cause.job = "users";
  cause.downstream_jobs = {"orders"};
  bench.blocked = {cause};
  bench.plan_days("08:00");
  SECTION("the cause is told of") {
    bench.jobs.push_back(users);
    bench.start();
    bench.clock.advance(2h);
    CHECK(bench.said().empty());
  }
  SECTION("the cause has no file any more") {
    bench.start();
    bench.clock.advance(2h);
    CHECK(bench.said().starts_with("opened lag"));
  }
  SECTION("the cause is a job without alerts") {
    job::JobAlerts none;
    none.off = true;
    users.alerts = std::make_shared<const job::JobAlerts>(none);
    bench.jobs.push_back(users);
    bench.start();
    bench.clock.advance(2h);
    CHECK(bench.said().starts_with("opened lag"));
  }
}

TEST_CASE("alert service: after a restart nothing is told of twice and nothing is forgotten") {
  AlertBench bench;
  bench.plan_days("08:00");
  bench.start();
  bench.fail("08:00");
  bench.clock.advance(2s);
  CHECK(bench.said() == "opened exhausted");
  bench.stop(true);
  bench.start();
  bench.clock.advance(20min);
  CHECK(bench.said().empty());
  bench.clock.advance(20min);
  CHECK(bench.said() == "again exhausted");
  bench.stop(true);
  for (auto at = AlertBench::id("08:00").scheduled; at <= bench.clock.now() + 5min; at += 5min) {
    const auto one =
        bench.ask(bench.states->instance(AlertBench::id(job::format_local(at, "Asia/Shanghai"))))->row;
    REQUIRE(
        bench.ask(bench.states->change_state(one, {scheduler::State::failure, scheduler::State::wait_time},
                                             scheduler::State::success, "by hand")));
  }
  bench.start();
  bench.clock.advance(1min);
  CHECK(bench.said() == "recovered exhausted");
}

TEST_CASE(
    "alert service: a daemon that was not stopped in order is told of by the next, an orderly one is not") {
  AlertBench bench;
  bench.start();
  bench.clock.advance(1min);
  bench.stop(true);
  bench.start();
  bench.clock.advance(1min);
  CHECK(bench.said().empty());
  bench.stop(false);
  bench.start();
  bench.clock.advance(1min);
  CHECK(bench.said() == "opened restart");
  bench.stop(true);
  bench.lost = 2;  // an open attempt says it too, whatever the mark says
  bench.clock.advance(31min);
  bench.start();
  bench.clock.advance(1min);
  CHECK(bench.said() == "opened restart");
}

TEST_CASE("alert service: a crash at any call of the store neither loses a notice nor an incident") {
  std::int64_t calls = 0;
  for (std::int64_t step = -1; step < std::max<std::int64_t>(calls, 0); ++step) {
    for (const bool after : {false, true}) {
      INFO("call " << step << (after ? " after" : " before"));
      AlertBench bench;
      bench.config.restart = false;
      bench.plan_days("08:00");
      bench.faulty->fail_at = step;
      bench.faulty->after = after;
      bench.start();
      bench.fail("08:00");
      bench.clock.advance(10s);
      if (step < 0) calls = bench.faulty->calls;
      bench.stop(false);
      bench.start();
      bench.clock.advance(5min);
      for (const char* channel : {"ops", "mail"}) {
        // At least once; twice with the same id where the answer of record() was lost.
        const auto sent = bench.scripts[channel].sent;
        REQUIRE_FALSE(sent.empty());
        for (const std::string& one : sent) CHECK(one == sent.front());
        CHECK(sent.size() <= 2);
      }
      CHECK(all_incidents(bench).size() == 1);
      CHECK(bench.ask(bench.alerts->pending()).empty());
    }
  }
  CHECK(calls > 10);
}

TEST_CASE("alert service: a channel that does not answer holds up neither the other nor the looks") {
  AlertBench bench;
  bench.plan_days("08:00");
  bench.scripts["ops"].takes = 24h;
  bench.start();
  bench.fail("08:00");
  bench.clock.advance(2s);
  CHECK(bench.said("mail") == "opened exhausted");
  bench.clock.advance(31min);
  CHECK(bench.said("mail") == "again exhausted");
  CHECK(bench.said("ops") == "opened exhausted");
}

TEST_CASE("alert service: a channel that fails is told of through the other one") {
  AlertBench bench;
  bench.plan_days("08:00");
  bench.scripts["ops"].answer = [](std::size_t) { return std::string("connection refused"); };
  bench.start();
  bench.fail("08:00");
  bench.clock.advance(5min);
  CHECK(bench.said("mail") == "opened exhausted");
  bench.clock.advance(6min);
  CHECK(bench.said("mail") == "opened channel");
  CHECK(bench.service->channels().at(0).error == "connection refused");
  bench.scripts["ops"].answer = nullptr;
  bench.clock.advance(15min);
  CHECK(bench.said("mail") == "recovered channel");
  CHECK_FALSE(bench.service->channels().at(0).failing_since);
}

TEST_CASE("alert service: a state store that fails is told of from memory, and written down once it works") {
  AlertBench bench;
  bench.start();
  bench.faulty->broken = true;
  bench.clock.advance(20s);
  CHECK(bench.said().empty());
  CHECK_FALSE(bench.service->healthy());
  bench.clock.advance(40s);
  CHECK(bench.said() == "opened store");
  CHECK(bench.said("mail") == "opened store");
  bench.clock.advance(31min);
  CHECK(bench.said() == "again store");
  bench.faulty->broken = false;
  bench.clock.advance(1min);
  CHECK(bench.said() == "recovered store");
  CHECK(bench.service->healthy());
  const auto kept = all_incidents(bench);
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].kind == scheduler::AlertKind::store);
  CHECK(kept[0].recovered);

  // The next outage within the interval is the same incident, which has its number by now.
  bench.faulty->broken = true;
  bench.clock.advance(2min);
  const auto again = bench.service->unstored_incidents();
  REQUIRE(again.size() == 1);
  CHECK(again[0].id == kept[0].id);
  CHECK_FALSE(again[0].recovered);
  CHECK(bench.metrics.text().find("sluice_incidents_open{rule=\"store\"} 1") != std::string::npos);
  bench.faulty->broken = false;
  bench.clock.advance(1min);
  CHECK(bench.service->unstored_incidents().empty());
  const auto kept_again = all_incidents(bench);
  REQUIRE(kept_again.size() == 1);
  CHECK(kept_again[0].recovered > kept[0].recovered);
}

TEST_CASE("alert service: broken definition files are told of until they are right") {
  AlertBench bench;
  bench.start();
  job::Problem problem;
  problem.severity = job::Severity::error;
  problem.file = "jobs.d/orders.yaml";
  problem.message = "schedule.interval: expected a duration";
  bench.problems = {problem};
  bench.clock.advance(16s);
  CHECK(bench.said() == "opened definitions");
  bench.problems.clear();
  bench.clock.advance(16s);
  CHECK(bench.said() == "recovered definitions");
}

TEST_CASE("alert service: while the clock is in doubt no incident is forgotten") {
  AlertBench bench;
  bench.start();
  job::Problem problem;
  problem.severity = job::Severity::error;
  bench.problems = {problem};
  bench.clock.advance(16s);
  bench.problems.clear();
  bench.clock.advance(16s);
  REQUIRE(all_incidents(bench).at(0).closed);
  bench.doubted = true;
  bench.clock.step_wall(24h * 100);
  bench.problems = {problem};
  bench.clock.advance(16s);
  CHECK(all_incidents(bench).size() == 2);
  bench.doubted = false;  // somebody said that it is right
  bench.problems.clear();
  bench.clock.advance(16s);
  CHECK(all_incidents(bench).size() == 1);
}

TEST_CASE("alert service: behaviour 2, windows that catch-up skipped give one summary with their number") {
  AlertBench bench("2018-10-17T08:00+08:00");
  bench.plan_days();
  bench.start();
  for (int part = 0; part < 3; ++part) {
    for (int window = 0; window < 50; ++window) {
      const auto slot = AlertBench::id("00:00").scheduled + 5min * (part * 50 + window);
      const auto row =
          bench.ask(bench.states->instance(AlertBench::id(job::format_local(slot, "Asia/Shanghai"))))->row;
      REQUIRE(
          bench.ask(bench.states->change_state(row, {scheduler::State::wait_time}, scheduler::State::skipped,
                                               "missed while the daemon or the job was away: catchUp")));
    }
    bench.clock.advance(15s);
  }
  bench.said();
  bench.clock.advance(1min);
  std::uint64_t told = 0;
  for (const auto& incident : all_incidents(bench)) {
    if (incident.kind == scheduler::AlertKind::skipped) told += incident.facts.count;
  }
  CHECK(told == 150);
  bench.clock.advance(3h);
  std::size_t summaries = 0;
  for (const auto& incident : all_incidents(bench))
    summaries += incident.kind == scheduler::AlertKind::skipped ? 1U : 0U;
  CHECK(summaries == 1);
}

TEST_CASE("alert service: a job may have its own channels; one it does not know falls back to the default") {
  AlertBench bench;
  bench.plan_days("08:00");
  auto own = std::make_shared<job::JobAlerts>();
  own->channels = {"mail", "gone", "mail"};
  own->rules.kind = job::YamlNode::Kind::mapping;
  bench.jobs[0].alerts = own;
  bench.start();
  bench.fail("08:00");
  bench.clock.advance(2s);
  CHECK(bench.said("ops").empty());
  CHECK(bench.said("mail") == "opened exhausted");
}

TEST_CASE("alert service: before what a crash left is closed and planned nothing is judged") {
  AlertBench bench("2018-10-16T20:00+08:00");
  bench.plan_days();
  bench.ready = false;
  bench.start();
  bench.clock.advance(10min);
  CHECK(bench.said().empty());
  bench.ready = true;
  bench.clock.advance(16s);
  CHECK(bench.said() == "opened lag");
}
