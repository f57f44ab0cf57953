// Behaviour 10: the wall clock is set, or the machine sleeps, under a running scheduler.

#include "scheduler/scheduler.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/scheduler_bench.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::SchedulerBench;

std::vector<std::string> warnings(const SchedulerBench& bench) {
  std::vector<std::string> found;
  for (const std::string& line : bench.observer.lines) {
    if (line.find("wall clock") != std::string::npos) found.push_back(line);
  }
  return found;
}

// Every slot of five minutes has its row, and what ran ran once.
void check_no_duplicate_no_gap(SchedulerBench& bench) {
  const auto instances = bench.all("orders");
  REQUIRE(instances.size() > 1);
  for (std::size_t i = 1; i < instances.size(); ++i) {
    REQUIRE(instances[i].id.scheduled - instances[i - 1].id.scheduled == 5min);
  }
  std::set<InstanceId> ran;
  for (const auto& start : bench.runner.starts) CHECK(ran.insert(start.id).second);
  for (const Instance& instance : instances) {
    const bool due = instance.id.scheduled <= bench.clock.now() - 1min;
    if (due) CHECK(instance.state == State::success);
  }
}

TEST_CASE(
    "behaviour 10: steps of plus and minus 2 h and of a leap second: no duplicate, no gap, one warning") {
  struct Row {
    Duration step;
    std::string told;
  };
  const auto row = GENERATE(values<Row>({{2h, "forward by 2h"},
                                         {-2h, "back by 2h"},
                                         {1s, "forward by 1s"},
                                         {-1s, "back by 1s"},
                                         {30s, "forward by 30s"}}));
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:04:59+08:00");
  bench.clock.step_wall(row.step);
  bench.advance(30min);
  REQUIRE(warnings(bench).size() == 1);
  CHECK(warnings(bench)[0] == "the wall clock went " + row.told +
                                  " of a sudden: it was set, or the machine slept; what is due is looked at "
                                  "again, no slot is lost or run twice");
  bench.advance(26h);
  CHECK(warnings(bench).size() == 1);
  check_no_duplicate_no_gap(bench);
}

TEST_CASE("behaviour 10: a step forward starts what became due at the same moment, not at the next look") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:00:10+08:00");
  const Duration at = bench.clock.monotonic();
  bench.clock.step_wall(2h);
  bench.advance(24s);
  CHECK(bench.executed(1).substr(0, 12) == "orders@10:05");
  CHECK(bench.runner.starts.size() == 1 + 24);
  CHECK(bench.clock.monotonic() - at == Duration(24s));
}

TEST_CASE("behaviour 10: after a step back the next slot is waited for at its own time") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:04:50+08:00");
  bench.clock.step_wall(-1min);
  bench.advance(30s);
  CHECK(bench.executed() == "orders@10:00");
  bench.advance_to("2018-10-16T10:05+08:00");
  CHECK(bench.executed() == "orders@10:00 orders@10:05");
  CHECK(bench.observer.lateness.back() == Duration(0));
}

TEST_CASE("behaviour 10: a machine that slept runs every window it slept through, in order, each once") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  bench.suspend(3h + 6min);
  bench.advance(1min);
  CHECK(bench.runner.starts.size() == 1 + 37);
  REQUIRE(warnings(bench).size() == 1);
  CHECK(warnings(bench)[0].substr(0, 39) == "the wall clock went forward by 3h6m of ");
  bench.advance(1h);
  check_no_duplicate_no_gap(bench);
}

TEST_CASE("behaviour 10: sleeping across two midnights plans the days that were missed") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.suspend(72h);
  bench.advance(1h);
  check_no_duplicate_no_gap(bench);
  CHECK(bench.all("orders").back().id.scheduled >= sluice::test::local_time("2018-10-20T23:55+08:00"));
}

TEST_CASE("behaviour 10: a step of three years forward plans and starts nothing until the clock is back") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  const auto rows = bench.all("orders").size();
  bench.clock.step_wall(3 * 365 * 24h);
  bench.advance(3h);
  CHECK(bench.all("orders").size() == rows);
  CHECK(bench.executed() == "orders@10:00");
  REQUIRE(bench.scheduler->clock_doubt());
  CHECK(bench.scheduler->clock_doubt()->expected == sluice::test::local_time("2018-10-16T13:01+08:00"));
  CHECK(bench.observer.lines.back() ==
        "the wall clock jumped ahead by 26280h of a sudden: by the time that passed it is about "
        "2018-10-16T02:01+00:00; nothing is planned, started or removed until it is set back, or sluice "
        "reload says that it is right");
  bench.clock.step_wall(-3 * 365 * 24h);
  CHECK_FALSE(bench.scheduler->clock_doubt());
  bench.advance(30min);
  CHECK(bench.runner.starts.size() == 1 + 42);
  check_no_duplicate_no_gap(bench);
}

TEST_CASE("behaviour 10: a jump ahead is held back while the store does not work as well") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start([](std::size_t, bool) { return sluice::test::Fault::before; });
  bench.clock.step_wall(48h);
  bench.faulty->script = nullptr;
  bench.advance(10min);
  CHECK(bench.all("orders").empty());
  bench.clock.step_wall(-48h);
  bench.advance(10min);
  CHECK_FALSE(bench.all("orders").empty());
  CHECK(bench.all("orders").back().id.scheduled == sluice::test::local_time("2018-10-17T23:55+08:00"));
}

TEST_CASE("behaviour 10: an operator confirms a jump ahead, and what became due runs") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  bench.scheduler->accept_clock();  // nothing is in doubt
  bench.clock.step_wall(25h);
  bench.advance(5min);
  CHECK(bench.executed() == "orders@10:00");
  bench.scheduler->accept_clock();
  bench.advance(1h);
  CHECK_FALSE(bench.scheduler->clock_doubt());
  CHECK(bench.runner.starts.size() == 1 + 12 * 26 + 1);
  check_no_duplicate_no_gap(bench);
}

TEST_CASE("behaviour 10: a retry put down by a clock that was far ahead runs once it is back") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.runner.script = [](const Instance&, int attempt) {
    sluice::test::ScriptedRunner::Act act;
    if (attempt == 1) act.error = Error(Errc::unavailable, "get records: refused");
    if (attempt == 1) act.takes = 2min;
    return act;
  };
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  bench.clock.step_wall(365 * 24h);
  bench.advance(2min);
  CHECK(bench.get("orders", "2018-10-16T10:00+08:00").state == State::retry_wait);
  bench.clock.step_wall(-365 * 24h);
  bench.advance(1min);
  CHECK(bench.executed() == "orders@10:00 orders@10:00#2");
}

TEST_CASE("behaviour 10: each step has its own warning") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  for (int i = 0; i < 3; ++i) {
    bench.advance(7min);
    bench.clock.step_wall(i % 2 == 0 ? 1h : -1h);
  }
  CHECK(warnings(bench).size() == 3);
  bench.advance(5h);
  check_no_duplicate_no_gap(bench);
}

TEST_CASE("behaviour 10: a scheduler that cannot reach its store yet still tells of a step") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start([](std::size_t, bool) { return sluice::test::Fault::before; });
  bench.advance(10s);
  bench.clock.step_wall(2h);
  CHECK(warnings(bench).size() == 1);
}

}  // namespace
