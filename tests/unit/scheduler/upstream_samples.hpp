#pragma once
// Jobs that depend on each other, and short forms for tests of them.

#include "tests/support/catch_result.hpp"
#include "tests/support/scheduler_acts.hpp"
#include "tests/support/scheduler_bench.hpp"

namespace sluice::scheduler {

using namespace std::chrono_literals;
using test::job_named;
using test::SchedulerBench;
using Act = test::ScriptedRunner::Act;

inline constexpr const char* kActor = "uid 1000";

inline job::Job job_after(const std::string& name, const std::string& upstream, bool previous = false) {
  job::Job job = job_named(name);
  job.dependencies.jobs.push_back(job::Upstream{upstream, previous});
  return job;
}

inline job::Job without_order(job::Job job) {
  job.dependencies.self = false;
  return job;
}

inline Act lasting(Duration takes) {
  Act act;
  act.takes = takes;
  return act;
}

inline Act failing() {
  Act act;
  act.error = Error(Errc::trimmed, "get records: trimmed");
  return act;
}

// Every attempt of `job` fails for good while `broken`.
inline void break_job(SchedulerBench& bench, const std::string& job, const bool& broken) {
  bench.runner.script = [job, &broken](const Instance& instance, int) {
    return broken && instance.id.job == job ? failing() : lasting(1s);
  };
}

}  // namespace sluice::scheduler
