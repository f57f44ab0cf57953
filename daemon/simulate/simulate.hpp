#pragma once
// Days of the scheduler's life on a virtual clock: the real scheduler and the real state store, on a file
// that nobody else sees; attempts and faults are scripted. Nothing else is touched.

#include "core/job/job.hpp"
#include "daemon/simulate/simulate_faults.hpp"
#include "daemon/simulate/simulate_report.hpp"

#include <functional>
#include <string>
#include <vector>

namespace sluice::daemon {

struct SimulationOrder {
  std::vector<job::Job> jobs;  // at least one; names differ
  TimeSpan time;               // the jobs are put in just before it
  std::string zone;            // of what belongs to no job
  std::uint64_t seed = 1;
  Duration run_time = std::chrono::seconds(30);  // of an attempt, more or less
  std::vector<std::string> fault_texts;          // for the report
  Faults faults;
  std::size_t attempts_max = 1;
  std::function<void(Instant)> progress;  // now and then; may be empty
};

// Returns when the time is over and the attempts in progress have ended. Throws ErrorException when the state
// file, which is kept in the system's folder for temporary files, does not work.
SimulatedReport simulate(const SimulationOrder& order);

}  // namespace sluice::daemon
