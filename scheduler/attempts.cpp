#include "scheduler/attempts.hpp"

#include "core/base/within.hpp"
#include "core/job/script.hpp"
#include "scheduler/backfill_positions.hpp"
#include "scheduler/reason.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

Error as_error(const std::exception& thrown) {
  if (const auto* failure = dynamic_cast<const ErrorException*>(&thrown)) return failure->error();
  const auto* system = dynamic_cast<const boost::system::system_error*>(&thrown);
  if (system != nullptr && system->code() == boost::asio::error::operation_aborted) {
    return Error(Errc::cancelled, "run attempt: cancelled");
  }
  return Error(Errc::internal, fmt::format("run attempt: {}", thrown.what()));
}

std::string timeout_reason(Duration limit) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(limit);
  const std::string length =
      minutes == limit ? fmt::format("{} min", minutes.count())
                       : fmt::format("{} s", std::chrono::duration_cast<std::chrono::seconds>(limit).count());
  return fmt::format("{}{}; it is not repeated by itself", kTimeout, length);
}

}  // namespace

struct Attempts::Active {
  Active(const Executor& executor, std::shared_ptr<const job::Job> its_job, Instance its_instance)
      : job(std::move(its_job)), instance(std::move(its_instance)), tasks(executor), timer(executor) {}

  std::shared_ptr<const job::Job> job;
  Instance instance;
  std::string note;  // see start()
  std::unique_ptr<Run> run;
  std::optional<pipeline::Positions> until;     // set: this repeats a committed window ...
  std::optional<pipeline::Positions> repeated;  // ... from here
  std::string overtaken;                        // unless empty: why it needs no attempt any more
  Ending ending;                                // why it stopped, once it did
  std::optional<Outcome> outcome;               // set: it succeeded
  std::optional<pipeline::Positions> planned;
  TaskGroup tasks;  // what a kill cancels; the store is only called outside of it
  TaskGroup timer;  // the job's timeout
};

Attempts::Attempts(Executor executor, Clock& clock, StateStore& store, Runner& runner, Observer& observer,
                   Counters& counters, StoreHealth& health, std::function<void(const InstanceId&)> on_end)
    : executor_(executor),
      clock_(clock),
      store_(store),
      runner_(runner),
      observer_(observer),
      counters_(counters),
      health_(health),
      on_end_(std::move(on_end)),
      earlier_(store),
      changed_(executor),
      tasks_(executor) {}

void Attempts::start(std::shared_ptr<const job::Job> job, Instance instance, std::string note) {
  const std::int64_t row = instance.row;
  auto active = std::make_shared<Active>(executor_, std::move(job), std::move(instance));
  active->note = std::move(note);
  running_.add(active->instance.id);
  active_.emplace(row, active);
  tasks_.start(supervise(std::move(active)));
}

bool Attempts::busy(const InstanceId& id) const {
  if (!running_.of_job.contains(id.job)) return false;
  return std::any_of(active_.begin(), active_.end(), [&](const auto& entry) {
    const InstanceId& other = entry.second->instance.id;
    return other.group == id.group && other.job == id.job;
  });
}

const pipeline::Statistics* Attempts::statistics(std::int64_t row) const {
  const auto found = active_.find(row);
  return found == active_.end() || !found->second->run ? nullptr : &found->second->run->statistics();
}

bool Attempts::killing(std::int64_t row) const {
  const auto found = active_.find(row);
  return found != active_.end() && found->second->ending.cause != Ending::Cause::finished;
}

int Attempts::number(std::int64_t row) const {
  const auto found = active_.find(row);
  if (found == active_.end()) return 0;
  const Instance& instance = found->second->instance;
  return instance.state == State::running ? instance.attempts : instance.attempts + 1;
}

// Ended by close() when the attempt is over in time.
awaitable<void> Attempts::watch(ActivePointer active) {
  const Duration limit = active->job->timeout;
  co_await clock_.sleep_for(limit);
  if (active->ending.cause != Ending::Cause::finished) co_return;
  active->ending.killer = timeout_reason(limit);
  cancel(*active, Ending::Cause::timed_out);
}

awaitable<void> Attempts::supervise(ActivePointer active) {
  active->timer.start(watch(active));
  try {
    co_await attempt(*active);
  } catch (const ErrorException& failure) {
    const std::string name = to_string(active->instance.id, active->instance.zone);
    health_.failed(StoreHealth::Call::write, fmt::format("begin attempt of {}", name), failure.error());
  }
  active->timer.stop();
  co_await active->timer.join();
  active_.erase(active->instance.row);
  running_.remove(active->instance.id);
  changed_.notify_all();
  on_end_(active->instance.id);
}

awaitable<void> Attempts::attempt(Active& active) {
  pipeline::Positions start = co_await start_positions(active);
  // Stopped before anything was stored: the instance waits on as it did.
  if (active.ending.cause == Ending::Cause::shutdown) co_return;
  const std::optional<Attempt> opened = co_await open(active, start);
  if (!opened) co_return;
  const bool stopped = active.ending.failure || active.ending.cause != Ending::Cause::finished;
  if (!stopped && active.tasks.start(execute(active, std::move(start)))) co_await active.tasks.join();
  co_await close(active, *opened);
}

// Where the window starts. Empty positions, and ending.failure, if that could not be found out.
awaitable<pipeline::Positions> Attempts::start_positions(Active& active) {
  std::optional<pipeline::Positions> previous = co_await find_positions(active);
  if (!active.overtaken.empty()) co_return pipeline::Positions();
  try {
    Result<std::unique_ptr<Run>> run =
        runner_.prepare(*active.job, active.instance, active.instance.attempts + 1);
    if (run) {
      active.run = std::move(*run);
      if (!active.note.empty()) active.run->note(active.note);
    } else {
      active.ending.failure = run.error();
    }
  } catch (const std::exception& thrown) {
    active.ending.failure = as_error(thrown);
  }
  if (active.repeated && active.run) co_return std::move(*active.repeated);
  const bool is_stream = !active.job->script || active.job->script->source == job::SourceKind::stream;
  if (active.run && is_stream && active.instance.id.group == 0) {
    active.ending.failure = co_await earlier_.name_taken(active.job, active.instance, *active.run);
    if (active.ending.failure) {
      active.run->note(active.ending.failure->message());
      co_return pipeline::Positions();
    }
  }
  if (active.run && active.tasks.start(plan(active, std::move(previous)))) co_await active.tasks.join();
  co_return std::move(active.planned).value_or(pipeline::Positions());
}

// Fills until and repeated when the window was committed before, by this instance or, for a backfill, by the
// recurring one of the slot. Otherwise the end of the window it goes on from; nothing for the first of a
// chain.
awaitable<std::optional<pipeline::Positions>> Attempts::find_positions(Active& active) {
  const InstanceId id = active.instance.id;
  active.until = co_await store_.end_positions(active.instance.row);
  if (active.until) {
    active.repeated = co_await store_.start_positions(active.instance.row);
    co_return std::nullopt;
  }
  if (id.group == 0) {
    std::optional<CommittedEnd> before = co_await store_.committed_before(chain_of(id), id.scheduled);
    if (follows_positions(*active.job)) {
      active.overtaken = co_await earlier_.overtaken(active.instance, before);
    }
    if (!before) co_return std::nullopt;
    co_return std::move(before->positions);
  }
  PositionSearch search(store_);
  FoundPositions found = co_await search.find(active.instance);
  active.until = std::move(found.until);
  active.repeated = std::move(found.start);
  co_return std::move(found.previous);
}

std::vector<std::int64_t> Attempts::rows_of(std::string_view job, std::int64_t group) const {
  std::vector<std::int64_t> rows;
  for (const auto& [row, active] : active_) {
    const InstanceId& id = active->instance.id;
    if (id.group == group && id.job == job) rows.push_back(row);
  }
  return rows;
}

bool Attempts::runs_slot(std::string_view job, Instant slot) const {
  return std::ranges::any_of(active_, [&](const auto& entry) {
    const InstanceId& id = entry.second->instance.id;
    return id.scheduled == slot && id.job == job;
  });
}

awaitable<void> Attempts::plan(Active& active, std::optional<pipeline::Positions> previous) {
  try {
    Result<pipeline::Positions> planned = co_await active.run->plan(std::move(previous));
    if (planned) {
      active.planned = std::move(*planned);
    } else {
      active.ending.failure = planned.error();
    }
  } catch (const std::exception& thrown) {
    active.ending.failure = as_error(thrown);
  }
}

awaitable<std::optional<Attempt>> Attempts::open(Active& active, pipeline::Positions start) {
  const Instant now = clock_.now();
  Instance& instance = active.instance;
  if (!active.overtaken.empty()) {
    std::vector<State> waiting = {State::not_run, State::wait_time, State::wait_resource, State::retry_wait};
    const Result<void> skipped =
        co_await store_.change_state(instance.row, std::move(waiting), State::skipped, active.overtaken);
    health_.worked(StoreHealth::Call::write);
    if (!skipped) co_return std::nullopt;
    instance.state = State::skipped;
    instance.reason = active.overtaken;
    observer_.log(pipeline::Level::warning,
                  fmt::format("skip {}: {}", to_string(instance.id, instance.zone), instance.reason));
    observer_.instance_changed(instance);
    co_return std::nullopt;
  }
  const Result<Attempt> opened = co_await store_.begin_attempt(Claim(instance), std::move(start), now);
  health_.worked(StoreHealth::Call::write);
  if (!opened) {
    // An operator was faster between the decision and now: frozen, set to success, or put back to run anew.
    observer_.log(
        pipeline::Level::info,
        fmt::format("do not start {}: {}", to_string(instance.id, instance.zone), opened.error().message()));
    co_return std::nullopt;
  }
  // What is about the past is not late.
  const Duration late = instance.id.group == 0 ? now - due_at(instance) : Duration(0);
  instance.state = State::running;
  instance.reason.clear();
  instance.retry_at.reset();
  instance.attempts = opened->number;
  instance.started = now;
  instance.finished.reset();
  ++counters_.started;
  observer_.attempt_started(instance, opened->number, late);
  observer_.instance_changed(instance);
  co_return *opened;
}

awaitable<void> Attempts::execute(Active& active, pipeline::Positions start) {
  try {
    Result<Outcome> outcome = co_await active.run->execute(std::move(start), active.until);
    if (outcome) {
      active.outcome = std::move(*outcome);
    } else {
      active.ending.failure = outcome.error();
    }
  } catch (const std::exception& thrown) {
    active.ending.failure = as_error(thrown);
  }
}

// Stores the end of an opened attempt, however long the store takes to work again. An outcome counts whatever
// happened since: its objects are there.
awaitable<void> Attempts::close(Active& active, Attempt attempt) {
  active.timer.stop();
  const Instant end = clock_.now();
  Ending ending = active.ending;
  if (active.outcome) ending = Ending();
  if (ending.failure && !active.note.empty()) {
    ending.failure =
        Error(ending.failure->code(), fmt::format("{}; {}", ending.failure->message(), active.note));
  }
  const Verdict verdict = judge(ending, active.job->rerun, active.instance.failures, end);
  while (verdict.result != AttemptResult::lost) {
    const std::optional<Error> broken = co_await store_end(active, attempt, verdict, end);
    if (!broken) break;
    const std::string name = to_string(active.instance.id, active.instance.zone);
    health_.failed(StoreHealth::Call::write, fmt::format("store the end of {}", name), *broken);
    if (giving_up_) co_return;
    co_await pause(health_.pause_left());
  }
  attempt.result = verdict.result;
  attempt.finished = end;
  attempt.error_code = verdict.result == AttemptResult::success ? "" : to_string(verdict.error.code());
  attempt.error = verdict.error.message();
  report(active, attempt, verdict);
}

awaitable<std::optional<Error>> Attempts::store_end(Active& active, const Attempt& attempt,
                                                    const Verdict& verdict, Instant end) {
  std::optional<Error> broken;
  pipeline::Statistics statistics;
  if (active.run) statistics = active.run->statistics();
  try {
    if (verdict.result == AttemptResult::success) {
      Outcome outcome = *active.outcome;
      co_await store_.succeed(attempt, std::move(outcome), end);
    } else {
      co_await store_.fail(attempt, verdict.result, verdict.error, std::move(statistics), verdict.retry_at,
                           end);
    }
    health_.worked(StoreHealth::Call::write);
  } catch (const ErrorException& failure) {
    broken = failure.error();
  }
  co_return broken;
}

void Attempts::report(const Active& active, const Attempt& attempt, const Verdict& verdict) {
  Instance after = active.instance;
  after.finished = attempt.finished;
  after.reason = attempt.error;
  switch (verdict.result) {
    case AttemptResult::success:
      ++counters_.succeeded;
      after.state = State::success;
      after.rows = pipeline::rows_written(active.outcome->statistics);
      after.bytes = active.outcome->statistics.written_bytes;
      after.objects = active.outcome->objects;
      break;
    case AttemptResult::failed:
      ++counters_.failed;
      ++after.failures;
      after.state = verdict.retry_at ? State::retry_wait : State::failure;
      after.retry_at = verdict.retry_at;
      break;
    case AttemptResult::killed:
      ++counters_.killed;
      after.state = State::failure;
      break;
    case AttemptResult::timed_out:
      ++counters_.timed_out;
      after.state = State::failure;
      break;
    case AttemptResult::lost:
    case AttemptResult::open:
      after.state = State::wait_resource;
      break;
  }
  observer_.attempt_ended(after, attempt);
  observer_.instance_changed(after);
}

void Attempts::cancel(Active& active, Ending::Cause cause) {
  if (active.ending.cause == Ending::Cause::finished) active.ending.cause = cause;
  active.tasks.stop();
}

awaitable<Result<void>> Attempts::kill(std::int64_t row, std::string killer, Duration limit) {
  const auto found = active_.find(row);
  if (found == active_.end()) co_return Error(Errc::not_found, "kill attempt: none is in progress");
  const ActivePointer active = found->second;
  if (active->ending.cause == Ending::Cause::finished) active->ending.killer = std::move(killer);
  cancel(*active, Ending::Cause::killed);
  const Result<bool> gone = co_await within(clock_, limit, "stopping the attempt", ended(active));
  if (!gone) co_return gone.error();
  co_return Result<void>();
}

awaitable<Result<bool>> Attempts::ended(ActivePointer active) {
  while (true) {
    const auto found = active_.find(active->instance.row);
    if (found == active_.end() || found->second != active) co_return true;
    co_await changed_.wait();
  }
}

awaitable<Result<bool>> Attempts::idle() {
  while (!active_.empty()) co_await changed_.wait();
  co_return true;
}

void Attempts::give_up() {
  giving_up_ = true;
  for (const auto& [row, active] : active_) cancel(*active, Ending::Cause::shutdown);
  changed_.notify_all();
}

awaitable<Result<bool>> Attempts::given_up() {
  while (!giving_up_) co_await changed_.wait();
  co_return true;
}

awaitable<void> Attempts::pause(Duration duration) {
  // Running out of the pause is what is expected; its error says no more than that.
  const Result<bool> over = co_await within(clock_, duration, "waiting for the state store", given_up());
  static_cast<void>(over);
}

}  // namespace sluice::scheduler
