// Edits of a running job: scheduling.md section 10, behaviour 14.
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/scheduler_bench.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

using namespace std::chrono_literals;
using scheduler::Handover;
using scheduler::Handovers;
using scheduler::State;

// One slot a day.
job::Job daily(const std::string& version, std::chrono::minutes at) {
  job::Job job = job_named("orders", 1440min);
  job.version = version;
  job.schedule.start = at;
  job.schedule.end = at;
  return job;
}

Handovers from_slot(const job::Job& before, const std::string& slot) {
  Handovers handovers;
  handovers.emplace(before.name, Handover{std::make_shared<const job::Job>(before), local_time(slot)});
  return handovers;
}

// "2018-10-17T02:15 version-2": the slots there are, with the definition each has.
std::vector<std::string> slots(SchedulerBench& bench) {
  std::vector<std::string> found;
  for (const auto& instance : bench.all("orders"))
    found.push_back(job::format_local(instance.id.scheduled, "Asia/Shanghai").substr(0, 16) + " " +
                    instance.version);
  return found;
}

TEST_CASE(
    "config change: at 10:00, after today's 01:15 succeeded, 01:15 becomes 02:15: nothing starts now, the "
    "next run "
    "is tomorrow 02:15") {
  SchedulerBench bench("2018-10-16T01:00+08:00");
  bench.jobs = {daily("version-1", 75min)};
  bench.start();
  bench.advance_to("2018-10-16T10:00+08:00");
  REQUIRE(bench.get("orders", "2018-10-16T01:15+08:00").state == State::success);
  const std::size_t before = bench.runner.starts.size();

  bench.scheduler->set_jobs({daily("version-2", 135min)});
  bench.advance_to("2018-10-17T02:14+08:00");
  CHECK(bench.runner.starts.size() == before);
  bench.advance_to("2018-10-17T02:16+08:00");
  CHECK(bench.executed(before) == "orders@02:15");
  CHECK(bench.get("orders", "2018-10-16T01:15+08:00").version == "version-1");
  CHECK(bench.all("orders").at(1).id.scheduled == local_time("2018-10-17T02:15+08:00"));
}

TEST_CASE("config change: after the clock was set back an edit adds no slot before what has run") {
  SchedulerBench bench("2018-10-16T09:58+08:00");
  bench.jobs = {job_named("orders", 60min)};
  bench.start();
  bench.advance_to("2018-10-16T10:30+08:00");
  bench.clock.step_wall(-1h);
  job::Job twice = job_named("orders", 20min);
  twice.version = "version-2";
  bench.scheduler->set_jobs({twice});
  bench.advance_to("2018-10-16T10:21+08:00");
  CHECK(bench.executed() == "orders@10:00 orders@10:20");
  CHECK(slots(bench).front() == "2018-10-16T10:00 version-1");
}

TEST_CASE("config change: an edit applies from the slot it names, earlier ones keep the definition before") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  bench.jobs = {daily("version-1", 75min)};
  bench.start();
  bench.scheduler->set_jobs({daily("version-2", 135min)}, from_slot(bench.jobs[0], "2018-10-17T01:30+08:00"));
  bench.clock.settle();
  CHECK(slots(bench) == std::vector<std::string>{"2018-10-16T01:15 version-1", "2018-10-17T01:15 version-1",
                                                 "2018-10-17T02:15 version-2"});
}

TEST_CASE("config change: an edit for a slot beyond what is planned waits for it, also across a restart") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  const job::Job before = daily("version-1", 75min);
  const Handovers handovers = from_slot(before, "2018-10-19T00:00+08:00");
  bench.jobs = {before};
  bench.start();
  bench.jobs = {daily("version-2", 135min)};
  bench.scheduler->set_jobs(bench.jobs, handovers);
  bench.advance_to("2018-10-17T12:00+08:00");
  bench.crash();
  bench.options.handovers = handovers;
  bench.start();
  bench.advance_to("2018-10-18T12:00+08:00");
  CHECK(slots(bench) == std::vector<std::string>{"2018-10-16T01:15 version-1", "2018-10-17T01:15 version-1",
                                                 "2018-10-18T01:15 version-1", "2018-10-19T02:15 version-2"});
}

TEST_CASE("config change: an edit undone before its slot leaves what was planned before") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  bench.jobs = {daily("version-1", 75min)};
  bench.start();
  const auto planned = slots(bench);
  bench.scheduler->set_jobs({daily("version-2", 135min)}, from_slot(bench.jobs[0], "2018-10-17T00:00+08:00"));
  bench.clock.settle();
  CHECK(slots(bench) != planned);
  bench.scheduler->set_jobs(bench.jobs);
  bench.clock.settle();
  CHECK(slots(bench) == planned);
}

TEST_CASE("config change: a job taken away keeps its instances, and goes on when it is back") {
  SchedulerBench bench("2018-10-16T00:01+08:00");
  bench.start();
  bench.advance_to("2018-10-16T00:06+08:00");
  const std::size_t planned = bench.all("orders").size();
  bench.scheduler->set_jobs({});
  bench.advance_to("2018-10-16T00:21+08:00");
  CHECK(bench.all("orders").size() == planned);
  CHECK(bench.executed() == "orders@00:05");
  bench.scheduler->set_jobs(bench.jobs);
  bench.advance(30s);
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:15 orders@00:20");
}

TEST_CASE("config change: a store that fails at any step of an edit loses no slot and doubles none") {
  std::vector<std::string> expected;
  for (std::size_t k = 0; k < 40; ++k) {
    for (const Fault fault : {Fault::before, Fault::after}) {
      INFO("call " << k << (fault == Fault::before ? " before" : " after"));
      SchedulerBench bench("2018-10-16T00:30+08:00");
      bench.jobs = {daily("version-1", 75min)};
      bench.start();
      const std::size_t first = bench.faulty->calls();
      bench.faulty->script = [&](std::size_t call, bool) { return call == first + k ? fault : Fault::none; };
      bench.scheduler->set_jobs({daily("version-2", 135min)},
                                from_slot(bench.jobs[0], "2018-10-17T01:30+08:00"));
      bench.advance(10min);
      if (expected.empty()) {
        expected = {"2018-10-16T01:15 version-1", "2018-10-17T01:15 version-1", "2018-10-17T02:15 version-2"};
      }
      CHECK(slots(bench) == expected);
    }
  }
}

TEST_CASE("config change: an edit that waits for its slot gives way to one that begins later") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  bench.jobs = {daily("version-1", 75min)};
  bench.start();
  scheduler::Order first;
  first.action = scheduler::Action::priority;
  first.priority = 7;
  REQUIRE(bench.ask(bench.scheduler->act(first, SchedulerBench::id("orders", "2018-10-16T01:15+08:00"))));
  bench.scheduler->set_jobs({daily("version-2", 135min)}, from_slot(bench.jobs[0], "2018-10-17T00:00+08:00"));
  bench.clock.settle();
  REQUIRE(slots(bench) ==
          std::vector<std::string>{"2018-10-16T01:15 version-1", "2018-10-17T02:15 version-2"});
  bench.scheduler->set_jobs({daily("version-3", 195min)}, from_slot(bench.jobs[0], "2018-10-20T00:00+08:00"));
  bench.clock.settle();
  CHECK(slots(bench) == std::vector<std::string>{"2018-10-16T01:15 version-1", "2018-10-17T01:15 version-1"});
  CHECK(bench.get("orders", "2018-10-16T01:15+08:00").priority == 7);
  bench.advance_to("2018-10-20T12:00+08:00");
  CHECK(bench.executed() == "orders@01:15 orders@01:15 orders@01:15 orders@01:15 orders@03:15");
}

TEST_CASE(
    "config change: one made while the daemon was down longer than the plan reaches fires no past slot") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  const job::Job before = daily("version-1", 75min);
  bench.jobs = {before};
  bench.start();
  bench.advance_to("2018-10-16T10:00+08:00");
  bench.crash();
  bench.advance(96h);
  bench.jobs = {job_named("orders", 60min)};
  bench.jobs[0].version = "version-2";
  SECTION("what was missed follows the definition before, where that is known") {
    bench.options.handovers = from_slot(before, "2018-10-20T10:00:01+08:00");
    bench.start();
    bench.advance_to("2018-10-20T11:30+08:00");
    CHECK(bench.executed() ==
          "orders@01:15 orders@01:15 orders@01:15 orders@01:15 orders@01:15 orders@11:00");
    CHECK(bench.get("orders", "2018-10-19T01:15+08:00").version == "version-1");
  }
  SECTION("nothing is made up for it otherwise") {
    bench.start();
    bench.advance_to("2018-10-20T11:30+08:00");
    CHECK(bench.executed() == "orders@01:15 orders@01:15 orders@11:00");
  }
}

TEST_CASE("config change: one whose slot passed while the daemon was down applies from that slot on") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  const job::Job before = daily("version-1", 75min);
  bench.options.handovers = from_slot(before, "2018-10-20T00:00+08:00");
  bench.jobs = {before};
  bench.start();
  bench.advance_to("2018-10-16T10:00+08:00");
  bench.scheduler->set_jobs({daily("version-2", 135min)}, bench.options.handovers);
  bench.clock.settle();
  bench.crash();
  bench.advance(144h);
  bench.jobs = {daily("version-2", 135min)};
  bench.start();
  bench.advance(1min);
  CHECK(slots(bench) == std::vector<std::string>{"2018-10-16T01:15 version-1", "2018-10-17T01:15 version-1",
                                                 "2018-10-18T01:15 version-1", "2018-10-19T01:15 version-1",
                                                 "2018-10-20T02:15 version-2", "2018-10-21T02:15 version-2",
                                                 "2018-10-22T02:15 version-2", "2018-10-23T02:15 version-2"});
}

}  // namespace
