#include "core/base/system_clock.hpp"
#include "daemon/app/foreground.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/look_outside.hpp"
#include "daemon/config/job_set.hpp"
#include "daemon/doctor/doctor_world.hpp"
#include "storage/sqlite_version.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <set>

namespace sluice::daemon {
namespace {

std::vector<Finding> look_at_machine(const Config& config) {
  std::vector<Finding> findings = {judge_sqlite(storage::sqlite_version()), judge_systemd(systemd_version())};
  for (const std::string& path : std::set<std::string>{config.state_dir, config.log_dir}) {
    const FolderFacts facts = look_at_folder(path);
    findings.push_back(judge_rights(facts));
    if (facts.exists) findings.push_back(judge_space(facts));
  }
  if (!config.socket.empty()) findings.push_back(judge_socket(look_at_socket(config.socket)));
  return findings;
}

awaitable<void> look_at_jobs(DoctorPorts ports, const std::vector<job::Job>& jobs, bool write,
                             std::vector<Finding>& findings) {
  for (const job::Job& job : jobs) {
    const auto found = co_await look_at_job(ports, job, write);
    for (const Finding& finding : found) {
      // Jobs share endpoints: each is told of once.
      const bool told = std::any_of(findings.begin(), findings.end(), [&](const Finding& earlier) {
        return earlier.check == finding.check && earlier.subject == finding.subject;
      });
      if (!told) findings.push_back(finding);
    }
  }
}

// Asks what the jobs name. A signal ends it.
std::optional<int> look_at_services(const Config& config, const std::vector<job::Job>& jobs, bool write,
                                    std::vector<Finding>& findings) {
  return look_outside(config, [&](Outside outside) {
    return look_at_jobs(DoctorPorts{outside.clock, outside.transport, outside.runner}, jobs, write, findings);
  });
}

// Where no file is named and the default one cannot be had.
std::optional<Finding> missing_config(const Options& options) {
  const DefaultConfig found = options.config.empty() ? look_for_default_config() : DefaultConfig::present;
  if (found == DefaultConfig::present) return std::nullopt;
  if (found == DefaultConfig::absent) {
    return Finding{"configuration", kDefaultConfig, Health::bad, "there is no such file",
                   "name yours: sluice doctor --config FILE"};
  }
  return Finding{
      "configuration", kDefaultConfig, Health::bad, "permission denied",
      "run it as the daemon's user: sudo -u sluice sluice doctor; or name yours with --config FILE"};
}

void print_finding(const Finding& finding, Console& console) {
  const bool bad = finding.health == Health::bad;
  const std::string mark = finding.health == Health::good ? console.paint("ok     ", Tone::good)
                           : bad                          ? console.paint("WRONG  ", Tone::bad)
                                                          : console.paint("warning", Tone::warn);
  console.out << fmt::format("{}  {:<13}  {}: {}\n", mark, finding.check, finding.subject, finding.said);
  if (!finding.advice.empty()) console.out << fmt::format("         {}\n", finding.advice);
}

Exit print_findings(const std::vector<Finding>& findings, bool as_json, Console& console) {
  const bool well = std::none_of(findings.begin(), findings.end(),
                                 [](const Finding& one) { return one.health == Health::bad; });
  if (as_json) {
    boost::json::array out;
    for (const Finding& one : findings) {
      out.push_back(boost::json::object{{"check", one.check},
                                        {"subject", one.subject},
                                        {"health", to_string(one.health)},
                                        {"said", one.said},
                                        {"advice", one.advice}});
    }
    print_json(boost::json::object{{"well", well}, {"findings", std::move(out)}}, console);
  } else {
    for (const Finding& one : findings) print_finding(one, console);
  }
  return well ? Exit::done : Exit::failed;
}

}  // namespace

Exit command_doctor(const Options& options, Console& console) {
  const std::string file = options.config.empty() ? kDefaultConfig : options.config;
  if (const auto missing = missing_config(options)) return print_findings({*missing}, options.json, console);
  LoadedConfig loaded = load_config(file);
  std::vector<Finding> findings;
  if (!loaded.config) {
    findings.push_back(judge_configuration(file, loaded.problems, 0));
    return print_findings(findings, options.json, console);
  }
  const Config& config = *loaded.config;
  JobSet set(config.jobs_dir, config.sources);
  std::vector<job::Problem> problems = std::move(loaded.problems);
  for (job::Problem& problem : set.reload()) problems.push_back(std::move(problem));
  const std::vector<job::Job> jobs = set.jobs().copy();
  findings.push_back(judge_configuration(file, problems, jobs.size()));
  for (Finding& finding : look_at_machine(config)) findings.push_back(std::move(finding));
  const auto signal = look_at_services(config, jobs, options.write, findings);
  if (signal) return *signal == SIGINT ? Exit::interrupted : Exit::terminated;
  return print_findings(findings, options.json, console);
}

}  // namespace sluice::daemon
