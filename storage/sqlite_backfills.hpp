#pragma once
// Backfills in the state file, synchronous: the methods of scheduler::BackfillStore, same contracts, each one
// transaction. AsyncBackfills puts it behind the port.

#include "scheduler/backfill_store.hpp"
#include "storage/sqlite_state_store.hpp"

namespace sluice::storage {

// Cheap to make for one call.
class SqliteBackfills {
 public:
  explicit SqliteBackfills(SqliteStateStore& store) : store_(store), database_(store.database()) {}

  scheduler::Backfill add_backfill(scheduler::Backfill backfill, const scheduler::AuditEntry& entry);
  void backfill_planned(std::int64_t id, std::size_t left_out);
  Result<void> change_backfill(std::int64_t id, const std::vector<scheduler::BackfillState>& from,
                               scheduler::BackfillState to, const scheduler::AuditEntry& entry);
  std::size_t skip_waiting(std::int64_t id, const std::string& reason);
  void close_backfill(std::int64_t id);
  void reopen_backfill(std::int64_t group);

  std::vector<scheduler::Backfill> unfinished_backfills();
  std::vector<scheduler::Backfill> backfills(const scheduler::BackfillQuery& query);
  std::optional<scheduler::Backfill> backfill(std::int64_t id);
  std::optional<scheduler::Backfill> backfill_of_group(std::int64_t group);

  std::vector<scheduler::Instance> open_instances(const std::string& chain, bool descending,
                                                  std::size_t limit);
  std::vector<std::pair<Instant, scheduler::State>> states(const std::string& chain, Instant from,
                                                           Instant to);
  std::vector<scheduler::Coverage> backfilled(const std::string& job);

 private:
  std::vector<scheduler::Backfill> collect(Statement rows);
  void add_details(const scheduler::Backfill& backfill);
  void read_details(scheduler::Backfill& backfill);
  bool has_open_instances(std::int64_t id);

  SqliteStateStore& store_;
  Database& database_;
};

}  // namespace sluice::storage
