// Attempts that end with the daemon while their job is not loaded.
#include "tests/support/catch_result.hpp"
#include "tests/support/scheduler_bench.hpp"

using namespace sluice;
using namespace sluice::scheduler;
using namespace std::chrono_literals;
using sluice::test::SchedulerBench;

namespace {

const std::string kSlot = "2018-10-16T00:05+08:00";

// The job's file is taken away while its first window runs, and the daemon stops. Then it is put back.
void lose_without_file(SchedulerBench& bench) {
  bench.runner.script = [](const Instance&, int attempt) {
    sluice::test::ScriptedRunner::Act act;
    act.takes = attempt == 1 ? Duration(1h) : Duration(1s);
    return act;
  };
  bench.start();
  bench.advance_to("2018-10-16T00:05:30+08:00");
  const std::vector<job::Job> jobs = bench.jobs;
  bench.scheduler->set_jobs({});
  bench.stop();
  bench.jobs.clear();
  bench.start();
  bench.advance(1min);
  CHECK(bench.get("orders", kSlot).state == State::wait_resource);
  bench.jobs = jobs;
  bench.scheduler->set_jobs(jobs);
  bench.advance(1min);
}

TEST_CASE("lost attempt: one of a job that is never run again does not run when the job's file comes back") {
  SchedulerBench bench;
  bench.jobs[0].rerun.property = job::RerunProperty::never;
  bench.jobs[0].rerun.times = 0;
  lose_without_file(bench);
  CHECK(bench.executed() == "orders@00:05");
  const Instance lost = bench.get("orders", kSlot);
  CHECK(lost.state == State::lost);
  CHECK(lost.reason == "attempt 1 was lost, and rerun.property of its job is never");
  CHECK(bench.observer.lines.back() == "leave orders@2018-10-16T00:05+08:00: " + lost.reason);
  SECTION("and when a person lets it, it does") {
    Order order;
    order.actor = "uid 1";
    order.force = true;
    REQUIRE(bench.ask(bench.scheduler->act(order, lost.id)));
    bench.advance(2s);
    CHECK(bench.get("orders", kSlot).state == State::success);
  }
}

TEST_CASE("lost attempt: one of any other job runs again when the job's file comes back") {
  SchedulerBench bench;
  lose_without_file(bench);
  CHECK(bench.get("orders", kSlot).state == State::success);
}

}  // namespace
