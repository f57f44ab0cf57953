// scheduling.md section 7 on a whole scheduler: what operators do to one that runs.
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

namespace {

// From midnight of 10 October on, a minute and a half after it was asked for.
Backfill begin_backfill(BackfillBench& bench, Duration each, const std::string& to) {
  bench.runner.script = [each](const scheduler::Instance&, int) { return takes(each); };
  bench.start();
  Backfill made = bench.create(bench.order("2018-10-10T00:00", to));
  bench.advance(90s);
  return made;
}

}  // namespace

TEST_CASE("backfill: paused, nothing new starts; resumed, it goes on where it was") {
  BackfillBench bench;
  const Backfill made = begin_backfill(bench, 1min, "2018-10-10T01:00");
  CHECK(bench.ask(bench.scheduler->pause_backfill(made.id, "uid 1")).value().state == BackfillState::paused);
  bench.advance(10min);
  CHECK(bench.ran().find("#1@10T00:10") == std::string::npos);
  CHECK(bench.count(made, State::success) == 2);
  CHECK(bench.why_of_group(1, "2018-10-10T00:10") == "waits: backfill 1 is paused; sluice backfill resume 1");
  CHECK(bench.ask(bench.scheduler->pause_backfill(made.id, "uid 1")).error().code() ==
        Errc::refused_by_state);
  REQUIRE(bench.ask(bench.scheduler->resume_backfill(made.id, "uid 1")));
  bench.advance(15min);
  CHECK(bench.count(made, State::success) == 12);
  CHECK(bench.ask(bench.scheduler->resume_backfill(made.id, "uid 1")).error().code() ==
        Errc::refused_by_state);
  CHECK(bench.ask(bench.scheduler->resume_backfill(77, "uid 1")).error().code() == Errc::not_found);
}

TEST_CASE("backfill: cancelled, what has not started is SKIPPED and what runs ends by itself") {
  BackfillBench bench;
  const Backfill made = begin_backfill(bench, 1min, "2018-10-10T01:00");
  REQUIRE(bench.ask(bench.scheduler->cancel_backfill(made.id, "uid 1", false)));
  CHECK(bench.count(made, State::skipped) == 10);
  bench.advance(10min);
  CHECK(bench.count(made, State::success) == 2);
  CHECK(bench.of_group(1, "2018-10-10T00:10").reason == "backfill 1 cancelled by uid 1");
  CHECK(bench.state_of(made.id) == BackfillState::cancelled);
  CHECK(bench.ask(bench.backfills.unfinished_backfills()).empty());
  CHECK(bench.ask(bench.scheduler->rerun(BackfillBench::group_id(1, "2018-10-10T00:00"), "uid 1"))
            .error()
            .code() == Errc::refused_by_state);
  std::vector<std::string> actions;
  for (const auto& entry : bench.backfills.audited) actions.push_back(entry.action + " " + entry.target);
  CHECK(actions == std::vector<std::string>({"backfill orders", "backfill cancel backfill 1"}));
}

TEST_CASE("backfill: cancelled with kill, what runs is stopped, and its failure is not repeated") {
  BackfillBench bench;
  const Backfill made = begin_backfill(bench, 10min, "2018-10-10T01:00");
  REQUIRE(bench.ask(bench.scheduler->cancel_backfill(made.id, "uid 1", true)));
  CHECK(bench.of_group(1, "2018-10-10T00:00").state == State::failure);
  CHECK(bench.count(made, State::skipped) == 11);
  bench.advance(10min);
  CHECK(bench.ask(bench.backfills.unfinished_backfills()).empty());
}

TEST_CASE("backfill: what failed of a cancelled one blocks nothing, and may be skipped but not run again") {
  BackfillBench bench;
  const Backfill made = begin_backfill(bench, 10min, "2018-10-10T01:00");
  REQUIRE(bench.ask(bench.scheduler->cancel_backfill(made.id, "uid 1", true)));
  bench.advance(1min);
  for (const auto& chain : bench.ask(bench.scheduler->blocked())) CHECK(chain.root->group == 0);
  const scheduler::InstanceId failed = BackfillBench::group_id(1, "2018-10-10T00:00");
  scheduler::Order order;
  order.actor = "uid 1";
  order.action = scheduler::Action::rerun;
  const auto refused = bench.ask(bench.scheduler->act(order, failed));
  REQUIRE_FALSE(refused);
  CHECK(
      refused.error().message() ==
      "rerun orders#1@2018-10-10T00:00+08:00: backfill 1 was cancelled; skip the instance, or ask for a new "
      "backfill");
  order.action = scheduler::Action::skip;
  REQUIRE(bench.ask(bench.scheduler->act(order, failed)));
  CHECK(bench.of_group(1, "2018-10-10T00:00").state == State::skipped);
  CHECK(bench.ask(bench.backfills.unfinished_backfills()).empty());
}

TEST_CASE("backfill: that its instances are made, and skipped, is told once each") {
  BackfillBench bench;
  const Backfill made = begin_backfill(bench, 1min, "2018-10-13T00:00");
  CHECK(bench.observer.backfills == std::vector<std::string>{"planned 1"});
  REQUIRE(bench.ask(bench.scheduler->pause_backfill(made.id, "uid 1")));
  REQUIRE(bench.ask(bench.scheduler->resume_backfill(made.id, "uid 1")));
  REQUIRE(bench.ask(bench.scheduler->cancel_backfill(made.id, "uid 1", true)));
  bench.advance(10min);
  CHECK(bench.observer.backfills == std::vector<std::string>({"planned 1", "skipped 1"}));
}

TEST_CASE("backfill: an attempt that fails after the cancellation is told as skipped too") {
  BackfillBench bench;
  bench.runner.script = [](const scheduler::Instance&, int) {
    auto broken = takes(1min);
    broken.error = Error(Errc::unavailable, "get records: 503");
    return broken;
  };
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-10T00:05"));
  bench.advance(30s);
  REQUIRE(bench.ask(bench.scheduler->cancel_backfill(made.id, "uid 1", false)));
  CHECK(bench.observer.backfills == std::vector<std::string>{"planned 1"});
  bench.advance(5min);
  CHECK(bench.count(made, State::skipped) == 1);
  CHECK(bench.observer.backfills == std::vector<std::string>({"planned 1", "skipped 1"}));
}

TEST_CASE("backfill: one that is done is not closed again while a rerun of it is being stored") {
  BackfillBench bench;
  bool slow = false;
  bench.latency = [&slow](bool writes) { return slow && writes ? Duration(40s) : Duration(0); };
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-10T00:10"));
  bench.advance(10s);
  REQUIRE(bench.state_of(made.id) == BackfillState::done);
  slow = true;  // a turn comes between opening the backfill and changing the instance
  REQUIRE(bench.ask(bench.scheduler->rerun(BackfillBench::group_id(1, "2018-10-10T00:00"), "uid 1")));
  slow = false;
  bench.advance(2min);
  CHECK(bench.of_group(1, "2018-10-10T00:00").attempts == 2);
  CHECK(bench.state_of(made.id) == BackfillState::done);
}

TEST_CASE("backfill: what follows from an instance of one that is done runs again") {
  BackfillBench bench;
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-10T00:10"));
  bench.advance(10s);
  REQUIRE(bench.state_of(made.id) == BackfillState::done);
  scheduler::Order order;
  order.actor = "uid 1";
  const auto again =
      bench.ask(bench.scheduler->rerun_downstream(order, BackfillBench::group_id(1, "2018-10-10T00:00")));
  REQUIRE(again);
  CHECK(again->size() == 2);
  bench.advance(10s);
  CHECK(bench.of_group(1, "2018-10-10T00:05").attempts == 2);
}

TEST_CASE("backfill: an off day of a weekly job is no part of it") {
  BackfillBench bench;
  job::Job& weekly = bench.jobs.front();
  weekly.schedule.cycle = job::Cycle::week;
  weekly.schedule.weekdays = {1};
  weekly.schedule.at = 3h;
  weekly.schedule.off_days_dry_run = true;
  bench.start();
  scheduler::BackfillOrder order = bench.order("2018-10-08T00:00", "2018-10-15T00:00");
  order.all = true;
  const Backfill made = bench.create(order);
  bench.advance(1min);
  CHECK(bench.ran() == "#1@08T03:00");
  CHECK(bench.instances_of(made).size() == 1);
}
