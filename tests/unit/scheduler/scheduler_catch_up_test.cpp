// Which missed windows run after the daemon, the job or the machine was away.
#include "tests/support/backfill_bench.hpp"
#include "tests/support/memory_backfills.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using scheduler::State;
using sluice::test::BackfillBench;
using sluice::test::Fault;
using Policy = job::CatchUp::Policy;

namespace {

job::Job orders_with(Policy policy, std::optional<std::size_t> max_count = std::nullopt) {
  job::Job job = sluice::test::job_named("orders");
  job.catch_up.policy = policy;
  job.catch_up.max_count = max_count;
  return job;
}

std::size_t count(BackfillBench& bench, State state) { return bench.all("orders", {state}).size(); }

// Every record from the first window on is in exactly one committed window.
void check_no_gap(BackfillBench& bench) {
  std::optional<Instant> end;
  for (const auto& instance : bench.all("orders", {State::success})) {
    const auto& done = bench.runner.objects.at(instance.id);
    if (end) CHECK(done.from == *end);
    end = done.to;
  }
}

}  // namespace

TEST_CASE("behaviour 2: 3 days down, limit 100: 864 slots, 100 newest run, 764 rows SKIPPED, one summary") {
  BackfillBench bench;
  bench.jobs = {orders_with(Policy::all, 100)};
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.crash();
  bench.advance_to("2018-10-19T00:06+08:00");
  bench.start();
  bench.advance(4min);
  CHECK(count(bench, State::skipped) == 764);
  CHECK(count(bench, State::success) == 101);
  REQUIRE(bench.observer.skipped.size() == 1);
  CHECK(bench.observer.skipped.front() == std::pair<std::string, std::size_t>("orders", 764));
  const auto summaries = std::ranges::count_if(bench.observer.lines, [](const std::string& line) {
    return line.find("764 of 864 missed windows are skipped, slots 2018-10-16T00:10+08:00 to") !=
           std::string::npos;
  });
  CHECK(summaries == 1);
  CHECK(bench.get("orders", "2018-10-16T00:10+08:00").reason.find("its records come with the next window") !=
        std::string::npos);
  check_no_gap(bench);
}

TEST_CASE("catch-up: latest runs the newest missed window, which brings the records of all") {
  BackfillBench bench;
  bench.jobs = {orders_with(Policy::latest)};
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.stop();
  bench.advance(1h);
  bench.start();
  bench.advance(10s);
  CHECK(bench.ran() == "orders@16T00:05 orders@16T01:05");
  CHECK(count(bench, State::skipped) == 11);
  check_no_gap(bench);
}

TEST_CASE("catch-up: a skipped window of a table does not say that its records come with the next one") {
  BackfillBench bench;
  bench.jobs = {sluice::test::reading_table("orders")};
  bench.jobs[0].catch_up.policy = Policy::latest;
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.stop();
  bench.advance(1h);
  bench.start();
  bench.advance(10s);
  CHECK(bench.ran() == "orders@16T00:05 orders@16T01:05");
  CHECK(bench.get("orders", "2018-10-16T00:10+08:00").reason ==
        "missed while the daemon or the job was away: catchUp.policy is latest");
}

TEST_CASE("catch-up: dry runs of off days are not counted, so the newest window is one that runs") {
  for (const bool latest : {true, false}) {
    CAPTURE(latest);
    BackfillBench bench("2018-10-14T10:00+08:00");  // a Sunday
    job::Job weekly = latest ? orders_with(Policy::latest) : orders_with(Policy::all, 1);
    weekly.schedule.cycle = job::Cycle::week;
    weekly.schedule.weekdays = {1};
    weekly.schedule.at = 3h;
    weekly.schedule.off_days_dry_run = true;
    bench.jobs = {weekly};
    bench.start();
    bench.advance(5min);
    bench.crash();
    bench.advance(72h);
    bench.start();
    bench.advance(10min);
    CHECK(bench.ran() == "orders@15T03:00");
    CHECK(count(bench, State::skipped) == 0);
    CHECK(bench.get("orders", "2018-10-17T03:00+08:00").state == State::success);
  }
}

TEST_CASE("catch-up: none runs no missed window, and the next one brings the records") {
  BackfillBench bench;
  bench.jobs = {orders_with(Policy::none)};
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.stop();
  bench.advance(1h);
  bench.start();
  bench.advance(10min);
  CHECK(bench.ran() == "orders@16T00:05 orders@16T01:10 orders@16T01:15");
  check_no_gap(bench);
}

TEST_CASE("catch-up: windows that pile up behind a failure are not missed, also across a restart") {
  BackfillBench bench;
  bench.jobs = {orders_with(Policy::none)};
  bool broken = true;
  bench.runner.script = [&](const scheduler::Instance&, int) {
    sluice::test::ScriptedRunner::Act act;
    if (broken) act.error = Error(Errc::trimmed, "get records: trimmed");
    return act;
  };
  bench.start();
  bench.advance_to("2018-10-16T03:01+08:00");
  bench.stop();
  bench.start();
  bench.advance(1min);
  CHECK(count(bench, State::skipped) == 0);
  broken = false;
  REQUIRE(bench.ask(bench.scheduler->rerun(bench.id("orders", "2018-10-16T00:05+08:00"), "uid 1")));
  bench.advance(2min);
  CHECK(count(bench, State::success) == 36);
}

TEST_CASE("catch-up: a job that was not loaded for a while missed its windows, across restarts too") {
  for (const bool restart : {false, true}) {
    CAPTURE(restart);
    BackfillBench bench;
    bench.jobs = {orders_with(Policy::latest), sluice::test::job_named("other")};
    bench.start();
    bench.advance_to("2018-10-16T00:06+08:00");
    bench.scheduler->set_jobs({sluice::test::job_named("other")});
    bench.advance(30min);
    if (restart) {
      bench.jobs = {sluice::test::job_named("other")};
      bench.stop();
      bench.start();
      bench.advance(30min);
    } else {
      bench.advance(30min);
    }
    bench.scheduler->set_jobs({orders_with(Policy::latest), sluice::test::job_named("other")});
    bench.advance(30s);
    CHECK(count(bench, State::skipped) == 11);
    CHECK(bench.get("orders", "2018-10-16T01:05+08:00").state == State::success);
    CHECK(bench.ask(bench.catch_up.absences()).empty());
  }
}

TEST_CASE("catch-up: a job whose file was gone at a start was away since the daemon ran last") {
  BackfillBench bench;
  bench.jobs = {orders_with(Policy::none), sluice::test::job_named("other")};
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.stop();
  bench.jobs = {sluice::test::job_named("other")};
  bench.start();
  bench.advance(1h);
  bench.scheduler->set_jobs({orders_with(Policy::none), sluice::test::job_named("other")});
  bench.advance(30s);
  CHECK(count(bench, State::skipped) == 12);
}

TEST_CASE("catch-up: after a suspend or a jump of the clock the rule of the job holds") {
  BackfillBench bench;
  bench.jobs = {orders_with(Policy::latest)};
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.clock.step_wall(2h);
  bench.advance(1min);
  CHECK(bench.ran() == "orders@16T00:05 orders@16T02:05");
  CHECK(count(bench, State::skipped) == 23);
  bench.clock.step_wall(-2h);
  bench.advance(1min);
  CHECK(count(bench, State::skipped) == 23);
  check_no_gap(bench);
}

TEST_CASE("catch-up: without a rule every missed window runs, in order") {
  BackfillBench bench;
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.crash();
  bench.advance(3h);
  bench.start();
  bench.advance(1min);
  CHECK(count(bench, State::success) == 37);
  CHECK(bench.observer.skipped.empty());
}

TEST_CASE("catch-up: a crash at any step of the start skips the same windows in the end") {
  for (std::size_t step = 0; step < 60; ++step) {
    CAPTURE(step);
    BackfillBench bench;
    bench.jobs = {orders_with(Policy::all, 10)};
    bench.start();
    bench.advance_to("2018-10-16T00:06+08:00");
    bench.stop();
    bench.advance(2h);
    bool crashed = false;
    bench.start([&, step](std::size_t call, bool) {
      crashed = crashed || call >= step;
      return crashed ? Fault::before : Fault::none;
    });
    bench.advance(5s);
    bench.crash();
    bench.start();
    bench.advance(1min);
    CHECK(count(bench, State::skipped) == 14);
    CHECK(count(bench, State::success) == 11);
    check_no_gap(bench);
  }
}
