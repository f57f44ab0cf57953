// scheduling.md section 7 on a whole scheduler: order, groups, what it waits for, what operators can do.
#include "tests/support/backfill_bench.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace sluice;
using namespace std::chrono_literals;
using scheduler::Backfill;
using scheduler::BackfillState;
using scheduler::State;
using test::BackfillBench;
using test::ScriptedRunner;

namespace {

ScriptedRunner::Act takes(Duration time) {
  ScriptedRunner::Act act;
  act.takes = time;
  return act;
}

ScriptedRunner::Act failing() {
  ScriptedRunner::Act act;
  act.error = Error(Errc::trimmed, "get records: trimmed");  // not repeated by itself
  return act;
}

}  // namespace

TEST_CASE("backfill: by default the dates are serial, in order, each window with its own values") {
  BackfillBench bench;
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-12T00:00"));
  REQUIRE(made.groups.size() == 1);
  bench.advance(4min);
  CHECK(bench.ran().substr(0, 51) == "#1@10T00:00 #1@10T00:05 #1@10T00:10 #1@10T00:15 #1@");
  bench.advance(1h);
  CHECK(bench.count(made, State::success) == 576);
  CHECK(bench.state_of(made.id) == BackfillState::done);
  const auto first = bench.of_group(1, "2018-10-10T00:00");
  CHECK(first.window_start == test::local_time("2018-10-09T23:50+08:00"));
  CHECK(first.version == "version-1");
  CHECK_FALSE(bench.runner.overlapped);
}

TEST_CASE("backfill: groups run in parallel, the dates of one group serially") {
  BackfillBench bench;
  bench.jobs = {test::job_named("orders", 12h)};
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(1min); };
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-16T00:00", 3));
  REQUIRE(made.groups.size() == 3);
  bench.advance(10min);
  CHECK(bench.ran() ==
        "#1@10T00:00 #2@12T00:00 #3@14T00:00 #1@10T12:00 #2@12T12:00 #3@14T12:00 "
        "#1@11T00:00 #2@13T00:00 #3@15T00:00 #1@11T12:00 #2@13T12:00 #3@15T12:00");
  CHECK(bench.runner.executing_max == 3);
}

TEST_CASE("backfill: no more than `parallel` attempts run at once, and one place stays free") {
  for (const auto& [parallel, places, most] : {std::tuple(2, 10U, 2U), {10, 4U, 3U}, {10, 1U, 1U}}) {
    BackfillBench bench;
    bench.options.attempts_max = places;
    bench.jobs = {test::independent("orders", 60min)};
    bench.runner.script = [](const scheduler::Instance&, int) { return takes(1min); };
    bench.start();
    const Backfill made = bench.create(bench.order("2018-10-01T00:00", "2018-10-11T00:00", parallel));
    bench.advance(10min);
    CHECK(bench.runner.executing_max == most);
    bench.advance(10h);
    CHECK(bench.state_of(made.id) == BackfillState::done);
  }
}

TEST_CASE("backfill: one failure stops the rest of its group only; a rerun goes on") {
  BackfillBench bench;
  bench.jobs = {test::job_named("orders", 12h)};
  bool broken = true;
  bench.runner.script = [&](const scheduler::Instance& instance, int) {
    return broken && instance.id == BackfillBench::group_id(1, "2018-10-10T12:00") ? failing() : takes(1s);
  };
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-14T00:00", 2));
  bench.advance(10min);
  CHECK(bench.ran() == "#1@10T00:00 #2@12T00:00 #1@10T12:00 #2@12T12:00 #2@13T00:00 #2@13T12:00");
  CHECK(bench.state_of(made.id) == BackfillState::running);
  CHECK(bench.why_of_group(1, "2018-10-11T00:00").find("orders#1@2018-10-10T12:00+08:00") !=
        std::string::npos);
  broken = false;
  REQUIRE(bench.ask(bench.scheduler->rerun(BackfillBench::group_id(1, "2018-10-10T12:00"), "uid 1")));
  bench.advance(1min);
  CHECK(bench.count(made, State::success) == 8);
  CHECK(bench.state_of(made.id) == BackfillState::done);
}

TEST_CASE("backfill: inside a date without self-dependency instances run concurrently, the next date after") {
  BackfillBench bench;
  bench.options.attempts_max = 10;
  bench.jobs = {test::independent("orders", 8h)};
  bench.runner.script = [](const scheduler::Instance& instance, int) {
    return takes(instance.id.scheduled == test::local_time("2018-10-10T08:00+08:00") ? 5min : 1min);
  };
  bench.start();
  bench.create(bench.order("2018-10-10T00:00", "2018-10-11T08:00", 3));
  const Backfill serial = bench.create([] {
    auto wanted = BackfillBench::order("2018-10-12T00:00", "2018-10-14T00:00", 3);
    wanted.parallel = 3;
    return wanted;
  }());
  CHECK(serial.groups.size() == 2);
  bench.advance(10min);
  CHECK(bench.ran().find("#1@10T00:00 #1@10T08:00 #1@10T16:00") == 0);
}

TEST_CASE("backfill: the next date waits for the slowest instance of the date before") {
  BackfillBench bench;
  bench.options.attempts_max = 10;
  bench.jobs = {test::independent("orders", 12h)};
  bench.runner.script = [](const scheduler::Instance& instance, int) {
    return takes(instance.id.scheduled == test::local_time("2018-10-10T00:00+08:00") ? 5min : 1min);
  };
  bench.start();
  auto wanted = bench.order("2018-10-10T00:00", "2018-10-14T00:00", 2);
  bench.create(wanted);  // dates 9 and 10 in group 1, 11 and 12 in group 2
  bench.advance(4min);
  CHECK(bench.ran().find("#1@11") == std::string::npos);
  bench.advance(6min);
  CHECK(bench.ran().find("#1@11T00:00") != std::string::npos);
}

TEST_CASE("backfill: desc runs the newest business date first, and only without self-dependency") {
  BackfillBench bench;
  bench.jobs = {test::independent("orders", 12h)};
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(1s); };
  bench.start();
  auto wanted = bench.order("2018-10-10T00:00", "2018-10-12T00:00");
  wanted.descending = true;
  bench.create(wanted);
  CHECK(bench.why_of_group(1, "2018-10-10T00:00").find("its business date comes first") != std::string::npos);
  bench.advance(1min);
  CHECK(bench.ran() == "#1@11T12:00 #1@11T00:00 #1@10T12:00 #1@10T00:00");
  BackfillBench chained;
  chained.start();
  CHECK(chained.refusal(wanted).find("use the order asc") != std::string::npos);
}

TEST_CASE("backfill: slots that succeeded are left alone unless all are wanted") {
  BackfillBench bench;
  bench.start();
  bench.advance_to("2018-10-16T01:01+08:00");
  const auto nothing = bench.order("2018-10-16T00:05", "2018-10-16T01:00");
  CHECK(bench.refusal(nothing).find("--all repeats them") != std::string::npos);
  const auto some = bench.order("2018-10-15T23:00", "2018-10-16T01:00");
  const auto preview = bench.ask(bench.scheduler->preview_backfill(some, 1000)).value();
  CHECK(preview.runs == 13);  // up to 00:00; from 00:05 on the windows are durable
  CHECK(preview.left_out == 11);
  CHECK(preview.slots.size() == 24);
  CHECK(preview.slots.front().group == 1);
  CHECK(preview.slots.back().left_out == "it succeeded");
  CHECK(bench.ask(bench.backfills.unfinished_backfills()).empty());  // a preview writes nothing
  const Backfill made = bench.create(some);
  bench.advance(1min);
  CHECK(bench.instances_of(made).size() == 13);
  CHECK(bench.ask(bench.backfills.backfill(made.id))->left_out == 11);
}

TEST_CASE("backfill: a slot that succeeded is repeated exactly when all are wanted") {
  BackfillBench bench;
  bench.start();
  bench.advance_to("2018-10-16T01:01+08:00");
  auto wanted = bench.order("2018-10-16T00:05", "2018-10-16T01:05");
  wanted.all = true;
  const Backfill made = bench.create(wanted);
  bench.advance(2min);
  CHECK(bench.count(made, State::success) == 12);
  for (const auto& instance : bench.instances_of(made)) {
    auto recurring = instance.id;
    recurring.group = 0;
    CHECK(bench.runner.objects.at(instance.id) == bench.runner.objects.at(recurring));
  }
}

TEST_CASE("backfill: windows chain where they adjoin, join the recurring ones, and else seek by time") {
  BackfillBench bench;
  std::set<Instant> broken = {test::local_time("2018-10-16T00:20+08:00"),
                              test::local_time("2018-10-16T00:30+08:00")};
  bench.runner.script = [&](const scheduler::Instance& instance, int) {
    return instance.id.group == 0 && broken.contains(instance.id.scheduled) ? failing() : takes(1s);
  };
  bench.start();
  // 00:20 and 00:30 fail and are declared done, so the window after each brings their records.
  for (const std::string slot : {"2018-10-16T00:20+08:00", "2018-10-16T00:30+08:00"}) {
    bench.advance(test::local_time(slot) + 10s - bench.clock.now());
    REQUIRE(bench.ask(bench.scheduler->set_success(bench.id("orders", slot), "uid 1")));
  }
  bench.advance_to("2018-10-16T00:41+08:00");
  auto wanted = bench.order("2018-10-15T23:50", "2018-10-16T00:40");
  wanted.all = true;
  const Backfill made = bench.create(wanted);
  bench.advance(2min);
  CHECK(bench.count(made, State::success) == 10);
  const auto from_to = [&](const std::string& slot) {
    const auto& done = bench.runner.objects.at(BackfillBench::group_id(1, slot));
    return job::format_local(done.from, "Asia/Shanghai").substr(11, 5) + "-" +
           job::format_local(done.to, "Asia/Shanghai").substr(11, 5);
  };
  CHECK(from_to("2018-10-15T23:50") == "23:40-23:45");  // the first one: by time
  CHECK(from_to("2018-10-15T23:55") == "23:45-23:50");  // behind the one before
  CHECK(from_to("2018-10-16T00:05") == "23:55-00:00");  // as the recurring one did
  CHECK(from_to("2018-10-16T00:20") == "00:10-00:15");  // joins 00:15
  CHECK(from_to("2018-10-16T00:25") == "00:10-00:20");  // as the recurring one did: two windows' records
}

TEST_CASE("backfill: a window does not go on from one that it does not adjoin") {
  BackfillBench bench;
  bench.start();
  bench.advance_to("2018-10-16T01:01+08:00");
  // Missing: up to 00:00; durable: 00:05 to 01:00; nothing is asked for in between.
  const Backfill before = bench.create(bench.order("2018-10-15T23:50", "2018-10-16T00:00"));
  bench.advance(1min);
  CHECK(bench.count(before, State::success) == 2);
  const auto& last = bench.runner.objects.at(BackfillBench::group_id(1, "2018-10-15T23:55"));
  CHECK(last.to == test::local_time("2018-10-15T23:50+08:00"));
}

TEST_CASE("backfill: it waits while the recurring instance of the same slot has still to run") {
  BackfillBench bench;
  bench.runner.script = [](const scheduler::Instance& instance, int) {
    return takes(instance.id.group == 0 ? 3min : 1s);
  };
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");  // orders@00:05 runs until 00:08
  auto wanted = bench.order("2018-10-16T00:05", "2018-10-16T00:10");
  CHECK(bench.refusal(wanted).find("still to run") != std::string::npos);
  wanted.all = true;
  bench.create(wanted);
  bench.advance(90s);
  CHECK(bench.ran() == "orders@16T00:05");
  CHECK(bench.why_of_group(1, "2018-10-16T00:05")
            .find("waits for orders@2018-10-16T00:05+08:00, the recurring instance of the same slot") == 0);
  bench.advance(1min);
  CHECK(bench.ran() == "orders@16T00:05 #1@16T00:05");
}

TEST_CASE("backfill: the recurring instance of the slot before does not hold it up") {
  BackfillBench bench;
  bench.runner.script = [](const scheduler::Instance& instance, int) {
    return instance.id.group == 0 ? failing() : takes(1s);
  };
  bench.start();
  bench.advance_to("2018-10-16T00:12+08:00");  // 00:05 has failed, 00:10 waits for it
  const Backfill made = bench.create(bench.order("2018-10-16T00:05", "2018-10-16T00:15"));
  bench.advance(1min);
  CHECK(bench.count(made, State::success) == 1);  // 00:05; 00:10 has still to run by itself
}

TEST_CASE(
    "backfill: a recurring instance waits for the backfill's attempt at its own slot, and kills it not") {
  BackfillBench bench;
  bool broken = true;
  bench.runner.script = [&](const scheduler::Instance& instance, int) {
    if (instance.id.group != 0) return takes(3min);
    return broken ? failing() : takes(1s);
  };
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  const Backfill made = bench.create(bench.order("2018-10-16T00:05", "2018-10-16T00:10"));
  bench.advance(1min);
  broken = false;
  REQUIRE(bench.ask(bench.scheduler->rerun(bench.id("orders", "2018-10-16T00:05+08:00"), "uid 1")));
  bench.advance(1min);
  CHECK(bench.get("orders", "2018-10-16T00:05+08:00").state == State::wait_resource);
  bench.advance(90s);
  CHECK(bench.count(made, State::success) == 1);
  CHECK(bench.get("orders", "2018-10-16T00:05+08:00").state == State::success);
}

TEST_CASE("backfill: slots of the future wait for their time") {
  BackfillBench bench;
  bench.start();
  auto wanted = bench.order("2018-10-20T00:00", "2018-10-20T00:10");
  const Backfill made = bench.create(wanted);
  bench.advance_to("2018-10-19T23:59+08:00");
  CHECK(bench.count(made, State::success) == 0);
  bench.advance_to("2018-10-20T00:11+08:00");
  CHECK(bench.count(made, State::success) == 2);
}

TEST_CASE("backfill: paused, nothing new starts; resumed, it goes on where it was") {
  BackfillBench bench;
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(1min); };
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-10T01:00"));
  bench.advance(90s);
  CHECK(bench.ask(bench.scheduler->pause_backfill(made.id, "uid 1")).value().state == BackfillState::paused);
  bench.advance(10min);
  CHECK(bench.ran().find("#1@10T00:10") == std::string::npos);
  CHECK(bench.count(made, State::success) == 2);
  CHECK(bench.why_of_group(1, "2018-10-10T00:10") == "waits: backfill 1 is paused; sluice backfill resume 1");
  CHECK(bench.ask(bench.scheduler->pause_backfill(made.id, "uid 1")).error().code() ==
        Errc::refused_by_state);
  REQUIRE(bench.ask(bench.scheduler->resume_backfill(made.id, "uid 1")));
  bench.advance(15min);
  CHECK(bench.count(made, State::success) == 12);
  CHECK(bench.ask(bench.scheduler->resume_backfill(made.id, "uid 1")).error().code() ==
        Errc::refused_by_state);
  CHECK(bench.ask(bench.scheduler->resume_backfill(77, "uid 1")).error().code() == Errc::not_found);
}

TEST_CASE("backfill: cancelled, what has not started is SKIPPED and what runs ends by itself") {
  BackfillBench bench;
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(1min); };
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-10T01:00"));
  bench.advance(90s);
  REQUIRE(bench.ask(bench.scheduler->cancel_backfill(made.id, "uid 1", false)));
  CHECK(bench.count(made, State::skipped) == 10);
  bench.advance(10min);
  CHECK(bench.count(made, State::success) == 2);
  CHECK(bench.of_group(1, "2018-10-10T00:10").reason == "backfill 1 cancelled by uid 1");
  CHECK(bench.state_of(made.id) == BackfillState::cancelled);
  CHECK(bench.ask(bench.backfills.unfinished_backfills()).empty());
  CHECK(bench.ask(bench.scheduler->rerun(BackfillBench::group_id(1, "2018-10-10T00:00"), "uid 1"))
            .error()
            .code() == Errc::refused_by_state);
  std::vector<std::string> actions;
  for (const auto& entry : bench.backfills.audited) actions.push_back(entry.action + " " + entry.target);
  CHECK(actions == std::vector<std::string>({"backfill orders", "backfill cancel backfill 1"}));
}

TEST_CASE("backfill: cancelled with kill, what runs is stopped, and its failure is not repeated") {
  BackfillBench bench;
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(10min); };
  bench.start();
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-10T01:00"));
  bench.advance(90s);
  REQUIRE(bench.ask(bench.scheduler->cancel_backfill(made.id, "uid 1", true)));
  CHECK(bench.of_group(1, "2018-10-10T00:00").state == State::failure);
  CHECK(bench.count(made, State::skipped) == 11);
  bench.advance(10min);
  CHECK(bench.ask(bench.backfills.unfinished_backfills()).empty());
}

TEST_CASE("backfill: of two, the one with the higher priority gets the places first") {
  BackfillBench bench;
  bench.options.attempts_max = 2;  // one for backfills
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(1min); };
  bench.start();
  bench.create(bench.order("2018-10-10T00:00", "2018-10-10T00:10"));
  auto urgent = bench.order("2018-10-11T00:00", "2018-10-11T00:10");
  urgent.priority = 5;
  bench.create(urgent);
  bench.advance(10min);
  std::string order = bench.ran();
  CHECK(order.find("#2@11T00:05") < order.find("#1@10T00:05"));
}

TEST_CASE("backfill: jobs that do not exist and ranges without slots are refused with the reason") {
  BackfillBench bench;
  bench.start();
  auto wanted = bench.order("2018-10-10T00:00", "2018-10-11T00:00");
  wanted.job = "nobody";
  CHECK(bench.refusal(wanted).find("no such job") != std::string::npos);
  CHECK(bench.refusal(bench.order("2018-10-10T00:01", "2018-10-10T00:04")).find("no slot") !=
        std::string::npos);
  CHECK(bench.refusal(bench.order("1990-10-10T00:00", "2018-10-10T00:04")).find("3660 days") !=
        std::string::npos);
}

TEST_CASE("backfill: a day of a minute schedule in one go, and one too large is refused") {
  BackfillBench bench;
  bench.jobs = {test::job_named("orders", 1min)};
  bench.start();
  CHECK(bench.refusal(bench.order("2018-07-01T00:00", "2018-10-01T00:00")).find("more than 100000") !=
        std::string::npos);
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-11T00:00"));
  bench.advance(1s);
  CHECK(bench.instances_of(made).size() == 1440);
}

TEST_CASE("behaviour 12: a backfill of 7 days x 288 in 3 groups leaves the recurring latency unchanged") {
  const auto lateness = [](bool with_backfill) {
    BackfillBench bench;
    bench.runner.script = [](const scheduler::Instance&, int) { return takes(20s); };
    bench.start();
    std::optional<Backfill> made;
    if (with_backfill) made = bench.create(bench.order("2018-10-08T00:00", "2018-10-15T00:00", 3));
    bench.advance(6h);
    if (made) {
      CHECK(bench.count(*made, State::success) == 2016);
      CHECK(bench.state_of(made->id) == BackfillState::done);
      CHECK(bench.runner.executing_max <= 4);
    }
    Duration most(0);
    std::size_t recurring = 0;
    for (const auto& start : bench.runner.starts) {
      if (start.id.group != 0) continue;
      most = std::max<Duration>(most, start.at - start.id.scheduled);
      ++recurring;
    }
    CHECK(recurring == 72);
    CHECK_FALSE(bench.runner.overlapped);
    return most;
  };
  const Duration alone = lateness(false);
  CHECK(lateness(true) <= alone + 1s);
}

TEST_CASE("backfill: recurring instances of many jobs due together take places from nobody but themselves") {
  BackfillBench bench;
  bench.jobs.clear();
  for (const char* name : {"a", "b", "c", "d", "orders"}) bench.jobs.push_back(test::job_named(name));
  bench.options.attempts_max = 5;
  bench.runner.script = [](const scheduler::Instance& instance, int) {
    return takes(instance.id.group == 0 ? 1s : 4min);
  };
  bench.start();
  bench.create(bench.order("2018-10-08T00:00", "2018-10-15T00:00", 7));
  bench.advance(2h);
  for (const auto& start : bench.runner.starts) {
    if (start.id.group == 0) CHECK(start.at - start.id.scheduled <= 1s);
  }
}
