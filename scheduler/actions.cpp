#include "scheduler/actions.hpp"

#include <fmt/format.h>

namespace sluice::scheduler {
namespace {

// Waits for its time, its turn or a place; nothing of it has failed.
bool waits_to_run(State state) noexcept {
  return state == State::not_run || state == State::wait_time || state == State::wait_resource;
}

bool waits_at_all(State state) noexcept { return waits_to_run(state) || state == State::retry_wait; }

bool needs_person(State state) noexcept {
  return state == State::failure || state == State::lost || state == State::frozen;
}

// The whole table but for the rules of reruns: what the state becomes, nothing where it is refused.
std::optional<State> next_state(Action action, const Instance& instance, Instant now) {
  const State present = instance.state;
  switch (action) {
    case Action::rerun:
      if (waits_to_run(present)) return present;
      if (present == State::running || present == State::frozen) return std::nullopt;
      return State::wait_resource;
    case Action::kill:
      if (present == State::running) return present;
      if (waits_at_all(present)) return State::failure;
      return std::nullopt;
    case Action::freeze:
      if (waits_at_all(present)) return State::frozen;
      return std::nullopt;
    case Action::unfreeze:
      if (present != State::frozen) return std::nullopt;
      return instance.id.scheduled > now ? State::wait_time : State::wait_resource;
    case Action::set_success:
      if (needs_person(present)) return State::success;
      return std::nullopt;
    case Action::skip:
      if (waits_at_all(present) || needs_person(present)) return State::skipped;
      return std::nullopt;
    case Action::priority:
    case Action::release:
      if (waits_at_all(present) || needs_person(present)) return present;
      return std::nullopt;
  }
  return std::nullopt;
}

std::string_view way_out(Action action, State present) {
  switch (action) {
    case Action::rerun:
      return present == State::frozen ? "unfreeze it" : "kill it first, or wait until it ends";
    case Action::kill:
      return "nothing of it runs or waits";
    case Action::freeze:
      if (present == State::running) return "freezing it has no effect on its attempt; kill stops it";
      return "only an instance that waits can be frozen";
    case Action::unfreeze:
      return "only FROZEN can be unfrozen";
    case Action::set_success:
      return "only FAILURE, LOST and FROZEN can be set to success";
    case Action::skip:
      return present == State::running ? "kill it first" : "it is done";
    case Action::priority:
    case Action::release:
      return present == State::running ? "it runs already" : "it is done";
  }
  return "";
}

Error refuse_order(const Order& order, const Instance& instance, std::string_view why) {
  return Error(Errc::refused_by_state,
               fmt::format("{} {}: it is {}; {}", to_string(order.action),
                           to_string(instance.id, instance.zone), to_string(instance.state), why));
}

// The rows of ALL_DENIED and FAILURE_ALLOWED. What never ran is no rerun.
std::string_view rerun_denied(State present, job::RerunProperty property) {
  const bool failed = present == State::failure || present == State::lost || present == State::retry_wait;
  if (present != State::success && !failed) return "";
  if (property == job::RerunProperty::never)
    return "rerun.property of its job is never; --force runs this instance all the same";
  if (property == job::RerunProperty::after_failure && !failed)
    return "rerun.property of its job is after_failure; --force runs this instance all the same";
  return "";
}

}  // namespace

std::string_view to_string(Action action) noexcept {
  switch (action) {
    case Action::rerun:
      return "rerun";
    case Action::kill:
      return "kill";
    case Action::freeze:
      return "freeze";
    case Action::unfreeze:
      return "unfreeze";
    case Action::set_success:
      return "set-success";
    case Action::skip:
      return "skip";
    case Action::priority:
      return "priority";
    case Action::release:
      return "release";
  }
  return "unknown";
}

Result<Transition> transition(const Order& order, const Instance& instance, job::RerunProperty property,
                              Instant now) {
  const std::optional<State> to = next_state(order.action, instance, now);
  if (!to) return refuse_order(order, instance, way_out(order.action, instance.state));
  if (order.action == Action::rerun && !order.force) {
    const std::string_view denied = rerun_denied(instance.state, property);
    if (!denied.empty()) return refuse_order(order, instance, denied);
  }
  Transition next;
  next.from.push_back(instance.state);
  next.to = *to;
  return next;
}

}  // namespace sluice::scheduler
