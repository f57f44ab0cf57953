// scheduling.md section 7 on a whole scheduler: order, groups, places.
#include "tests/support/backfill_bench.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace sluice;
using namespace std::chrono_literals;
using scheduler::Backfill;
using scheduler::BackfillState;
using scheduler::State;
using sluice::test::BackfillBench;
using sluice::test::failing;
using sluice::test::takes;

TEST_CASE("backfill: by default the dates are serial, in order, each window with its own values") {
  BackfillBench bench;
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-12T00:00"));
  REQUIRE(made.groups.size() == 1);
  bench.advance(4min);
  CHECK(bench.ran().substr(0, 51) == "#1@10T00:00 #1@10T00:05 #1@10T00:10 #1@10T00:15 #1@");
  bench.advance(1h);
  CHECK(bench.count(made, State::success) == 576);
  CHECK(bench.state_of(made.id) == BackfillState::done);
  const auto first = bench.of_group(1, "2018-10-10T00:00");
  CHECK(first.window_start == sluice::test::local_time("2018-10-09T23:50+08:00"));
  CHECK(first.version == "version-1");
  CHECK_FALSE(bench.runner.overlapped);
}

TEST_CASE("backfill: groups run in parallel, the dates of one group serially") {
  BackfillBench bench;
  bench.jobs = {sluice::test::job_named("orders", 12h)};
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(1min); };
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-16T00:00", 3));
  REQUIRE(made.groups.size() == 3);
  bench.advance(10min);
  CHECK(bench.ran() ==
        "#1@10T00:00 #2@12T00:00 #3@14T00:00 #1@10T12:00 #2@12T12:00 #3@14T12:00 "
        "#1@11T00:00 #2@13T00:00 #3@15T00:00 #1@11T12:00 #2@13T12:00 #3@15T12:00");
  CHECK(bench.runner.executing_max == 3);
}

TEST_CASE("backfill: no more than `parallel` attempts run at once, and one place stays free") {
  for (const auto& [parallel, places, most] : {std::tuple(2, 10U, 2U), {10, 4U, 3U}, {10, 1U, 1U}}) {
    BackfillBench bench;
    bench.options.attempts_max = places;
    bench.jobs = {sluice::test::independent("orders", 60min)};
    bench.runner.script = [](const scheduler::Instance&, int) { return takes(1min); };
    bench.start();
    const Backfill made = bench.create(bench.order("2018-10-01T00:00", "2018-10-11T00:00", parallel));
    bench.advance(10min);
    CHECK(bench.runner.executing_max == most);
    bench.advance(10h);
    CHECK(bench.state_of(made.id) == BackfillState::done);
  }
}

TEST_CASE("backfill: one failure stops the rest of its group only; a rerun goes on") {
  BackfillBench bench;
  bench.jobs = {sluice::test::job_named("orders", 12h)};
  bool broken = true;
  bench.runner.script = [&](const scheduler::Instance& instance, int) {
    return broken && instance.id == BackfillBench::group_id(1, "2018-10-10T12:00") ? failing() : takes(1s);
  };
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-14T00:00", 2));
  bench.advance(10min);
  CHECK(bench.ran() == "#1@10T00:00 #2@12T00:00 #1@10T12:00 #2@12T12:00 #2@13T00:00 #2@13T12:00");
  CHECK(bench.state_of(made.id) == BackfillState::running);
  CHECK(bench.why_of_group(1, "2018-10-11T00:00").find("orders#1@2018-10-10T12:00+08:00") !=
        std::string::npos);
  broken = false;
  REQUIRE(bench.ask(bench.scheduler->rerun(BackfillBench::group_id(1, "2018-10-10T12:00"), "uid 1")));
  bench.advance(1min);
  CHECK(bench.count(made, State::success) == 8);
  CHECK(bench.state_of(made.id) == BackfillState::done);
}

TEST_CASE("backfill: inside a date without self-dependency instances run concurrently, the next date after") {
  BackfillBench bench;
  bench.options.attempts_max = 10;
  bench.jobs = {sluice::test::independent("orders", 8h)};
  bench.runner.script = [](const scheduler::Instance& instance, int) {
    return takes(instance.id.scheduled == sluice::test::local_time("2018-10-10T08:00+08:00") ? 5min : 1min);
  };
  bench.start();
  bench.create(bench.order("2018-10-10T00:00", "2018-10-11T08:00", 3));
  const Backfill serial = bench.create([] {
    auto wanted = BackfillBench::order("2018-10-12T00:00", "2018-10-14T00:00", 3);
    wanted.parallel = 3;
    return wanted;
  }());
  CHECK(serial.groups.size() == 2);
  bench.advance(10min);
  CHECK(bench.ran().find("#1@10T00:00 #1@10T08:00 #1@10T16:00") == 0);
}

TEST_CASE("backfill: the next date waits for the slowest instance of the date before") {
  BackfillBench bench;
  bench.options.attempts_max = 10;
  bench.jobs = {sluice::test::independent("orders", 12h)};
  bench.runner.script = [](const scheduler::Instance& instance, int) {
    return takes(instance.id.scheduled == sluice::test::local_time("2018-10-10T00:00+08:00") ? 5min : 1min);
  };
  bench.start();
  auto wanted = bench.order("2018-10-10T00:00", "2018-10-14T00:00", 2);
  bench.create(wanted);  // dates 9 and 10 in group 1, 11 and 12 in group 2
  bench.advance(4min);
  CHECK(bench.ran().find("#1@11") == std::string::npos);
  bench.advance(6min);
  CHECK(bench.ran().find("#1@11T00:00") != std::string::npos);
}

TEST_CASE("backfill: desc runs the newest business date first, and only without self-dependency") {
  BackfillBench bench;
  bench.jobs = {sluice::test::independent("orders", 12h)};
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(1s); };
  bench.start();
  auto wanted = bench.order("2018-10-10T00:00", "2018-10-12T00:00");
  wanted.descending = true;
  bench.create(wanted);
  CHECK(bench.why_of_group(1, "2018-10-10T00:00").find("its business date comes first") != std::string::npos);
  bench.advance(1min);
  CHECK(bench.ran() == "#1@11T12:00 #1@11T00:00 #1@10T12:00 #1@10T00:00");
  BackfillBench chained;
  chained.start();
  CHECK(chained.refusal(wanted).find("use the order asc") != std::string::npos);
}

TEST_CASE("backfill: of two, the one with the higher priority gets the places first") {
  BackfillBench bench;
  bench.options.attempts_max = 2;  // one for backfills
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(1min); };
  bench.start();
  bench.create(bench.order("2018-10-10T00:00", "2018-10-10T00:10"));
  auto urgent = bench.order("2018-10-11T00:00", "2018-10-11T00:10");
  urgent.priority = 5;
  bench.create(urgent);
  bench.advance(10min);
  std::string order = bench.ran();
  CHECK(order.find("#2@11T00:05") < order.find("#1@10T00:05"));
}

TEST_CASE("behaviour 12: a backfill of 7 days x 288 in 3 groups leaves the recurring latency unchanged") {
  const auto lateness = [](bool with_backfill) {
    BackfillBench bench;
    bench.runner.script = [](const scheduler::Instance&, int) { return takes(20s); };
    bench.start();
    std::optional<Backfill> made;
    if (with_backfill) made = bench.create(bench.order("2018-10-08T00:00", "2018-10-15T00:00", 3));
    bench.advance(6h);
    if (made) {
      CHECK(bench.count(*made, State::success) == 2016);
      CHECK(bench.state_of(made->id) == BackfillState::done);
      CHECK(bench.runner.executing_max <= 4);
    }
    Duration most(0);
    std::size_t recurring = 0;
    for (const auto& start : bench.runner.starts) {
      if (start.id.group != 0) continue;
      most = std::max<Duration>(most, start.at - start.id.scheduled);
      ++recurring;
    }
    CHECK(recurring == 72);
    CHECK_FALSE(bench.runner.overlapped);
    return most;
  };
  const Duration alone = lateness(false);
  CHECK(lateness(true) <= alone + 1s);
}

TEST_CASE("backfill: recurring instances of many jobs due together take places from nobody but themselves") {
  BackfillBench bench;
  bench.jobs.clear();
  for (const char* name : {"a", "b", "c", "d", "orders"}) bench.jobs.push_back(sluice::test::job_named(name));
  bench.options.attempts_max = 5;
  bench.runner.script = [](const scheduler::Instance& instance, int) {
    return takes(instance.id.group == 0 ? 1s : 4min);
  };
  bench.start();
  bench.create(bench.order("2018-10-08T00:00", "2018-10-15T00:00", 7));
  bench.advance(2h);
  for (const auto& start : bench.runner.starts) {
    if (start.id.group == 0) CHECK(start.at - start.id.scheduled <= 1s);
  }
}
