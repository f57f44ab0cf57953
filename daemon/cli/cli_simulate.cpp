#include "core/base/system_clock.hpp"
#include "core/job/civil_time.hpp"
#include "core/job/job_dependencies.hpp"
#include "core/job/yaml_map.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/config/job_set.hpp"
#include "daemon/simulate/simulate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

constexpr Duration kRunTimeMax = std::chrono::hours(168);

template <class T>
T usage_or(Result<T> result, std::string_view prefix) {
  if (!result) throw CommandFailure(Exit::usage, result.error().in(prefix).message());
  return std::move(*result);
}

void tell(const std::vector<job::Problem>& problems, Console& console) {
  for (const job::Problem& problem : problems) console.err << job::to_string(problem) << '\n';
}

bool any_error(const std::vector<job::Problem>& problems) {
  return std::ranges::any_of(
      problems, [](const job::Problem& problem) { return problem.severity == job::Severity::error; });
}

// All of them or none: what is left out would change what the others do.
void check(std::vector<job::Problem> problems, std::vector<job::Job>& jobs, Console& console) {
  const auto circles = job::take_out_circles(jobs, {});
  const auto missing = job::missing_upstreams(jobs);
  problems.insert(problems.end(), circles.begin(), circles.end());
  problems.insert(problems.end(), missing.begin(), missing.end());
  tell(problems, console);
  if (any_error(problems)) throw CommandFailure(Exit::usage, "simulate: the job files are invalid");
  if (jobs.empty()) throw CommandFailure(Exit::usage, "simulate: there are no jobs");
}

std::vector<job::Job> jobs_of_files(const Options& options, const Config& config, Console& console) {
  std::vector<job::Job> jobs;
  std::vector<job::Problem> problems;
  for (const std::string& file : options.files) {
    job::LoadedJobs loaded = job::load_job_file(file, config.sources);
    problems.insert(problems.end(), loaded.problems.begin(), loaded.problems.end());
    for (job::Job& job : loaded.jobs) {
      const auto other = std::ranges::find(jobs, job.name, &job::Job::name);
      if (other != jobs.end()) {
        throw CommandFailure(Exit::usage, fmt::format("simulate {}: name: {} is the job of {} already", file,
                                                      job.name, other->file));
      }
      jobs.push_back(std::move(job));
    }
  }
  check(std::move(problems), jobs, console);
  return jobs;
}

std::vector<job::Job> jobs_of_folder(const Config& config, Console& console) {
  JobSet set(config.jobs_dir, config.sources);
  std::vector<job::Problem> problems = set.reload();
  std::vector<job::Job> jobs = set.jobs().copy();
  check(std::move(problems), jobs, console);
  return jobs;
}

std::vector<job::Job> find_jobs(const Options& options, const Config& config, Console& console) {
  if (options.files.empty()) {
    if (options.config.empty() && look_for_default_config() != DefaultConfig::present) {
      throw CommandFailure(
          Exit::usage, "simulate: name job files, or a configuration with --config, whose jobs are meant");
    }
    return jobs_of_folder(config, console);
  }
  if (!options.config.empty()) {
    console.err << fmt::format("only the jobs of the files named are simulated; those of {} are left out\n",
                               config.jobs_dir);
  }
  return jobs_of_files(options, config, console);
}

// Whole local days from `from` on, however long they are.
TimeSpan simulated_time(const Options& options, const std::string& zone, const std::string& common) {
  TimeSpan time;
  if (options.from.empty()) {
    const auto now = job::to_civil(SystemClock().now(), zone);
    if (!now) throw CommandFailure(now.error());
    time.from = usage_or(job::to_instant(std::chrono::floor<std::chrono::days>(*now), zone), "simulate");
  } else {
    time.from = usage_or(simulation_time(options.from, common), "--from");
  }
  const auto begin = usage_or(job::to_civil(time.from, zone), "simulate");
  time.to = usage_or(job::to_instant(begin + std::chrono::days(options.days), zone), "simulate");
  return time;
}

SimulationOrder make_order(const Options& options, const Config& config, Console& console) {
  SimulationOrder order;
  order.jobs = find_jobs(options, config, console);
  const std::string common = common_zone(order.jobs);
  order.zone = std::ranges::min_element(order.jobs, {}, &job::Job::name)->schedule.zone;
  order.time = simulated_time(options, order.zone, common);
  order.seed = options.seed;
  const auto run_time = job::parse_duration(options.run_time);
  if (!run_time || *run_time > kRunTimeMax) {
    throw CommandFailure(
        Exit::usage, fmt::format("--run-time: expected a length such as 30s or 20m, up to 168h, got \"{}\"",
                                 options.run_time));
  }
  order.run_time = *run_time;
  order.fault_texts = options.faults;
  FaultScope scope;
  scope.jobs = order.jobs;
  scope.time = order.time;
  scope.zone = common;
  auto faults = parse_faults(options.faults, scope);
  if (!faults) throw CommandFailure(Exit::usage, faults.error().message());
  order.faults = std::move(*faults);
  order.attempts_max = config.attempts_max;
  return order;
}

}  // namespace

Exit command_simulate(const Options& options, Console& console) {
  const Config config = config_for_files(options, console);
  SimulationOrder order = make_order(options, config, console);
  ProgressLine progress(console);
  order.progress = [&](Instant now) {
    const double share =
        std::chrono::duration<double>(now - order.time.from) / (order.time.to - order.time.from);
    progress.show(share, job::format_local(now, order.zone).substr(0, 10));
  };
  const SimulatedReport report = simulate(order);
  progress.clear();
  if (options.json) {
    print_json(to_json(report), console);
  } else {
    print_simulation(report, console);
  }
  return report.all_done() ? Exit::done : Exit::failed;
}

}  // namespace sluice::daemon
