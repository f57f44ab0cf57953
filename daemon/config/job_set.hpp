#pragma once
// The jobs in force, by the files they come from.

#include "core/job/definition_text.hpp"
#include "core/job/job.hpp"
#include "daemon/base/job_list.hpp"
#include "daemon/config/file_stamp.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

// A job file with the text it was read from, and its script's.
struct JobFile {
  job::LoadedJobs loaded;
  job::DefinitionText written;    // credentials and all
  std::vector<FileStamp> stamps;  // of the file and its script, taken before they were read
};
JobFile read_job_file(const std::string& path, const job::DataSources& sources);

class JobSet {
 public:
  // `folder` need not exist yet; its *.yaml and *.yml files are the job files. One whose name
  // is not UTF-8 is a problem, and none. `now` is the clock of the files; for tests.
  JobSet(std::string folder, job::DataSources sources, std::function<Instant()> now = system_time)
      : folder_(std::move(folder)), sources_(std::move(sources)), now_(std::move(now)) {}

  struct Entry {
    job::Job job;
    job::DefinitionText text;         // without credentials
    std::vector<FileStamp> stamps{};  // none: its files may be others by now
  };
  using Entries = std::map<std::string, Entry>;  // by name of the job

  // What the folder says now, beside what is in force.
  struct Reading {
    bool readable = true;  // the folder is; else nothing can be taken from it
    Entries entries;
    std::vector<job::Problem> problems;  // all of them
    std::vector<std::string> broken;     // files with errors
    std::size_t files_read = 0;
  };

  // Reads the folder and changes nothing. A file with errors keeps the jobs it had, and all its problems are
  // listed; a name that two files use stays with the one it is in force from, else with the first. Files that
  // are gone take their jobs with them. Of jobs that depend on each other in a circle those that are new or
  // changed stay as they were; a job that is waited for and missing is a warning.
  Reading read(const job::DataSources& sources) const;
  // The same for a question about one job, with the sources in force: files of other jobs that are as they
  // were when they were read are not read again, and have no problems.
  Reading read_for(const std::string& name) const;
  void take(Reading reading, job::DataSources sources);

  // read() and take().
  std::vector<job::Problem> reload();

  // Puts in a job whose file cannot be read at present.
  void adopt(Entry entry);

  const Entries& entries() const noexcept { return entries_; }
  const job::DataSources& sources() const noexcept { return sources_; }

  JobList jobs() const;

 private:
  // Nothing: the folder cannot be read.
  std::optional<std::vector<std::string>> files(std::vector<job::Problem>& problems) const;
  using Unread = std::map<std::string, const Entry*>;  // by file
  Reading read_but(const Unread& unread, const job::DataSources& sources) const;
  static Instant system_time();

  std::string folder_;
  job::DataSources sources_;
  std::function<Instant()> now_;
  Entries entries_;
  mutable std::optional<JobList> list_;  // of entries_, once asked for
};

}  // namespace sluice::daemon
