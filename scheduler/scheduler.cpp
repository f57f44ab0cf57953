#include "scheduler/scheduler.hpp"

#include "core/base/within.hpp"
#include "scheduler/reason.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace sluice::scheduler {
namespace {

Limits limits_of(std::size_t attempts_max, const Jobs& jobs) {
  Limits limits;
  limits.total = attempts_max;
  for (const auto& [name, job] : jobs) {
    if (job->max_parallel > 0) limits.of_job.emplace(name, job->max_parallel);
  }
  return limits;
}

}  // namespace

Scheduler::Scheduler(Executor executor, Clock& clock, StateStore& store, Runner& runner, Random& random,
                     Observer& observer, Options options, std::vector<job::Job> jobs)
    : clock_(clock),
      store_(store),
      observer_(observer),
      options_(std::move(options)),
      health_(clock, observer, counters_),
      jobs_(to_jobs(std::move(jobs))),
      definitions_(options_.versions, options_.load_definition),
      limits_(limits_of(options_.attempts_max, jobs_)),
      pauses_(clock, store),
      planner_(clock, store, random, observer, counters_, options_.freezer,
               [this](std::string job, std::string version) {
                 return definition_of(std::move(job), std::move(version));
               }),
      dependencies_(store, [this](const std::string& job) { return planner_.has_planned(job); }),
      attempts_(executor, clock, store, runner, observer, counters_, health_,
                [this](const InstanceId& id) { attempt_ended(id); }),
      catch_up_(clock, store, options_.catch_up, observer),
      backfills_(clock, store, options_.backfills, jobs_, definitions_, attempts_, observer, counters_,
                 options_.freezer,
                 [this] {
                   wake();
                   wake_planning();
                 }),
      tasks_(executor),
      clock_watch_(executor),
      clock_guard_(clock, options_.asleep),
      turn_signal_(executor),
      plan_signal_(executor) {
  definitions_.set_present(jobs_);
  planner_.set_jobs(jobs_, options_.handovers);
  dependencies_.set_jobs(jobs_, options_.handovers);
}

awaitable<void> Scheduler::run() {
  std::exception_ptr interrupted;
  try {
    co_await run_until_stopped();
  } catch (...) {
    interrupted = std::current_exception();
  }
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  stop();
  co_await drain(interrupted ? Duration(0) : options_.drain_limit);
  if (interrupted) std::rethrow_exception(interrupted);
}

awaitable<void> Scheduler::run_until_stopped() {
  clock_watch_.start(watch_clock());
  while (!stopping_) {
    const bool doubted = clock_doubt().has_value();
    if (!doubted) {
      const bool recovered = co_await recover();
      if (recovered) break;
    }
    co_await sleep(turn_signal_, turn_pending_, doubted ? options_.look_again : health_.pause_left());
  }
  if (stopping_) co_return;
  tasks_.start(keep_planning());
  while (!stopping_) {
    // Wakes during the turn may be about what it has already read: look again.
    turn_pending_ = false;
    if (!clock_doubt()) catch_up_.look(jobs_);
    const std::optional<Instant> due = co_await try_turn();
    Duration rest = options_.look_again;
    if (due) rest = std::min<Duration>(rest, *due - clock_.now());
    const Duration paused = health_.pause_left();
    if (paused > Duration(0)) rest = paused;
    co_await sleep(turn_signal_, turn_pending_, rest);
  }
}

// After a crash nothing stays running, and every slot missed meanwhile has its row, before anything starts.
awaitable<bool> Scheduler::recover() {
  const bool closed = co_await close_lost();
  if (!closed) co_return false;
  try {
    co_await catch_up_.begin(jobs_);
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::read, "find missed windows", failure.error());
    co_return false;
  }
  ready_ = co_await plan();
  co_return ready_;
}

awaitable<bool> Scheduler::close_lost() {
  std::vector<std::string> never_again;
  for (const auto& [name, job] : jobs_) {
    if (job->rerun.property == job::RerunProperty::never) never_again.push_back(name);
  }
  try {
    const std::vector<Instance> lost = co_await store_.close_lost(clock_.now(), std::move(never_again));
    health_.worked(StoreHealth::Call::write);
    counters_.lost += lost.size();
    for (const Instance& instance : lost) {
      observer_.log(pipeline::Level::warning,
                    fmt::format("{} {}: {}", instance.state == State::lost ? "leave" : "take up again",
                                to_string(instance.id, instance.zone), instance.reason));
      observer_.instance_changed(instance);
    }
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::write, "close lost attempts", failure.error());
    co_return false;
  }
  co_return true;
}

// A lost attempt was closed while its job was not loaded, and nobody knew that it is never run again. False:
// it may run.
awaitable<bool> Scheduler::leave_lost(const job::Job& job, Instance& instance) {
  const bool denied = job.rerun.property == job::RerunProperty::never &&
                      instance.state == State::wait_resource &&
                      reason_code(instance) == ReasonCode::attempt_lost;
  if (!denied) co_return false;
  instance.state = State::lost;
  instance.reason += kNotRunAgain;
  std::vector<State> from(1, State::wait_resource);
  const Result<void> left =
      co_await store_.change_state(instance.row, std::move(from), State::lost, instance.reason);
  health_.worked(StoreHealth::Call::write);
  if (!left) co_return true;  // an operator was faster
  observer_.log(pipeline::Level::warning,
                fmt::format("leave {}: {}", to_string(instance.id, instance.zone), instance.reason));
  observer_.instance_changed(instance);
  co_return true;
}

// For slots that were missed. A reload may have taken the job away meanwhile.
awaitable<std::shared_ptr<const job::Job>> Scheduler::definition_of(std::string job, std::string version) {
  if (!jobs_.contains(job)) co_return nullptr;
  Definition found = co_await definitions_.find(std::move(job), version);
  co_return found.job->version == version ? std::move(found.job) : nullptr;
}

awaitable<bool> Scheduler::plan() {
  try {
    const std::uint64_t before = counters_.planned;
    co_await planner_.plan_due();
    co_await backfills_.make_instances();
    if (counters_.planned != before) health_.worked(StoreHealth::Call::write);
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::write, "plan instances", failure.error());
    co_return false;
  }
  co_return true;
}

awaitable<void> Scheduler::keep_planning() {
  while (!stopping_) {
    Duration left = health_.pause_left();
    if (clock_doubt()) {
      left = options_.look_again;
    } else if (!backfills_.wants_instances()) {
      left = std::max<Duration>(planner_.next() - clock_.now(), left);
    }
    if (left > Duration(0)) {
      co_await sleep(plan_signal_, plan_pending_, std::min<Duration>(left, options_.look_again));
    } else if (co_await plan()) {
      wake();
    }
  }
}

// A step of the wall clock moves every due time: both loops look again at once. Slots are rows, so none is
// lost and none runs twice.
awaitable<void> Scheduler::watch_clock() {
  WallSteps steps(clock_);
  while (!stopping_) {
    co_await clock_.wall_step(steps.lead());
    const std::optional<Duration> step = steps.look();
    if (!step) continue;
    if (const std::optional<ClockDoubt> doubt = clock_doubt()) {
      observer_.log(pipeline::Level::error, scheduler::explain(*doubt));
      continue;
    }
    observer_.log(pipeline::Level::warning,
                  fmt::format("the wall clock went {} by {} of a sudden: it was set, or the machine slept; "
                              "what is due is looked at again, no slot is lost or run twice",
                              *step > Duration(0) ? "forward" : "back", length_text(*step)));
    wake();
    wake_planning();
  }
}

awaitable<std::optional<Instant>> Scheduler::try_turn() {
  std::optional<Instant> due;
  if (health_.pause_left() > Duration(0) || clock_doubt()) co_return due;
  try {
    co_await pauses_.load();
    due = co_await turn();
    health_.worked(StoreHealth::Call::read);
    last_turn_ = clock_.monotonic();
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::read, "look for due instances", failure.error());
  }
  co_return due;
}

void Scheduler::accept_clock() {
  if (!clock_doubt()) return;
  clock_guard_.believe();
  observer_.log(pipeline::Level::warning,
                "the wall clock is taken as right; what is due by it is planned and started");
  wake();
  wake_planning();
}

// Nothing is executed and nothing logged; what waits for it goes on. It waits for other jobs as any does.
awaitable<void> Scheduler::finish_dry_run(Instance dry, Instant now) {
  const std::optional<Blocker> blocker = co_await dependencies_.blocker(dry, now);
  if (blocker) {
    ready_list_.block(dry, blocker->job);
    co_return;
  }
  co_await store_.finish_dry_run(dry.row, now);
  health_.worked(StoreHealth::Call::write);
  dry.state = State::success;
  dry.started = now;
  dry.finished = now;
  observer_.instance_changed(dry);
  wake();
}

// The answer to a begin_attempt was lost: it is stored as running, but was not executed.
awaitable<void> Scheduler::close_orphan(Instance orphan, Instant now) {
  Attempt attempt;
  attempt.instance_row = orphan.row;
  attempt.number = orphan.attempts;
  attempt.started = orphan.started.value_or(now);
  const Error error(Errc::cancelled, fmt::format("{}, nothing was executed", kNotBegun));
  co_await store_.fail(attempt, AttemptResult::lost, error, pipeline::Statistics(), now, now);
  health_.worked(StoreHealth::Call::write);
  ++counters_.lost;
  orphan.state = State::retry_wait;
  orphan.reason = error.message();
  orphan.retry_at = now;
  observer_.instance_changed(orphan);
  wake();
}

// What is missed from now on was missed, not waiting.
awaitable<void> Scheduler::leave() {
  try {
    co_await catch_up_.leave();
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::write, "note the end", failure.error());
  }
}

awaitable<void> Scheduler::drain(Duration limit) {
  if (attempts_.size() > 0 && limit > Duration(0)) {
    const Result<bool> idle = co_await within(clock_, limit, "draining", attempts_.idle());
    if (!idle) {
      observer_.log(pipeline::Level::warning,
                    fmt::format("cancel {} attempts: {}; the next start takes them up again",
                                attempts_.size(), idle.error().message()));
    }
  }
  const bool cut_short = attempts_.size() > 0;
  attempts_.give_up();
  co_await attempts_.join();
  co_await tasks_.join();
  co_await clock_watch_.join();
  // A failure is logged; the next start closes what this could not.
  if (cut_short) co_await close_lost();
  if (ready_) co_await leave();
}

void Scheduler::stop() {
  stopping_ = true;
  clock_watch_.stop();
  wake();
  wake_planning();
}

void Scheduler::set_limits(std::size_t attempts_max, Duration drain_limit) {
  options_.attempts_max = attempts_max;
  options_.drain_limit = drain_limit;
  limits_ = limits_of(options_.attempts_max, jobs_);
  wake();
}

void Scheduler::set_jobs(std::vector<job::Job> jobs, const Handovers& handovers) {
  Jobs present = to_jobs(std::move(jobs));
  catch_up_.change_jobs(jobs_, present);
  jobs_ = std::move(present);
  definitions_.set_present(jobs_);
  limits_ = limits_of(options_.attempts_max, jobs_);
  planner_.set_jobs(jobs_, handovers);
  dependencies_.set_jobs(jobs_, handovers);
  backfills_.change_jobs();
  wake_planning();
  wake();
}

void Scheduler::attempt_ended(const InstanceId& id) {
  ready_list_.end(id);
  if (id.group != 0) {
    // When it repeats is for the store to say.
    if (due_ && clock_.now() >= *due_) ready_list_.doubt();
    due_.reset();
  }
  turn_pending_ = true;
  turn_signal_.notify_all();
}

// What is due may be anything now.
void Scheduler::wake() {
  ready_list_.doubt();
  turn_pending_ = true;
  turn_signal_.notify_all();
}

void Scheduler::wake_planning() {
  plan_pending_ = true;
  plan_signal_.notify_all();
}

awaitable<Result<bool>> Scheduler::woken(Signal& signal, bool& pending) {
  while (!pending) {
    const bool came = co_await signal.notified();
    if (!came) co_return false;
  }
  co_return true;
}

// Until `duration` has passed, or somebody has something to do sooner.
awaitable<void> Scheduler::sleep(Signal& signal, bool& pending, Duration duration) {
  if (duration > Duration(0) && !pending) {
    // Sleeping through to the limit is the ordinary case, not a failure.
    const Result<bool> early = co_await within(clock_, duration, "sleeping", woken(signal, pending));
    if (early && !*early) throw boost::system::system_error(boost::asio::error::operation_aborted);
  }
  pending = false;
}

Situation Scheduler::situation(const Instance& instance, Instant now) const {
  Situation present;
  present.now = now;
  const auto job = jobs_.find(instance.id.job);
  present.job_loaded = job != jobs_.end();
  present.changed = present.job_loaded && job->second->version != instance.version;
  present.claimed = attempts_.claimed(instance.row);
  present.killing = attempts_.killing(instance.row);
  present.pause = pauses_.of(instance.id);
  present.running = attempts_.running().total;
  if (instance.id.group == 0) present.running -= attempts_.running().backfills;
  present.limit = options_.attempts_max;
  present.place = place_for(instance.id, attempts_.running(), limits_);
  return present;
}

}  // namespace sluice::scheduler
