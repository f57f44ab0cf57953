#pragma once
// Backfills at work: makes their instances, says which may start, and answers operators. What it decides is
// backfill.hpp's; what starts an attempt is the scheduler's turn.

#include "core/base/clock.hpp"
#include "scheduler/actions.hpp"
#include "scheduler/attempts.hpp"
#include "scheduler/backfill_store.hpp"
#include "scheduler/planner.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

// A slot in the range of an order.
struct BackfillSlot {
  NewInstance instance;       // its id has no group yet
  int group = 0;              // 1-based, among the groups of the preview; 0: left out
  std::string left_out = {};  // why; empty when it runs
};

// What an order would do. `slots` are the first ones only, the counts are of all.
struct BackfillPreview {
  std::string zone;
  std::vector<BackfillGroup> groups;
  std::vector<BackfillSlot> slots;
  std::size_t runs = 0;
  std::size_t left_out = 0;
};

// Single-threaded. Throws what the stores throw.
class Backfills {
 public:
  using JobPointer = std::shared_ptr<const job::Job>;

  // All but the freezer outlive this; `store` may be null: there are no backfills then. `jobs` are the
  // present ones. `on_change` is called when there is something new to do.
  Backfills(const Clock& clock, StateStore& instances, BackfillStore* store, const Jobs& jobs,
            Definitions& definitions, const Attempts& attempts, Observer& observer, Counters& counters,
            Freezer freezer, std::function<void()> on_change);

  // not_found: no such job; invalid_argument: what the order says cannot be; refused_by_state: nothing to
  // run.
  awaitable<Result<BackfillPreview>> preview(BackfillOrder order, std::size_t slots_max);
  // Stores the backfill; its instances follow from make_instances().
  awaitable<Result<Backfill>> create(BackfillOrder order, std::string actor);
  // not_found, refused_by_state. Pausing lets what runs end by itself; resuming goes on with the same order.
  awaitable<Result<Backfill>> pause(std::int64_t id, std::string actor);
  awaitable<Result<Backfill>> resume(std::int64_t id, std::string actor);
  // What has not started becomes SKIPPED; what runs ends by itself.
  awaitable<Result<Backfill>> cancel(std::int64_t id, std::string actor);
  // Before an operator's action on an instance of a group: of a cancelled backfill nothing runs again; what
  // failed may still be skipped or set to success.
  awaitable<Result<void>> before_action(Action action, InstanceId id);
  awaitable<bool> is_cancelled(std::int64_t group);

  // Makes the instances that are still missing, a day's at a time. Not reentrant.
  awaitable<void> make_instances();
  // True when make_instances() may have work.
  bool wants_instances() const noexcept { return wants_instances_; }
  // The jobs were replaced: one that instances could not be made of may be there now.
  void change_jobs() noexcept { wants_instances_ = store_ != nullptr; }

  // What may start now, best first, at most `places`; `orphans` are stored as running, yet nobody runs them.
  // `opens`: when run hours begin that something waits for.
  struct Turn {
    std::vector<Instance> starts;
    std::vector<Instance> orphans;
    std::optional<Instant> opens;
  };
  awaitable<Turn> turn(std::size_t places);

  // `job` as the backfill of the instance has it: with its parameters.
  awaitable<Result<job::Job>> job_for(InstanceId id, JobPointer job);

  // What an instance of a group waits for beyond its own chain; nothing when that is all.
  awaitable<std::optional<std::string>> why(Instance instance);

 private:
  struct Survey {
    std::vector<Slot> runs;
    std::size_t left_out = 0;
  };
  // Called with the slots of a stretch of the range.
  using Visitor = std::function<void(std::vector<BackfillSlot>)>;

  Result<JobPointer> find_job(const std::string& name) const;
  awaitable<Result<Survey>> survey(BackfillOrder order, JobPointer job, Visitor visit);
  awaitable<Result<std::vector<BackfillSlot>>> stretch(JobPointer job, BackfillOrder order, Instant from,
                                                       Instant to);
  awaitable<Result<job::Job>> definition_of(Backfill backfill);
  awaitable<void> make(Backfill backfill);
  awaitable<std::optional<std::size_t>> make_rows(Backfill backfill);
  awaitable<Result<Backfill>> change(std::int64_t id, std::vector<BackfillState> from, BackfillState to,
                                     std::string action, std::string actor, std::string detail);
  awaitable<void> take_turn(Backfill backfill, std::size_t places, Turn& turn);
  awaitable<void> sweep(Backfill backfill);
  awaitable<void> skip_waiting(Backfill backfill, std::string reason);
  awaitable<void> close(Backfill backfill);
  awaitable<bool> twin_has_to_run(Instance instance);

  const Clock& clock_;
  StateStore& instances_;
  BackfillStore* store_;
  const Jobs& jobs_;
  Definitions& definitions_;
  const Attempts& attempts_;
  Observer& observer_;
  Counters& counters_;
  Freezer freezer_;
  std::function<void()> on_change_;
  bool unfinished_ = true;  // there may be some in the store
  bool wants_instances_ = true;
  std::uint64_t changes_ = 0;  // of states, by operators
};

}  // namespace sluice::scheduler
