// The table of cases in section 5 of the scheduling reference, a row each, on a whole scheduler.

#include "tests/support/catch_result.hpp"
#include "tests/support/scheduler_bench.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::SchedulerBench;
using Act = sluice::test::ScriptedRunner::Act;

constexpr const char* kActor = "uid 1000";

InstanceId orders_at(const std::string& slot) { return SchedulerBench::id("orders", slot); }

Act lasting(Duration takes) {
  Act act;
  act.takes = takes;
  return act;
}

// Every attempt at this slot fails for good while `broken`.
struct Breakdown {
  bool broken = true;
  void at(SchedulerBench& bench, const std::string& slot) {
    bench.runner.script = [this, at = sluice::test::local_time(slot)](const Instance& instance, int) {
      Act act = lasting(1s);
      if (broken && instance.id.scheduled == at) act.error = Error(Errc::trimmed, "get records: trimmed");
      return act;
    };
  }
};

State shown(SchedulerBench& bench, const std::string& slot) {
  std::vector<Instance> one(1, bench.get("orders", slot));
  return bench.ask(bench.scheduler->shown(std::move(one))).front().state;
}

TEST_CASE("self-dependency: within a day instance k waits for k-1; never two at once from the chain") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.options.attempts_max = 8;
  bench.runner.script = [](const Instance&, int) { return lasting(7min); };
  bench.start();
  bench.advance_to("2018-10-16T10:31+08:00");
  CHECK(bench.executed() == "orders@10:05 orders@10:10 orders@10:15 orders@10:20");
  CHECK(bench.runner.executing_max == 1);
  CHECK(bench.runner.starts[1].at == sluice::test::local_time("2018-10-16T10:12+08:00"));
  CHECK(bench.runner.starts[2].at == sluice::test::local_time("2018-10-16T10:19+08:00"));
}

TEST_CASE("self-dependency: across days the first of the day waits for the last of the day before") {
  SchedulerBench bench("2018-10-16T23:51+08:00");
  Breakdown failure;
  failure.at(bench, "2018-10-16T23:55+08:00");
  bench.start();
  bench.advance_to("2018-10-17T09:00+08:00");
  CHECK(bench.executed() == "orders@23:55");
  CHECK(shown(bench, "2018-10-17T00:00+08:00") == State::not_run);
  CHECK(bench.why(orders_at("2018-10-17T00:00+08:00")) ==
        "waits for orders@2018-10-16T23:55+08:00, which failed: get records: trimmed; sluice rerun "
        "orders@2018-10-16T23:55+08:00 once the cause is gone");
}

TEST_CASE("self-dependency: the first ever has no previous instance, so no edge, and runs") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:05+08:00");
  CHECK(bench.executed() == "orders@10:05");
}

TEST_CASE("self-dependency: behind a failed one it waits without limit, until the rerun succeeds") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  Breakdown failure;
  failure.at(bench, "2018-10-16T10:05+08:00");
  bench.start();
  bench.advance_to("2018-10-19T10:01+08:00");
  CHECK(bench.executed() == "orders@10:05");
  CHECK(shown(bench, "2018-10-16T10:10+08:00") == State::not_run);
  SECTION("a rerun that fails again changes nothing") {
    REQUIRE(bench.ask(bench.scheduler->rerun(orders_at("2018-10-16T10:05+08:00"), kActor)));
    bench.advance(1min);
    CHECK(bench.executed() == "orders@10:05 orders@10:05#2");
  }
  SECTION("a rerun that succeeds lets the chain go on") {
    failure.broken = false;
    REQUIRE(bench.ask(bench.scheduler->rerun(orders_at("2018-10-16T10:05+08:00"), kActor)));
    bench.advance(2s);
    CHECK(bench.executed() == "orders@10:05 orders@10:05#2 orders@10:10 orders@10:15");
  }
  SECTION("so does set-success") {
    REQUIRE(bench.ask(bench.scheduler->set_success(orders_at("2018-10-16T10:05+08:00"), kActor)));
    bench.advance(500ms);
    CHECK(bench.executed() == "orders@10:05 orders@10:10");
  }
}

TEST_CASE("self-dependency: behind a frozen one it is blocked until that is unfrozen and succeeds") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.start();
  REQUIRE(bench.ask(bench.scheduler->freeze(orders_at("2018-10-16T10:05+08:00"), kActor)));
  bench.advance_to("2018-10-16T12:01+08:00");
  CHECK(bench.executed().empty());
  CHECK(bench.why(orders_at("2018-10-16T10:10+08:00")) ==
        "waits for orders@2018-10-16T10:05+08:00, which is frozen by uid 1000; sluice unfreeze "
        "orders@2018-10-16T10:05+08:00");
  bench.runner.script = [](const Instance&, int) { return lasting(90s); };
  REQUIRE(bench.ask(bench.scheduler->unfreeze(orders_at("2018-10-16T10:05+08:00"), kActor)));
  bench.advance(1min);
  CHECK(bench.executed() == "orders@10:05");
  bench.advance(1min);
  CHECK(bench.executed() == "orders@10:05 orders@10:10");
}

TEST_CASE("self-dependency: what was frozen for a while blocks at the first one; each must be released") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.start();
  for (const char* slot : {"10:05", "10:10", "10:15"}) {
    REQUIRE(
        bench.ask(bench.scheduler->freeze(orders_at(std::string("2018-10-16T") + slot + "+08:00"), kActor)));
  }
  bench.advance_to("2018-10-16T10:31+08:00");
  CHECK(bench.executed().empty());
  REQUIRE(bench.ask(bench.scheduler->set_success(orders_at("2018-10-16T10:05+08:00"), kActor)));
  bench.advance(1min);
  CHECK(bench.executed().empty());
  REQUIRE(bench.ask(bench.scheduler->unfreeze(orders_at("2018-10-16T10:10+08:00"), kActor)));
  bench.advance(1min);
  CHECK(bench.executed() == "orders@10:10");
  REQUIRE(bench.ask(bench.scheduler->unfreeze(orders_at("2018-10-16T10:15+08:00"), kActor)));
  bench.advance(1min);
  CHECK(bench.executed() == "orders@10:10 orders@10:15 orders@10:20 orders@10:25 orders@10:30");
}

TEST_CASE("self-dependency: set to success counts as success; its records come with the next window") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  Breakdown failure;
  failure.at(bench, "2018-10-16T10:10+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:14+08:00");
  REQUIRE(bench.ask(bench.scheduler->set_success(orders_at("2018-10-16T10:10+08:00"), kActor)));
  bench.advance_to("2018-10-16T10:16+08:00");
  CHECK(bench.executed() == "orders@10:05 orders@10:10 orders@10:15");
  // Not silently missing, as with the original.
  const auto next = bench.runner.objects.at(orders_at("2018-10-16T10:15+08:00"));
  CHECK(next.from == sluice::test::local_time("2018-10-16T10:00+08:00"));
  CHECK(next.to == sluice::test::local_time("2018-10-16T10:10+08:00"));
}

TEST_CASE("self-dependency: a previous dry run counts as success and is never inherited") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  NewInstance dry;
  dry.id = orders_at("2018-10-16T10:05+08:00");
  dry.zone = "Asia/Shanghai";
  dry.cycle = 122;
  dry.version = "version-1";
  dry.dry_run = true;
  std::vector<NewInstance> one(1, dry);
  bench.ask(bench.store.add_instances(one));
  bench.start();
  bench.advance_to("2018-10-16T10:16+08:00");
  CHECK(bench.executed() == "orders@10:10 orders@10:15");
  CHECK(bench.get("orders", "2018-10-16T10:05+08:00").state == State::success);
  CHECK_FALSE(bench.get("orders", "2018-10-16T10:10+08:00").dry_run);
}

TEST_CASE("self-dependency: behind a long one they pile up, then run one by one, each with its own window") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.runner.script = [](const Instance& instance, int) {
    return lasting(instance.id == orders_at("2018-10-16T10:05+08:00") ? 32min : 1s);
  };
  bench.start();
  bench.advance_to("2018-10-16T10:36+08:00");
  CHECK(bench.executed() == "orders@10:05");
  for (const char* slot : {"10:10", "10:30", "10:35", "10:40"}) {
    CHECK(shown(bench, std::string("2018-10-16T") + slot + "+08:00") == State::not_run);
  }
  bench.advance_to("2018-10-16T10:38+08:00");
  CHECK(bench.executed() ==
        "orders@10:05 orders@10:10 orders@10:15 orders@10:20 orders@10:25 orders@10:30 orders@10:35");
  CHECK(bench.runner.executing_max == 1);
  for (const Instance& instance : bench.all("orders", {State::success})) {
    CHECK(bench.runner.objects.at(instance.id).to == instance.window_end);
    CHECK(instance.rows == 5);
  }
}

TEST_CASE("self-dependency: the rerun of an old success does not reset later successes") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:21+08:00");
  REQUIRE(bench.ask(bench.scheduler->rerun(orders_at("2018-10-16T10:05+08:00"), kActor)));
  CHECK(bench.get("orders", "2018-10-16T10:10+08:00").state == State::success);
  CHECK(bench.get("orders", "2018-10-16T10:20+08:00").state == State::success);
  bench.advance_to("2018-10-16T10:26+08:00");
  CHECK(bench.executed() ==
        "orders@10:05 orders@10:10 orders@10:15 orders@10:20 orders@10:05#2 orders@10:25");
}

TEST_CASE(
    "self-dependency: an old success that is run again waits for the one that runs, and the next for both") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.runner.script = [](const Instance&, int) { return lasting(2min); };
  bench.start();
  bench.advance_to("2018-10-16T10:11+08:00");
  REQUIRE(bench.ask(bench.scheduler->rerun(orders_at("2018-10-16T10:05+08:00"), kActor)));
  bench.advance(10s);
  CHECK(bench.why(orders_at("2018-10-16T10:05+08:00")) ==
        "waits for the attempt of its job that is in progress; one of them runs at a time");
  bench.advance_to("2018-10-16T10:17+08:00");
  CHECK(bench.executed() == "orders@10:05 orders@10:10 orders@10:05#2 orders@10:15");
  CHECK(bench.runner.starts[2].at == sluice::test::local_time("2018-10-16T10:12+08:00"));
  CHECK(bench.runner.executing_max == 1);
}

TEST_CASE("self-dependency: after a schedule changed mid-day new instances chain on what exists that day") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  Breakdown failure;
  failure.at(bench, "2018-10-16T10:10+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:12+08:00");
  std::vector<job::Job> changed(1, sluice::test::job_named("orders", 30min));
  changed.front().version = "version-2";
  bench.scheduler->set_jobs(changed);
  bench.advance_to("2018-10-16T11:01+08:00");
  CHECK(bench.executed() == "orders@10:05 orders@10:10");
  CHECK(bench.why(orders_at("2018-10-16T10:30+08:00"))
            .find("waits for orders@2018-10-16T10:10+08:00, which failed") == 0);
  failure.broken = false;
  REQUIRE(bench.ask(bench.scheduler->rerun(orders_at("2018-10-16T10:10+08:00"), kActor)));
  bench.advance(1min);
  CHECK(bench.executed() == "orders@10:05 orders@10:10 orders@10:10#2 orders@10:30 orders@11:00");
}

TEST_CASE("self-dependency: behind an isolated predecessor the whole chain stops, and why says so") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.jobs.front().dependencies.jobs.push_back(job::Upstream{"absent"});
  bench.start();
  bench.advance_to("2018-10-16T10:31+08:00");
  CHECK(bench.executed().empty());
  CHECK(bench.why(orders_at("2018-10-16T10:30+08:00")) ==
        "waits for orders@2018-10-16T10:25+08:00, which waits for orders@2018-10-16T10:05+08:00, which waits "
        "for "
        "job absent, which is not loaded; put its file back, or take it out of dependsOn.jobs");
}

TEST_CASE(
    "behaviour 5: fail 23:55; 00:00 stays NOT_RUN with the reason; set to success: 00:00 starts within 1 s") {
  SchedulerBench bench("2018-10-16T23:51+08:00");
  Breakdown failure;
  failure.at(bench, "2018-10-16T23:55+08:00");
  bench.start();
  bench.advance_to("2018-10-17T00:03+08:00");
  SECTION("in one life of the daemon") {}
  SECTION("across a crash and an upgrade") {
    bench.crash();
    bench.start();
  }
  CHECK(shown(bench, "2018-10-17T00:00+08:00") == State::not_run);
  const std::string why = bench.why(orders_at("2018-10-17T00:00+08:00"));
  CHECK(why.find("waits for orders@2018-10-16T23:55+08:00, which failed") == 0);
  const std::size_t before = bench.runner.starts.size();
  REQUIRE(bench.ask(bench.scheduler->set_success(orders_at("2018-10-16T23:55+08:00"), kActor)));
  const Instant acted = bench.clock.now();
  bench.advance(1s);
  REQUIRE(bench.runner.starts.size() > before);
  CHECK(bench.runner.starts[before].id == orders_at("2018-10-17T00:00+08:00"));
  CHECK(bench.runner.starts[before].at - acted <= 1s);
}

TEST_CASE("behaviour 6: freeze one instance: one blocked chain names it, not forty") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:06+08:00");
  CHECK(bench.ask(bench.scheduler->blocked()).empty());
  REQUIRE(bench.ask(bench.scheduler->freeze(orders_at("2018-10-16T10:10+08:00"), kActor)));
  CHECK(bench.ask(bench.scheduler->blocked()).empty());  // not due yet
  bench.advance_to("2018-10-16T13:31+08:00");
  const std::vector<BlockedChain> blocked = bench.ask(bench.scheduler->blocked());
  REQUIRE(blocked.size() == 1);
  CHECK(cause_of(blocked[0]) == "orders@2018-10-16T10:10+08:00");
  CHECK(blocked[0].state == State::frozen);
  CHECK(blocked[0].reason == "is frozen by uid 1000; sluice unfreeze orders@2018-10-16T10:10+08:00");
  CHECK(blocked[0].since == sluice::test::local_time("2018-10-16T10:10+08:00"));
  CHECK(blocked[0].blocked_own == 40);
  CHECK(blocked[0].blocked_downstream == 0);
  CHECK(blocked[0].data_lag == 3h + 31min);  // the window of 10:05 ended at 10:00
  REQUIRE(bench.ask(bench.scheduler->unfreeze(orders_at("2018-10-16T10:10+08:00"), kActor)));
  bench.advance(2min);
  CHECK(bench.ask(bench.scheduler->blocked()).empty());
}

TEST_CASE("self-dependency: a success run again at any moment while the next one starts doubles nothing") {
  for (Duration at = 0s; at < 12s; at += 500ms) {
    CAPTURE(at / 1ms);
    SchedulerBench bench("2018-10-16T09:56+08:00");
    bench.latency = [](bool writes) { return writes ? Duration(0) : Duration(1s); };
    bench.start();
    bench.advance_to("2018-10-16T10:10+08:00");
    bench.advance(at);
    const Instance before = bench.get("orders", "2018-10-16T10:05+08:00");
    REQUIRE(bench.ask(bench.store.operate(before.row, {State::success}, State::wait_resource, "again", {})));
    bench.advance(2min);
    const auto& first = bench.runner.objects.at(orders_at("2018-10-16T10:05+08:00"));
    CHECK(bench.runner.objects.at(orders_at("2018-10-16T10:10+08:00")).from == first.to);
  }
}

TEST_CASE("self-dependency: an edit that takes the order away leaves it until its slot") {
  SchedulerBench bench("2018-10-16T10:01+08:00");
  Breakdown failure;
  failure.at(bench, "2018-10-16T10:05+08:00");
  bench.start();
  bench.advance_to("2018-10-16T10:07+08:00");
  job::Job edited = sluice::test::job_named("orders");
  edited.version = "version-2";
  edited.dependencies.self = false;
  Handovers until_eleven;
  until_eleven.emplace("orders", Handover{std::make_shared<const job::Job>(bench.jobs[0]),
                                          sluice::test::local_time("2018-10-16T11:00+08:00")});
  bench.scheduler->set_jobs({edited}, until_eleven);
  bench.advance_to("2018-10-16T10:59+08:00");
  CHECK(bench.executed() == "orders@10:05");
  bench.advance_to("2018-10-16T11:01+08:00");
  CHECK(bench.get("orders", "2018-10-16T11:00+08:00").state == State::success);
}

}  // namespace
