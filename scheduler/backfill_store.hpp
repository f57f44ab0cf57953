#pragma once
// The port to what backfills leave on disk. Their instances are rows of the state store; this keeps what
// they belong to. Failures are exceptions, as in StateStore; each method is one durable transaction.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "scheduler/backfill.hpp"
#include "scheduler/state_store.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::scheduler {

struct BackfillQuery {
  std::string job;                       // empty: all
  std::size_t limit = 100;               // 1 .. 1000
  std::int64_t before = 0;               // only ids below this one (paging); 0: from the newest
  std::int64_t after = 0;                // only ids above this one
  std::optional<BackfillState> state{};  // only those stored in this one; nothing: all
};

// So many groups are named where it is told what backfills made durable.
inline constexpr std::size_t kBackfilledShown = 100;

class BackfillStore {
 public:
  virtual ~BackfillStore() = default;

  // Stores it with its groups and the action. Returns it with the ids of both.
  virtual awaitable<Backfill> add_backfill(Backfill backfill, AuditEntry entry) = 0;
  // All its instances are made. A backfill without any is closed at once.
  virtual awaitable<void> backfill_planned(std::int64_t id, std::size_t left_out) = 0;
  // Refused with refused_by_state unless its state is one of `from`; not_found.
  virtual awaitable<Result<void>> change_backfill(std::int64_t id, std::vector<BackfillState> from,
                                                  BackfillState to, AuditEntry entry) = 0;
  // Sets all instances of the backfill that wait (NOT_RUN, WAIT_*, RETRY_WAIT) to SKIPPED; returns how many.
  virtual awaitable<std::size_t> skip_waiting(std::int64_t id, std::string reason) = 0;
  // Nothing is left to do: unfinished_backfills() forgets it until reopen_backfill(). Does nothing unless it
  // is planned and all its instances are done.
  virtual awaitable<void> close_backfill(std::int64_t id) = 0;
  // An instance of the group is to run again.
  virtual awaitable<void> reopen_backfill(std::int64_t group) = 0;

  // Those not closed, oldest first, whatever their state.
  virtual awaitable<std::vector<Backfill>> unfinished_backfills() = 0;
  // Newest first.
  virtual awaitable<std::vector<Backfill>> backfills(BackfillQuery query) = 0;
  virtual awaitable<std::optional<Backfill>> backfill(std::int64_t id) = 0;
  // The one that a group belongs to.
  virtual awaitable<std::optional<Backfill>> backfill_of_group(std::int64_t group) = 0;

  // Instances of a chain that are not done, by slot.
  virtual awaitable<std::vector<Instance>> open_instances(std::string chain, bool descending,
                                                          std::size_t limit) = 0;
  // Slots and states of a chain with slots in [from, to), ascending.
  virtual awaitable<std::vector<std::pair<Instant, State>>> states(std::string chain, Instant from,
                                                                   Instant to) = 0;
  // What the groups of the job's backfills have made durable, oldest group first, the newest
  // kBackfilledShown of them; Coverage::job names the chain.
  virtual awaitable<std::vector<Coverage>> backfilled(std::string job) = 0;
};

}  // namespace sluice::scheduler
