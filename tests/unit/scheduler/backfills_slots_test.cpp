// scheduling.md section 7 on a whole scheduler: which slots, which windows, and beside what.
#include "tests/support/backfill_bench.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace sluice;
using namespace std::chrono_literals;
using scheduler::Backfill;
using scheduler::BackfillState;
using scheduler::State;
using sluice::test::BackfillBench;
using sluice::test::failing;
using sluice::test::takes;

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
  std::set<Instant> broken = {sluice::test::local_time("2018-10-16T00:20+08:00"),
                              sluice::test::local_time("2018-10-16T00:30+08:00")};
  bench.runner.script = [&](const scheduler::Instance& instance, int) {
    return instance.id.group == 0 && broken.contains(instance.id.scheduled) ? failing() : takes(1s);
  };
  bench.start();
  // 00:20 and 00:30 fail and are declared done, so the window after each brings their records.
  for (const std::string slot : {"2018-10-16T00:20+08:00", "2018-10-16T00:30+08:00"}) {
    bench.advance(sluice::test::local_time(slot) + 10s - bench.clock.now());
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
  CHECK(last.to == sluice::test::local_time("2018-10-15T23:50+08:00"));
}

TEST_CASE("backfill: a window of a table that was skipped came with no other one, so it is missing") {
  BackfillBench bench;
  bench.jobs = {sluice::test::reading_table("orders")};
  bench.start();
  scheduler::Order skip;
  skip.action = scheduler::Action::skip;
  skip.actor = "uid 1";
  REQUIRE(bench.ask(bench.scheduler->act(skip, bench.id("orders", "2018-10-16T00:10+08:00"))));
  bench.advance_to("2018-10-16T00:31+08:00");
  const Backfill made = bench.create(bench.order("2018-10-16T00:05", "2018-10-16T00:30"));
  bench.advance(1min);
  CHECK(bench.count(made, State::success) == 1);
  CHECK(bench.of_group(1, "2018-10-16T00:10").state == State::success);
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
  bench.jobs = {sluice::test::job_named("orders", 1min)};
  bench.start();
  CHECK(bench.refusal(bench.order("2018-07-01T00:00", "2018-10-01T00:00")).find("more than 100000") !=
        std::string::npos);
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-11T00:00"));
  bench.advance(1s);
  CHECK(bench.instances_of(made).size() == 1440);
}
