#include "tests/support/faulty_state_store.hpp"
#include "tests/support/scheduler_acts.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::act;
using sluice::test::act_of;
using sluice::test::Fault;
using sluice::test::SchedulerBench;
using sluice::test::slot;
using sluice::test::state_of;

Result<void> pause(SchedulerBench& bench, const std::string& job = "orders") {
  return bench.ask(bench.scheduler->pause(job, "uid 1000", "the table is being moved"));
}

Result<Resumed> resume(SchedulerBench& bench, std::optional<RunChoice> choice = std::nullopt) {
  return bench.ask(bench.scheduler->resume("orders", choice, "uid 1000", "moved"));
}

// Paused at 00:06, with windows due at 00:10, 00:15, 00:20.
void pause_over_three(SchedulerBench& bench) {
  bench.start();
  bench.advance_to(slot("00:06"));
  REQUIRE(pause(bench));
  bench.advance_to(slot("00:21"));
  REQUIRE(bench.executed() == "orders@00:05");
}

TEST_CASE("pause: nothing recurring starts, what runs goes on, other jobs are not concerned") {
  SchedulerBench bench;
  bench.jobs = {sluice::test::job_named("orders"), sluice::test::job_named("users")};
  bench.runner.script = [](const Instance&, int) { return act_of(2min); };
  bench.start();
  bench.advance_to(slot("00:06"));
  REQUIRE(pause(bench));
  bench.advance_to(slot("00:11"));
  CHECK(state_of(bench, "orders", "00:05") == State::success);
  CHECK(bench.executed() == "orders@00:05 users@00:05 users@00:10");
  const Instance due = sluice::test::shown(bench, "orders", "00:10");
  CHECK(due.state == State::frozen);
  CHECK(due.reason == "job paused by uid 1000 since 2018-10-16T00:06+08:00: the table is being moved");
  CHECK(state_of(bench, "orders", "00:10") == State::wait_time);  // nothing is written for it
  CHECK(sluice::test::audit_line(bench) == "pause orders by uid 1000 the table is being moved");
}

TEST_CASE("pause: it outlives a crash and a reload") {
  SchedulerBench bench;
  bench.start();
  REQUIRE(pause(bench));
  bench.crash();
  bench.start();
  bench.scheduler->set_jobs(bench.jobs);
  bench.advance_to(slot("00:11"));
  CHECK(bench.executed().empty());
  CHECK(bench.scheduler->pauses().contains("orders"));
  REQUIRE(resume(bench, RunChoice::all));
  bench.advance(5s);
  CHECK(bench.executed() == "orders@00:05 orders@00:10");
}

TEST_CASE("pause: a retry that was under way waits too") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int attempt) {
    return attempt == 1 ? act_of(1s, Error(Errc::unavailable, "503")) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:05:30"));
  REQUIRE(pause(bench));
  bench.advance_to(slot("00:09"));
  CHECK(bench.executed() == "orders@00:05");
  REQUIRE(resume(bench));  // one window waits: no choice needed
  bench.advance(2s);
  CHECK(bench.executed() == "orders@00:05 orders@00:05#2");
}

TEST_CASE("pause: of a paused job, of an unknown one, and the resume of one that is not, are refused") {
  SchedulerBench bench;
  bench.start();
  CHECK(pause(bench, "nobody").error().code() == Errc::not_found);
  CHECK(resume(bench).error().message() == "resume orders: it is not paused");
  REQUIRE(pause(bench));
  CHECK(
      pause(bench).error().message() ==
      "pause orders: job paused by uid 1000 since 2018-10-16T00:01+08:00: the table is being moved already");
}

TEST_CASE("resume: with more than one due window it must be said which run, and the choices are explained") {
  SchedulerBench bench;
  pause_over_three(bench);
  const auto refused = resume(bench);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(
      refused.error().message() ==
      "resume orders: 3 windows are due, orders@2018-10-16T00:10+08:00 to orders@2018-10-16T00:20+08:00; say "
      "which are to run: --run all (all 3, oldest first), --run latest (only orders@2018-10-16T00:20+08:00, "
      "2 "
      "are skipped) or --run none (all 3 are skipped); nothing of the stream is lost: the records of skipped "
      "windows come with the next one");
  bench.advance(1s);
  CHECK(bench.executed() == "orders@00:05");
}

TEST_CASE("resume: run all runs every due window, oldest first") {
  SchedulerBench bench;
  pause_over_three(bench);
  const auto done = resume(bench, RunChoice::all);
  REQUIRE(done);
  CHECK(done->due == 3);
  CHECK(done->skipped == 0);
  CHECK(done->text == "3 due windows run");
  bench.advance(5s);
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:15 orders@00:20");
  CHECK(sluice::test::audit_line(bench) == "resume orders by uid 1000 run all of 3 due windows: moved");
}

TEST_CASE("resume: run latest skips all but the newest, which brings their records") {
  SchedulerBench bench;
  pause_over_three(bench);
  REQUIRE(resume(bench, RunChoice::latest));
  bench.advance(5s);
  CHECK(bench.executed() == "orders@00:05 orders@00:20");
  CHECK(bench.get("orders", slot("00:10")).reason ==
        "skipped by uid 1000 when the job was resumed: nothing of the stream is lost: the records of skipped "
        "windows come with the next one");
  const auto last = bench.runner.objects.at(SchedulerBench::id("orders", slot("00:20")));
  CHECK(last.from == sluice::test::local_time(slot("00:00")));
  CHECK(last.to == sluice::test::local_time(slot("00:15")));
  CHECK(bench.ask(bench.store.audit(10)).size() == 2);  // pause and resume, not one a window
}

TEST_CASE("resume: dry runs of off days are no due windows, and end by themselves") {
  SchedulerBench bench("2018-10-14T10:00+08:00");  // a Sunday
  job::Job& weekly = bench.jobs[0];
  weekly.schedule.cycle = job::Cycle::week;
  weekly.schedule.weekdays = {1, 2};
  weekly.schedule.at = 3h;
  weekly.schedule.off_days_dry_run = true;
  bench.start();
  REQUIRE(pause(bench));
  bench.advance(96h);
  const auto done = resume(bench, RunChoice::latest);
  REQUIRE(done);
  CHECK(
      done->text ==
      "1 due windows run, 1 are skipped; nothing of the stream is lost: the records of skipped windows come "
      "with the next one");
  bench.advance(5s);
  CHECK(bench.executed() == "orders@03:00");
  CHECK(bench.get("orders", "2018-10-15T03:00+08:00").state == State::skipped);
  CHECK(bench.get("orders", "2018-10-18T03:00+08:00").state == State::success);
}

TEST_CASE("resume: run none skips all, and the first window after it brings their records") {
  SchedulerBench bench;
  pause_over_three(bench);
  const auto done = resume(bench, RunChoice::none);
  REQUIRE(done);
  CHECK(done->skipped == 3);
  bench.advance_to(slot("00:26"));
  CHECK(bench.executed() == "orders@00:05 orders@00:25");
  CHECK(bench.runner.objects.at(SchedulerBench::id("orders", slot("00:25"))).from ==
        sluice::test::local_time(slot("00:00")));
}

TEST_CASE("resume: a failed or frozen window is no due one; it waits for a person as before") {
  SchedulerBench bench;
  bench.jobs[0].rerun.times = 0;
  bench.runner.script = [](const Instance& instance, int) {
    return instance.cycle == 2 ? act_of(1s, Error(Errc::unavailable, "503")) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:06"));
  REQUIRE(pause(bench));
  bench.advance_to(slot("00:16"));
  const auto done = resume(bench, RunChoice::none);
  REQUIRE(done);
  CHECK(done->skipped == 2);
  CHECK(state_of(bench, "orders", "00:05") == State::failure);
}

TEST_CASE("skip: done without running for a reason; its records come with the next window") {
  SchedulerBench bench;
  bench.start();
  REQUIRE(act(bench, "orders", "00:10", Action::skip, "known bad"));
  CHECK(bench.get("orders", slot("00:10")).state == State::skipped);
  bench.advance_to(slot("00:16"));
  CHECK(bench.executed() == "orders@00:05 orders@00:15");
  CHECK(bench.runner.objects.at(SchedulerBench::id("orders", slot("00:15"))).from ==
        sluice::test::local_time(slot("00:00")));
  CHECK(sluice::test::audit_line(bench) ==
        "skip orders@2018-10-16T00:10+08:00 by uid 1000 was WAIT_TIME: known bad");
  SECTION("it cannot be run on its own afterwards: its records would be there twice") {
    const auto refused = act(bench, "orders", "00:10", Action::rerun);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message() ==
          "rerun orders@2018-10-16T00:10+08:00: it has no window of its own, its records came with "
          "orders@2018-10-16T00:15+08:00; rerun that one");
  }
  SECTION("nor can a window be skipped that was committed: no other one would bring its records") {
    bench.runner.script = [](const Instance&, int) { return act_of(1s, Error(Errc::trimmed, "gone")); };
    REQUIRE(act(bench, "orders", "00:15", Action::rerun));
    bench.advance(2s);
    CHECK(act(bench, "orders", "00:15", Action::skip, "x").error().code() == Errc::refused_by_state);
  }
}

TEST_CASE("skip: of a window of a table nothing comes with the next one, and the reason says so") {
  SchedulerBench bench;
  bench.jobs = {sluice::test::reading_table("orders")};
  bench.start();
  bench.advance_to(slot("00:06"));
  REQUIRE(act(bench, "orders", "00:10", Action::skip, "known bad"));
  CHECK(bench.get("orders", slot("00:10")).reason ==
        "skipped by uid 1000: known bad: its window is not exported, and no later one brings its rows");
}

TEST_CASE(
    "skip: while the window that brings its records is running, a skipped one cannot be run on its own") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance&, int) { return act_of(2min); };
  bench.start();
  REQUIRE(act(bench, "orders", "00:10", Action::skip, "known bad"));
  bench.advance_to(slot("00:16"));
  REQUIRE(state_of(bench, "orders", "00:15") == State::running);
  const auto refused = act(bench, "orders", "00:10", Action::rerun);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() ==
        "rerun orders@2018-10-16T00:10+08:00: it has no window of its own, and the window that brings its "
        "records is running; try again if that one fails");
}

TEST_CASE("skip: a window that was overtaken all the same is skipped, and says where its records are") {
  SchedulerBench bench;
  bench.start();
  REQUIRE(act(bench, "orders", "00:10", Action::skip, "known bad"));
  bench.advance_to(slot("00:16"));
  const Instance skipped = bench.get("orders", slot("00:10"));
  REQUIRE(
      bench.ask(bench.store.change_state(skipped.row, {State::skipped}, State::wait_resource, "by test")));
  bench.advance_to(slot("00:21"));
  CHECK(bench.executed() == "orders@00:05 orders@00:15 orders@00:20");
  const Instance after = bench.get("orders", slot("00:10"));
  CHECK(after.state == State::skipped);
  CHECK(after.reason == "its records came with orders@2018-10-16T00:15+08:00");
  CHECK(after.attempts == 0);
}

TEST_CASE("skip: what lies before the first window of its job is skipped, and says how it can be had") {
  SchedulerBench bench;
  bench.start();
  REQUIRE(act(bench, "orders", "00:05", Action::skip, "known bad"));
  bench.advance_to(slot("00:11"));
  const Instance skipped = bench.get("orders", slot("00:05"));
  REQUIRE(
      bench.ask(bench.store.change_state(skipped.row, {State::skipped}, State::wait_resource, "by test")));
  bench.advance_to(slot("00:16"));
  CHECK(bench.executed() == "orders@00:10 orders@00:15");
  CHECK(
      bench.get("orders", slot("00:05")).reason ==
      "its job begins with orders@2018-10-16T00:10+08:00, which is later; a backfill brings what was before");
}

TEST_CASE("skip: of a window that no other follows yet it can be taken back by a rerun") {
  SchedulerBench bench;
  bench.start();
  bench.advance_to(slot("00:06"));
  REQUIRE(act(bench, "orders", "00:10", Action::skip, "by mistake"));
  REQUIRE(act(bench, "orders", "00:10", Action::rerun));
  bench.advance_to(slot("00:11"));
  CHECK(bench.executed() == "orders@00:05 orders@00:10");
}

// Each action's one write fails before or after it took effect: it is answered, nothing is half done, and the
// same action again sets it right.
TEST_CASE(
    "operations: a store that fails at any call of pause, resume, skip or rerun leaves no half action") {
  for (const Fault kind : {Fault::before, Fault::after}) {
    for (std::size_t step = 0; step < 12; ++step) {
      SchedulerBench bench;
      bench.start();
      bench.advance_to(slot("00:11"));
      std::size_t calls = 0;
      bool armed = true;
      bench.faulty->script = [&](std::size_t, bool) { return armed && calls++ == step ? kind : Fault::none; };
      INFO("call " << step << (kind == Fault::before ? " fails" : " is not answered"));
      const auto tolerant = [](auto&& action) {
        try {
          return static_cast<bool>(action());
        } catch (const ErrorException&) {
          return false;
        }
      };
      tolerant([&] { return act(bench, "orders", "00:15", Action::skip, "x"); });
      tolerant([&] { return act(bench, "orders", "00:05", Action::rerun); });
      tolerant([&] { return pause(bench); });
      bench.advance(1min);
      tolerant([&] { return resume(bench, RunChoice::none); });
      armed = false;
      bench.advance(1min);
      tolerant([&] { return act(bench, "orders", "00:15", Action::skip, "x"); });
      tolerant([&] { return pause(bench); });
      tolerant([&] { return resume(bench, RunChoice::all); });
      CHECK(bench.scheduler->pauses().empty());
      CHECK(bench.ask(bench.store.pauses()).empty());
      bench.advance_to(slot("00:31"));
      CHECK(state_of(bench, "orders", "00:15") == State::skipped);
      CHECK(bench.all("orders", {State::running, State::failure, State::frozen, State::lost}).empty());
      CHECK(state_of(bench, "orders", "00:30") == State::success);
      CHECK_FALSE(bench.runner.overlapped);
    }
  }
}

}  // namespace
