// Slots that were missed around an edit of their job: none is left without a row.
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/memory_version_store.hpp"
#include "tests/support/scheduler_bench.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using scheduler::Handover;
using scheduler::Handovers;
using scheduler::State;

namespace {

job::Job every(std::chrono::minutes interval, const std::string& version) {
  job::Job job = job_named("orders", interval);
  job.version = version;
  return job;
}

// One slot a day.
job::Job daily(const std::string& version, std::chrono::minutes at) {
  job::Job job = every(1440min, version);
  job.schedule.start = at;
  job.schedule.end = at;
  return job;
}

// "17T02:15 version-2": the slots there are, with the definition each has.
std::vector<std::string> slots(SchedulerBench& bench) {
  std::vector<std::string> found;
  for (const auto& instance : bench.all("orders"))
    found.push_back(job::format_local(instance.id.scheduled, "Asia/Shanghai").substr(8, 8) + " " +
                    instance.version);
  return found;
}

Handovers in_force_since(const std::string& slot) {
  Handovers handovers;
  handovers.emplace("orders", Handover{nullptr, local_time(slot)});
  return handovers;
}

// Every definition named "version-1" is this one.
void keep(SchedulerBench& bench, MemoryVersionStore& kept, const job::Job& before) {
  scheduler::JobVersion version;
  version.job = "orders";
  version.version = before.version;
  version.text.file = "jobs.d/orders.yaml";
  version.text.text = "text";
  std::vector<scheduler::JobVersion> versions(1, version);
  boost::asio::co_spawn(bench.io, kept.put_in_force(versions, {}, {}), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  bench.clock.settle();
  bench.options.versions = &kept;
  bench.options.load_definition = [before](const job::DefinitionText&, const job::Job&) {
    return Result<job::Job>(before);
  };
}

}  // namespace

TEST_CASE("missed slots: what became due while an edit could not be planned follows the edit") {
  SchedulerBench bench("2018-10-16T09:56+08:00");
  bench.with_catch_up = false;
  bench.jobs = {every(60min, "version-1")};
  bench.start();
  bench.advance_to("2018-10-16T10:01+08:00");
  int writes = 0;
  bool full = true;
  bench.faulty->script = [&](std::size_t, bool is_write) {
    return full && is_write && writes++ > 0 ? Fault::before : Fault::none;
  };
  bench.scheduler->set_jobs({every(10min, "version-2")});
  bench.advance_to("2018-10-16T10:45+08:00");
  REQUIRE(slots(bench) == std::vector<std::string>{"16T10:00 version-1"});
  full = false;
  bench.advance(2min);
  CHECK(bench.executed() == "orders@10:00 orders@10:10 orders@10:20 orders@10:30 orders@10:40");
  CHECK(bench.get("orders", "2018-10-16T10:10+08:00").version == "version-2");
}

TEST_CASE("missed slots: a row that an edit could not replace does not hide the slots behind it") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  bench.jobs = {daily("version-1", 75min)};
  bench.start();
  REQUIRE(bench.ask(bench.scheduler->freeze(SchedulerBench::id("orders", "2018-10-17T01:15+08:00"), "me")));
  bench.advance_to("2018-10-16T10:00+08:00");
  bench.jobs = {daily("version-2", 75min)};
  bench.scheduler->set_jobs(bench.jobs);
  bench.advance(1min);
  bench.crash();
  bench.advance(72h);
  bench.options.handovers = in_force_since("2018-10-16T10:00:00+08:00");
  bench.start();
  CHECK(slots(bench) == std::vector<std::string>{"16T01:15 version-1", "17T01:15 version-1",
                                                 "18T01:15 version-2", "19T01:15 version-2",
                                                 "20T01:15 version-2"});
}

TEST_CASE("missed slots: an edit that was in force but never planned leaves none of before it out") {
  SchedulerBench bench("2018-10-16T00:30+08:00");
  MemoryVersionStore kept;
  bench.jobs = {daily("version-1", 75min)};
  keep(bench, kept, bench.jobs[0]);
  bench.start();
  bench.advance_to("2018-10-16T10:00+08:00");
  bench.crash();
  bench.advance(96h);
  // A start has put the edit in force at 09:00, and was killed before it had planned anything.
  bench.jobs = {daily("version-2", 9h + 30min)};
  bench.options.handovers = in_force_since("2018-10-20T09:00:00+08:00");
  bench.start();
  CHECK(slots(bench) == std::vector<std::string>{"16T01:15 version-1", "17T01:15 version-1",
                                                 "18T01:15 version-1", "19T01:15 version-1",
                                                 "20T01:15 version-1", "20T09:30 version-2",
                                                 "21T09:30 version-2"});
  const auto planned = slots(bench);
  bench.crash();
  bench.start();
  CHECK(slots(bench) == planned);
}
