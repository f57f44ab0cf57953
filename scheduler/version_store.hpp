#pragma once
// The port to the definitions of jobs that were in force at some time, so that an instance runs by the one it
// was planned with. Implemented by storage/ on SQLite.

#include "core/base/clock.hpp"
#include "core/job/definition_text.hpp"
#include "scheduler/state_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

struct JobVersion {
  std::string job;
  std::string version;               // Job::version
  Instant first_seen{};              // when it came into force for the first time
  Instant since{};                   // ... and for the last time
  std::string actor;                 // who brought it in last: "start", "SIGHUP", "uid 1000 (unix socket)"
  std::optional<Instant> effective;  // the first slot it applies to; nothing: the first one after `since`
  std::string replaces;              // the version that applies before `effective`; empty: none does
  bool present = false;              // it is the version in force
  job::DefinitionText text;          // empty in listings
};

// Failures are exceptions, and each method is one durable transaction, as in StateStore.
class VersionStore {
 public:
  virtual ~VersionStore() = default;

  // These came into force, each in place of its job's present version; those of jobs in `removed` are in
  // force no more. One that was kept before keeps its first_seen. `entries` go to the audit log with them.
  virtual awaitable<void> put_in_force(std::vector<JobVersion> versions, std::vector<std::string> removed,
                                       std::vector<AuditEntry> entries) = 0;

  // Of one job, or with an empty name those in force of all jobs; the latest that came into force first,
  // without texts.
  virtual awaitable<std::vector<JobVersion>> versions(std::string job) = 0;
  virtual awaitable<std::optional<JobVersion>> version(std::string job, std::string version) = 0;

  // Deletes those that are not in force, are named by no instance that is not done, and came in before
  // `before` or have `most` later ones of their job; returns how many.
  virtual awaitable<std::size_t> remove_versions(Instant before, std::size_t most) = 0;
};

}  // namespace sluice::scheduler
