#pragma once
// Small jobs to simulate, and the order for it.

#include "core/job/civil_time.hpp"
#include "daemon/simulate/simulate.hpp"
#include "tests/unit/daemon/job_file_text.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <sstream>
#include <string>
#include <vector>

namespace sluice::test {

// `schedule` is the content of that key, `more` further keys of the file.
inline std::string simulated_job_text(const std::string& name, const std::string& schedule,
                                      const std::string& more = "") {
  return "name: " + name + "\nschedule: {" + schedule + "}\n" + more + "\n" + job_script();
}

inline const std::string kFiveMinutes = "cycle: minute, interval: 5m, timezone: Europe/Berlin";

inline job::Job simulated_job(const std::string& name, const std::string& schedule = kFiveMinutes,
                              const std::string& more = "") {
  const TempFolder folder;
  job::LoadedJobs loaded =
      job::load_job_file(folder.write(name + ".yaml", simulated_job_text(name, schedule, more)), {});
  if (loaded.jobs.empty()) throw std::logic_error(job::to_string(loaded.problems.front()));
  return std::move(loaded.jobs.front());
}

inline daemon::SimulationOrder order_for(std::vector<job::Job> jobs, const std::string& from,
                                         const std::string& to, std::vector<std::string> faults = {}) {
  daemon::SimulationOrder order;
  order.jobs = std::move(jobs);
  order.zone = daemon::common_zone(order.jobs);
  order.time.from = daemon::simulation_time(from, order.zone).value();
  order.time.to = daemon::simulation_time(to, order.zone).value();
  order.attempts_max = 4;
  daemon::FaultScope scope;
  scope.jobs = order.jobs;
  scope.time = order.time;
  scope.zone = order.zone;
  order.faults = daemon::parse_faults(faults, scope).value();
  order.fault_texts = std::move(faults);
  return order;
}

inline std::string text_of(const daemon::SimulatedReport& report) {
  std::ostringstream out;
  daemon::Console console{out, out};
  daemon::print_simulation(report, console);
  return out.str();
}

// The texts of one kind of events, in order.
inline std::vector<std::string> events_of(const daemon::SimulatedReport& report, std::string_view kind) {
  std::vector<std::string> texts;
  for (const daemon::SimulatedEvent& event : report.events) {
    if (event.kind == kind) texts.push_back(event.text);
  }
  return texts;
}

}  // namespace sluice::test
