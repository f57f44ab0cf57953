#include "tests/support/catch_result.hpp"
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/scheduler_bench.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::Fault;
using sluice::test::SchedulerBench;

// Two jobs with windows at 00:05, 00:10, 00:15 and 00:20, one of which fails the first time.
constexpr std::size_t kWindows = 4;

void script_failures(SchedulerBench& bench) {
  bench.jobs = {sluice::test::job_named("orders"), sluice::test::job_named("users")};
  for (job::Job& job : bench.jobs) job.schedule.end = 20min;
  bench.runner.script = [](const Instance& instance, int attempt) {
    sluice::test::ScriptedRunner::Act act;
    act.takes = 20s;
    if (instance.id.job == "users" && attempt == 1) act.error = Error(Errc::unavailable, "get records: 503");
    return act;
  };
}

// Everything that was due has run exactly once to success, in a chain without a gap, and nothing is running.
void check_complete(SchedulerBench& bench, const std::string& job) {
  const auto done = bench.all(job, {State::success});
  REQUIRE(done.size() == kWindows);
  std::optional<Instant> end;
  for (const Instance& instance : done) {
    const auto from = bench.ask(bench.store.start_positions(instance.row));
    const auto to = bench.ask(bench.store.end_positions(instance.row));
    REQUIRE(from);
    REQUIRE(to);
    if (end) CHECK(from->shards.at(0).time == *end);
    end = to->shards.at(0).time;
    CHECK(bench.runner.contents.at(instance.id).size() == 1);
    std::size_t successes = 0;
    for (const Attempt& attempt : bench.ask(bench.store.attempts(instance.row))) {
      CHECK(attempt.result != AttemptResult::open);
      successes += attempt.result == AttemptResult::success ? 1U : 0U;
    }
    CHECK(successes == 1);
  }
  CHECK(bench.all(job, {State::running}).empty());
  CHECK_FALSE(bench.runner.overlapped);
}

std::size_t calls_of_an_ordinary_run() {
  SchedulerBench bench("2018-10-16T00:01+08:00");
  script_failures(bench);
  bench.start();
  bench.advance_to("2018-10-16T00:25+08:00");
  return bench.faulty->calls();
}

TEST_CASE(
    "scheduler: a crash at any call of the store, before or after it takes effect, loses and doubles "
    "nothing") {
  const std::size_t calls = calls_of_an_ordinary_run();
  REQUIRE(calls > 60);
  for (std::size_t step = 0; step < calls; ++step) {
    for (const Fault kind : {Fault::before, Fault::after}) {
      SchedulerBench bench("2018-10-16T00:01+08:00");
      script_failures(bench);
      bool dead = false;
      bench.start([&dead, step, kind](std::size_t call, bool) {
        if (dead) return Fault::before;
        dead = call == step;
        return dead ? kind : Fault::none;
      });
      while (!dead) bench.advance(1s);
      INFO("call " << step << (kind == Fault::before ? " fails" : " is not answered"));
      bench.crash();
      bench.start();
      for (const Instance& running : bench.all("", {State::running})) {
        CHECK(bench.runner.in_progress.contains(running.id));
      }
      bench.advance(40min);
      check_complete(bench, "orders");
      check_complete(bench, "users");
    }
  }
}

TEST_CASE("scheduler: a failure of the store at any call is survived without a restart") {
  const std::size_t calls = calls_of_an_ordinary_run();
  for (std::size_t step = 0; step < calls; ++step) {
    for (const Fault kind : {Fault::before, Fault::after}) {
      SchedulerBench bench("2018-10-16T00:01+08:00");
      script_failures(bench);
      bench.start([step, kind](std::size_t call, bool) { return call == step ? kind : Fault::none; });
      INFO("call " << step << (kind == Fault::before ? " fails" : " is not answered"));
      bench.advance(50min);
      check_complete(bench, "orders");
      check_complete(bench, "users");
      CHECK_FALSE(bench.scheduler->store_failure());
      CHECK(bench.scheduler->counters().store_failures == 1);
    }
  }
}

TEST_CASE(
    "scheduler: while the disk is full nothing is executed, it is said once, and then all goes on by "
    "itself") {
  SchedulerBench bench("2018-10-16T00:01+08:00");
  bench.with_catch_up = false;
  bool full = false;
  bench.start([&full](std::size_t, bool writes) { return full && writes ? Fault::before : Fault::none; });
  bench.advance_to("2018-10-16T00:06+08:00");
  full = true;
  const std::size_t lines = bench.observer.lines.size();
  bench.advance_to("2018-10-16T01:01+08:00");
  CHECK(bench.executed() == "orders@00:05");
  REQUIRE(bench.observer.lines.size() == lines + 1);
  CHECK(bench.observer.lines.back() ==
        "begin attempt of orders@2018-10-16T00:10+08:00: write state file: no space left on device; nothing "
        "new is "
        "started until the state store works again, tried every 5 to 60 s");
  REQUIRE(bench.scheduler->store_failure());
  CHECK(bench.scheduler->store_failure()->error.code() == Errc::disk_full);
  CHECK(bench.scheduler->store_failure()->since == sluice::test::local_time("2018-10-16T00:10+08:00"));
  CHECK(bench.why(SchedulerBench::id("orders", "2018-10-16T00:10+08:00")) ==
        "is kept back: the state store has not worked since 2018-10-16T00:10+08:00: write state file: no "
        "space left on device; nothing new is started until it works again");
  // Once a minute at most, after the first few.
  CHECK(bench.scheduler->counters().store_failures < 60);
  full = false;
  bench.advance(2min);
  CHECK(bench.all("orders", {State::success}).size() == 12);
  CHECK_FALSE(bench.scheduler->store_failure());
  CHECK(bench.observer.lines.back() == "the state store works again");
  CHECK(bench.why(SchedulerBench::id("orders", "2018-10-16T00:10+08:00")) == "succeeded with 5 rows");
}

TEST_CASE(
    "scheduler: a window whose objects are committed is stored as success when the disk has room again") {
  SchedulerBench bench("2018-10-16T00:01+08:00");
  bench.runner.script = [](const Instance&, int) {
    sluice::test::ScriptedRunner::Act act;
    act.takes = 20s;
    return act;
  };
  bool full = false;
  bench.start([&full](std::size_t, bool writes) { return full && writes ? Fault::before : Fault::none; });
  bench.advance_to("2018-10-16T00:05:10+08:00");
  full = true;
  bench.advance(3min);
  CHECK(bench.runner.objects.size() == 1);
  CHECK(bench.scheduler->running() == 1);
  SECTION("without a restart") {
    full = false;
    bench.advance(1min);
    CHECK(bench.get("orders", "2018-10-16T00:05+08:00").finished ==
          sluice::test::local_time("2018-10-16T00:05:20+08:00"));
    CHECK(bench.executed() == "orders@00:05");
  }
  SECTION("a stop does not wait for it for ever, and the next start runs it again") {
    bench.stop();
    CHECK(bench.get("orders", "2018-10-16T00:05+08:00").state == State::running);
    bench.start();
    bench.advance(1min);
    CHECK(bench.executed() == "orders@00:05 orders@00:05#2");
  }
  CHECK(bench.get("orders", "2018-10-16T00:05+08:00").state == State::success);
}

TEST_CASE(
    "scheduler: once a pause shows that the store works again, what is due of other jobs starts at once") {
  SchedulerBench bench("2018-10-16T00:01+08:00");
  bench.jobs.push_back(sluice::test::job_named("users", 24h));
  bool full = false;
  bench.start([&full](std::size_t, bool writes) { return full && writes ? Fault::before : Fault::none; });
  full = true;
  bench.advance_to("2018-10-16T00:30+08:00");
  REQUIRE(bench.scheduler->store_failure());
  REQUIRE(bench.runner.starts.empty());
  full = false;
  REQUIRE(bench.ask(bench.scheduler->pause("users", "me", "")));
  bench.clock.settle();
  CHECK(bench.executed() == "orders@00:05");
}

TEST_CASE("scheduler: a store that does not work at start delays the start, not more") {
  SchedulerBench bench("2018-10-16T00:01+08:00");
  bool broken = true;
  bench.start([&broken](std::size_t, bool) { return broken ? Fault::before : Fault::none; });
  bench.advance(3min);
  CHECK_FALSE(bench.scheduler->ready());
  broken = false;
  bench.advance(1min + 5s);
  CHECK(bench.scheduler->ready());
  CHECK(bench.executed() == "orders@00:05");
}

}  // namespace
