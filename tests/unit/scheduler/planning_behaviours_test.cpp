// Behaviours 1 and 14 of scheduling.md section 10.

#include "tests/support/catch_result.hpp"
#include "tests/support/scheduler_bench.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::SchedulerBench;

TEST_CASE(
    "behaviour 1: killed at 10:01 and restarted at 13:07 with step 5, 37 rows exist for 10:05 to 13:05 and "
    "all "
    "run, each with its own window") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  CHECK(bench.executed() == "orders@10:00");
  bench.crash();
  bench.advance_to("2018-10-16T13:07+08:00");
  bench.start();
  bench.advance(2min);
  InstanceQuery query;
  query.job = "orders";
  query.from = sluice::test::local_time("2018-10-16T10:05+08:00");
  query.to = sluice::test::local_time("2018-10-16T13:06+08:00");
  query.limit = 1000;
  const auto rows = bench.ask(bench.store.instances(query));
  REQUIRE(rows.size() == 37);
  REQUIRE(bench.runner.starts.size() == 38);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Instance& row = rows[rows.size() - 1 - i];
    CHECK(row.state == State::success);
    CHECK(row.id.scheduled == sluice::test::local_time("2018-10-16T10:05+08:00") + 5min * i);
    CHECK(row.window_start == row.id.scheduled - 10min);
    CHECK(row.window_end == row.id.scheduled - 5min);
    CHECK(bench.runner.starts[i + 1].id == row.id);
  }
}

TEST_CASE("behaviour 1: a downtime longer than what was planned ahead loses no slot either") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  bench.crash();
  bench.advance(5 * 24h);
  bench.start();
  bench.advance(30min);
  CHECK(bench.runner.starts.size() == 1 + 5 * 288 + 6);
}

TEST_CASE(
    "behaviour 14: at 10:00, after today's 01:15 run succeeded, 01:15 becomes 02:15: nothing starts now, the "
    "next "
    "run is tomorrow 02:15") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  bench.jobs.at(0).schedule.cycle = job::Cycle::day;
  bench.jobs.at(0).schedule.at = 75min;
  bench.start();
  bench.advance_to("2018-10-16T10:00+08:00");
  CHECK(bench.executed() == "orders@01:15");
  CHECK(bench.get("orders", "2018-10-16T01:15+08:00").state == State::success);
  auto jobs = bench.jobs;
  jobs.at(0).schedule.at = 135min;
  jobs.at(0).version = "version-2";
  bench.scheduler->set_jobs(jobs);
  bench.advance_to("2018-10-17T02:14:59+08:00");
  CHECK(bench.runner.starts.size() == 1);
  bench.advance(2s);
  REQUIRE(bench.runner.starts.size() == 2);
  CHECK(bench.runner.starts[1].at == sluice::test::local_time("2018-10-17T02:15+08:00"));
  const auto rows = bench.all("orders");
  CHECK(rows.at(0).version == "version-1");
  CHECK(rows.at(1).version == "version-2");
  CHECK(rows.at(1).id.scheduled == sluice::test::local_time("2018-10-17T02:15+08:00"));
}

TEST_CASE(
    "behaviour 14: an attempt in progress, and one that failed, keep their rows when the schedule changes") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  bench.jobs.at(0).schedule.cycle = job::Cycle::day;
  bench.jobs.at(0).schedule.at = 75min;
  bench.runner.script = [](const Instance&, int) {
    sluice::test::ScriptedRunner::Act act;
    act.takes = 2h;
    return act;
  };
  bench.start();
  bench.advance_to("2018-10-16T02:00+08:00");
  auto jobs = bench.jobs;
  jobs.at(0).schedule.at = 150min;
  jobs.at(0).version = "version-2";
  bench.scheduler->set_jobs(jobs);
  bench.advance_to("2018-10-16T06:00+08:00");
  CHECK(bench.executed() == "orders@01:15 orders@02:30");
  CHECK(bench.get("orders", "2018-10-16T01:15+08:00").version == "version-1");
  CHECK(bench.get("orders", "2018-10-16T02:30+08:00").version == "version-2");
}

}  // namespace
