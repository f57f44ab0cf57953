#include "scheduler/scheduler.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/scheduler_bench.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::SchedulerBench;
using Act = sluice::test::ScriptedRunner::Act;

Act failing(Errc code, Duration takes = 10s) {
  Act act;
  act.takes = takes;
  act.error = Error(code, "get records: went wrong");
  return act;
}

Act lasting(Duration takes) {
  Act act;
  act.takes = takes;
  return act;
}

// Each success starts where the one before it ended, and the target holds exactly that.
void check_chain(SchedulerBench& bench, const std::string& job) {
  std::optional<pipeline::Positions> end;
  for (const Instance& instance : bench.all(job, {State::success})) {
    const auto from = bench.ask(bench.store.start_positions(instance.row));
    const auto to = bench.ask(bench.store.end_positions(instance.row));
    if (!to) continue;  // set to success by hand
    REQUIRE(from);
    if (end) CHECK(*from == *end);
    end = to;
    const auto object = bench.runner.objects.at(instance.id);
    CHECK(object.from == from->shards.at(0).time);
    CHECK(object.to == to->shards.at(0).time);
  }
}

TEST_CASE("scheduler: each instance starts at its slot, in order, and its outcome is stored") {
  SchedulerBench bench("2018-10-16T00:01+08:00");
  bench.start();
  bench.advance_to("2018-10-16T00:04:59+08:00");
  CHECK(bench.executed().empty());
  bench.advance_to("2018-10-16T00:16+08:00");
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:15");
  CHECK(bench.runner.starts[0].at == sluice::test::local_time("2018-10-16T00:05+08:00"));
  CHECK(bench.observer.lateness == std::vector<Duration>(3, 0s));
  const Instance done = bench.get("orders", "2018-10-16T00:10+08:00");
  CHECK(done.state == State::success);
  CHECK(done.rows == 5);
  CHECK(done.finished == sluice::test::local_time("2018-10-16T00:10:01+08:00"));
  CHECK(bench.scheduler->counters().succeeded == 3);
  check_chain(bench, "orders");
}

TEST_CASE("scheduler: a new job has no instance in the past and those of tomorrow before they are due") {
  SchedulerBench bench("2018-10-16T12:03+08:00");
  bench.start();
  const auto planned = bench.all("orders");
  CHECK(planned.front().id.scheduled == sluice::test::local_time("2018-10-16T12:05+08:00"));
  CHECK(planned.back().id.scheduled == sluice::test::local_time("2018-10-17T23:55+08:00"));
  CHECK(planned.size() == 143 + 288);
  CHECK(planned.front().cycle == 146);
  CHECK(planned.back().cycle == 288);
  bench.advance_to("2018-10-17T00:11+08:00");
  CHECK(bench.all("orders").back().id.scheduled == sluice::test::local_time("2018-10-18T23:55+08:00"));
}

TEST_CASE("scheduler: an instance waits for its predecessor, also across midnight and a restart") {
  SchedulerBench bench("2018-10-16T23:51+08:00");
  bench.runner.script = [](const Instance& instance, int) {
    const bool last_of_day = instance.cycle == 288;
    return last_of_day ? failing(Errc::trimmed) : lasting(1s);
  };
  bench.start();
  bench.advance_to("2018-10-17T00:20+08:00");
  CHECK(bench.executed() == "orders@23:55");
  CHECK(bench.get("orders", "2018-10-16T23:55+08:00").state == State::failure);
  bench.stop();
  bench.start();
  bench.advance(1min);
  CHECK(bench.executed() == "orders@23:55");
  CHECK(bench.why(SchedulerBench::id("orders", "2018-10-17T00:00+08:00")) ==
        "waits for orders@2018-10-16T23:55+08:00, which failed: get records: went wrong; sluice rerun "
        "orders@2018-10-16T23:55+08:00 once the cause is gone");
  CHECK(bench.why(SchedulerBench::id("orders", "2018-10-17T00:10+08:00")) ==
        "waits for orders@2018-10-17T00:05+08:00, which waits for orders@2018-10-16T23:55+08:00, which "
        "failed: get "
        "records: went wrong; sluice rerun orders@2018-10-16T23:55+08:00 once the cause is gone");
  bench.runner.script = nullptr;
  REQUIRE(
      bench.ask(bench.scheduler->rerun(SchedulerBench::id("orders", "2018-10-16T23:55+08:00"), "uid 1000")));
  bench.advance(10s);
  CHECK(bench.executed(1) ==
        "orders@23:55#2 orders@00:00 orders@00:05 orders@00:10 orders@00:15 orders@00:20");
  check_chain(bench, "orders");
}

TEST_CASE(
    "scheduler: a failed attempt is repeated three times, two minutes after each end, then a person "
    "decides") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return failing(Errc::unavailable, 10s); };
  bench.start();
  bench.advance_to("2018-10-16T01:00+08:00");
  CHECK(bench.executed() == "orders@00:05 orders@00:05#2 orders@00:05#3 orders@00:05#4");
  for (std::size_t i = 1; i < 4; ++i) {
    CHECK(bench.runner.starts[i].at - bench.runner.starts[i - 1].at == 2min + 10s);
  }
  const Instance failed = bench.get("orders", "2018-10-16T00:05+08:00");
  CHECK(failed.state == State::failure);
  CHECK(failed.failures == 4);
  CHECK(failed.reason == "get records: went wrong");
  CHECK(bench.ask(bench.store.attempts(failed.row)).at(3).error_code == "unavailable");
}

TEST_CASE("scheduler: a retry keeps its time across a restart") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int attempt) {
    return attempt == 1 ? failing(Errc::unavailable, 10s) : lasting(1s);
  };
  bench.start();
  bench.advance_to("2018-10-16T00:05:30+08:00");
  bench.crash();
  bench.advance(30s);
  bench.start();
  bench.advance_to("2018-10-16T00:08+08:00");
  REQUIRE(bench.runner.starts.size() == 2);
  CHECK(bench.runner.starts[1].at == sluice::test::local_time("2018-10-16T00:07:10+08:00"));
}

TEST_CASE("scheduler: whatever stage fails, the attempt is closed with its error and repeated") {
  const auto stage =
      GENERATE(sluice::test::ScriptedRunner::Stage::prepare, sluice::test::ScriptedRunner::Stage::plan,
               sluice::test::ScriptedRunner::Stage::execute);
  const bool throws = GENERATE(false, true);
  SchedulerBench bench;
  bench.runner.script = [&](const Instance&, int attempt) {
    Act act = attempt == 1 ? failing(Errc::unauthenticated, 0s) : lasting(1s);
    act.at = stage;
    act.throws = throws;
    return act;
  };
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  const Instance waiting = bench.get("orders", "2018-10-16T00:05+08:00");
  CHECK(waiting.state == State::retry_wait);
  CHECK(waiting.retry_at == sluice::test::local_time("2018-10-16T00:07+08:00"));
  bench.advance_to("2018-10-16T00:08+08:00");
  const auto attempts = bench.ask(bench.store.attempts(waiting.row));
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].result == AttemptResult::failed);
  CHECK(attempts[0].error_code == "unauthenticated");
  CHECK(attempts[1].result == AttemptResult::success);
  check_chain(bench, "orders");
}

TEST_CASE(
    "scheduler: after three hours of downtime every missed window runs, oldest first, with its own values") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  CHECK(bench.executed() == "orders@10:00");
  bench.crash();
  bench.advance_to("2018-10-16T13:07+08:00");
  bench.start();
  bench.advance(2min);
  REQUIRE(bench.runner.starts.size() == 1 + 37);
  for (std::size_t i = 1; i < bench.runner.starts.size(); ++i) {
    const Instant slot = sluice::test::local_time("2018-10-16T10:00+08:00") + i * 5min;
    CHECK(bench.runner.starts[i].id.scheduled == slot);
    CHECK(bench.runner.objects.at(bench.runner.starts[i].id).to == slot - 5min);
  }
  check_chain(bench, "orders");
}

TEST_CASE("scheduler: after a downtime longer than what was planned every slot still gets its row") {
  SchedulerBench bench("2018-10-16T00:01+08:00");
  bench.start();
  bench.crash();
  bench.advance(24h * 30);
  bench.start();
  const auto planned = bench.all("orders");
  CHECK(planned.size() == 288 * 32 - 1);
  bench.runner.script = [](const Instance&, int) { return lasting(0s); };
  bench.advance(1h);
  CHECK(bench.all("orders", {State::success}).size() >= 288 * 30);
  check_chain(bench, "orders");
}

TEST_CASE(
    "scheduler: no more attempts run at once than allowed, and places go to the oldest slot, then by name") {
  SchedulerBench bench;
  bench.jobs = {sluice::test::job_named("delta"), sluice::test::job_named("alpha"),
                sluice::test::job_named("charlie"), sluice::test::job_named("bravo"),
                sluice::test::job_named("echo", 15min)};
  bench.options.attempts_max = 2;
  bench.runner.script = [](const Instance&, int) { return lasting(1min); };
  bench.start();
  bench.advance_to("2018-10-16T00:05+08:00");
  CHECK(bench.executed() == "alpha@00:05 bravo@00:05");
  CHECK(bench.why(SchedulerBench::id("delta", "2018-10-16T00:05+08:00")) ==
        "waits for a free place: 2 of 2 attempts are running");
  bench.advance_to("2018-10-16T00:20+08:00");
  CHECK(bench.runner.executing_max == 2);
  CHECK(bench.executed(2).substr(0, 23) == "charlie@00:05 delta@00:");
  CHECK_FALSE(bench.runner.overlapped);
}

TEST_CASE("scheduler: a thousand instances due together all start within the same second") {
  SchedulerBench bench("2018-10-16T00:04:50+08:00");
  bench.jobs.clear();
  for (int i = 0; i < 1000; ++i)
    bench.jobs.push_back(sluice::test::job_named("job-" + std::to_string(i), 60min));
  for (auto& job : bench.jobs) job.schedule.start = 5min;
  bench.options.attempts_max = 1000;
  bench.start();
  bench.advance(10s);
  REQUIRE(bench.runner.starts.size() == 1000);
  for (const auto& start : bench.runner.starts)
    CHECK(start.at == sluice::test::local_time("2018-10-16T00:05+08:00"));
}

TEST_CASE("scheduler: steps of the wall clock by two hours make no duplicate and no gap") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  SECTION("forward") {
    bench.clock.step_wall(2h);
    bench.advance(31s + 24s);
    CHECK(bench.runner.starts.size() == 1 + 24);
  }
  SECTION("backward") {
    bench.clock.step_wall(-2h);
    bench.advance(2h);
    CHECK(bench.runner.starts.size() == 1);
    bench.advance(5min);
    CHECK(bench.executed() == "orders@10:00 orders@10:05");
  }
  SECTION("there and back") {
    bench.clock.step_wall(2h);
    bench.advance(31s + 24s);
    bench.clock.step_wall(-2h);
    bench.advance(3h);
    CHECK(bench.executed().find("orders@12:05") != std::string::npos);
  }
  bench.advance(26h);
  const auto instances = bench.all("orders");
  for (std::size_t i = 1; i < instances.size(); ++i) {
    CHECK(instances[i].id.scheduled - instances[i - 1].id.scheduled == 5min);
  }
  for (const auto& [id, contents] : bench.runner.contents) CHECK(contents.size() == 1);
  CHECK(bench.runner.starts.size() == bench.runner.contents.size());
  check_chain(bench, "orders");
}

TEST_CASE("scheduler: a graceful stop lets attempts end inside the drain limit and starts nothing more") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return lasting(20s); };
  bench.start();
  bench.advance_to("2018-10-16T00:05:05+08:00");
  bench.stop();
  CHECK(bench.clock.now() == sluice::test::local_time("2018-10-16T00:05:20+08:00"));
  CHECK(bench.get("orders", "2018-10-16T00:05+08:00").state == State::success);
}

TEST_CASE(
    "scheduler: what does not end inside the drain limit is lost and taken up again by the next start") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return lasting(10min); };
  bench.start();
  bench.advance_to("2018-10-16T00:05:05+08:00");
  bench.stop();
  CHECK(bench.clock.now() == sluice::test::local_time("2018-10-16T00:05:35+08:00"));
  const Instance lost = bench.get("orders", "2018-10-16T00:05+08:00");
  CHECK(lost.state == State::wait_resource);
  CHECK(lost.failures == 0);
  CHECK(bench.ask(bench.store.attempts(lost.row)).at(0).result == AttemptResult::lost);
  bench.runner.script = nullptr;
  bench.start();
  bench.advance(2s);
  CHECK(bench.get("orders", "2018-10-16T00:05+08:00").state == State::success);
}

TEST_CASE("scheduler: a changed job replaces what has not started and leaves the past alone") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:07+08:00");
  auto changed = sluice::test::job_named("orders", 30min);
  changed.version = "version-2";
  bench.scheduler->set_jobs({changed, sluice::test::job_named("users")});
  bench.advance(1s);
  const auto orders = bench.all("orders");
  REQUIRE(orders.size() > 2);
  CHECK(orders[0].id.scheduled == sluice::test::local_time("2018-10-16T10:05+08:00"));
  CHECK(orders[0].version == "version-1");
  CHECK(orders[1].id.scheduled == sluice::test::local_time("2018-10-16T10:30+08:00"));
  CHECK(orders[1].version == "version-2");
  REQUIRE(bench.all("users").size() > 0);
  CHECK(bench.all("users").front().id.scheduled == sluice::test::local_time("2018-10-16T10:10+08:00"));
  bench.advance_to("2018-10-16T11:01+08:00");
  CHECK(bench.executed().substr(0, 38) == "orders@10:05 users@10:10 users@10:15 u");
  check_chain(bench, "orders");
}

TEST_CASE(
    "scheduler: an attempt in progress goes on when its job is taken away, and later ones do not start") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return lasting(1min); };
  bench.start();
  bench.advance_to("2018-10-16T00:05:10+08:00");
  bench.scheduler->set_jobs({});
  bench.advance_to("2018-10-16T01:00+08:00");
  CHECK(bench.executed() == "orders@00:05");
  CHECK(bench.get("orders", "2018-10-16T00:05+08:00").state == State::success);
  CHECK(bench.why(SchedulerBench::id("orders", "2018-10-16T00:10+08:00")) ==
        "cannot run: job orders is not loaded; put its file back");
}

}  // namespace
