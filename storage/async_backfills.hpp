#pragma once
// Backfills and catch-up behind their ports, on the thread of the state store.

#include "scheduler/backfill_store.hpp"
#include "scheduler/catch_up_store.hpp"
#include "storage/async_state_store.hpp"

namespace sluice::storage {

// The state store outlives it; what it says of calls under way and of closing holds here.
class AsyncBackfills final : public scheduler::BackfillStore {
 public:
  explicit AsyncBackfills(AsyncStateStore& store) : store_(store) {}

  awaitable<scheduler::Backfill> add_backfill(scheduler::Backfill backfill,
                                              scheduler::AuditEntry entry) override;
  awaitable<void> backfill_planned(std::int64_t id, std::size_t left_out) override;
  awaitable<Result<void>> change_backfill(std::int64_t id, std::vector<scheduler::BackfillState> from,
                                          scheduler::BackfillState to, scheduler::AuditEntry entry) override;
  awaitable<std::size_t> skip_waiting(std::int64_t id, std::string reason) override;
  awaitable<void> close_backfill(std::int64_t id) override;
  awaitable<void> reopen_backfill(std::int64_t group) override;
  awaitable<std::vector<scheduler::Backfill>> unfinished_backfills() override;
  awaitable<std::vector<scheduler::Backfill>> backfills(scheduler::BackfillQuery query) override;
  awaitable<std::optional<scheduler::Backfill>> backfill(std::int64_t id) override;
  awaitable<std::optional<scheduler::Backfill>> backfill_of_group(std::int64_t group) override;
  awaitable<std::vector<scheduler::Instance>> open_instances(std::string chain, bool descending,
                                                             std::size_t limit) override;
  awaitable<std::vector<std::pair<Instant, scheduler::State>>> states(std::string chain, Instant from,
                                                                      Instant to) override;
  awaitable<std::vector<scheduler::Coverage>> backfilled(std::string job) override;

 private:
  AsyncStateStore& store_;
};

class AsyncCatchUp final : public scheduler::CatchUpStore {
 public:
  explicit AsyncCatchUp(AsyncStateStore& store) : store_(store) {}

  awaitable<std::optional<Instant>> watched_until() override;
  awaitable<void> watch(Instant until) override;
  awaitable<std::vector<scheduler::Absence>> absences() override;
  awaitable<void> change_absences(std::vector<scheduler::Absence> added,
                                  std::vector<std::string> ended) override;
  awaitable<std::vector<std::string>> planned_jobs() override;
  awaitable<std::vector<Instant>> never_started(std::string chain, Instant from, Instant to) override;

 private:
  AsyncStateStore& store_;
};

}  // namespace sluice::storage
