#pragma once
// scheduler::OperationStore on SQLite, synchronous. Same contracts; made for each call on the state store's
// connection, which outlives it.

#include "scheduler/operation_store.hpp"
#include "storage/sqlite.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::storage {

class SqliteOperations {
 public:
  explicit SqliteOperations(Database& database) : database_(database) {}

  Result<void> operate_all(const std::vector<scheduler::Change>& changes);
  std::size_t skip(const scheduler::WaitingRange& range, const std::string& reason,
                   const scheduler::AuditEntry& entry);
  scheduler::Waiting waiting(const scheduler::WaitingRange& range);
  std::optional<Instant> committed_after(const std::string& chain, Instant slot);
  void finish_dry_run(std::int64_t instance_row, Instant now);
  std::vector<scheduler::Pause> pauses();
  void pause(const scheduler::Pause& pause, const scheduler::AuditEntry& entry);
  std::size_t resume(const std::string& job, const std::optional<scheduler::WaitingRange>& skipped,
                     const std::string& reason, const scheduler::AuditEntry& entry);

 private:
  Result<void> apply(const scheduler::Change& change);
  std::size_t skip_rows(const scheduler::WaitingRange& range, const std::string& reason);
  void add_audit(const scheduler::AuditEntry& entry);

  Database& database_;
};

}  // namespace sluice::storage
