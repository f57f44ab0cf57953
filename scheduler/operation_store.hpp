#pragma once
// The part of the state store that answers operators: actions on many instances at once, skipped windows,
// paused jobs. Failures of the store are exceptions, as StateStore says; each method is one transaction that
// is durable when it returns, together with its line in the audit log.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "scheduler/audit_entry.hpp"
#include "scheduler/instance.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

// The waiting instances of one chain with a slot in [from, to), also those that wait for a retry; not those
// whose attempt was lost or whose window was committed before: only running them sets the target right; nor
// dry runs, which execute nothing.
struct WaitingRange {
  std::string chain;
  Instant from{};
  Instant to{};
};

struct Waiting {
  std::size_t count = 0;
  std::optional<Instant> oldest;  // slots
  std::optional<Instant> newest;
};

// A job of which nothing recurring starts until it is resumed. Backfills of the job are not concerned.
struct Pause {
  std::string job;
  Instant since{};
  std::string actor;
  std::string reason;  // may be empty
};

// What an instance becomes when it takes over the newest definition of its job.
struct Redefinition {
  std::string version;
  job::ParameterValues values;
  Instant window_start{};
  Instant window_end{};
};

// One instance's part of an action.
struct Change {
  std::int64_t instance_row = 0;
  std::vector<State> from;  // refused unless the present state is one of these
  // The present state: it stays, with its reason, its failures and the time of its retry. Another one:
  // failures begin at 0 again, and no retry is due.
  State to = State::wait_resource;
  std::string reason;
  std::optional<int> priority;  // 1 .. 9
  bool release = false;         // drop its dependencies on other jobs
  std::optional<Redefinition> redefinition;
  AuditEntry entry;
};

class OperationStore {
 public:
  virtual ~OperationStore() = default;

  // Makes all the changes or none of them. conflict: an instance is in none of the states it is changed from;
  // refused_by_state: a success cannot run again, since its positions are forgotten, or those it would
  // follow; not_found: there is no such row. The text names the instance or its row.
  virtual awaitable<Result<void>> operate_all(std::vector<Change> changes) = 0;

  // Sets the waiting instances of the range to SKIPPED(reason); returns how many. None: writes no audit entry
  // either, so a repeated call changes nothing.
  virtual awaitable<std::size_t> skip(WaitingRange range, std::string reason, AuditEntry entry) = 0;
  virtual awaitable<Waiting> waiting(WaitingRange range) = 0;
  // The slot of the first instance of the chain behind `slot` whose window is committed.
  virtual awaitable<std::optional<Instant>> committed_after(std::string chain, Instant slot) = 0;

  // SUCCESS at once, 0 s long, for a dry run that waits; does nothing to any other.
  virtual awaitable<void> finish_dry_run(std::int64_t instance_row, Instant now) = 0;

  virtual awaitable<std::vector<Pause>> pauses() = 0;
  // Replaces an earlier pause of the job.
  virtual awaitable<void> pause(Pause pause, AuditEntry entry) = 0;
  // Ends the pause and skips, as skip() does, what is in `skipped`; returns how many. Writes the entry once.
  virtual awaitable<std::size_t> resume(std::string job, std::optional<WaitingRange> skipped,
                                        std::string reason, AuditEntry entry) = 0;
};

}  // namespace sluice::scheduler
