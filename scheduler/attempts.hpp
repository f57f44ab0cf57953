#pragma once
// The attempts in progress. Runs each one through its fixed order: positions, begin_attempt, execute, end.
// Decisions are decide.hpp's; nothing is executed that the store has not taken down first.

#include "core/base/clock.hpp"
#include "core/base/signal.hpp"
#include "core/base/task_group.hpp"
#include "scheduler/decide.hpp"
#include "scheduler/earlier_windows.hpp"
#include "scheduler/observer.hpp"
#include "scheduler/runner.hpp"
#include "scheduler/state_store.hpp"
#include "scheduler/store_health.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scheduler {

// An attempt may take as long as its job's timeout, counted from its claim on the monotonic clock; then it is
// cancelled as if it were killed.
//
// Single-threaded. An instance is claimed from start() until its end is stored, so it never runs twice at
// once.
class Attempts {
 public:
  // All outlive this. `on_end` is called with the instance after each attempt, when its place is free again.
  Attempts(Executor executor, Clock& clock, StateStore& store, Runner& runner, Observer& observer,
           Counters& counters, StoreHealth& health, std::function<void(const InstanceId&)> on_end);

  // Claims the instance and begins an attempt of it, by the definition `job`. `note`, unless empty, goes into
  // the attempt's log, and into its error if it fails. Not after give_up().
  void start(std::shared_ptr<const job::Job> job, Instance instance, std::string note = {});

  bool claimed(std::int64_t row) const { return active_.contains(row); }
  // True while an instance of the chain that `id` is in is claimed.
  bool busy(const InstanceId& id) const;
  // Claimed, and being stopped: by an operator, by its timeout or with the daemon.
  bool killing(std::int64_t row) const;
  // Number of the attempt in progress, which is not stored before open(); 0: none is.
  int number(std::int64_t row) const;
  std::size_t size() const noexcept { return active_.size(); }
  const Running& running() const noexcept { return running_; }
  // Those of them whose instance is of this group of the job; of the job and the slot.
  std::vector<std::int64_t> rows_of(std::string_view job, std::int64_t group) const;
  std::size_t running_of(std::string_view job, std::int64_t group) const {
    return rows_of(job, group).size();
  }
  bool runs_slot(std::string_view job, Instant slot) const;

  // Counters of an attempt in progress; nothing before it executes. Valid until the loop goes on.
  const pipeline::Statistics* statistics(std::int64_t row) const;

  // Cancels the attempt and waits until its end is stored. not_found if it is not in progress; timeout if it
  // does not stop within `limit` (it still will).
  awaitable<Result<void>> kill(std::int64_t row, std::string killer, Duration limit);

  // Returns true when none is in progress.
  awaitable<Result<bool>> idle();

  // Cancels every attempt, and every wait for a store that does not work. Their ends stay open in the store:
  // they are closed by close_lost(), here or at the next start.
  void give_up();

  // Waits for all of them; they must have been given up or be bound to end. Not cancellable.
  awaitable<void> join() { return tasks_.join(); }

 private:
  struct Active;
  using ActivePointer = std::shared_ptr<Active>;

  awaitable<void> supervise(ActivePointer active);
  awaitable<void> watch(ActivePointer active);
  awaitable<void> attempt(Active& active);
  awaitable<pipeline::Positions> start_positions(Active& active);
  awaitable<std::optional<pipeline::Positions>> find_positions(Active& active);
  awaitable<std::optional<Attempt>> open(Active& active, pipeline::Positions start);
  awaitable<void> plan(Active& active, std::optional<pipeline::Positions> previous);
  awaitable<void> execute(Active& active, pipeline::Positions start);
  awaitable<void> close(Active& active, Attempt attempt);
  awaitable<std::optional<Error>> store_end(Active& active, const Attempt& attempt, const Verdict& verdict,
                                            Instant end);
  awaitable<void> pause(Duration duration);
  awaitable<Result<bool>> given_up();
  awaitable<Result<bool>> ended(ActivePointer active);
  void cancel(Active& active, Ending::Cause cause);
  void report(const Active& active, const Attempt& attempt, const Verdict& verdict);

  Executor executor_;
  Clock& clock_;
  StateStore& store_;
  Runner& runner_;
  Observer& observer_;
  Counters& counters_;
  StoreHealth& health_;
  std::function<void(const InstanceId&)> on_end_;
  EarlierWindows earlier_;
  std::map<std::int64_t, ActivePointer> active_;  // by instance row
  Running running_;                               // the same, counted
  Signal changed_;
  TaskGroup tasks_;
  bool giving_up_ = false;
};

}  // namespace sluice::scheduler
