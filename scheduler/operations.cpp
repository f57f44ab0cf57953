// What operators ask of the scheduler.

#include "scheduler/scheduler.hpp"

#include <fmt/format.h>

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
      return "set to success";
  }
  return "changed";
}

}  // namespace

awaitable<Result<void>> Scheduler::rerun(InstanceId id, std::string actor) {
  return act(Action::rerun, std::move(id), std::move(actor));
}

awaitable<Result<void>> Scheduler::kill(InstanceId id, std::string actor) {
  return act(Action::kill, std::move(id), std::move(actor));
}

awaitable<Result<void>> Scheduler::freeze(InstanceId id, std::string actor) {
  return act(Action::freeze, std::move(id), std::move(actor));
}

awaitable<Result<void>> Scheduler::unfreeze(InstanceId id, std::string actor) {
  return act(Action::unfreeze, std::move(id), std::move(actor));
}

awaitable<Result<void>> Scheduler::set_success(InstanceId id, std::string actor) {
  return act(Action::set_success, std::move(id), std::move(actor));
}

awaitable<Result<void>> Scheduler::act(Action action, InstanceId id, std::string actor) {
  try {
    Result<void> done =
        Error(Errc::conflict, fmt::format("{}: the instance keeps changing; try again", to_string(action)));
    for (int tries = 0; tries < kTries; ++tries) {
      done = co_await act_once(action, id, actor);
      if (done || done.error().code() != Errc::conflict) break;
    }
    wake();
    co_return done;
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::write, to_string(action), failure.error());
    throw;
  }
}

// conflict: the state changed meanwhile.
awaitable<Result<void>> Scheduler::act_once(Action action, InstanceId id, std::string actor) {
  const std::optional<Instance> instance = co_await store_.instance(id);
  if (!instance) co_return none_planned(id);
  const bool stops_attempt = action == Action::kill && attempts_.claimed(instance->row);
  Transition next;
  next.from.push_back(instance->state);
  next.to = instance->state;
  if (!stops_attempt) {
    Result<Transition> allowed = transition(action, *instance, clock_.now());
    if (!allowed) co_return allowed.error();
    next = std::move(*allowed);
  }
  std::string reason = fmt::format("{} by {}", past_tense(action), actor);
  if (action == Action::set_success) reason += co_await after_success_by_hand(*instance);
  AuditEntry entry;
  entry.at = clock_.now();
  entry.actor = std::move(actor);
  entry.action = to_string(action);
  entry.target = to_string(instance->id, instance->zone);
  entry.detail = fmt::format("was {}", to_string(instance->state));
  const Result<void> done =
      co_await store_.operate(instance->row, std::move(next.from), next.to, reason, std::move(entry));
  health_.worked(StoreHealth::Call::write);
  if (!done) co_return Error(Errc::conflict, done.error().message());
  if (stops_attempt) co_return co_await stop_attempt(*instance, std::move(reason));
  Instance after = *instance;
  after.state = next.to;
  after.reason = std::move(reason);
  after.failures = 0;
  after.retry_at.reset();
  observer_.instance_changed(after);
  co_return Result<void>();
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
  const std::string_view state = after ? to_string(after->state) : "gone";
  co_return Error(Errc::refused_by_state,
                  fmt::format("kill {}: it ended by itself before; it is {}", name, state));
}

awaitable<std::string> Scheduler::after_success_by_hand(Instance instance) {
  const auto own = co_await store_.end_positions(instance.row);
  const auto before = co_await store_.committed_before(chain_of(instance.id), instance.id.scheduled);
  if (own || before)
    co_return ": the next window begins where the last committed one ended, so nothing is skipped";
  co_return ": no window of the job was committed before, so the records before the next window's start are skipped";
}

}  // namespace sluice::scheduler
