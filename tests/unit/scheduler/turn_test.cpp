// What a turn reads: after the end of an attempt only what that may have changed.

#include "tests/support/backfill_bench.hpp"
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/memory_state_store.hpp"
#include "tests/unit/scheduler/upstream_samples.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

constexpr int kJobs = 120;

// Jobs that are due once an hour, all at the same slot, with four places.
void add_hourly_jobs(SchedulerBench& bench) {
  bench.jobs.clear();
  for (int n = 0; n < kJobs; ++n) {
    job::Job& job = bench.jobs.emplace_back(job_named("job-" + std::to_string(n), 60min));
    job.schedule.start = 5min;
  }
  bench.options.attempts_max = 4;
}

}  // namespace

TEST_CASE("turn: the end of an attempt does not look at the chains that wait for a place") {
  SchedulerBench bench("2018-10-16T00:04+08:00");
  add_hourly_jobs(bench);
  bench.runner.script = [](const Instance&, int) { return lasting(2s); };
  bench.start();
  bench.advance_to("2018-10-16T00:05+08:00");
  const std::size_t before = bench.faulty->looks_at_all();
  bench.advance(58s);
  CHECK(bench.runner.starts.size() == kJobs);  // 30 rounds of four: no place was free for a moment
  CHECK(bench.runner.executing_max == 4);
  CHECK(bench.faulty->looks_at_all() - before <= 3);  // every 30 s
}

TEST_CASE("turn: what waits for other jobs is looked at when those end, not when others do") {
  SchedulerBench bench("2018-10-16T00:04+08:00");
  add_hourly_jobs(bench);
  job::Job last = job_after("last", "job-0");
  last.schedule = bench.jobs.front().schedule;
  bench.jobs.push_back(last);
  bench.options.attempts_max = 200;
  bench.runner.script = [](const Instance& instance, int) {
    return lasting(instance.id.job == "job-0" ? 20s : 2s + std::chrono::milliseconds(instance.row));
  };
  bench.start();
  bench.advance_to("2018-10-16T00:05+08:00");
  bench.advance(1s);
  const std::size_t before = bench.faulty->calls();
  bench.advance(10s);
  // Positions, end, chain, what is due next, and what follows from a success: a few for each.
  CHECK(bench.observer.ended.size() == kJobs - 1);
  CHECK(bench.faulty->calls() - before < 6 * kJobs);
  bench.advance(8s);
  CHECK(bench.runner.starts.size() == kJobs);
  bench.advance(2s);
  CHECK(bench.runner.starts.back().id.job == "last");
}

TEST_CASE("turn: a dry run that waits for another job is done in the moment in which that succeeds") {
  SchedulerBench bench("2018-10-16T00:01+08:00");  // a Tuesday
  job::Job daily = job_named("report");
  daily.schedule.cycle = job::Cycle::day;
  daily.schedule.at = 3h;
  job::Job weekly = job_after("totals", "report");
  weekly.schedule.cycle = job::Cycle::week;
  weekly.schedule.weekdays = {1};
  weekly.schedule.at = 3h;
  weekly.schedule.off_days_dry_run = true;
  bench.jobs = {daily, weekly};
  bench.runner.script = [](const Instance&, int) { return lasting(2s); };
  bench.start();
  bench.advance_to("2018-10-16T03:00+08:00");
  bench.advance(1s);
  CHECK(bench.get("totals", "2018-10-16T03:00+08:00").state != State::success);
  bench.advance(1s);
  CHECK(bench.get("report", "2018-10-16T03:00+08:00").state == State::success);
  CHECK(bench.get("totals", "2018-10-16T03:00+08:00").state == State::success);
}

TEST_CASE("turn: what an operator decides about one that waits for a place counts at the next free one") {
  SchedulerBench bench("2018-10-16T00:04+08:00");
  add_hourly_jobs(bench);
  bench.runner.script = [](const Instance&, int) { return lasting(2s); };
  bench.start();
  bench.advance_to("2018-10-16T00:05+08:00");
  bench.advance(1s);
  const auto ran = [&](const std::string& job) {
    return std::ranges::any_of(bench.runner.starts, [&](const auto& start) { return start.id.job == job; });
  };
  REQUIRE_FALSE(ran("job-50"));
  SECTION("frozen: it does not run") {
    CHECK(bench.ask(bench.scheduler->freeze(SchedulerBench::id("job-50", "2018-10-16T00:05+08:00"), kActor)));
    bench.advance(2min);
    CHECK(bench.runner.starts.size() == kJobs - 1);
    CHECK_FALSE(ran("job-50"));
  }
  SECTION("a higher priority: it is the next") {
    Order order;
    order.action = Action::priority;
    order.priority = 9;
    order.actor = kActor;
    CHECK(bench.ask(bench.scheduler->act(order, SchedulerBench::id("job-99", "2018-10-16T00:05+08:00"))));
    bench.advance(1s);
    CHECK(ran("job-99"));
  }
  SECTION("its job paused: it does not run before it is resumed") {
    CHECK(bench.ask(bench.scheduler->pause("job-50", kActor, "")));
    bench.advance(2min);
    CHECK(bench.runner.starts.size() == kJobs - 1);
    CHECK_FALSE(ran("job-50"));
  }
}

TEST_CASE("turn: of a job without order all that waits runs, however much of it was not read yet") {
  SchedulerBench bench("2018-10-16T00:04+08:00");
  bench.jobs.clear();
  bench.jobs.push_back(without_order(job_named("many", 1min)));
  bench.options.attempts_max = 4;
  bench.runner.script = [](const Instance&, int) { return lasting(1h); };
  bench.start();
  bench.advance(10h);  // 40 have run, some 600 wait: more than one page
  bench.runner.script = [](const Instance&, int) { return lasting(1s); };
  bench.advance(1h + 3min);
  CHECK(bench.all("many", {State::success}).size() + 2 >= 600);
  CHECK(bench.runner.executing <= 1);
  CHECK_FALSE(bench.runner.overlapped);
}

TEST_CASE("turn: a backfill's end while a failure is read back delays nothing that is due before the retry") {
  for (int offset = -20; offset <= 20; ++offset) {
    CAPTURE(offset);
    sluice::test::BackfillBench bench("2018-10-16T00:01+08:00");
    bench.jobs = {job_named("orders", 24h), job_named("a"), job_named("b")};
    bench.latency = [](bool) { return Duration(2ms); };
    bench.runner.script = [offset](const Instance& instance, int) {
      if (instance.id.group != 0) return lasting(38s + std::chrono::milliseconds(offset));
      if (instance.id != SchedulerBench::id("a", "2018-10-16T00:05+08:00")) return lasting(1s);
      Act act = lasting(4min + 50s);
      act.error = Error(Errc::unavailable, "503");
      return act;
    };
    bench.start();
    bench.advance_to("2018-10-16T00:09:12+08:00");
    bench.create(bench.order("2018-10-10T00:00", "2018-10-10T00:05"));
    bench.advance_to("2018-10-16T00:10:02+08:00");
    CHECK(bench.get("b", "2018-10-16T00:10+08:00").state == State::success);
  }
}
