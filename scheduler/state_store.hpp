#pragma once
// The port to what must survive a crash. The scheduler acts on nothing that is not stored here first.
// Implemented by storage/ on SQLite; tests wrap it with faults.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "scheduler/instance.hpp"
#include "scheduler/operation_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

// Which instances a listing wants; newest slot first, those of one slot by the name of their chain.
struct InstanceQuery {
  std::string job;                  // empty: all
  std::optional<Instant> from;      // slot >= from
  std::optional<Instant> to;        // slot < to
  std::vector<State> states;        // empty: all
  std::size_t limit = 100;          // 1 .. 1000
  std::optional<InstanceId> after;  // resume behind this one (paging)
  bool ascending = false;           // oldest slot first
};

// The order of a listing.
inline bool comes_before(const InstanceQuery& query, const InstanceId& a, const InstanceId& b) {
  if (a.scheduled != b.scheduled) return query.ascending == (a.scheduled < b.scheduled);
  return chain_of(a) < chain_of(b);
}

// What an attempt is begun of.
struct Claim {
  // Whatever became of the instance since it was read.
  Claim(std::int64_t instance_row) : row(instance_row) {}  // NOLINT(google-explicit-constructor)
  // Only as it was read: the attempt goes by what it says.
  explicit Claim(const Instance& instance)
      : row(instance.row),
        read(Read{instance.version, instance.failures, instance.window_start, instance.window_end}) {}

  struct Read {
    std::string version;
    int failures = 0;
    Instant window_start{};
    Instant window_end{};
    friend bool operator==(const Read&, const Read&) = default;
  };
  std::int64_t row = 0;
  std::optional<Read> read;
};

// How far a chain is in a closed range of slots.
struct SlotProgress {
  std::optional<Instant> first_planned;  // of the whole chain; nothing when it has no instance
  std::optional<Instant> last_planned;
  std::size_t planned = 0;             // instances in the range
  std::size_t open = 0;                // those of them that are not done
  std::optional<Instance> first_open;  // the earliest of these
};

// What the reason of a lost instance ends with.
inline constexpr std::string_view kNotRunAgain = ", and rerun.property of its job is never";

// Failures of the store itself (disk full, corrupt file) are exceptions (ErrorException with disk_full, io or
// corrupt): no caller here can act on them but to stop and try again later. Each method is one transaction
// that is durable when it returns.
//
// Where a text is called `job` it names a chain, as chain_of() writes it: "orders", or "orders#7" for a group
// of a backfill.
class StateStore : public OperationStore {
 public:
  // Planning. Existing (job, slot) pairs are left alone; returns how many were new. New ones start in
  // wait_time.
  virtual awaitable<std::size_t> add_instances(std::vector<NewInstance> instances) = 0;
  // Newest planned slot of the job.
  virtual awaitable<std::optional<Instant>> last_planned(std::string job) = 0;
  // Deletes instances of the job with slot > after that wait and were never attempted (a changed schedule
  // replaces them), but for those of the version `keep`; returns how many.
  virtual awaitable<std::size_t> remove_unstarted(std::string job, Instant after, std::string keep) = 0;

  // Deciding. For each chain its earliest instance that is not done, if there is one with slot <= now.
  // Windows of one job chain by position, so no later instance can run.
  virtual awaitable<std::vector<Instance>> heads(Instant now) = 0;
  // The head of one chain, due or not.
  virtual awaitable<std::optional<Instance>> head(std::string job) = 0;
  // The next instant > now at which heads() or a retry becomes due: least slot or retry_at; nothing if none.
  virtual awaitable<std::optional<Instant>> next_due(Instant now) = 0;
  // Instances of the chain that wait, retry or run, with after < slot <= now: oldest first, at most `limit`.
  // For jobs whose instances do not wait for each other.
  virtual awaitable<std::vector<Instance>> runnable(std::string job, Instant after, Instant now,
                                                    std::size_t limit) = 0;
  // What a dependency on the chain's slots [first, last] has to know.
  virtual awaitable<SlotProgress> progress(std::string job, Instant first, Instant last) = 0;
  // The end of the latest committed window of the job with slot < before, also while it is run again; nothing
  // for the first of a chain.
  virtual awaitable<std::optional<CommittedEnd>> committed_before(std::string job, Instant before) = 0;
  // Instances of the job with from <= slot < before that were planned by the clocks of another zone; oldest
  // first. Asked in every attempt: a walk through the slots, which mostly finds none.
  virtual awaitable<std::vector<Instance>> of_other_zones(std::string job, std::string zone, Instant from,
                                                          Instant before) = 0;
  // Stored start and, if it succeeded, end positions of an instance.
  virtual awaitable<std::optional<pipeline::Positions>> start_positions(std::int64_t instance_row) = 0;
  virtual awaitable<std::optional<pipeline::Positions>> end_positions(std::int64_t instance_row) = 0;

  // State changes that are not attempts. Refused with refused_by_state unless the present state is one of
  // `from`.
  virtual awaitable<Result<void>> change_state(std::int64_t instance_row, std::vector<State> from, State to,
                                               std::string reason) = 0;
  // Resets failures and retry_at as well, and records the action. For rerun, set-success, freeze, unfreeze.
  virtual awaitable<Result<void>> operate(std::int64_t instance_row, std::vector<State> from, State to,
                                          std::string reason, AuditEntry entry) = 0;

  // Attempts. begin_attempt: state must be one of not_run, wait_time, wait_resource, retry_wait, and the
  // instance as the claim says, if it says so (else conflict); becomes running, a new attempt is opened, the
  // start positions are kept (the first time, or again when the instance is not being repeated).
  virtual awaitable<Result<Attempt>> begin_attempt(Claim claim, pipeline::Positions start, Instant now) = 0;
  // Closes the attempt, stores the outcome, extends coverage, sets SUCCESS. One transaction. Does nothing
  // when the attempt is closed already: the answer to an earlier call may have been lost.
  virtual awaitable<void> succeed(Attempt attempt, Outcome outcome, Instant now) = 0;
  // Closes the attempt (failed, killed or lost; only failed counts as a failure); the instance becomes
  // retry_wait (retry_at given) or failure. Does nothing when the attempt is closed already.
  virtual awaitable<void> fail(Attempt attempt, AttemptResult result, Error error,
                               pipeline::Statistics statistics, std::optional<Instant> retry_at,
                               Instant now) = 0;
  // At start: closes every open attempt as lost; its instance goes back to wait_resource without counting a
  // failure, or becomes lost when its job is one of `never_again`. Returns the instances.
  virtual awaitable<std::vector<Instance>> close_lost(Instant now, std::vector<std::string> never_again) = 0;

  // Looking.
  virtual awaitable<std::vector<Instance>> instances(InstanceQuery query) = 0;
  virtual awaitable<std::optional<Instance>> instance(InstanceId id) = 0;
  virtual awaitable<std::optional<Instance>> predecessor(InstanceId id) = 0;  // previous slot of the job
  virtual awaitable<std::vector<Attempt>> attempts(std::int64_t instance_row) = 0;
  virtual awaitable<Coverage> coverage(std::string job) = 0;
  // Instances by state for one job.
  virtual awaitable<std::vector<std::pair<State, std::uint64_t>>> counts(std::string job) = 0;
  virtual awaitable<std::vector<AuditEntry>> audit(std::size_t limit) = 0;
};

}  // namespace sluice::scheduler
