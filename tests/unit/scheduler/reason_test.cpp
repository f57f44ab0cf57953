#include "scheduler/reason.hpp"

#include "scheduler/catch_up.hpp"
#include "scheduler/decide.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/scheduler_bench.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::SchedulerBench;

const std::string kSlot = "2018-10-16T00:05+08:00";

Order order_of(Action action) {
  Order order;
  order.action = action;
  order.actor = "uid 1000";
  order.reason = "because";
  return order;
}

// The code of orders@00:05 as it is stored, and as it is shown.
ReasonCode code_at(SchedulerBench& bench, const std::string& slot = kSlot) {
  const Instance stored = bench.get("orders", slot);
  std::vector<Instance> one = {stored};
  one = bench.ask(bench.scheduler->shown(std::move(one)));
  const bool paused = one.front().state == State::frozen && stored.state != State::frozen;
  if (!paused) CHECK(reason_code(one.front()) == reason_code(stored));
  return reason_code(one.front());
}

void fail_all(SchedulerBench& bench, int reruns) {
  bench.jobs[0].rerun.times = reruns;
  bench.runner.script = [](const Instance&, int) {
    sluice::test::ScriptedRunner::Act act;
    act.error = Error(Errc::unavailable, "get records: refused");
    return act;
  };
}

TEST_CASE("reason code: what waits, runs or succeeds by itself has none") {
  SchedulerBench bench;
  bench.start();
  CHECK(code_at(bench) == ReasonCode::none);
  bench.advance_to("2018-10-16T00:05+08:00");
  CHECK(bench.get("orders", kSlot).state == State::running);
  CHECK(code_at(bench) == ReasonCode::none);
  bench.advance(1min);
  CHECK(bench.get("orders", kSlot).state == State::success);
  CHECK(code_at(bench) == ReasonCode::none);
}

TEST_CASE("reason code: a failed attempt gives the same to the wait for its rerun and to the failure") {
  SchedulerBench bench;
  fail_all(bench, 1);
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  CHECK(bench.get("orders", kSlot).state == State::retry_wait);
  CHECK(code_at(bench) == ReasonCode::attempt_failed);
  bench.advance(10min);
  CHECK(bench.get("orders", kSlot).state == State::failure);
  CHECK(code_at(bench) == ReasonCode::attempt_failed);
  REQUIRE(
      bench.ask(bench.scheduler->act(order_of(Action::set_success), SchedulerBench::id("orders", kSlot))));
  CHECK(code_at(bench) == ReasonCode::set_success);
}

TEST_CASE("reason code: a timeout, a kill of what runs and one of what waits are told apart") {
  SchedulerBench bench;
  bench.jobs[0].timeout = 1min;
  bench.runner.script = [](const Instance& instance, int) {
    sluice::test::ScriptedRunner::Act act;
    if (instance.id.scheduled == sluice::test::local_time(kSlot)) act.takes = 10h;
    return act;
  };
  bench.start();
  bench.advance_to("2018-10-16T00:07+08:00");
  CHECK(code_at(bench) == ReasonCode::timed_out);
  REQUIRE(bench.ask(bench.scheduler->act(order_of(Action::rerun), SchedulerBench::id("orders", kSlot))));
  bench.advance(10s);
  CHECK(bench.get("orders", kSlot).state == State::running);
  REQUIRE(bench.ask(bench.scheduler->act(order_of(Action::kill), SchedulerBench::id("orders", kSlot))));
  CHECK(bench.get("orders", kSlot).state == State::failure);
  CHECK(code_at(bench) == ReasonCode::killed);
  const std::string later = "2018-10-16T03:00+08:00";
  REQUIRE(bench.ask(bench.scheduler->act(order_of(Action::kill), SchedulerBench::id("orders", later))));
  CHECK(code_at(bench, later) == ReasonCode::killed);
}

TEST_CASE("reason code: what an operator decided has the code of his action") {
  struct Row {
    Action action;
    ReasonCode code;
  };
  const auto row =
      GENERATE(values<Row>({{Action::freeze, ReasonCode::frozen}, {Action::skip, ReasonCode::skipped}}));
  SchedulerBench bench;
  bench.start();
  REQUIRE(bench.ask(bench.scheduler->act(order_of(row.action), SchedulerBench::id("orders", kSlot))));
  CHECK(code_at(bench) == row.code);
  if (row.action != Action::freeze) return;
  REQUIRE(bench.ask(bench.scheduler->act(order_of(Action::unfreeze), SchedulerBench::id("orders", kSlot))));
  CHECK(code_at(bench) == ReasonCode::put_back);
}

TEST_CASE("reason code: due instances of a paused job are shown with job_paused") {
  SchedulerBench bench;
  bench.start();
  REQUIRE(bench.ask(bench.scheduler->pause("orders", "uid 1000", "the table is being moved")));
  bench.advance_to("2018-10-16T00:11+08:00");
  CHECK(code_at(bench) == ReasonCode::job_paused);
}

TEST_CASE("reason code: what was lost with the daemon says so, to be run again or not") {
  for (const bool never : {false, true}) {
    SchedulerBench bench;
    if (never) bench.jobs[0].rerun.property = job::RerunProperty::never;
    bench.runner.script = [](const Instance&, int) {
      sluice::test::ScriptedRunner::Act act;
      act.takes = 10h;
      return act;
    };
    bench.start();
    bench.advance_to("2018-10-16T00:06+08:00");
    bench.crash();
    const Instance before = bench.get("orders", kSlot);
    CHECK(before.state == State::running);
    const auto lost = bench.ask(bench.store.close_lost(
        bench.clock.now(), never ? std::vector<std::string>{"orders"} : std::vector<std::string>{}));
    REQUIRE(lost.size() == 1);
    CHECK(reason_code(lost.front()) == ReasonCode::attempt_lost);
    CHECK(lost.front().state == (never ? State::lost : State::wait_resource));
  }
}

TEST_CASE("reason code: windows skipped by catch-up are missed") {
  job::CatchUp rule;
  rule.policy = job::CatchUp::Policy::none;
  const Instant slot = sluice::test::local_time(kSlot);
  const std::vector<Instant> missed = {slot};
  const CatchUpChoice choice = choose_missed(rule, missed, slot + 1h, true);
  CHECK(reason_code(State::skipped, false, choice.reason) == ReasonCode::missed);
}

TEST_CASE("reason code: a dry run has its own before and after its time") {
  CHECK(reason_code(State::wait_time, true, "dry run: an off day of the schedule") == ReasonCode::dry_run);
  CHECK(reason_code(State::success, true, "dry run: an off day of the schedule") == ReasonCode::dry_run);
}

TEST_CASE("reason code: an attempt stopped with the daemon waits for its rerun as a lost one") {
  Ending ending;
  ending.cause = Ending::Cause::shutdown;
  const Verdict verdict = judge(ending, job::Rerun(), 0, Instant(1h));
  CHECK(reason_code(State::retry_wait, false, verdict.error.message()) == ReasonCode::attempt_lost);
}

TEST_CASE("reason code: every code has its word") {
  std::set<std::string_view> words;
  for (int code = 0; code <= static_cast<int>(ReasonCode::put_back); ++code)
    words.insert(to_string(static_cast<ReasonCode>(code)));
  CHECK(words.size() == 12);
  CHECK(to_string(ReasonCode::missed) == "missed");
  CHECK(to_string(ReasonCode::put_back) == "put_back");
}

}  // namespace
