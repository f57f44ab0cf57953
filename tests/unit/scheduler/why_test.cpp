// The ways that why and the blocked chains follow, on a whole scheduler.

#include "tests/unit/scheduler/upstream_samples.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

TEST_CASE(
    "why: leads through chains and jobs to the first thing that stands still, each step with its relation") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_named("raw"), job_after("orders", "raw"), job_after("report", "orders")};
  bool broken = true;
  break_job(bench, "raw", broken);
  bench.start();
  bench.advance_to("2018-10-16T10:31+08:00");
  const Why way =
      bench.ask(bench.scheduler->why(SchedulerBench::id("report", "2018-10-16T10:30+08:00"))).value();
  std::string path;
  for (const WhyStep& step : way.steps) {
    path += std::string(to_string(step.relation)) + " " + name_of(step) + " " +
            std::string(to_string(step.state)) + "\n";
  }
  CHECK(path ==
        "itself report@2018-10-16T10:30+08:00 NOT_RUN\n"
        "previous report@2018-10-16T10:25+08:00 NOT_RUN\n"
        "previous report@2018-10-16T10:05+08:00 NOT_RUN\n"
        "upstream orders@2018-10-16T10:05+08:00 NOT_RUN\n"
        "upstream raw@2018-10-16T10:05+08:00 FAILURE\n");
  CHECK(way.steps[0].reason == "waits for report@2018-10-16T10:25+08:00");
  CHECK(way.steps.back().reason ==
        "failed: get records: trimmed; sluice rerun raw@2018-10-16T10:05+08:00 once the cause is gone");
  CHECK(
      sentence(way) ==
      "waits for report@2018-10-16T10:25+08:00, which waits for report@2018-10-16T10:05+08:00, which waits "
      "for "
      "orders@2018-10-16T10:05+08:00, which waits for raw@2018-10-16T10:05+08:00, which failed: get records: "
      "trimmed; sluice rerun raw@2018-10-16T10:05+08:00 once the cause is gone");
}

TEST_CASE("why: tells how many of the upstream's instances are waited for") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  job::Job hourly = job_named("report", 60min);
  hourly.schedule.cycle = job::Cycle::hour;
  hourly.dependencies.jobs.push_back(job::Upstream{"orders", true});
  bench.jobs = {without_order(job_named("orders")), hourly};
  bench.runner.script = [](const Instance& instance, int) {
    return instance.id.job == "orders" && instance.cycle % 2 == 0 ? failing() : lasting(1s);
  };
  bench.start();
  bench.advance_to("2018-10-16T11:01+08:00");
  CHECK(why(bench, "report", "11:00").find("waits for orders@2018-10-16T10:05+08:00 and 5 more") == 0);
}

TEST_CASE("why: jobs that wait for each other in a circle do not hold it up") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_after("orders", "report"), job_after("report", "orders")};
  bench.start();
  bench.advance_to("2018-10-16T10:31+08:00");
  CHECK(bench.executed().empty());
  const Why way =
      bench.ask(bench.scheduler->why(SchedulerBench::id("report", "2018-10-16T10:30+08:00"))).value();
  CHECK(way.steps.size() < 8);
  CHECK(sentence(way).find("in a circle") != std::string::npos);
}

TEST_CASE("blocked: one cause counts its own chain and the downstream jobs, however they hang together") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_named("raw"), job_after("orders", "raw"), without_order(job_after("loads", "orders")),
                job_named("other")};
  bench.start();
  bench.advance_to("2018-10-16T10:06+08:00");
  REQUIRE(bench.ask(bench.scheduler->freeze(SchedulerBench::id("raw", "2018-10-16T10:10+08:00"), kActor)));
  bench.advance_to("2018-10-16T10:21+08:00");
  const auto blocked = bench.ask(bench.scheduler->blocked());
  REQUIRE(blocked.size() == 1);
  CHECK(cause_of(blocked[0]) == "raw@2018-10-16T10:10+08:00");
  CHECK(blocked[0].blocked_own == 2);         // raw 10:15, 10:20
  CHECK(blocked[0].blocked_downstream == 6);  // orders and loads, 10:10 to 10:20 each
  CHECK(blocked[0].downstream_jobs == std::vector<std::string>{"loads", "orders"});
  CHECK(blocked[0].data_lag == 21min);
}

TEST_CASE("blocked: a job that is not loaded is one cause for all its instances and those behind them") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_named("orders"), job_after("report", "orders")};
  bench.start();
  bench.advance_to("2018-10-16T10:06+08:00");
  std::vector<job::Job> left = {job_after("report", "orders")};
  bench.scheduler->set_jobs(left);
  bench.advance_to("2018-10-16T10:16+08:00");
  const auto blocked = bench.ask(bench.scheduler->blocked());
  REQUIRE(blocked.size() == 1);
  CHECK(cause_of(blocked[0]) == "orders");
  CHECK(blocked[0].since == sluice::test::local_time("2018-10-16T10:10+08:00"));
  CHECK(blocked[0].blocked_own == 2);
  CHECK(blocked[0].blocked_downstream == 2);
}

TEST_CASE("blocked: what runs, retries or waits for a place blocks nobody") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.options.attempts_max = 1;
  bench.jobs = {job_named("orders"), job_named("users")};
  bench.runner.script = [](const Instance& instance, int) {
    Act act = lasting(instance.id.job == "orders" ? 40min : 1s);
    return act;
  };
  bench.start();
  bench.advance_to("2018-10-16T10:31+08:00");
  CHECK(bench.ask(bench.scheduler->blocked()).empty());
}

TEST_CASE("blocked: a failure is since its attempt ended, also with nothing behind it yet") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bool broken = true;
  break_job(bench, "orders", broken);
  bench.start();
  bench.advance_to("2018-10-16T10:06+08:00");
  const auto blocked = bench.ask(bench.scheduler->blocked());
  REQUIRE(blocked.size() == 1);
  CHECK(blocked[0].since == sluice::test::local_time("2018-10-16T10:05:01+08:00"));
  CHECK(blocked[0].blocked() == 0);
  CHECK_FALSE(blocked[0].data_lag);
}

}  // namespace
