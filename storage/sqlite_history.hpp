#pragma once
// Old windows on SQLite: what of them is forgotten, and what can then not be done any more.

#include "scheduler/history_store.hpp"
#include "storage/async_state_store.hpp"

namespace sluice::storage {

// One thread at a time; failures of the file are ErrorException, as Database says.
class SqliteHistory {
 public:
  explicit SqliteHistory(Database& database) : database_(database) {}

  // As HistoryStore says.
  scheduler::Forgotten forget(const scheduler::HistoryLimits& limits, const std::string& from,
                              std::size_t most);

  // refused_by_state when the success `instance_row` cannot be run again, because the positions that it would
  // begin at are forgotten.
  Result<void> check_repeatable(std::int64_t instance_row);

 private:
  struct Chain {
    std::int64_t id = 0;
    std::string name;
  };
  std::vector<Chain> chains(const std::string& from);
  std::optional<Instant> kept_from(std::int64_t chain);
  std::optional<Instant> newest_of_idle(std::int64_t chain);
  std::optional<Instant> forgotten_until(std::int64_t chain);
  std::size_t forget_positions(std::int64_t chain, Instant until, const scheduler::HistoryLimits& limits,
                               std::size_t most);
  std::size_t remove_rows(std::int64_t chain, Instant until, const scheduler::HistoryLimits& limits,
                          std::size_t most);

  Database& database_;
};

// On the thread of the state store, which outlives it.
class AsyncHistory final : public scheduler::HistoryStore {
 public:
  explicit AsyncHistory(AsyncStateStore& store) : store_(store) {}
  awaitable<scheduler::Forgotten> forget(scheduler::HistoryLimits limits, std::string from,
                                         std::size_t most) override;

 private:
  AsyncStateStore& store_;
};

}  // namespace sluice::storage
