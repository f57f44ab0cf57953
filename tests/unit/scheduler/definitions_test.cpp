#include "scheduler/definitions.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/memory_version_store.hpp"
#include "tests/support/scheduler_bench.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

using scheduler::AttemptResult;
using scheduler::Definition;
using scheduler::Definitions;
using scheduler::State;

scheduler::JobVersion version_of(const job::Job& job) {
  scheduler::JobVersion version;
  version.job = job.name;
  version.version = job.version;
  version.text.file = "jobs.d/orders.yaml";
  version.text.text = job.version;
  return version;
}

// "Text" of these jobs is their version alone.
Result<job::Job> load_named(const job::DefinitionText& kept, const job::Job& present) {
  if (kept.text.empty()) return Error(Errc::invalid_argument, kept.missing);
  job::Job job = present;
  job.version = kept.text;
  job.rerun.times = 0;
  return job;
}

struct DefinitionsBench : SchedulerBench {
  DefinitionsBench() {
    options.versions = &kept;
    options.load_definition = load_named;
    bring(jobs);
  }

  void bring(const std::vector<job::Job>& present) {
    std::vector<scheduler::JobVersion> versions;
    for (const job::Job& job : present) versions.push_back(version_of(job));
    run(kept.put_in_force(versions, {}, {}));
  }
  void run(awaitable<void> task) {
    boost::asio::co_spawn(io, std::move(task), [](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    clock.settle();
  }
  void change(const std::string& version) {
    jobs.at(0).version = version;
    bring(jobs);
    scheduler->set_jobs(jobs);
    clock.settle();
  }

  MemoryVersionStore kept;
};

TEST_CASE(
    "definitions: an instance that was due when its job changed runs by the version it was planned with") {
  DefinitionsBench bench;
  bench.runner.script = [](const scheduler::Instance&, int) {
    ScriptedRunner::Act act;
    act.error = Error(Errc::unavailable, "no");
    return act;
  };
  bench.start();
  bench.ask(bench.scheduler->freeze(bench.id("orders", "2018-10-16T00:05+08:00"), "uid 0"));
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.change("version-2");  // which repeats failed attempts; version-1 does not
  bench.ask(bench.scheduler->unfreeze(bench.id("orders", "2018-10-16T00:05+08:00"), "uid 0"));
  bench.advance(std::chrono::seconds(5));
  const auto old = bench.get("orders", "2018-10-16T00:05+08:00");
  CHECK(old.version == "version-1");
  CHECK(old.state == State::failure);
  CHECK(old.reason == "no");
  CHECK(bench.get("orders", "2018-10-16T00:10+08:00").version == "version-2");
}

TEST_CASE("definitions: what runs by another version than planned says so in its log and its reason") {
  DefinitionsBench bench;
  bench.runner.script = [](const scheduler::Instance&, int) {
    ScriptedRunner::Act act;
    act.error = Error(Errc::unavailable, "no");
    return act;
  };
  bench.jobs.at(0).rerun.times = 0;
  bench.jobs.at(0).version = "version-0";  // of which nothing is kept
  bench.start();
  bench.ask(bench.scheduler->freeze(bench.id("orders", "2018-10-16T00:05+08:00"), "uid 0"));
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.change("version-2");
  bench.ask(bench.scheduler->unfreeze(bench.id("orders", "2018-10-16T00:05+08:00"), "uid 0"));
  bench.advance(std::chrono::seconds(5));
  const std::string note =
      "runs by the present definition version-2 of the job, not by version-0 with which it was planned: it "
      "is "
      "not kept";
  CHECK(bench.get("orders", "2018-10-16T00:05+08:00").reason == "no; " + note);
  CHECK(bench.runner.notes == std::vector<std::string>{note});
}

TEST_CASE(
    "definitions: a kept text that no longer loads gives way to the present definition, with the cause") {
  DefinitionsBench bench;
  job::Job present = job_named("orders");
  present.version = "version-2";
  scheduler::JobVersion broken = version_of(bench.jobs.at(0));
  broken.text.text.clear();
  broken.text.missing = "its text is not kept, because";
  bench.run(bench.kept.put_in_force({broken}, {}, {}));
  Definitions definitions(&bench.kept, load_named);
  definitions.set_present(scheduler::to_jobs({present}));
  const Definition found = bench.ask(definitions.find("orders", "version-1"));
  CHECK(found.job->version == "version-2");
  CHECK(
      found.note ==
      "runs by the present definition version-2 of the job, not by version-1 with which it was planned: its "
      "text is not kept, because");
}

TEST_CASE("definitions: an instance is unfrozen with the newest definition where that is asked for") {
  DefinitionsBench bench;
  bench.start();
  const auto id = bench.id("orders", "2018-10-16T00:05+08:00");
  bench.ask(bench.scheduler->freeze(id, "uid 0"));
  bench.advance_to("2018-10-16T00:06+08:00");
  bench.change("version-2");
  scheduler::Order order;
  order.action = scheduler::Action::unfreeze;
  order.actor = "uid 0";
  order.latest = true;
  CHECK(bench.ask(bench.scheduler->act(order, id)));
  bench.advance(std::chrono::seconds(5));
  const auto instance = bench.get("orders", "2018-10-16T00:05+08:00");
  CHECK(instance.version == "version-2");
  CHECK(instance.state == State::success);
}

TEST_CASE("definitions: windows of a stream keep their order when their job reads a table from now on") {
  DefinitionsBench bench;
  const job::Job stream = bench.jobs.at(0);
  bench.options.load_definition = [stream](const job::DefinitionText&, const job::Job&) {
    return Result<job::Job>(stream);
  };
  bench.runner.script = [](const scheduler::Instance&, int) {
    ScriptedRunner::Act act;
    act.takes = std::chrono::minutes(7);
    return act;
  };
  bench.start();
  bench.advance_to("2018-10-16T00:16+08:00");
  bench.jobs.at(0) = reading_table("orders");
  bench.jobs.at(0).dependencies.self = false;
  bench.change("version-2");
  bench.advance_to("2018-10-16T00:19:30+08:00");
  CHECK(bench.executed() == "orders@00:05 orders@00:10 orders@00:15");
  CHECK(bench.runner.executing_max == 1);
  bench.advance(std::chrono::hours(1));
  const auto& second = bench.runner.objects.at(bench.id("orders", "2018-10-16T00:10+08:00"));
  CHECK(bench.runner.objects.at(bench.id("orders", "2018-10-16T00:15+08:00")).from == second.to);
}

TEST_CASE("definitions: without a store of versions every instance runs by the present definition") {
  DefinitionsBench bench;
  Definitions definitions(nullptr, nullptr);
  definitions.set_present(scheduler::to_jobs(bench.jobs));
  const Definition found = bench.ask(definitions.find("orders", "version-0"));
  CHECK(found.job->version == "version-1");
  CHECK(found.note.empty());
}

TEST_CASE("definitions: a version is loaded once, and anew when the jobs are replaced") {
  DefinitionsBench bench;
  int loads = 0;
  Definitions definitions(&bench.kept, [&loads](const job::DefinitionText& kept, const job::Job& present) {
    ++loads;
    return load_named(kept, present);
  });
  job::Job present = job_named("orders");
  present.version = "version-2";
  const scheduler::Jobs jobs = scheduler::to_jobs({present});
  definitions.set_present(jobs);
  for (int n = 0; n < 3; ++n)
    CHECK(bench.ask(definitions.find("orders", "version-1")).job->version == "version-1");
  CHECK(loads == 1);
  definitions.set_present(jobs);
  CHECK(bench.ask(definitions.find("orders", "version-1")).note.empty());
  CHECK(loads == 2);
}

}  // namespace
