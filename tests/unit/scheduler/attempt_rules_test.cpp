// The rows of scheduling.md section 6 (rerun), and of its section 10 those that are about attempts.
#include "tests/support/scheduler_acts.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using job::RerunProperty;
using sluice::test::act;
using sluice::test::act_of;
using sluice::test::Fault;
using sluice::test::SchedulerBench;
using sluice::test::slot;
using sluice::test::state_of;

const Error kUnavailable(Errc::unavailable, "get records: 503");

TEST_CASE("rerun: automatic reruns are 3, 2 minutes apart, unless the job says otherwise: 1 + count runs") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return act_of(1s, kUnavailable); };
  bench.start();
  bench.advance(1h);
  CHECK(bench.executed() == "orders@00:05 orders@00:05#2 orders@00:05#3 orders@00:05#4");
  CHECK(state_of(bench, "orders", "00:05") == State::failure);
}

TEST_CASE("rerun: the interval counts from the end of the failed attempt") {
  SchedulerBench bench;
  bench.jobs[0].rerun.interval = 7min;
  bench.runner.script = [](const Instance&, int) { return act_of(90s, kUnavailable); };
  bench.start();
  bench.advance_to(slot("00:15"));
  REQUIRE(bench.runner.starts.size() == 2);
  CHECK(bench.runner.starts[1].at == sluice::test::local_time(slot("00:13:30")));
}

TEST_CASE("rerun: a timeout and a manual stop are not retried") {
  SchedulerBench bench;
  bench.jobs = {sluice::test::job_named("orders"), sluice::test::job_named("users")};
  bench.jobs[0].timeout = 1min;
  bench.runner.script = [](const Instance&, int) { return act_of(1h); };
  bench.start();
  bench.advance_to(slot("00:06"));
  REQUIRE(act(bench, "users", "00:05", Action::kill));
  bench.advance(2h);
  CHECK(bench.executed() == "orders@00:05 users@00:05");
}

TEST_CASE("rerun: each one is an attempt of its own in the history, and the parameters are unchanged") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int attempt) {
    return attempt == 1 ? act_of(1s, kUnavailable) : act_of(1s);
  };
  bench.start();
  const auto values = bench.get("orders", slot("00:05")).values;
  bench.advance_to(slot("00:08"));
  REQUIRE(act(bench, "orders", "00:05", Action::rerun));
  bench.advance(2s);
  const Instance done = bench.get("orders", slot("00:05"));
  CHECK(bench.ask(bench.store.attempts(done.row)).size() == 3);
  CHECK(done.attempts == 3);
  CHECK(done.values == values);
}

TEST_CASE("rerun: with the newest definition the instance takes over its version and values") {
  SchedulerBench bench;
  bench.jobs[0].rerun.times = 0;
  bench.runner.script = [](const Instance&, int attempt) {
    return attempt == 1 ? act_of(1s, kUnavailable) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:06"));
  std::vector<job::Job> edited = bench.jobs;
  edited[0].version = "version-2";
  bench.scheduler->set_jobs(edited);
  bench.advance(1s);
  CHECK(bench.get("orders", slot("00:05")).version == "version-1");
  Order order;
  order.latest = true;
  REQUIRE(act(bench, "orders", "00:05", order));
  CHECK(bench.get("orders", slot("00:05")).version == "version-2");
  CHECK(sluice::test::audit_line(bench) ==
        "rerun orders@2018-10-16T00:05+08:00 by uid 1000 was FAILURE, with the newest definition");
}

TEST_CASE("rerun property: ALL_DENIED: neither the daemon nor a person runs it again, unless it is forced") {
  SchedulerBench bench;
  bench.jobs[0].rerun.property = RerunProperty::never;
  bench.jobs[0].rerun.times = 0;
  bench.runner.script = [](const Instance&, int attempt) {
    return attempt == 1 ? act_of(1s, kUnavailable) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:09"));
  CHECK(state_of(bench, "orders", "00:05") == State::failure);
  Order order;
  CHECK(act(bench, "orders", "00:05", order).error().code() == Errc::refused_by_state);
  order.force = true;
  REQUIRE(act(bench, "orders", "00:05", order));
  bench.advance(2s);
  CHECK(state_of(bench, "orders", "00:05") == State::success);
}

TEST_CASE("timeout: it applies to each attempt by itself, and one that is over in time is not touched") {
  SchedulerBench bench;
  bench.jobs[0].timeout = 2min;
  bench.runner.script = [](const Instance&, int attempt) {
    return attempt == 1 ? act_of(119s, kUnavailable) : act_of(119s);
  };
  bench.start();
  bench.advance_to(slot("00:11"));
  CHECK(state_of(bench, "orders", "00:05") == State::success);
  CHECK(bench.scheduler->counters().timed_out == 0);
}

TEST_CASE("timeout: the time an attempt plans its positions counts") {
  SchedulerBench bench;
  bench.jobs[0].timeout = 2min;
  bench.runner.script = [](const Instance&, int) {
    auto slow = act_of(1h, kUnavailable);
    slow.at = sluice::test::ScriptedRunner::Stage::plan;
    return slow;
  };
  bench.start();
  bench.advance_to(slot("00:07"));
  CHECK(state_of(bench, "orders", "00:05") == State::failure);
  CHECK(bench.executed().empty());
  CHECK(bench.scheduler->counters().timed_out == 1);
}

TEST_CASE("attempt: it has its number from its claim on, before it is stored, until its end is") {
  SchedulerBench bench;
  bool plans = true;
  bench.runner.script = [&plans](const Instance&, int) {
    auto doing = act_of(1min, kUnavailable);
    if (plans) doing.at = sluice::test::ScriptedRunner::Stage::plan;
    return doing;
  };
  const auto number = [&bench] {
    return bench.scheduler->attempt_in_progress(bench.get("orders", slot("00:05")).row);
  };
  bench.start();
  CHECK(number() == 0);
  bench.advance_to(slot("00:05:30"));
  CHECK(bench.get("orders", slot("00:05")).attempts == 0);
  CHECK(number() == 1);
  bench.advance_to(slot("00:06:30"));
  CHECK(state_of(bench, "orders", "00:05") == State::retry_wait);
  CHECK(number() == 0);
  bench.advance_to(slot("00:08:30"));
  CHECK(bench.get("orders", slot("00:05")).attempts == 1);
  CHECK(number() == 2);
  plans = false;
  bench.advance_to(slot("00:11:30"));
  CHECK(bench.get("orders", slot("00:05")).attempts == 3);
  CHECK(number() == 3);
}

TEST_CASE("timeout: its deadline does not move when the wall clock is set, forward or back") {
  for (const Duration step : {Duration(-2h), Duration(2h)}) {
    SchedulerBench bench;
    bench.jobs[0].timeout = 10min;
    bench.jobs[0].schedule.end = 5min;
    bench.runner.script = [](const Instance&, int) { return act_of(10h); };
    bench.start();
    bench.advance_to(slot("00:06"));
    bench.clock.step_wall(step);
    bench.advance(8min);
    CHECK(bench.runner.executing == 1);
    bench.advance(1min);
    CHECK(bench.runner.executing == 0);
    CHECK(state_of(bench, "orders", "00:05") == State::failure);
  }
}

TEST_CASE("timeout: its end is stored however long the store takes to work again, and once") {
  SchedulerBench bench;
  bench.jobs[0].timeout = 1min;
  bench.runner.script = [](const Instance&, int) { return act_of(1h); };
  bool full = false;
  bench.start([&full](std::size_t, bool writes) { return full && writes ? Fault::before : Fault::none; });
  bench.advance_to(slot("00:05:30"));
  full = true;
  bench.advance(10min);
  CHECK(bench.runner.executing == 0);
  CHECK(state_of(bench, "orders", "00:05") == State::running);
  full = false;
  bench.advance(2min);
  const Instance late = bench.get("orders", slot("00:05"));
  CHECK(late.state == State::failure);
  CHECK(late.finished == sluice::test::local_time(slot("00:06")));
  CHECK(bench.ask(bench.store.attempts(late.row)).size() == 1);
}

TEST_CASE("windows: an edit that moves them back leaves out those whose records are in earlier ones") {
  SchedulerBench bench;
  bench.options.freezer = [](const job::Job& job, Instant at) {
    auto frozen = sluice::test::freeze_seed(job, at);
    if (job.version != "version-1") {
      frozen->window.start -= 10min;
      frozen->window.end -= 10min;
    }
    return frozen;
  };
  bench.start();
  bench.advance_to(slot("00:11"));
  std::vector<job::Job> edited = bench.jobs;
  edited[0].version = "version-2";
  bench.scheduler->set_jobs(edited);
  bench.advance_to(slot("00:31"));
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:25 orders@00:30");
  for (const char* time : {"00:15", "00:20"}) {
    const Instance left_out = bench.get("orders", slot(time));
    CHECK(left_out.state == State::skipped);
    CHECK(left_out.reason == "its records came with orders@2018-10-16T00:10+08:00");
    CHECK(left_out.attempts == 0);
  }
  const auto& next = bench.runner.objects.at(SchedulerBench::id("orders", slot("00:25")));
  CHECK(next.from == sluice::test::local_time(slot("00:05")));
  CHECK(next.to == sluice::test::local_time(slot("00:10")));
}

TEST_CASE("windows: one that a person runs again is repeated, however far later ones reach") {
  SchedulerBench bench;
  bench.start();
  bench.advance_to(slot("00:16"));
  REQUIRE(act(bench, "orders", "00:10", Action::rerun));
  bench.advance(2s);
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:15 orders@00:10#2");
  CHECK(state_of(bench, "orders", "00:10") == State::success);
}

TEST_CASE("windows: in a new zone none takes the name of one that was exported by the clocks of another") {
  SchedulerBench bench;
  std::string folder = "orders/";
  bench.runner.object_name = [&folder](const Instance& instance) {
    return folder + job::format_local(instance.window_end, instance.zone).substr(11, 5);
  };
  bench.jobs[0].rerun.times = 0;
  bench.start();
  bench.advance_to(slot("01:16"));
  std::vector<job::Job> edited = bench.jobs;
  edited[0].version = "version-2";
  edited[0].schedule.zone = "Asia/Bangkok";
  bench.scheduler->set_jobs(edited);
  bench.advance_to(slot("01:21"));
  const Instance refused = bench.get("orders", slot("01:20"));
  CHECK(refused.state == State::failure);
  CHECK(refused.reason ==
        "write orders/00:15: that is an object of orders@2018-10-16T00:20+08:00, planned for Asia/Shanghai; "
        "skip it, the next window brings its records, or give the job another `object` and rerun it with "
        "--latest");
  const std::size_t before = bench.runner.starts.size();
  SECTION("skipped, its records come with the next window that has a name of its own") {
    folder = "elsewhere/";
    REQUIRE(act(bench, "orders", "01:20", Action::skip, "names of another zone"));
    bench.advance_to(slot("01:26"));
    CHECK(bench.executed(before) == "orders@01:25");
    const auto& next = bench.runner.objects.at(SchedulerBench::id("orders", slot("01:25")));
    CHECK(next.from == sluice::test::local_time(slot("01:10")));
  }
  SECTION("run again with another name it is exported") {
    folder = "elsewhere/";
    REQUIRE(act(bench, "orders", "01:20", Action::rerun));
    bench.advance(2s);
    CHECK(bench.executed(before) == "orders@01:20#2");
  }
}

TEST_CASE("behaviour 3: no duplicate: 1000 slots give exactly 1000 attempts, over crashes between them") {
  SchedulerBench bench;
  bench.jobs[0].schedule.interval = 1min;
  bench.start();
  bench.advance(30s);
  for (int restart = 0; restart < 10; ++restart) {
    bench.advance(90min);
    bench.crash();  // between two windows: each takes a second
    bench.start();
  }
  bench.advance_to("2018-10-16T16:41:30+08:00");
  CHECK(bench.runner.starts.size() == 1000);
  CHECK_FALSE(bench.runner.overlapped);
  CHECK(bench.all("orders", {State::success}).size() == 1000);
}

TEST_CASE("behaviour 7: a crash while it waits for a retry keeps the due time of the retry") {
  SchedulerBench bench;
  bench.jobs[0].rerun.interval = 20min;
  bench.runner.script = [](const Instance&, int attempt) {
    return attempt == 1 ? act_of(1s, kUnavailable) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:15"));
  bench.crash();
  bench.advance_to(slot("00:20"));
  bench.start();
  CHECK(state_of(bench, "orders", "00:05") == State::retry_wait);
  bench.advance_to(slot("00:25"));
  CHECK(bench.executed() == "orders@00:05");
  bench.advance_to(slot("00:25:01"));
  CHECK(bench.executed() == "orders@00:05 orders@00:05#2");
  CHECK(bench.runner.starts[1].at == sluice::test::local_time(slot("00:25:01")));
}

TEST_CASE("behaviour 8: a timed out attempt takes back what it wrote, and is over when it has: no process") {
  SchedulerBench bench;
  bench.jobs[0].timeout = 1min;
  bench.runner.script = [](const Instance&, int) {
    auto slow = act_of(1h);
    slow.takes_back = 20s;
    return slow;
  };
  bench.start();
  bench.advance_to(slot("00:06:10"));
  CHECK(sluice::test::shown_in(bench, "orders", "00:05") == State::killing);
  CHECK(bench.runner.executing == 1);
  bench.advance(10s);
  CHECK(bench.runner.executing == 0);
  CHECK(bench.runner.objects.empty());
  CHECK(state_of(bench, "orders", "00:05") == State::failure);
}

TEST_CASE("behaviour 9: an attempt lost with the daemon runs again and is recorded once") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return act_of(1min); };
  bench.start();
  bench.advance_to(slot("00:05:30"));
  bench.crash();
  bench.start();
  bench.advance_to(slot("00:08"));
  const Instance done = bench.get("orders", slot("00:05"));
  CHECK(done.state == State::success);
  const auto attempts = bench.ask(bench.store.attempts(done.row));
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].result == AttemptResult::lost);
  CHECK(attempts[1].result == AttemptResult::success);
  CHECK(bench.runner.contents.at(done.id).size() == 1);
}

TEST_CASE(
    "behaviour 9: an attempt lost of a job that is never run again is LOST: it stops, a person decides") {
  SchedulerBench bench;
  bench.jobs[0].rerun.property = RerunProperty::never;
  bench.jobs[0].rerun.times = 0;
  bench.runner.script = [](const Instance&, int) { return act_of(1min); };
  bench.start();
  bench.advance_to(slot("00:05:30"));
  bench.crash();
  bench.start();
  bench.advance(1h);
  CHECK(bench.executed() == "orders@00:05");
  CHECK(state_of(bench, "orders", "00:05") == State::lost);
  CHECK(sluice::test::why(bench, "orders", "00:10").find("is lost: attempt 1 was lost") != std::string::npos);
  SECTION("set to success, what waits for it goes on") {
    REQUIRE(act(bench, "orders", "00:05", Action::set_success, "the target has it"));
    bench.advance(30s);
    CHECK(state_of(bench, "orders", "00:10") == State::running);
  }
  SECTION("run again only when it is forced") {
    Order order;
    CHECK_FALSE(act(bench, "orders", "00:05", order));
    order.force = true;
    REQUIRE(act(bench, "orders", "00:05", order));
    bench.advance(61s);
    CHECK(state_of(bench, "orders", "00:05") == State::success);
  }
}

TEST_CASE("behaviour 9: a stop of the daemon that cuts such an attempt short leaves it LOST as well") {
  SchedulerBench bench;
  bench.jobs[0].rerun.property = RerunProperty::never;
  bench.jobs[0].rerun.times = 0;
  bench.runner.script = [](const Instance&, int) { return act_of(1h); };
  bench.start();
  bench.advance_to(slot("00:05:30"));
  bench.stop();
  CHECK(state_of(bench, "orders", "00:05") == State::lost);
}

TEST_CASE("limits: maxParallel of a job bounds its instances running at once, others go on") {
  SchedulerBench bench;
  bench.jobs = {sluice::test::job_named("orders"), sluice::test::job_named("users")};
  bench.options.attempts_max = 10;
  bench.jobs[0].dependencies.self = false;
  bench.jobs[0].max_parallel = 2;
  bench.runner.script = [](const Instance& instance, int) {
    return instance.id.job == "orders" ? act_of(30min) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:21"));
  CHECK(bench.executed() == "orders@00:05 users@00:05 orders@00:10 users@00:10 users@00:15 users@00:20");
  CHECK(sluice::test::why(bench, "orders", "00:15") ==
        "waits for a free place: as many instances of orders are running as its maxParallel allows");
}

}  // namespace
