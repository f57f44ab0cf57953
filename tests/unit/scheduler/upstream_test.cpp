// Dependencies between jobs, on a whole scheduler.

#include "tests/support/faulty_state_store.hpp"
#include "tests/support/memory_state_store.hpp"
#include "tests/unit/scheduler/upstream_samples.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

TEST_CASE("upstream: the downstream starts in the moment in which the upstream succeeds") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_named("orders"), job_after("report", "orders")};
  bench.runner.script = [](const Instance&, int) { return lasting(90s); };
  bench.start();
  bench.advance_to("2018-10-16T10:05:30+08:00");
  CHECK(bench.executed() == "orders@10:05");
  bench.advance_to("2018-10-16T10:09+08:00");
  CHECK(bench.executed() == "orders@10:05 report@10:05");
  CHECK(bench.runner.starts[1].at == sluice::test::local_time("2018-10-16T10:06:30+08:00"));
}

TEST_CASE("upstream: a failed one blocks the downstream until its rerun succeeds or it is set to success") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_named("orders"), job_after("report", "orders")};
  bool broken = true;
  break_job(bench, "orders", broken);
  bench.start();
  bench.advance_to("2018-10-16T10:21+08:00");
  CHECK(bench.executed() == "orders@10:05");
  CHECK(shown_in(bench, "report", "10:05") == State::not_run);
  CHECK(why(bench, "report", "10:05") ==
        "waits for orders@2018-10-16T10:05+08:00, which failed: get records: trimmed; sluice rerun "
        "orders@2018-10-16T10:05+08:00 once the cause is gone");
  SECTION("rerun") {
    broken = false;
    REQUIRE(
        bench.ask(bench.scheduler->rerun(SchedulerBench::id("orders", "2018-10-16T10:05+08:00"), kActor)));
    bench.advance(1500ms);
    CHECK(bench.executed().find("orders@10:05#2 report@10:05 orders@10:10") != std::string::npos);
  }
  SECTION("set-success") {
    REQUIRE(bench.ask(
        bench.scheduler->set_success(SchedulerBench::id("orders", "2018-10-16T10:05+08:00"), kActor)));
    bench.advance(500ms);
    CHECK(bench.executed() == "orders@10:05 report@10:05 orders@10:10");
  }
}

TEST_CASE("upstream: what was skipped counts as done") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_named("orders"), job_after("report", "orders")};
  bench.start();
  const Instance orders = bench.get("orders", "2018-10-16T10:05+08:00");
  REQUIRE(bench.ask(bench.store.change_state(orders.row, {State::wait_time}, State::skipped, "a holiday")));
  bench.advance_to("2018-10-16T10:06+08:00");
  CHECK(bench.executed() == "report@10:05");
}

TEST_CASE("upstream: on an off day of a weekly job its dry run lets the downstream start at its time") {
  SchedulerBench bench("2018-10-16T00:01+08:00");  // a Tuesday
  job::Job weekly = job_named("totals");
  weekly.schedule.cycle = job::Cycle::week;
  weekly.schedule.weekdays = {1};
  weekly.schedule.at = 3h;
  weekly.schedule.off_days_dry_run = true;
  job::Job daily = job_after("report", "totals");
  daily.schedule.cycle = job::Cycle::day;
  daily.schedule.at = 2h;
  bench.jobs = {weekly, daily};
  bench.start();
  bench.advance_to("2018-10-16T02:59+08:00");
  CHECK(bench.executed().empty());
  CHECK(shown_in(bench, "report", "02:00") == State::not_run);
  bench.advance_to("2018-10-16T03:00+08:00");
  CHECK(bench.executed() == "report@02:00");
  CHECK(bench.get("totals", "2018-10-16T03:00+08:00").state == State::success);
}

TEST_CASE("upstream: one that is not loaded blocks with a reason, and lets go when it is loaded") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_after("report", "orders")};
  bench.start();
  bench.advance_to("2018-10-16T10:07+08:00");
  CHECK(bench.executed().empty());
  CHECK(why(bench, "report", "10:05") ==
        "waits for job orders, which is not loaded; put its file back, or take it out of dependsOn.jobs");
  const auto blocked = bench.ask(bench.scheduler->blocked());
  REQUIRE(blocked.size() == 1);
  CHECK(cause_of(blocked[0]) == "orders");
  CHECK_FALSE(blocked[0].root);
  CHECK(blocked[0].since == sluice::test::local_time("2018-10-16T10:05+08:00"));
  CHECK(blocked[0].blocked_downstream == 1);
  CHECK(blocked[0].downstream_jobs == std::vector<std::string>{"report"});
  // Its first instance is that of 10:10: there is none of 10:05 to wait for.
  std::vector<job::Job> both = {job_named("orders"), job_after("report", "orders")};
  bench.scheduler->set_jobs(both);
  bench.advance(1s);
  CHECK(bench.executed() == "report@10:05");
  bench.advance_to("2018-10-16T10:11+08:00");
  CHECK(bench.executed() == "report@10:05 orders@10:10 report@10:10");
}

TEST_CASE("upstream: a slot before the upstream's first planned instance is no edge") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_named("orders"), job_after("report", "orders", true)};
  bench.start();
  bench.advance_to("2018-10-16T10:05+08:00");
  // The previous cycle of 10:05 is orders@10:00, which never was.
  CHECK(bench.executed() == "orders@10:05 report@10:05");
}

// Every half hour, in order, after a daily job.
job::Job half_hourly_after(const std::string& upstream) {
  job::Job job = job_after("orders", upstream);
  job.schedule.interval = 30min;
  return job;
}

job::Job daily_at(const std::string& name, std::chrono::minutes at) {
  job::Job job = job_named(name);
  job.schedule.cycle = job::Cycle::day;
  job.schedule.at = at;
  return job;
}

TEST_CASE("upstream: where the first of the day was skipped, the next one waits for the day's upstream") {
  SchedulerBench bench("2018-10-15T22:01+08:00");
  bench.jobs = {daily_at("users", 2h), half_hourly_after("users")};
  bench.jobs[1].catch_up.policy = job::CatchUp::Policy::latest;
  bool broken = true;
  break_job(bench, "users", broken);
  bench.start();
  bench.advance(40min);
  REQUIRE(bench.executed() == "orders@22:30");
  bench.crash();
  bench.advance_to("2018-10-16T10:41+08:00");
  bench.start();
  bench.advance(1h);
  CHECK(bench.executed() == "orders@22:30 users@02:00");
  CHECK(bench.get("orders", "2018-10-16T00:00+08:00").state == State::skipped);
  CHECK(why(bench, "orders", "10:30").find("waits for users@2018-10-16T02:00+08:00, which failed") == 0);
  broken = false;
  REQUIRE(bench.ask(bench.scheduler->rerun(SchedulerBench::id("users", "2018-10-16T02:00+08:00"), kActor)));
  bench.advance(10s);
  CHECK(bench.executed() == "orders@22:30 users@02:00 users@02:00#2 orders@10:30 orders@11:00 orders@11:30");
}

TEST_CASE(
    "upstream: of a job that was added in the midst of a day the first one waits for the day's upstream") {
  SchedulerBench bench("2018-10-16T08:01+08:00");
  bench.jobs = {daily_at("users", 9h)};
  bool broken = true;
  break_job(bench, "users", broken);
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  bench.scheduler->set_jobs({bench.jobs[0], half_hourly_after("users")});
  bench.advance(1h);
  CHECK(bench.executed() == "users@09:00");
  broken = false;
  REQUIRE(bench.ask(bench.scheduler->rerun(SchedulerBench::id("users", "2018-10-16T09:00+08:00"), kActor)));
  bench.advance(10s);
  CHECK(bench.executed() == "users@09:00 users@09:00#2 orders@10:30 orders@11:00");
}

TEST_CASE("upstream: what follows the first of the day does not wait for a rerun of the day's upstream") {
  SchedulerBench bench("2018-10-15T23:01+08:00");
  bench.jobs = {daily_at("users", 2h), half_hourly_after("users")};
  bench.start();
  bench.advance_to("2018-10-16T02:15+08:00");
  bool broken = true;
  break_job(bench, "users", broken);
  REQUIRE(bench.ask(bench.scheduler->rerun(SchedulerBench::id("users", "2018-10-16T02:00+08:00"), kActor)));
  bench.advance_to("2018-10-16T02:31+08:00");
  CHECK(bench.get("users", "2018-10-16T02:00+08:00").state == State::failure);
  CHECK(bench.get("orders", "2018-10-16T02:30+08:00").state == State::success);
}

TEST_CASE("upstream: an instance that was released from its dependencies waits for no other job") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_named("orders"), job_after("report", "orders")};
  bool broken = true;
  break_job(bench, "orders", broken);
  bench.start();
  bench.advance_to("2018-10-16T10:06+08:00");
  REQUIRE(bench.executed() == "orders@10:05");
  bench.memory.release(bench.get("report", "2018-10-16T10:05+08:00").row);
  bench.advance(1min);
  CHECK(bench.executed() == "orders@10:05 report@10:05");
  CHECK(shown_in(bench, "report", "10:10") == State::not_run);
}

TEST_CASE(
    "upstream: when its schedule changed mid-day, the instance that exists before the slot stands for it") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {job_named("orders", 30min), job_after("report", "orders")};
  bool broken = true;
  break_job(bench, "orders", broken);
  bench.start();
  bench.advance_to("2018-10-16T10:58+08:00");
  REQUIRE(bench.executed() ==
          "report@10:05 report@10:10 report@10:15 report@10:20 report@10:25 orders@10:30");
  // By the new schedule report@10:30 waits for orders@10:20, which was never planned; orders@10:00 was not
  // either. From 11:00 on orders has every slot that report asks for.
  job::Job finer = job_named("orders", 10min);
  finer.version = "version-2";
  std::vector<job::Job> changed = {finer, job_after("report", "orders")};
  bench.scheduler->set_jobs(changed);
  bench.advance(1s);
  CHECK(bench.executed().find("report@10:45") == std::string::npos);
  CHECK(why(bench, "report", "10:40").find("orders@2018-10-16T10:30+08:00, which failed") !=
        std::string::npos);
}

TEST_CASE(
    "order: jobs without self-dependency run all that is due, oldest first, as far as there are places") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.options.attempts_max = 3;
  bench.jobs = {without_order(job_named("loads"))};
  bench.runner.script = [](const Instance&, int) { return lasting(12min); };
  bench.start();
  bench.advance_to("2018-10-16T10:26+08:00");
  CHECK(bench.executed() == "loads@10:05 loads@10:10 loads@10:15 loads@10:20 loads@10:25");
  CHECK(bench.runner.starts[3].at == sluice::test::local_time("2018-10-16T10:20+08:00"));
  CHECK(bench.runner.executing_max == 3);
  CHECK_FALSE(bench.runner.overlapped);
}

TEST_CASE("order: without self-dependency a failed instance blocks no later one") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {without_order(job_named("loads"))};
  bench.runner.script = [](const Instance& instance, int) {
    return instance.id.scheduled == sluice::test::local_time("2018-10-16T10:05+08:00") ? failing()
                                                                                       : lasting(1s);
  };
  bench.start();
  bench.advance_to("2018-10-16T10:16+08:00");
  CHECK(bench.executed() == "loads@10:05 loads@10:10 loads@10:15");
  CHECK(shown_in(bench, "loads", "10:20") == State::wait_time);
  CHECK(bench.ask(bench.scheduler->blocked()).empty());
}

TEST_CASE("order: many that wait for another job do not keep a later one from starting") {
  SchedulerBench bench("2018-10-16T00:00:30+08:00");
  job::Job loads = without_order(job_named("loads", 1min));
  loads.dependencies.jobs.push_back(job::Upstream{"orders"});
  bench.jobs = {without_order(job_named("orders", 1min)), loads};
  bench.start();
  const Instant late = sluice::test::local_time("2018-10-16T05:00+08:00");
  for (const Instance& instance : bench.all("orders")) {
    if (instance.id.scheduled >= late) break;
    REQUIRE(bench.ask(bench.store.change_state(instance.row, {State::wait_time}, State::frozen, "by test")));
  }
  bench.advance_to("2018-10-16T05:00:30+08:00");
  CHECK(bench.executed() == "orders@05:00 loads@05:00");
  const auto blocked = bench.ask(bench.scheduler->blocked());
  CHECK(blocked.size() == 250);  // of 299: so many are looked at
  CHECK(blocked.front().blocked_downstream == 1);
}

TEST_CASE("order: an orphan behind other instances of a job without order is taken up again") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs = {without_order(job_named("loads"))};
  bench.runner.script = [](const Instance&, int) { return lasting(20min); };
  bench.with_catch_up = false;
  bool lose = false;
  bench.start([&](std::size_t, bool writes) {
    const bool hit = writes && lose;
    if (hit) lose = false;
    return hit ? sluice::test::Fault::after : sluice::test::Fault::none;
  });
  bench.advance_to("2018-10-16T10:09+08:00");
  lose = true;  // the answer to the begin of 10:10
  bench.advance_to("2018-10-16T10:12+08:00");
  CHECK(bench.executed() == "loads@10:05 loads@10:10#2");
  CHECK_FALSE(bench.runner.overlapped);
}

TEST_CASE("upstream: whatever read fails, nothing starts before what it depends on") {
  std::size_t calls = 0;
  for (std::size_t k = 0; k == 0 || k < calls; ++k) {
    CAPTURE(k);
    SchedulerBench bench("2018-10-16T10:04+08:00");
    bench.jobs = {job_named("orders"), job_after("report", "orders"),
                  without_order(job_after("loads", "report", true))};
    const sluice::test::Fault kind = k % 2 == 0 ? sluice::test::Fault::before : sluice::test::Fault::after;
    bench.start([k, kind](std::size_t call, bool) { return call == k ? kind : sluice::test::Fault::none; });
    bench.advance_to("2018-10-16T10:13+08:00");
    if (k == 0) calls = bench.faulty->calls();
    std::map<InstanceId, Instant> began;
    for (const auto& start : bench.runner.starts) began.emplace(start.id, start.at);
    for (const char* slot : {"2018-10-16T10:05+08:00", "2018-10-16T10:10+08:00"}) {
      for (const char* job : {"orders", "report", "loads"}) {
        CHECK(bench.get(job, slot).state == State::success);
      }
      CHECK(began.at(SchedulerBench::id("orders", slot)) < began.at(SchedulerBench::id("report", slot)));
    }
    CHECK(began.at(SchedulerBench::id("report", "2018-10-16T10:05+08:00")) <
          began.at(SchedulerBench::id("loads", "2018-10-16T10:10+08:00")));
  }
}

TEST_CASE("transition 2: NOT_RUN, the last upstream succeeds, time not reached: WAIT_TIME") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  job::Job late = job_named("report", 60min);
  late.schedule.cycle = job::Cycle::hour;
  late.schedule.start = 30min;
  late.dependencies.jobs.push_back(job::Upstream{"orders"});
  job::Job orders = job_named("orders", 60min);
  orders.schedule.cycle = job::Cycle::hour;
  orders.schedule.start = 15min;
  bench.jobs = {orders, late};
  bench.start();
  CHECK(shown_in(bench, "report", "10:30") == State::not_run);
  CHECK(why(bench, "report", "10:30") ==
        "waits for orders@2018-10-16T10:15+08:00, which waits for its time, 2018-10-16T10:15+08:00");
  bench.advance_to("2018-10-16T10:16+08:00");
  CHECK(shown_in(bench, "report", "10:30") == State::wait_time);
  CHECK(shown_in(bench, "report", "11:30") == State::not_run);
  CHECK(why(bench, "report", "10:30") == "waits for its time, 2018-10-16T10:30+08:00");
}

TEST_CASE("transition 3: NOT_RUN, the last upstream succeeds, time reached: WAIT_RESOURCE") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.options.attempts_max = 1;
  bench.jobs = {job_named("busy"), job_named("orders"), job_after("report", "orders")};
  bench.runner.script = [](const Instance& instance, int) {
    return lasting(instance.id.job == "orders" ? 1min : 3min);
  };
  bench.start();
  bench.advance_to("2018-10-16T10:05+08:00");
  CHECK(shown_in(bench, "report", "10:05") == State::not_run);
  bench.advance_to("2018-10-16T10:09:01+08:00");
  REQUIRE(bench.executed() == "busy@10:05 orders@10:05 report@10:05");
  bench.advance_to("2018-10-16T10:16+08:00");
  // busy@10:10 has the only place until 10:15, then orders@10:10 ran for a minute; busy@10:15 is older by
  // name.
  REQUIRE(bench.get("orders", "2018-10-16T10:10+08:00").state == State::success);
  CHECK(shown_in(bench, "report", "10:10") != State::not_run);
}

Handovers handed_over(const job::Job& before, const std::string& slot) {
  Handovers handovers;
  handovers.emplace(before.name,
                    Handover{std::make_shared<const job::Job>(before), sluice::test::local_time(slot)});
  return handovers;
}

TEST_CASE("upstream: until its slot an edit of the upstream changes nothing for those that wait for it") {
  SchedulerBench bench("2018-10-15T23:01+08:00");
  const job::Job users = job_named("users", 30min);
  job::Job orders = job_after("orders", "users");
  orders.schedule.interval = 60min;
  bench.jobs = {users, orders};
  bench.start();
  job::Job edited = users;
  edited.version = "version-2";
  edited.schedule.cycle = job::Cycle::day;
  edited.schedule.at = 23h;
  bench.scheduler->set_jobs({edited, orders}, handed_over(users, "2018-10-17T00:00+08:00"));
  bench.advance_to("2018-10-16T01:10+08:00");
  CHECK(bench.executed() == "users@23:30 users@00:00 orders@00:00 users@00:30 users@01:00 orders@01:00");
  bench.advance_to("2018-10-17T22:59+08:00");
  CHECK(bench.get("orders", "2018-10-16T23:00+08:00").state == State::success);
  CHECK(bench.get("orders", "2018-10-17T00:00+08:00").state != State::success);
  bench.advance_to("2018-10-17T23:10+08:00");
  CHECK(bench.get("orders", "2018-10-17T23:00+08:00").state == State::success);
}

TEST_CASE("upstream: until its slot an edit of the downstream leaves what it waits for") {
  SchedulerBench bench("2018-10-15T23:01+08:00");
  const job::Job users = job_named("users", 30min);
  job::Job orders = job_after("orders", "users");
  orders.schedule.interval = 60min;
  bench.jobs = {users, orders};
  bool broken = true;
  break_job(bench, "users", broken);
  bench.start();
  job::Job edited = orders;
  edited.version = "version-2";
  edited.dependencies.jobs.clear();
  bench.scheduler->set_jobs({users, edited}, handed_over(orders, "2018-10-17T00:00+08:00"));
  bench.advance_to("2018-10-16T01:10+08:00");
  CHECK(bench.executed() == "users@23:30");
}

}  // namespace
