#include "daemon/config/job_set.hpp"

#include "core/base/system_clock.hpp"
#include "core/base/utf8.hpp"
#include "core/job/job_dependencies.hpp"
#include "core/job/job_file.hpp"
#include "core/job/script.hpp"
#include "core/job/yaml_document.hpp"

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

std::string prints_rows(const std::string& name) {
  return fmt::format(
      "job {} prints its rows (plugin stream), and nobody reads what a daemon prints; use `sluice run`, or "
      "another "
      "plugin",
      name);
}

bool is_as_read(const JobSet::Entry& entry) {
  std::vector<std::string> files = {entry.text.file};
  if (!entry.text.script_file.empty()) files.push_back(entry.text.script_file);
  return std::ranges::equal(entry.stamps, files, [](const FileStamp& stamp, const std::string& file) {
    return stamp_of(file) == stamp;
  });
}

// What only all jobs together show: circles of dependencies go, and a job that is waited for may be missing.
void settle_dependencies(const JobSet::Entries& before, JobSet::Reading& reading) {
  std::vector<job::Job> present;
  std::vector<job::Job> next;
  for (const auto& [name, entry] : before) present.push_back(entry.job);
  for (const auto& [name, entry] : reading.entries) next.push_back(entry.job);
  const std::vector<job::Problem> circles = job::take_out_circles(next, present);
  const std::vector<job::Problem> missing = job::missing_upstreams(next);
  reading.problems.insert(reading.problems.end(), circles.begin(), circles.end());
  reading.problems.insert(reading.problems.end(), missing.begin(), missing.end());
  if (circles.empty()) return;
  JobSet::Entries kept;
  for (const job::Job& job : next) {
    const JobSet::Entry& read = reading.entries.at(job.name);
    kept.emplace(job.name, read.job.version == job.version ? read : before.at(job.name));
  }
  reading.entries = std::move(kept);
}

}  // namespace

JobFile read_job_file(const std::string& path, const job::DataSources& sources) {
  JobFile file;
  file.written.file = path;
  const auto note_stamp = [&file](const std::string& read) {
    if (const auto stamp = stamp_of(read)) file.stamps.push_back(*stamp);
  };
  note_stamp(path);
  auto text = job::read_text_file(path);
  if (!text) {
    file.loaded.problems.push_back(problem_of(path, text.error().message()));
    return file;
  }
  file.written.text = std::move(*text);
  const job::FileReader read_script = [&file, &note_stamp](const std::string& script) {
    note_stamp(script);
    Result<std::string> content = job::read_text_file(script);
    if (content) {
      file.written.script_file = script;
      file.written.script = *content;
    }
    return content;
  };
  file.loaded = job::load_job_text(path, file.written.text, sources, read_script);
  return file;
}

std::optional<std::vector<std::string>> JobSet::files(std::vector<job::Problem>& problems) const {
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
  if (failure) {
    problems.push_back(problem_of(as_utf8(folder_), "read the folder of job files: " + failure.message()));
    return std::nullopt;
  }
  std::sort(found.begin(), found.end());
  // Answers, alerts and the state file tell the names, all of them as JSON.
  std::erase_if(found, [&](const std::string& file) {
    const bool told = is_utf8_text(file);
    if (!told) problems.push_back(problem_of(as_utf8(file), "the name of the file is not UTF-8: rename it"));
    return !told;
  });
  return found;
}

Instant JobSet::system_time() { return SystemClock().now(); }

JobSet::Reading JobSet::read(const job::DataSources& sources) const { return read_but({}, sources); }

JobSet::Reading JobSet::read_for(const std::string& name) const {
  Unread unread;
  for (const auto& [other, entry] : entries_) {
    if (other != name && is_as_read(entry)) unread.emplace(entry.text.file, &entry);
  }
  return read_but(unread, sources_);
}

JobSet::Reading JobSet::read_but(const Unread& unread, const job::DataSources& sources) const {
  Reading reading;
  const Instant begun = now_();
  const auto present = files(reading.problems);
  reading.readable = present.has_value();
  if (!reading.readable) return reading;
  const auto put = [&](Entry&& entry) {
    const std::string name = entry.job.name;
    const auto other = reading.entries.find(name);
    if (other == reading.entries.end()) {
      reading.entries.emplace(name, std::move(entry));
      return;
    }
    // A copy that is sorted before the file of the job in force does not take its place.
    const auto in_force = entries_.find(name);
    if (in_force != entries_.end() && in_force->second.text.file == entry.text.file)
      std::swap(other->second, entry);
    reading.problems.push_back(problem_of(
        entry.text.file, fmt::format("name: {} is the job of {} already", name, other->second.text.file)));
  };
  const auto keep = [&](const std::string& file) {
    reading.broken.push_back(file);
    for (const auto& [name, entry] : entries_) {
      if (entry.text.file == file) put(Entry(entry));
    }
  };
  for (const std::string& file : *present) {
    if (const auto known = unread.find(file); known != unread.end()) {
      put(Entry(*known->second));
      continue;
    }
    ++reading.files_read;
    JobFile read = read_job_file(file, sources);
    if (!std::ranges::all_of(read.stamps, [&](const FileStamp& stamp) { return is_at_rest(stamp, begun); }))
      read.stamps.clear();
    std::vector<job::Problem>& problems = read.loaded.problems;
    reading.problems.insert(reading.problems.end(), problems.begin(), problems.end());
    if (has_errors(problems)) {
      keep(file);
      continue;
    }
    for (job::Job& job : read.loaded.jobs) {
      if (job.script->target == job::TargetKind::stream) {
        reading.problems.push_back(problem_of(file, prints_rows(job.name)));
        keep(file);
      } else {
        put(Entry{std::move(job), job::without_credentials(read.written), read.stamps});
      }
    }
  }
  settle_dependencies(entries_, reading);
  return reading;
}

void JobSet::take(Reading reading, job::DataSources sources) {
  sources_ = std::move(sources);
  // A folder that cannot be read is no reason to drop what runs.
  if (!reading.readable) return;
  entries_ = std::move(reading.entries);
  list_.reset();
}

std::vector<job::Problem> JobSet::reload() {
  Reading reading = read(sources_);
  std::vector<job::Problem> problems = reading.problems;
  take(std::move(reading), sources_);
  return problems;
}

void JobSet::adopt(Entry entry) {
  std::string name = entry.job.name;
  entries_.insert_or_assign(std::move(name), std::move(entry));
  list_.reset();
}

JobList JobSet::jobs() const {
  if (!list_) {
    std::vector<job::Job> all;
    all.reserve(entries_.size());
    for (const auto& [name, entry] : entries_) all.push_back(entry.job);
    list_.emplace(std::move(all));
  }
  return *list_;
}

}  // namespace sluice::daemon
