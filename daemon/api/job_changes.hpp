#pragma once
// What a reload changes, and how it is told. Pure.

#include "core/job/definition_keys.hpp"
#include "core/job/yaml_document.hpp"
#include "daemon/config/job_set.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

struct JobChange {
  enum class Kind : std::uint8_t { added, changed, removed };
  Kind kind = Kind::changed;
  std::string job;
  std::string before;  // version; empty: added
  std::string after;   // empty: removed
  std::vector<job::KeyChange> keys;
  std::optional<Instant> from;  // the first slot it applies to; nothing: the first one after now
};
std::string_view to_string(JobChange::Kind kind) noexcept;

// The definitions before, as far as they can be had.
struct KnownJob {
  std::string version;
  std::optional<job::Job> job;
};
using KnownJobs = std::map<std::string, KnownJob>;
KnownJobs known_jobs(const JobSet::Entries& entries);

// By name of the job.
std::vector<JobChange> job_changes(const KnownJobs& before, const JobSet::Entries& after);

// "changed from 0123456789ab to ba9876543210: schedule.interval 5m -> 10m", cut after some keys.
std::string describe(const JobChange& change, std::string_view zone);

// The keys of sluice.yaml, "logs.maxSize" or "dataSources.archive", that differ. Values are not told: there
// may be credentials among them.
std::vector<std::string> changed_settings(const job::YamlNode& before, const job::YamlNode& after);
// Whether a reload brings the key into force; the others need a restart.
bool is_reloadable(std::string_view key) noexcept;

}  // namespace sluice::daemon
