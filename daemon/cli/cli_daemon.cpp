#include "core/base/system_clock.hpp"
#include "core/job/job_dependencies.hpp"
#include "core/job/script.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/app/app.hpp"
#include "daemon/app/daemon_log.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>

namespace sluice::daemon {
namespace {

// By its name: everything else is a job file.
bool is_config(const std::string& file) { return std::filesystem::path(file).filename() == "sluice.yaml"; }

void append(std::vector<job::Problem>& all, std::vector<job::Problem> some) {
  all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
}

// The settings that job files refer to, data sources and channels: of --config, of a checked sluice.yaml, of
// the default file. Nothing where there is none, or it is invalid.
std::optional<Config> config_of_jobs(const Options& options, std::vector<job::Problem>& problems) {
  std::string file = options.config;
  for (const std::string& candidate : options.files) {
    if (file.empty() && is_config(candidate)) file = candidate;
  }
  const bool checked = std::find(options.files.begin(), options.files.end(), file) != options.files.end();
  if (file.empty()) file = kDefaultConfig;
  if (options.config.empty() && !checked) {
    const DefaultConfig found = look_for_default_config();
    if (found == DefaultConfig::out_of_reach) problems.push_back(default_config_left_out());
    if (found != DefaultConfig::present) return {};
  }
  LoadedConfig loaded = load_config(file);
  if (!checked) append(problems, std::move(loaded.problems));
  return std::move(loaded.config);
}

job::Problem problem_in(const job::Job& job, job::Severity severity, std::string message) {
  return job::Problem{severity, job.file, 1, 1, std::move(message)};
}

// What a daemon refuses although each file is right for itself: the second job of a name, circles, and what
// prints its rows.
void check_together(std::vector<job::Job> jobs, std::vector<job::Problem>& problems) {
  std::map<std::string, std::string> files;  // by name of the job
  std::vector<job::Job> named;
  for (job::Job& job : jobs) {
    const auto [first, added] = files.try_emplace(job.name, job.file);
    if (!added) {
      problems.push_back(
          problem_in(job, job::Severity::error,
                     fmt::format("name: {} is the job of {} already", job.name, first->second)));
      continue;
    }
    if (job.script->target == job::TargetKind::stream) {
      problems.push_back(
          problem_in(job, job::Severity::warning,
                     fmt::format("job {} prints its rows (plugin stream): that is for `sluice run` "
                                 "only, a daemon refuses it",
                                 job.name)));
    }
    named.push_back(std::move(job));
  }
  append(problems, job::take_out_circles(named, {}));
}

// A file that is given twice, by whatever path, is one.
bool is_given_before(const std::string& file, std::set<std::string>& known) {
  std::error_code failure;
  const auto path = std::filesystem::weakly_canonical(file, failure);
  return !known.insert(failure ? file : path.string()).second;
}

}  // namespace

Exit command_daemon(const Options& options, Console& console) {
  Config config = config_for(options, console);
  set_daemon_log(config.log_level, config.log_format);
  boost::asio::io_context loop(1);
  SystemClock clock;
  SystemRandom random;
  App app(loop, clock, random, std::move(config), SystemdNotify::from_environment());
  const auto ended = run_app(loop, app);
  if (ended) return Exit::done;
  if (ended.error().code() == Errc::corrupt)
    throw CommandFailure(Exit::state_damaged, ended.error().message());
  throw CommandFailure(ended.error());
}

Exit command_check(const Options& options, Console& console) {
  std::vector<job::Problem> problems;
  const std::optional<Config> config = config_of_jobs(options, problems);
  const job::DataSources sources = config ? config->sources : job::DataSources();
  std::vector<job::Job> jobs;
  std::set<std::string> known;
  for (const std::string& file : options.files) {
    if (is_given_before(file, known)) continue;
    if (is_config(file)) {
      append(problems, load_config(file).problems);
      continue;
    }
    job::LoadedJobs loaded = job::load_job_file(file, sources);
    for (const job::Job& job : loaded.jobs)
      if (config) append(loaded.problems, unknown_channels(config->alerts, job));
    std::move(loaded.jobs.begin(), loaded.jobs.end(), std::back_inserter(jobs));
    append(problems, std::move(loaded.problems));
  }
  const std::size_t count = jobs.size();
  check_together(std::move(jobs), problems);
  const bool failed = std::any_of(problems.begin(), problems.end(), [](const job::Problem& problem) {
    return problem.severity == job::Severity::error;
  });
  if (options.json) {
    boost::json::array out;
    for (const job::Problem& problem : problems) out.push_back(to_json(problem));
    print_json(boost::json::object{{"valid", !failed}, {"jobs", count}, {"problems", std::move(out)}},
               console);
  } else {
    for (const job::Problem& problem : problems) console.out << job::to_string(problem) << '\n';
    if (!failed) console.out << fmt::format("{} files, {} jobs: valid\n", known.size(), count);
  }
  return failed ? Exit::usage : Exit::done;
}

}  // namespace sluice::daemon
