#include "scheduler/left_behind.hpp"

#include "core/pipeline/window.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/scheduler_bench.hpp"

#include <boost/json/serialize.hpp>

using namespace sluice;
using namespace sluice::scheduler;
using namespace std::chrono_literals;
using sluice::test::SchedulerBench;

namespace {

const std::string kSlot = "2018-10-16T00:05+08:00";

Attempt attempt_of(int number, AttemptResult result, std::string statistics = "") {
  Attempt attempt;
  attempt.number = number;
  attempt.result = result;
  attempt.statistics = std::move(statistics);
  return attempt;
}

TEST_CASE("left behind: by an attempt that was lost, or that could not take back what it wrote") {
  pipeline::Statistics clean;
  pipeline::Statistics not_clean;
  not_clean.left_behind = 1;
  const std::string taken_back = boost::json::serialize(pipeline::to_json(clean));
  const std::string left = boost::json::serialize(pipeline::to_json(not_clean));
  CHECK(left_behind({}) == 0);
  CHECK(left_behind({attempt_of(1, AttemptResult::failed, taken_back)}) == 0);
  CHECK(left_behind({attempt_of(1, AttemptResult::failed, left)}) == 1);
  CHECK(left_behind({attempt_of(1, AttemptResult::lost), attempt_of(2, AttemptResult::failed, taken_back)}) ==
        1);
  CHECK(left_behind({attempt_of(1, AttemptResult::lost), attempt_of(2, AttemptResult::killed, left)}) == 2);
  for (const char* damaged : {"", "{", "[]", "{\"left_behind\":\"1\"}"})
    CHECK(left_behind({attempt_of(1, AttemptResult::failed, damaged)}) == 0);
}

TEST_CASE("left behind: a window whose attempt was lost is not skipped though a later one failed in order") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int attempt) {
    sluice::test::ScriptedRunner::Act act;
    act.takes = 1min;
    if (attempt == 2) act.error = Error(Errc::unavailable, "get records: 503");
    return act;
  };
  bench.jobs[0].rerun.times = 1;
  bench.start();
  bench.advance_to("2018-10-16T00:05:30+08:00");
  bench.crash();
  bench.start();
  bench.advance(65s);
  REQUIRE(bench.get("orders", kSlot).attempts == 2);
  Order skip;
  skip.action = Action::skip;
  skip.actor = "uid 1000";
  const auto refused = bench.ask(bench.scheduler->act(skip, SchedulerBench::id("orders", kSlot)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() ==
        "skip orders@2018-10-16T00:05+08:00: attempt 1 may have left objects in the target, and the next "
        "window "
        "would bring their records again; rerun it, or remove them and set it to success");
  REQUIRE(bench.ask(bench.scheduler->pause("orders", "me", "")));
  REQUIRE(bench.ask(bench.scheduler->resume("orders", RunChoice::none, "me", "")));
  CHECK(bench.get("orders", kSlot).state != State::skipped);
}

}  // namespace
