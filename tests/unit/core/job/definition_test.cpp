#include "core/job/definition.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/test_data.hpp"
#include "tests/unit/core/job/job_text.hpp"

#include <functional>
#include <set>

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

TEST_CASE("definition: the seed job keeps the version it had before there were other cycles") {
  const LoadedJobs loaded = load_job_file(sluice::test::test_data("../../etc/jobs.d/orders.yaml"), kSources);
  REQUIRE(loaded.jobs.size() == 1);
  CHECK(loaded.jobs[0].version == "3aff502de950");
}

TEST_CASE("definition: each rule of a job has a part in its version") {
  using namespace std::chrono_literals;
  const std::vector<std::function<void(Job&)>> changes = {
      [](Job& job) { job.schedule.cycle = Cycle::day; },
      [](Job& job) { job.schedule.at = 75min; },
      [](Job& job) {
        job.schedule.weekdays = {1, 3};
      },
      [](Job& job) {
        job.schedule.month_days = {1, 3};
      },
      [](Job& job) { job.schedule.year_days = {std::chrono::January / 3}; },
      [](Job& job) {
        job.schedule.year_days = {std::chrono::January / 3, std::chrono::March / 1};
      },
      [](Job& job) { job.schedule.cron = "0 1 * * *"; },
      [](Job& job) { job.schedule.off_days_dry_run = true; },
      [](Job& job) { job.schedule.dst = DstPolicy::dataworks; },
      [](Job& job) { job.schedule.generation = Generation::next_day; },
      [](Job& job) { job.rerun.property = RerunProperty::never; },
      [](Job& job) { job.dependencies.self = false; },
      [](Job& job) { job.dependencies.jobs = {Upstream{"users"}}; },
      [](Job& job) {
        job.dependencies.jobs = {Upstream{"users", true}};
      },
      [](Job& job) { job.timeout = 1min; },
      [](Job& job) { job.priority = 9; },
      [](Job& job) { job.max_parallel = 1; },
      [](Job& job) { job.catch_up.policy = CatchUp::Policy::none; },
      [](Job& job) { job.catch_up.max_age = 0min; },
      [](Job& job) { job.catch_up.max_count = 100; },
      [](Job&) {},
  };
  std::set<std::string> versions;
  for (const auto& change : changes) {
    Job job = good_job();
    change(job);
    versions.insert(definition_version(job));
  }
  CHECK(versions.size() == changes.size());
}

TEST_CASE("definition: where a new job begins is no part of its version") {
  Job job = good_job();
  job.schedule.first_slot = Instant(std::chrono::hours(1));
  CHECK(definition_version(job) == good_job().version);
}
