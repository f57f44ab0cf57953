// What operators ask of the scheduler.

#include "core/job/script.hpp"
#include "scheduler/reason.hpp"
#include "scheduler/rebuild.hpp"
#include "scheduler/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

// A state may change between reading it and acting on it; then look again, but not for ever.
constexpr int kTries = 5;

std::string_view past_tense(Action action) {
  switch (action) {
    case Action::rerun:
      return "put back to run again";
    case Action::kill:
      return "killed";
    case Action::freeze:
      return "frozen";
    case Action::unfreeze:
      return "unfrozen";
    case Action::set_success:
      return kSetToSuccess;
    case Action::skip:
      return "skipped";
    case Action::priority:
    case Action::release:
      break;
  }
  return "changed";
}

std::string detail_of(const Order& order, const Instance& instance) {
  std::string text = fmt::format("was {}", to_string(instance.state));
  if (order.action == Action::priority)
    text += fmt::format(", priority {} instead of {}", order.priority, instance.priority);
  if (order.latest) text += ", with the newest definition";
  if (order.force) text += ", forced";
  if (!order.reason.empty()) text += ": " + order.reason;
  return text;
}

Order order_of(Action action, std::string actor) {
  Order order;
  order.action = action;
  order.actor = std::move(actor);
  return order;
}

Error no_such_job(std::string_view doing, const std::string& job) {
  return Error(Errc::not_found, fmt::format("{} {}: no such job; list them with sluice jobs", doing, job));
}

}  // namespace

awaitable<Result<void>> Scheduler::rerun(InstanceId id, std::string actor) {
  return act(order_of(Action::rerun, std::move(actor)), std::move(id));
}

awaitable<Result<void>> Scheduler::kill(InstanceId id, std::string actor) {
  return act(order_of(Action::kill, std::move(actor)), std::move(id));
}

awaitable<Result<void>> Scheduler::freeze(InstanceId id, std::string actor) {
  return act(order_of(Action::freeze, std::move(actor)), std::move(id));
}

awaitable<Result<void>> Scheduler::unfreeze(InstanceId id, std::string actor) {
  return act(order_of(Action::unfreeze, std::move(actor)), std::move(id));
}

awaitable<Result<void>> Scheduler::set_success(InstanceId id, std::string actor) {
  return act(order_of(Action::set_success, std::move(actor)), std::move(id));
}

awaitable<Result<void>> Scheduler::act(Order order, InstanceId id) {
  const std::string name(to_string(order.action));
  try {
    Result<void> done =
        Error(Errc::conflict, fmt::format("{}: the instance keeps changing; try again", name));
    for (int tries = 0; tries < kTries; ++tries) {
      done = co_await act_once(order, id);
      if (done || done.error().code() != Errc::conflict) break;
    }
    wake();
    co_return done;
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::write, name, failure.error());
    throw;
  }
}

// conflict: the state changed meanwhile.
awaitable<Result<void>> Scheduler::act_once(Order order, InstanceId id) {
  const std::optional<Instance> instance = co_await store_.instance(id);
  if (!instance) co_return none_planned(id);
  const bool stops_attempt = order.action == Action::kill && attempts_.claimed(instance->row);
  WindowRecord record = co_await read_window(order, *instance);
  Result<Change> change = co_await make_change(order, *instance, std::move(record));
  if (!change) co_return change.error();
  std::string reason = change->reason;
  Instance after = *instance;
  if (change->to != after.state) {
    after.state = change->to;
    after.reason = reason;
    after.failures = 0;
    after.retry_at.reset();
  }
  const Result<void> open = co_await backfills_.before_action(order.action, id);
  if (!open) co_return open.error();
  std::vector<Change> changes;
  changes.push_back(std::move(*change));
  const Result<void> done = co_await store_.operate_all(std::move(changes));
  health_.worked(StoreHealth::Call::write);
  if (!done) {
    if (done.error().code() == Errc::refused_by_state) co_return done.error();
    co_return Error(Errc::conflict, done.error().message());
  }
  // A turn in between may have found nothing open, and closed the backfill again.
  const Result<void> still_open = co_await backfills_.before_action(order.action, id);
  static_cast<void>(still_open);  // cancelled meanwhile: that skips it
  if (stops_attempt) co_return co_await stop_attempt(*instance, std::move(reason));
  observer_.instance_changed(after);
  co_return Result<void>();
}

awaitable<Result<Change>> Scheduler::make_change(Order order, Instance instance, WindowRecord record) {
  Change change;
  change.instance_row = instance.row;
  change.from.push_back(instance.state);
  change.to = instance.state;
  // What an attempt of this process holds is decided by its end, whatever the row says.
  if (order.action != Action::kill || !attempts_.claimed(instance.row)) {
    Result<Transition> allowed = transition(order, instance, rerun_property(instance), clock_.now());
    if (!allowed) co_return allowed.error();
    change.to = allowed->to;
  }
  const Result<void> idle = check_idle(order, instance);
  if (!idle) co_return idle.error();
  const Result<void> safe = check_window(order, instance, record);
  if (!safe) co_return safe.error();
  change.reason = fmt::format("{} by {}", past_tense(order.action), order.actor);
  if (!order.reason.empty()) change.reason += ": " + order.reason;
  if (order.action == Action::set_success || order.action == Action::skip)
    change.reason += after_success_by_hand(record);
  if (order.action == Action::priority) change.priority = order.priority;
  change.release = order.action == Action::release;
  if (order.latest) {
    Result<Redefinition> newest = co_await newest_definition(instance, record.committed);
    if (!newest) co_return newest.error();
    change.redefinition = std::move(*newest);
  }
  change.entry.at = clock_.now();
  change.entry.actor = order.actor;
  change.entry.action = to_string(order.action);
  change.entry.target = to_string(instance.id, instance.zone);
  change.entry.detail = detail_of(order, instance);
  co_return change;
}

// What an attempt finds out before it is stored as running goes by the definition, the window and the
// failures that it was claimed with.
Result<void> Scheduler::check_idle(const Order& order, const Instance& instance) const {
  const bool renews = order.action == Action::rerun || order.latest;
  if (!renews || !attempts_.claimed(instance.row)) return {};
  return Error(Errc::refused_by_state,
               fmt::format("{} {}: its attempt {} has begun; kill it first, or wait until it ends",
                           to_string(order.action), to_string(instance.id, instance.zone),
                           attempts_.number(instance.row)));
}

// No more than the rules ask for.
awaitable<WindowRecord> Scheduler::read_window(Order order, Instance instance) {
  WindowRecord record;
  const auto job = jobs_.find(instance.id.job);
  record.follows_positions = job == jobs_.end() || follows_positions(*job->second);
  const bool redo = order.action == Action::rerun;
  const bool gives_up = order.action == Action::skip || order.action == Action::set_success;
  if (!redo && !gives_up && !order.latest) co_return record;
  const auto own = co_await store_.end_positions(instance.row);
  record.committed = own.has_value();
  if (redo && record.committed) {
    const auto start = co_await store_.start_positions(instance.row);
    record.start_known = !start || start->stream != kUnknownStream;
  }
  if (instance.attempts > 0 && (redo || order.action == Action::skip))
    record.attempts = co_await store_.attempts(instance.row);
  if (gives_up && record.follows_positions && !record.committed) {
    const auto before = co_await store_.committed_before(chain_of(instance.id), instance.id.scheduled);
    record.committed_before = before.has_value();
  }
  if (!redo || record.committed || !is_done(instance.state)) co_return record;
  const auto later = co_await store_.committed_after(chain_of(instance.id), instance.id.scheduled);
  if (later) {
    record.later = instance.id;
    record.later->scheduled = *later;
  }
  record.busy = attempts_.busy(instance.id);
  co_return record;
}

awaitable<Result<Redefinition>> Scheduler::newest_definition(Instance instance, bool committed) {
  const std::string name = to_string(instance.id, instance.zone);
  const auto job = jobs_.find(instance.id.job);
  if (job == jobs_.end()) {
    co_return Error(
        Errc::refused_by_state,
        fmt::format("rerun {} with the newest definition: job {} is not loaded; put its file back", name,
                    instance.id.job));
  }
  const std::shared_ptr<const job::Job> present = job->second;
  const Result<job::Job> changed = co_await backfills_.job_for(instance.id, present);
  if (!changed) co_return changed.error().in(fmt::format("rerun {} with the newest definition", name));
  Result<Frozen> frozen = options_.freezer(*changed, instance.id.scheduled);
  if (!frozen) co_return frozen.error().in(fmt::format("rerun {} with the newest definition", name));
  const bool moved =
      frozen->window.start != instance.window_start || frozen->window.end != instance.window_end;
  // An empty window counts as well: the job is durable up to its end, and its rerun reads no further.
  if (moved && (committed || instance.rows + instance.objects.size() > 0)) {
    co_return Error(Errc::refused_by_state,
                    fmt::format("rerun {} with the newest definition: that gives it another window than the "
                                "one that was committed; rerun it as it is",
                                name));
  }
  Redefinition newest;
  newest.version = present->version;
  newest.values = std::move(frozen->values);
  newest.window_start = frozen->window.start;
  newest.window_end = frozen->window.end;
  co_return newest;
}

job::RerunProperty Scheduler::rerun_property(const Instance& instance) const {
  const auto job = jobs_.find(instance.id.job);
  return job == jobs_.end() ? job::RerunProperty::always : job->second->rerun.property;
}

awaitable<Result<void>> Scheduler::pause(std::string job, std::string actor, std::string reason) {
  const auto known = jobs_.find(job);
  if (known == jobs_.end()) co_return no_such_job("pause", job);
  try {
    const std::string zone = known->second->schedule.zone;
    Result<void> done = co_await pauses_.pause(std::move(job), zone, std::move(actor), std::move(reason));
    health_.worked(StoreHealth::Call::write);
    wake();  // other jobs may have waited for the store
    co_return done;
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::write, "pause", failure.error());
    throw;
  }
}

awaitable<Result<Resumed>> Scheduler::resume(std::string job, std::optional<RunChoice> choice,
                                             std::string actor, std::string reason) {
  const auto known = jobs_.find(job);
  if (known == jobs_.end() && !pauses_.all().contains(job)) co_return no_such_job("resume", job);
  std::shared_ptr<const job::Job> present;
  if (known != jobs_.end()) present = known->second;
  try {
    Result<Resumed> done = co_await pauses_.resume(std::move(job), std::move(present), choice,
                                                   std::move(actor), std::move(reason));
    health_.worked(StoreHealth::Call::write);
    wake();
    co_return done;
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::write, "resume", failure.error());
    throw;
  }
}

awaitable<Result<void>> Scheduler::stop_attempt(Instance instance, std::string reason) {
  const std::string name = to_string(instance.id, instance.zone);
  const Result<void> stopped = co_await attempts_.kill(instance.row, std::move(reason), options_.kill_limit);
  if (!stopped && stopped.error().code() == Errc::timeout) {
    co_return Error(Errc::timeout,
                    fmt::format("kill {}: {}; it stops as soon as it has taken back what it wrote", name,
                                stopped.error().message()));
  }
  const std::optional<Instance> after = co_await store_.instance(instance.id);
  if (after && after->state == State::failure) co_return Result<void>();
  // It was put back while its attempt was about to be stored; that was dropped, and another one may come.
  if (after && after->state == State::wait_resource)
    co_return Error(Errc::conflict, fmt::format("kill {}: it keeps being put back; try again", name));
  const std::string_view state = after ? to_string(after->state) : "gone";
  co_return Error(Errc::refused_by_state,
                  fmt::format("kill {}: it ended by itself before; it is {}", name, state));
}

}  // namespace sluice::scheduler
