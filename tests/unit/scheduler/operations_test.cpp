#include "tests/support/catch_result.hpp"
#include "tests/support/scheduler_bench.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::SchedulerBench;

const std::string kFirst = "2018-10-16T00:05+08:00";
const std::string kSecond = "2018-10-16T00:10+08:00";

sluice::test::ScriptedRunner::Act act(Duration takes, std::optional<Error> error = std::nullopt) {
  sluice::test::ScriptedRunner::Act doing;
  doing.takes = takes;
  doing.error = std::move(error);
  return doing;
}

TEST_CASE("operations: the rerun of an old success repeats its window exactly and leaves newer ones alone") {
  SchedulerBench bench;
  bench.start();
  bench.advance_to("2018-10-16T00:16+08:00");
  const auto before = bench.runner.objects;
  REQUIRE(bench.ask(bench.scheduler->rerun(SchedulerBench::id("orders", kFirst), "uid 1000")));
  bench.advance(2s);
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:15 orders@00:05#2");
  CHECK(bench.runner.objects == before);
  CHECK(bench.get("orders", kFirst).state == State::success);
  CHECK(bench.get("orders", kSecond).attempts == 1);
  bench.advance_to("2018-10-16T00:21+08:00");
  CHECK(bench.runner.objects.at(SchedulerBench::id("orders", "2018-10-16T00:20+08:00")).from ==
        sluice::test::local_time("2018-10-16T00:10+08:00"));
  const auto audit = bench.ask(bench.store.audit(10));
  REQUIRE(audit.size() == 1);
  CHECK(audit[0].actor == "uid 1000");
  CHECK(audit[0].action == "rerun");
  CHECK(audit[0].target == "orders@2018-10-16T00:05+08:00");
  CHECK(audit[0].detail == "was SUCCESS");
}

TEST_CASE("operations: kill stops the running attempt, waits for it, and nothing repeats it by itself") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return act(1h); };
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  REQUIRE(bench.ask(bench.scheduler->kill(SchedulerBench::id("orders", kFirst), "uid 1000")));
  CHECK(bench.runner.executing == 0);
  const Instance killed = bench.get("orders", kFirst);
  CHECK(killed.state == State::failure);
  CHECK(killed.reason == "killed by uid 1000");
  CHECK(bench.ask(bench.store.attempts(killed.row)).at(0).result == AttemptResult::killed);
  bench.advance(1h);
  CHECK(bench.executed() == "orders@00:05");
  CHECK(bench.ask(bench.store.audit(10)).at(0).action == "kill");
}

TEST_CASE("operations: kill ends the wait for a retry, and is refused where nothing runs or waits") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return act(1s, Error(Errc::unavailable, "503")); };
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  REQUIRE(bench.ask(bench.scheduler->kill(SchedulerBench::id("orders", kFirst), "uid 1000")));
  bench.advance(1h);
  CHECK(bench.executed() == "orders@00:05");
  CHECK(bench.get("orders", kFirst).state == State::failure);
  const auto again = bench.ask(bench.scheduler->kill(SchedulerBench::id("orders", kFirst), "uid 1000"));
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Errc::refused_by_state);
  CHECK(again.error().message() ==
        "kill orders@2018-10-16T00:05+08:00: it is FAILURE; nothing of it runs or waits");
}

TEST_CASE("operations: a kill that comes while positions are planned keeps the attempt from executing") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) {
    auto doing = act(1h, Error(Errc::unavailable, "503"));
    doing.at = sluice::test::ScriptedRunner::Stage::plan;
    return doing;
  };
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  REQUIRE(bench.ask(bench.scheduler->kill(SchedulerBench::id("orders", kFirst), "uid 1000")));
  CHECK(bench.executed().empty());
  CHECK(bench.get("orders", kFirst).state == State::failure);
  CHECK(bench.get("orders", kFirst).reason == "killed by uid 1000");
}

// Its first attempt fails at 00:05:01; the retry is claimed at 00:07:01 and plans for a minute.
sluice::test::ScriptedRunner::Act planning_retry(const Instance& instance, int attempt) {
  auto doing = act(1s);
  if (instance.cycle == 2 && attempt == 1) doing.error = Error(Errc::unavailable, "503");
  if (instance.cycle == 2 && attempt == 2) doing.plans = 1min;
  return doing;
}

// Of a job whose newest definition has longer windows.
void lengthen_windows(SchedulerBench& bench) {
  bench.options.freezer = [](const job::Job& job, Instant slot) {
    Result<Frozen> frozen = sluice::test::freeze_seed(job, slot);
    if (job.version == "version-2") frozen->window.end += 2min;
    return frozen;
  };
}

Order rerun_latest() {
  Order order;
  order.action = Action::rerun;
  order.actor = "uid 1000";
  order.latest = true;
  return order;
}

TEST_CASE("operations: a rerun is refused while an attempt finds its positions, as it is while it runs") {
  SchedulerBench bench;
  lengthen_windows(bench);
  bench.runner.script = planning_retry;
  bench.start();
  bench.advance_to("2018-10-16T00:07:10+08:00");
  job::Job changed = bench.jobs[0];
  changed.version = "version-2";
  bench.scheduler->set_jobs({changed});
  REQUIRE(bench.get("orders", kFirst).state == State::retry_wait);
  const auto refused = bench.ask(bench.scheduler->act(rerun_latest(), SchedulerBench::id("orders", kFirst)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(refused.error().message() ==
        "rerun orders@2018-10-16T00:05+08:00: its attempt 2 has begun; kill it first, or wait until it ends");
  CHECK(bench.ask(bench.scheduler->rerun(SchedulerBench::id("orders", kFirst), "uid 1000")).error().code() ==
        Errc::refused_by_state);
  bench.advance(1min);
  const Instance done = bench.get("orders", kFirst);
  CHECK(done.state == State::success);
  CHECK(done.version == "version-1");
  CHECK(done.window_end == bench.runner.objects.at(done.id).to);
  CHECK(bench.ask(bench.store.audit(10)).empty());
}

TEST_CASE(
    "operations: an unfreeze with the newest definition waits for an attempt that finds its positions") {
  SchedulerBench bench;
  bench.runner.script = planning_retry;
  bench.start();
  bench.advance_to("2018-10-16T00:07:10+08:00");
  REQUIRE(bench.ask(bench.scheduler->freeze(SchedulerBench::id("orders", kFirst), "uid 1000")));
  Order order = rerun_latest();
  order.action = Action::unfreeze;
  const auto refused = bench.ask(bench.scheduler->act(order, SchedulerBench::id("orders", kFirst)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() ==
        "unfreeze orders@2018-10-16T00:05+08:00: its attempt 2 has begun; kill it first, or wait until it "
        "ends");
  bench.advance(1min);
  CHECK(bench.ask(bench.scheduler->act(order, SchedulerBench::id("orders", kFirst))));
}

TEST_CASE(
    "operations: a kill reaches an instance whose attempt was dropped, since it was put back meanwhile") {
  SchedulerBench bench;
  bench.runner.script = planning_retry;
  bench.start();
  bench.advance_to("2018-10-16T00:07:10+08:00");
  const InstanceId id = SchedulerBench::id("orders", kFirst);
  REQUIRE(bench.ask(bench.scheduler->freeze(id, "uid 1000")));
  REQUIRE(bench.ask(bench.scheduler->unfreeze(id, "uid 1000")));  // its failures are forgotten
  CHECK(bench.ask(bench.scheduler->kill(id, "uid 1000")));
  CHECK(bench.get("orders", kFirst).state == State::failure);
  bench.advance(1h);
  CHECK(bench.executed() == "orders@00:05");
}

TEST_CASE("operations: the reruns given anew by an operator count though an attempt was being begun") {
  SchedulerBench bench;
  lengthen_windows(bench);
  bench.jobs[0].rerun.times = 1;
  bench.runner.script = [](const Instance& instance, int attempt) {
    return instance.cycle == 2 && attempt <= 2 ? act(1s, Error(Errc::unavailable, "503")) : act(1s);
  };
  // The order is decided on before the retry is claimed, and stored before that begins.
  bench.latency = [](bool) { return 1s; };
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  const Instance failed = bench.get("orders", kFirst);
  REQUIRE(failed.state == State::retry_wait);
  job::Job changed = bench.jobs[0];
  changed.version = "version-2";
  bench.scheduler->set_jobs({changed});
  const int ahead = GENERATE(0, 1, 2, 3, 4, 5);  // seconds
  CAPTURE(ahead);
  bench.advance(*failed.retry_at - std::chrono::seconds(ahead) - bench.clock.now());
  const auto done = bench.ask(bench.scheduler->act(rerun_latest(), SchedulerBench::id("orders", kFirst)));
  if (!done) CHECK(done.error().code() == Errc::refused_by_state);
  bench.advance(5min);
  const Instance after = bench.get("orders", kFirst);
  CHECK(after.state == (done ? State::success : State::failure));
  CHECK(after.version == (done ? "version-2" : "version-1"));
  if (done) CHECK(after.window_end == bench.runner.objects.at(after.id).to);
}

TEST_CASE("operations: a frozen instance does not run and blocks the next ones until it is unfrozen") {
  SchedulerBench bench;
  bench.start();
  REQUIRE(bench.ask(bench.scheduler->freeze(SchedulerBench::id("orders", kSecond), "uid 1000")));
  bench.advance_to("2018-10-16T00:21+08:00");
  CHECK(bench.executed() == "orders@00:05");
  CHECK(bench.why(SchedulerBench::id("orders", "2018-10-16T00:15+08:00")) ==
        "waits for orders@2018-10-16T00:10+08:00, which is frozen by uid 1000; sluice unfreeze "
        "orders@2018-10-16T00:10+08:00");
  CHECK(bench.ask(bench.scheduler->rerun(SchedulerBench::id("orders", kSecond), "x")).error().code() ==
        Errc::refused_by_state);
  REQUIRE(bench.ask(bench.scheduler->unfreeze(SchedulerBench::id("orders", kSecond), "uid 1000")));
  bench.advance(10s);
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:15 orders@00:20");
}

TEST_CASE("operations: a window that was committed cannot be moved by a rerun, though it was empty") {
  SchedulerBench bench;
  bench.options.freezer = [](const job::Job& job, Instant slot) {
    Result<Frozen> frozen = sluice::test::freeze_seed(job, slot);
    frozen->window.end = frozen->window.start + (job.version == "version-2" ? 1h : Duration(30s));  // no row
    return frozen;
  };
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  REQUIRE(bench.get("orders", kFirst).rows + bench.get("orders", kFirst).objects.size() == 0);
  job::Job changed = bench.jobs[0];
  changed.version = "version-2";
  bench.scheduler->set_jobs({changed});
  Order order;
  order.action = Action::rerun;
  order.actor = "uid 1000";
  order.latest = true;
  const auto refused = bench.ask(bench.scheduler->act(order, SchedulerBench::id("orders", kFirst)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(
      refused.error().message() ==
      "rerun orders@2018-10-16T00:05+08:00 with the newest definition: that gives it another window than the "
      "one that was committed; rerun it as it is");
}

TEST_CASE("operations: a window set to success is skipped, and its records come with the next one") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance& instance, int) {
    return instance.cycle == 3 ? act(1s, Error(Errc::trimmed, "gone")) : act(1s);
  };
  bench.start();
  bench.advance_to("2018-10-16T00:12+08:00");
  REQUIRE(bench.ask(bench.scheduler->set_success(SchedulerBench::id("orders", kSecond), "uid 1000")));
  CHECK(bench.get("orders", kSecond).reason ==
        "set to success by uid 1000: the next window begins where the last committed one ended, so nothing "
        "is skipped");
  CHECK(bench.why(SchedulerBench::id("orders", kSecond)) == "was " + bench.get("orders", kSecond).reason);
  bench.advance_to("2018-10-16T00:16+08:00");
  const auto next = bench.runner.objects.at(SchedulerBench::id("orders", "2018-10-16T00:15+08:00"));
  CHECK(next.from == sluice::test::local_time("2018-10-16T00:00+08:00"));
  CHECK(next.to == sluice::test::local_time("2018-10-16T00:10+08:00"));
}

TEST_CASE("operations: the first window set to success says that its records are skipped") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return act(1s, Error(Errc::trimmed, "gone")); };
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  REQUIRE(bench.ask(bench.scheduler->set_success(SchedulerBench::id("orders", kFirst), "x")));
  CHECK(bench.get("orders", kFirst).reason ==
        "set to success by x: no window of the job was committed before, so the records before the next "
        "window's "
        "start are skipped");
}

TEST_CASE("operations: an unknown instance is not found, with the way to find it") {
  SchedulerBench bench;
  bench.start();
  const auto missing =
      bench.ask(bench.scheduler->rerun(SchedulerBench::id("orders", "2018-10-16T00:07+08:00"), "x"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == Errc::not_found);
  CHECK(missing.error().message() ==
        "find instance orders@2018-10-15T16:07+00:00: none is planned for that time; list them with sluice "
        "instances "
        "orders");
  CHECK(bench.ask(bench.store.audit(10)).empty());
}

TEST_CASE("operations: why tells what each instance does or waits for") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance& instance, int attempt) {
    return instance.cycle == 3 && attempt == 1 ? act(10s, Error(Errc::unavailable, "get records: 503"))
                                               : act(10s);
  };
  bench.start();
  const auto why = [&](const std::string& slot) { return bench.why(SchedulerBench::id("orders", slot)); };
  CHECK(why(kFirst) == "waits for its time, 2018-10-16T00:05+08:00");
  bench.advance_to("2018-10-16T00:05:05+08:00");
  CHECK(why(kFirst) == "is running, attempt 1");
  CHECK(why(kSecond) == "waits for orders@2018-10-16T00:05+08:00, which is running, attempt 1");
  bench.advance_to("2018-10-16T00:11+08:00");
  CHECK(why(kFirst) == "succeeded with 5 rows");
  CHECK(why(kSecond) == "waits until 2018-10-16T00:12:10+08:00 to run again after: get records: 503");
}

}  // namespace
