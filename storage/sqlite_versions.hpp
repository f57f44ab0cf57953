#pragma once
// The versions of jobs in the state file; same contracts as scheduler::VersionStore, synchronous.

#include "scheduler/version_store.hpp"
#include "storage/sqlite.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::storage {

// A view of the database, which outlives it. One thread at a time. Failures are ErrorException, as Database
// says.
class SqliteVersions {
 public:
  // Each looks at what its job has not done: 4 ms of the store for a job with 4,320 planned windows.
  static constexpr std::size_t kRemovedAtOnce = 20;

  explicit SqliteVersions(Database& database) : database_(database) {}

  void put_in_force(const std::vector<scheduler::JobVersion>& versions,
                    const std::vector<std::string>& removed,
                    const std::vector<scheduler::AuditEntry>& entries);
  std::vector<scheduler::JobVersion> versions(const std::string& job);
  std::optional<scheduler::JobVersion> version(const std::string& job, const std::string& version);
  // At most kRemovedAtOnce of them; fewer: none is left.
  std::size_t remove_versions(Instant before, std::size_t most);

 private:
  Database& database_;
};

}  // namespace sluice::storage
