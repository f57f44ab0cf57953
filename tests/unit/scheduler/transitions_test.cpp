// The table of transitions of scheduling.md section 4, a test for each row. Rows 2 and 3 are those of
// dependencies, 15 and 21 those of reruns downstream.
#include "tests/support/scheduler_acts.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::act;
using sluice::test::act_of;
using sluice::test::SchedulerBench;
using sluice::test::shown_in;
using sluice::test::slot;
using sluice::test::state_of;

const Error kBusy(Errc::unavailable, "get records: 503");

TEST_CASE("transition 1: planned ahead an instance is NOT_RUN behind earlier ones, else WAIT_TIME") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return act_of(1h); };
  bench.start();
  CHECK(shown_in(bench, "orders", "00:05") == State::wait_time);
  bench.advance_to(slot("00:06"));
  CHECK(shown_in(bench, "orders", "00:10") == State::not_run);
  CHECK(bench.get("orders", "2018-10-17T23:55+08:00").attempts == 0);
}

TEST_CASE("transition 4: WAIT_TIME, time reached: WAIT_RESOURCE while there is no free place") {
  SchedulerBench bench;
  bench.jobs = {sluice::test::job_named("a"), sluice::test::job_named("b")};
  bench.options.attempts_max = 1;
  bench.runner.script = [](const Instance&, int) { return act_of(1min); };
  bench.start();
  CHECK(shown_in(bench, "b", "00:05") == State::wait_time);
  bench.advance_to(slot("00:05:30"));
  CHECK(shown_in(bench, "b", "00:05") == State::wait_resource);
  CHECK(sluice::test::why(bench, "b", "00:05") == "waits for a free place: 1 of 1 attempts are running");
}

TEST_CASE("transition 5: WAIT_RESOURCE, place granted by priority, then by time: RUNNING") {
  SchedulerBench bench;
  bench.jobs = {sluice::test::job_named("a"), sluice::test::job_named("b"),
                sluice::test::job_named("c", 10min)};
  bench.jobs[1].priority = 8;
  bench.options.attempts_max = 1;
  bench.runner.script = [](const Instance&, int) { return act_of(4min); };
  bench.start();
  bench.advance_to(slot("00:18"));
  // b has its turn whenever it is due; c at 00:00 has none, it begins at 00:10.
  CHECK(bench.executed() == "b@00:05 a@00:05 b@00:10 b@00:15");
}

TEST_CASE("transition 6: due and a dry run: SUCCESS in 0 s without attempt or log, in the chain's order") {
  SchedulerBench bench;
  std::vector<NewInstance> planned(2);
  for (NewInstance& instance : planned) {
    instance.id.job = "orders";
    instance.zone = "Asia/Shanghai";
    instance.version = bench.jobs[0].version;
  }
  planned[0].id.scheduled = sluice::test::local_time(slot("00:05"));
  planned[1].id.scheduled = sluice::test::local_time(slot("00:07"));
  planned[1].dry_run = true;
  planned[1].reason = "a day off";
  bench.ask(bench.store.add_instances(planned));
  bench.runner.script = [](const Instance&, int) { return act_of(4min); };
  bench.start();
  bench.advance_to(slot("00:08"));
  CHECK(shown_in(bench, "orders", "00:07") == State::not_run);
  bench.advance_to(slot("00:09:01"));
  const Instance dry = bench.get("orders", slot("00:07"));
  CHECK(dry.state == State::success);
  CHECK(dry.reason == "a day off");
  CHECK(dry.started == dry.finished);
  CHECK(bench.ask(bench.store.attempts(dry.row)).empty());
  bench.advance_to(slot("00:11"));
  CHECK(bench.executed() == "orders@00:05 orders@00:10");
}

TEST_CASE("transition 7: due and its job paused: FROZEN, which blocks, instead of the original's failure") {
  SchedulerBench bench;
  bench.start();
  REQUIRE(bench.ask(bench.scheduler->pause("orders", "uid 1000", "the table is being moved")));
  bench.advance_to(slot("00:11"));
  CHECK(bench.executed().empty());
  CHECK(shown_in(bench, "orders", "00:05") == State::frozen);
  CHECK(shown_in(bench, "orders", "00:10") == State::frozen);
  CHECK(shown_in(bench, "orders", "00:15") == State::not_run);
  CHECK(sluice::test::why(bench, "orders", "00:05") ==
        "is kept back: job paused by uid 1000 since 2018-10-16T00:01+08:00: the table is being moved; sluice "
        "resume orders");
}

TEST_CASE("transition 8: RUNNING, objects committed: SUCCESS") {
  SchedulerBench bench;
  bench.start();
  bench.advance_to(slot("00:06"));
  CHECK(state_of(bench, "orders", "00:05") == State::success);
}

TEST_CASE("transition 9: RUNNING, error and reruns left: RETRY_WAIT for the interval, then RUNNING again") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int attempt) {
    return attempt == 1 ? act_of(10s, kBusy) : act_of(10s);
  };
  bench.start();
  bench.advance_to(slot("00:06"));
  CHECK(shown_in(bench, "orders", "00:05") == State::retry_wait);
  CHECK(bench.get("orders", slot("00:05")).retry_at == sluice::test::local_time(slot("00:07:10")));
  bench.advance_to(slot("00:07:15"));
  CHECK(state_of(bench, "orders", "00:05") == State::running);
}

TEST_CASE("transition 10: RUNNING, error and no reruns left: FAILURE") {
  SchedulerBench bench;
  bench.jobs[0].rerun.times = 1;
  bench.runner.script = [](const Instance&, int) { return act_of(10s, kBusy); };
  bench.start();
  bench.advance_to(slot("00:08"));
  CHECK(bench.executed() == "orders@00:05 orders@00:05#2");
  CHECK(state_of(bench, "orders", "00:05") == State::failure);
  CHECK(bench.get("orders", slot("00:05")).reason == "get records: 503");
}

TEST_CASE("transition 11: RUNNING, timeout: cancelled, FAILURE without automatic rerun") {
  SchedulerBench bench;
  bench.jobs[0].timeout = 2min;
  bench.runner.script = [](const Instance&, int) { return act_of(1h); };
  bench.start();
  bench.advance_to(slot("00:06:59"));
  CHECK(state_of(bench, "orders", "00:05") == State::running);
  bench.advance_to(slot("00:07"));
  const Instance late = bench.get("orders", slot("00:05"));
  CHECK(late.state == State::failure);
  CHECK(late.reason == "timeout: the attempt took longer than 2 min; it is not repeated by itself");
  const Attempt attempt = bench.ask(bench.store.attempts(late.row)).at(0);
  CHECK(attempt.result == AttemptResult::timed_out);
  CHECK(attempt.error_code == "timeout");
  bench.advance(1h);
  CHECK(bench.executed() == "orders@00:05");
  CHECK(bench.runner.objects.empty());
}

TEST_CASE("transition 12: stopped while it waits, waits for a retry or runs: FAILURE without rerun") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance& instance, int) {
    return instance.cycle == 2 ? act_of(1h) : act_of(1s, kBusy);
  };
  bench.start();
  REQUIRE(act(bench, "orders", "00:20", Action::kill, "not wanted"));
  CHECK(bench.get("orders", slot("00:20")).reason == "killed by uid 1000: not wanted");
  bench.advance_to(slot("00:06"));
  CHECK(shown_in(bench, "orders", "00:05") == State::running);
  REQUIRE(act(bench, "orders", "00:05", Action::kill));
  REQUIRE(act(bench, "orders", "00:05", Action::set_success));
  bench.advance_to(slot("00:11"));
  CHECK(state_of(bench, "orders", "00:10") == State::retry_wait);
  REQUIRE(act(bench, "orders", "00:10", Action::kill));
  bench.advance(1h);
  CHECK(bench.executed() == "orders@00:05 orders@00:10");
  CHECK(state_of(bench, "orders", "00:10") == State::failure);
  CHECK(state_of(bench, "orders", "00:20") == State::failure);
}

TEST_CASE("transition 12: while the attempt is being stopped it shows KILLING") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) {
    auto act = act_of(1h);
    act.takes_back = 20s;
    return act;
  };
  bench.start();
  bench.advance_to(slot("00:06"));
  bool stopped = false;
  Order order;
  order.action = Action::kill;
  order.actor = "uid 1000";
  boost::asio::co_spawn(bench.io, bench.scheduler->act(order, SchedulerBench::id("orders", slot("00:05"))),
                        [&](std::exception_ptr, const Result<void>& done) { stopped = done.has_value(); });
  bench.advance(10s);
  CHECK_FALSE(stopped);
  CHECK(shown_in(bench, "orders", "00:05") == State::killing);
  CHECK(sluice::test::why(bench, "orders", "00:05") == "is being stopped; what it wrote is taken back");
  bench.advance(10s);
  CHECK(stopped);
  CHECK(state_of(bench, "orders", "00:05") == State::failure);
}

TEST_CASE("transition 13: FAILURE set to success: SUCCESS, and what waited for it goes on") {
  SchedulerBench bench;
  bench.jobs[0].rerun.times = 0;
  bench.runner.script = [](const Instance& instance, int) {
    return instance.cycle == 2 ? act_of(1s, kBusy) : act_of(1s);
  };
  bench.start();
  CHECK_FALSE(act(bench, "orders", "00:05", Action::set_success));
  bench.advance_to(slot("00:11"));
  CHECK(shown_in(bench, "orders", "00:10") == State::not_run);
  REQUIRE(act(bench, "orders", "00:05", Action::set_success, "known bad"));
  bench.advance(1s);
  CHECK(state_of(bench, "orders", "00:05") == State::success);
  CHECK(bench.executed() == "orders@00:05 orders@00:10");
  CHECK(sluice::test::audit_line(bench) ==
        "set-success orders@2018-10-16T00:05+08:00 by uid 1000 was FAILURE: known bad");
}

TEST_CASE("transition 14: NOT_RUN, SUCCESS and FAILURE rerun: they run when their conditions are met") {
  SchedulerBench bench;
  bench.jobs[0].rerun.times = 0;
  bench.runner.script = [](const Instance& instance, int attempt) {
    return instance.cycle == 3 && attempt == 1 ? act_of(1s, kBusy) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:16"));
  REQUIRE(act(bench, "orders", "00:15", Action::rerun));  // waits for 00:10, as it did
  CHECK(shown_in(bench, "orders", "00:15") == State::not_run);
  REQUIRE(act(bench, "orders", "00:10", Action::rerun));
  bench.advance(5s);
  REQUIRE(act(bench, "orders", "00:05", Action::rerun));
  bench.advance(5s);
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:10#2 orders@00:15 orders@00:05#2");
  CHECK(bench.get("orders", slot("00:15")).attempts == 1);
}

TEST_CASE("transition 14: an instance that waits for a retry runs at once") {
  SchedulerBench bench;
  bench.jobs[0].rerun.interval = 30min;
  bench.runner.script = [](const Instance&, int attempt) {
    return attempt == 1 ? act_of(1s, kBusy) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:06"));
  REQUIRE(act(bench, "orders", "00:05", Action::rerun));
  bench.advance(2s);
  CHECK(state_of(bench, "orders", "00:05") == State::success);
}

TEST_CASE("transition 16: NOT_RUN and WAIT_* frozen: FROZEN; on RUNNING it has no effect and says so") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return act_of(1h); };
  bench.start();
  bench.advance_to(slot("00:06"));
  REQUIRE(act(bench, "orders", "00:10", Action::freeze, "do not touch"));
  CHECK(bench.get("orders", slot("00:10")).reason == "frozen by uid 1000: do not touch");
  const auto refused = act(bench, "orders", "00:05", Action::freeze);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() ==
        "freeze orders@2018-10-16T00:05+08:00: it is RUNNING; freezing it has no effect on its attempt; kill "
        "stops it");
  CHECK(bench.runner.executing == 1);
}

TEST_CASE("transition 17: FROZEN unfrozen while an earlier one is not done: NOT_RUN, then as usual") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return act_of(8min); };
  bench.start();
  REQUIRE(act(bench, "orders", "00:10", Action::freeze));
  bench.advance_to(slot("00:11"));
  REQUIRE(act(bench, "orders", "00:10", Action::unfreeze));
  CHECK(shown_in(bench, "orders", "00:10") == State::not_run);
  bench.advance_to(slot("00:14"));
  CHECK(state_of(bench, "orders", "00:10") == State::running);
}

TEST_CASE(
    "transition 18: FROZEN unfrozen with all before it done: WAIT_RESOURCE, not the original's FAILURE") {
  SchedulerBench bench;
  bench.start();
  REQUIRE(act(bench, "orders", "00:05", Action::freeze));
  bench.advance_to(slot("00:06"));
  REQUIRE(act(bench, "orders", "00:05", Action::unfreeze));
  bench.advance(2s);
  CHECK(state_of(bench, "orders", "00:05") == State::success);
}

TEST_CASE("transition 19: FAILURE resumed from the failed point: the window runs again from its positions") {
  SchedulerBench bench;
  bench.jobs[0].rerun.times = 0;
  bench.runner.script = [](const Instance& instance, int attempt) {
    return instance.cycle == 3 && attempt == 1 ? act_of(1s, kBusy) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:11"));
  const auto before = bench.ask(bench.store.start_positions(bench.get("orders", slot("00:10")).row));
  REQUIRE(act(bench, "orders", "00:10", Action::rerun));
  bench.advance(2s);
  CHECK(state_of(bench, "orders", "00:10") == State::success);
  CHECK(bench.ask(bench.store.start_positions(bench.get("orders", slot("00:10")).row)) == before);
}

TEST_CASE("transition 20: emergency: priority, dropped dependencies and a forced rerun, this instance only") {
  SchedulerBench bench;
  bench.jobs = {sluice::test::job_named("a"), sluice::test::job_named("b")};
  bench.jobs[0].rerun.property = job::RerunProperty::never;
  bench.options.attempts_max = 1;
  bench.runner.script = [](const Instance&, int) { return act_of(1min); };
  bench.start();
  Order first;
  first.action = Action::priority;
  first.priority = 7;
  REQUIRE(act(bench, "b", "00:05", first));
  CHECK(sluice::test::audit_line(bench) ==
        "priority b@2018-10-16T00:05+08:00 by uid 1000 was WAIT_TIME, priority 7 instead of 1");
  REQUIRE(act(bench, "b", "00:10", Action::release));
  CHECK(bench.get("b", slot("00:10")).released);
  CHECK_FALSE(bench.get("b", slot("00:15")).released);
  bench.advance_to(slot("00:13"));
  CHECK(bench.executed() == "b@00:05 a@00:05 a@00:10 b@00:10");
  Order again;
  CHECK(act(bench, "a", "00:05", again).error().code() == Errc::refused_by_state);
  again.force = true;
  REQUIRE(act(bench, "a", "00:05", again));
  bench.advance_to(slot("00:14:30"));
  CHECK(bench.executed() == "b@00:05 a@00:05 a@00:10 b@00:10 a@00:05#2");
  CHECK(sluice::test::audit_line(bench) == "rerun a@2018-10-16T00:05+08:00 by uid 1000 was SUCCESS, forced");
}

TEST_CASE("transition 22: its job taken away: instances stay and wait for its file, instead of failing") {
  SchedulerBench bench;
  bench.start();
  bench.advance_to(slot("00:06"));
  bench.scheduler->set_jobs({});
  bench.advance_to(slot("00:16"));
  CHECK(bench.executed() == "orders@00:05");
  CHECK(shown_in(bench, "orders", "00:10") == State::wait_resource);
  CHECK(sluice::test::why(bench, "orders", "00:10") ==
        "cannot run: job orders is not loaded; put its file back");
  CHECK(bench.all("orders", {State::wait_time}).size() > 200);
  bench.scheduler->set_jobs(bench.jobs);
  bench.advance(5s);
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:15");
}

}  // namespace
