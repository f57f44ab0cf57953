#include "daemon/job_set.hpp"

#include "core/job/script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace sluice::daemon {
namespace {

job::Problem problem_of(const std::string& file, std::string message) {
  job::Problem problem;
  problem.file = file;
  problem.message = std::move(message);
  return problem;
}

bool has_errors(const std::vector<job::Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const job::Problem& problem) { return problem.severity == job::Severity::error; });
}

}  // namespace

std::vector<std::string> JobSet::files(std::vector<job::Problem>& problems) const {
  namespace fs = std::filesystem;
  std::vector<std::string> found;
  std::error_code failure;
  for (fs::directory_iterator entry(folder_, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const fs::path& path = entry->path();
    const bool hidden = path.filename().string().front() == '.';
    if (!hidden && (path.extension() == ".yaml" || path.extension() == ".yml"))
      found.push_back(path.string());
  }
  if (failure) problems.push_back(problem_of(folder_, "read the folder of job files: " + failure.message()));
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<job::Problem> JobSet::reload() {
  std::vector<job::Problem> problems;
  const auto present = files(problems);
  // A folder that cannot be read is no reason to drop what runs.
  if (has_errors(problems)) return problems;
  std::map<std::string, std::vector<job::Job>> next;
  std::map<std::string, std::string> owner;  // job name -> file
  for (const std::string& file : present) {
    auto loaded = job::load_job_file(file, sources_);
    const bool broken = has_errors(loaded.problems);
    problems.insert(problems.end(), loaded.problems.begin(), loaded.problems.end());
    const auto before = by_file_.find(file);
    if (broken) loaded.jobs = before == by_file_.end() ? std::vector<job::Job>() : before->second;
    for (job::Job& job : loaded.jobs) {
      if (job.script->target == job::TargetKind::stream) {
        problems.push_back(problem_of(
            file,
            fmt::format("job {} prints its rows (plugin stream), and nobody reads what a daemon prints; "
                        "use `sluice run`, or another plugin",
                        job.name)));
        continue;
      }
      const auto [first, added] = owner.emplace(job.name, file);
      if (added) {
        next[file].push_back(std::move(job));
      } else {
        problems.push_back(
            problem_of(file, fmt::format("name: {} is the job of {} already", job.name, first->second)));
      }
    }
    if (broken) next.try_emplace(file);
  }
  by_file_ = std::move(next);
  return problems;
}

std::vector<job::Job> JobSet::jobs() const {
  std::vector<job::Job> all;
  for (const auto& [file, jobs] : by_file_) all.insert(all.end(), jobs.begin(), jobs.end());
  std::sort(all.begin(), all.end(), [](const job::Job& a, const job::Job& b) { return a.name < b.name; });
  return all;
}

}  // namespace sluice::daemon
