#pragma once
// The scheduler: plans instances ahead, starts what is due, repeats what failed, and answers operators.
// Start-up: close what a crash left open, plan, run. Everything is on one thread.

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/signal.hpp"
#include "core/base/task_group.hpp"
#include "scheduler/attempts.hpp"
#include "scheduler/backfills.hpp"
#include "scheduler/blocked.hpp"
#include "scheduler/catch_up_watch.hpp"
#include "scheduler/clock_guard.hpp"
#include "scheduler/definitions.hpp"
#include "scheduler/dependency_check.hpp"
#include "scheduler/pauses.hpp"
#include "scheduler/planner.hpp"
#include "scheduler/ready_list.hpp"
#include "scheduler/why.hpp"
#include "scheduler/window_rules.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

struct Options {
  std::size_t attempts_max = 4;                     // in progress at once, over all jobs; at least 1
  Duration drain_limit = std::chrono::seconds(30);  // stop(): attempts may end by themselves for so long
  Duration kill_limit = std::chrono::seconds(60);   // kill(): how long it waits for the attempt to stop
  // What is due is looked at again at least so often, though everything that is due sooner wakes its loop.
  Duration look_again = std::chrono::seconds(30);
  Freezer freezer = freeze_job;
  VersionStore* versions = nullptr;    // none: every instance runs by its job's present definition
  Handovers handovers{};               // of the jobs it begins with
  DefinitionLoader load_definition{};  // needed with `versions`
  BackfillStore* backfills = nullptr;  // none: there are no backfills
  CatchUpStore* catch_up = nullptr;    // none: every missed window runs
  ClockGuard::Asleep asleep{};         // none: the machine never sleeps
};

// So many instances can be run again together; more are a backfill's work.
inline constexpr std::size_t kDownstreamMax = 2000;

class Scheduler {
 public:
  // Everything referred to outlives the scheduler.
  Scheduler(Executor executor, Clock& clock, StateStore& store, Runner& runner, Random& random,
            Observer& observer, Options options, std::vector<job::Job> jobs);

  // Runs until stop(), then drains and returns. Called once. A failure of the store never ends it. Cancelled,
  // it stops without a drain, and unwinds when every attempt has.
  awaitable<void> run();

  // Plans and starts nothing more, gives attempts drain_limit to end, cancels the rest (the next start takes
  // them up again). Returns at once; idempotent.
  void stop();

  // Replaces the jobs; attempts in progress go on with the definition they began with,
  // instances that are planned and due with the one they were planned with.
  // `handovers`: changes that begin with a later slot than the first one after now.
  void set_jobs(std::vector<job::Job> jobs, const Handovers& handovers = {});
  // Options::attempts_max from the next turn on, without stopping attempts in progress, and drain_limit.
  void set_limits(std::size_t attempts_max, Duration drain_limit);
  const Jobs& jobs() const noexcept { return jobs_; }
  // The first slot of the job's present definition, if that waits, or waited, for it.
  Instant begins(const std::string& job) const { return planner_.begins(job); }

  // Actions of an operator. not_found: no such instance or job. refused_by_state: the text says what would be
  // allowed. Throw ErrorException when the store does not work.
  //
  // rerun: runs a success or a failure (with fresh reruns) again. A success repeats its window exactly, from
  // and to the positions it had; it takes its turn before newer windows of the job, whose states it does not
  // touch. kill: stops the attempt and waits for it; the instance is a failure without automatic rerun.
  awaitable<Result<void>> act(Order order, InstanceId id);
  awaitable<Result<void>> rerun(InstanceId id, std::string actor);
  awaitable<Result<void>> kill(InstanceId id, std::string actor);
  awaitable<Result<void>> freeze(InstanceId id, std::string actor);
  awaitable<Result<void>> unfreeze(InstanceId id, std::string actor);
  awaitable<Result<void>> set_success(InstanceId id, std::string actor);

  // The instance and what follows from it, as far as it is due: the later ones of its chain, and those of
  // other jobs that depend on one of these, in the order of their dependencies. not_found; invalid_argument
  // for more than kDownstreamMax.
  awaitable<Result<std::vector<Instance>>> downstream(InstanceId id);
  // Runs them again, all or none: refused when one of them is in another state than waiting or done. Forced,
  // whatever their states: running ones are killed. That is for an instance of today or yesterday that has
  // ended, and one at a time. Returns what runs again.
  awaitable<Result<std::vector<Instance>>> rerun_downstream(Order order, InstanceId id);

  // While a job is paused nothing recurring of it starts; attempts in progress go on. It stays so over
  // restarts.
  awaitable<Result<void>> pause(std::string job, std::string actor, std::string reason);
  // Without a choice it is refused when more than one window is due.
  awaitable<Result<Resumed>> resume(std::string job, std::optional<RunChoice> choice, std::string actor,
                                    std::string reason);
  const std::map<std::string, Pause>& pauses() const noexcept { return pauses_.all(); }

  // Why the instance is not done, down to the root cause, with the way out. not_found.
  awaitable<Result<Why>> why(InstanceId id);

  // The same instances with the states to show, as shown_state() says.
  awaitable<std::vector<Instance>> shown(std::vector<Instance> instances);
  // What stands still until a person acts, by its cause; the longest standing first.
  awaitable<std::vector<BlockedChain>> blocked();

  // Backfills: see Backfills. Cancelling with `kill` stops what runs, and waits for it.
  awaitable<Result<BackfillPreview>> preview_backfill(BackfillOrder order, std::size_t slots_max);
  awaitable<Result<Backfill>> create_backfill(BackfillOrder order, std::string actor);
  awaitable<Result<Backfill>> pause_backfill(std::int64_t id, std::string actor);
  awaitable<Result<Backfill>> resume_backfill(std::int64_t id, std::string actor);
  awaitable<Result<Backfill>> cancel_backfill(std::int64_t id, std::string actor, bool kill);

  // Counters of the attempt in progress; nothing if there is none. Valid until the loop goes on.
  const pipeline::Statistics* progress(std::int64_t row) const { return attempts_.statistics(row); }
  // Number of the instance's attempt in progress, also while it plans and is not stored yet; 0: there is
  // none.
  int attempt_in_progress(std::int64_t row) const { return attempts_.number(row); }
  std::size_t running() const noexcept { return attempts_.size(); }
  const Counters& counters() const noexcept { return counters_; }
  // Nothing while the state store works.
  const std::optional<StoreFailure>& store_failure() const noexcept { return health_.failure(); }
  // Monotonic time at which it last looked for due instances; it does so every 30 s at least.
  Duration last_turn() const noexcept { return last_turn_; }
  // While there is one nothing is planned and nothing started; attempts in progress go on.
  std::optional<ClockDoubt> clock_doubt() { return clock_guard_.doubt(); }
  // Believes the wall clock, however far it jumped.
  void accept_clock();
  // True once what a crash left open is closed and the first planning is done.
  bool ready() const noexcept { return ready_; }

 private:
  awaitable<void> run_until_stopped();
  awaitable<void> keep_planning();
  awaitable<void> watch_clock();
  awaitable<bool> recover();
  awaitable<bool> plan();
  awaitable<std::optional<Instant>> turn();
  awaitable<std::optional<Instant>> try_turn();
  class Sorted;
  bool must_look_at_all(Instant now) const;
  awaitable<bool> look_at_all(Instant now);
  awaitable<bool> look_at_ended(Instant now);
  awaitable<std::vector<Instance>> read_again(InstanceId id, Instant now);
  awaitable<void> settle(Sorted sorted, Instant now);
  bool may_start(const Instance& instance, Instant now) const;
  awaitable<bool> start_in_turn(std::vector<Instance> ready, Instant now);
  awaitable<bool> start_ready(Instant now);
  awaitable<bool> is_its_turn(const job::Job& job, const Instance& instance, Instant now);
  awaitable<void> start(Instance instance, Instant now);
  awaitable<std::shared_ptr<const job::Job>> definition_of(std::string job, std::string version);
  awaitable<bool> leave_lost(const job::Job& job, Instance& instance);
  awaitable<std::optional<Instant>> start_backfills(bool recurring_waits);
  template <class T>
  awaitable<Result<T>> guarded(std::string doing, awaitable<Result<T>> work);
  awaitable<void> kill_all_of(Backfill backfill, std::string actor);
  awaitable<void> finish_dry_run(Instance dry, Instant now);
  awaitable<void> close_orphan(Instance orphan, Instant now);
  awaitable<bool> close_lost();
  awaitable<void> drain(Duration limit);
  awaitable<void> leave();
  awaitable<void> sleep(Signal& signal, bool& pending, Duration duration);
  awaitable<Result<bool>> woken(Signal& signal, bool& pending);
  awaitable<Result<void>> act_once(Order order, InstanceId id);
  awaitable<Result<Change>> make_change(Order order, Instance instance, WindowRecord record);
  Result<void> check_idle(const Order& order, const Instance& instance) const;
  awaitable<WindowRecord> read_window(Order order, Instance instance);
  awaitable<Result<Redefinition>> newest_definition(Instance instance, bool committed);
  awaitable<Result<void>> stop_attempt(Instance instance, std::string reason);
  // By chain, as far as they were asked for; nothing: all of it is done.
  using Heads = std::map<std::string, std::optional<Instance>>;
  awaitable<Why> explain(Instance instance, Heads& heads, Instant now);
  awaitable<std::vector<WhyStep>> next_steps(Instance instance, Heads& heads, Instant now);
  awaitable<std::optional<Instance>> head_before(Instance instance, Heads& heads, Instant now);
  std::optional<BlockedChain> cause_at_end(const Why& why, Instant now) const;
  Situation situation(const Instance& instance, Instant now) const;
  awaitable<Result<std::vector<Instance>>> rerun_set(Order order, InstanceId id);
  awaitable<Result<std::optional<Change>>> downstream_change(Order order, Instance instance);
  awaitable<std::vector<Instance>> due_from(InstanceId id);
  Result<void> check_forced(const Order& order, const Instance& root) const;
  job::RerunProperty rerun_property(const Instance& instance) const;
  bool must_wait(const InstanceId& id) const;
  void attempt_ended(const InstanceId& id);
  void wake();
  void wake_planning();

  Clock& clock_;
  StateStore& store_;
  Observer& observer_;
  Options options_;
  Counters counters_;
  StoreHealth health_;
  Jobs jobs_;
  Definitions definitions_;
  Limits limits_;  // of these jobs
  Pauses pauses_;
  Planner planner_;
  DependencyCheck dependencies_;
  Attempts attempts_;
  CatchUpWatch catch_up_;
  Backfills backfills_;
  ReadyList ready_list_;
  std::optional<Instant> due_;         // when the last turn found something due next
  Duration looked_at_all_{0};          // monotonic
  std::uint64_t failures_before_ = 0;  // of the store, until then
  TaskGroup tasks_;
  TaskGroup clock_watch_;
  ClockGuard clock_guard_;
  Signal turn_signal_;
  Signal plan_signal_;
  Duration last_turn_{0};
  bool turn_pending_ = false;
  bool plan_pending_ = false;
  bool stopping_ = false;
  bool ready_ = false;
  bool forcing_ = false;  // a forced rerun downstream is under way
};

}  // namespace sluice::scheduler
