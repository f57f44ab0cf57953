#pragma once
// Brings edits of the configuration into force: reads everything anew, puts down what changes, then applies
// it. What is wrong stays as it was.

#include "core/base/clock.hpp"
#include "daemon/api/job_changes.hpp"
#include "daemon/config/config.hpp"
#include "daemon/config/job_set.hpp"
#include "scheduler/planner.hpp"
#include "scheduler/version_store.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

struct ReloadRequest {
  std::string actor;
  std::string
      from;  // first slot that edits of jobs apply to, in each job's zone; empty: the first one after now
  bool dry_run = false;  // tell, and change nothing
};

struct ReloadReport {
  bool dry_run = false;
  std::size_t jobs = 0;               // in force now, or then
  std::vector<JobChange> changes;     // by name of the job
  std::vector<std::string> settings;  // keys of sluice.yaml that came into force
  std::vector<std::string> restart;   // keys of sluice.yaml that are not in force and need a restart
  // Of files, whose earlier version stays in force; an unknown channel is one too, and keeps nothing back.
  std::vector<job::Problem> problems;
};

class Reloader {
 public:
  // What it reads and changes; everything outlives the reloader.
  struct Parts {
    const Clock& clock;
    JobSet& jobs;
    scheduler::VersionStore& versions;
    std::function<void(const Config& next)> apply_settings;  // those that are reloadable
    std::function<void(std::vector<job::Job> jobs, const scheduler::Handovers& handovers)> apply_jobs;
    const AlertConfig* alerts = nullptr;  // in force, where sluice.yaml cannot be read; null: not known
  };

  // `config_file`: where the running configuration was read from.
  Reloader(Parts parts, std::string config_file);

  // At the start, once the job files are read: jobs whose file is broken run by the version that was in
  // force, edits that wait for their slot go on waiting, and what changed while the daemon was down is put
  // down. The lines are for the daemon's log. Throws what the store throws, then it may be called again.
  awaitable<std::vector<std::string>> begin(std::vector<job::Problem> problems);

  // One at a time (else conflict). invalid_argument for a slot that is not in the future, whether
  // anything changed or not. Throws what the store throws; nothing has changed then.
  awaitable<Result<ReloadReport>> reload(ReloadRequest request);

  // What the latest reading of the files found; without unknown channels, which are looked for in what is in
  // force.
  const std::vector<job::Problem>& problems() const noexcept { return problems_; }

 private:
  struct Settings {
    std::optional<Config> next;  // nothing: the running ones stay
    std::optional<job::YamlNode> document;
  };
  Settings read_settings(ReloadReport& report) const;
  Result<void> add_slots(std::vector<JobChange>& changes, const JobSet::Entries& entries,
                         const std::string& from) const;
  awaitable<Result<ReloadReport>> reload_once(ReloadRequest request);
  awaitable<void> put_down(const ReloadReport& report, const JobSet::Entries& entries, std::string actor);
  awaitable<void> restore(const job::Problem& problem, std::vector<std::string>& lines);
  awaitable<scheduler::Handover> missed_by(scheduler::JobVersion version, bool changed, Result<job::Job> old);
  void note_handovers(const std::vector<JobChange>& changes);
  scheduler::Handovers pending() const;

  Parts parts_;
  std::string config_file_;
  std::optional<job::YamlNode> at_start_;  // sluice.yaml: what keys that need a restart run by
  std::optional<job::YamlNode> document_;  // as it was reloaded last: what the other ones run by
  scheduler::Handovers handovers_;         // of edits that wait for their slot
  std::vector<job::Problem> problems_;
  bool busy_ = false;
};

}  // namespace sluice::daemon
