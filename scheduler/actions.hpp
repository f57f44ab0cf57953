#pragma once
// What operators may do to an instance, and where that leads. Pure; docs/state-machine.md has the table.

#include "core/base/error.hpp"
#include "core/job/job.hpp"
#include "scheduler/instance.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::scheduler {

enum class Action : std::uint8_t {
  rerun,
  kill,
  freeze,
  unfreeze,
  set_success,
  skip,
  priority,  // change it, for this instance only
  release,   // drop its dependencies on other jobs
};
std::string_view to_string(Action action) noexcept;

// An action with all that belongs to it.
struct Order {
  Action action = Action::rerun;
  std::string actor;   // as the audit log names him
  std::string reason;  // why, in the operator's words; may be empty
  int priority = 1;    // Action::priority only; 1 .. 9
  // rerun, unfreeze: with the newest definition of the job instead of the one it was planned with.
  bool latest = false;
  bool force = false;  // rerun: also where rerun.property says no
};

struct Transition {
  std::vector<State> from;
  State to = State::wait_resource;  // the present state: it stays as it is
};

// Where the order leads from the instance's present state; refused_by_state says what would be allowed.
// `property` is the present one of the instance's job. kill of a running instance leaves it running: the end
// of its attempt decides.
Result<Transition> transition(const Order& order, const Instance& instance, job::RerunProperty property,
                              Instant now);

}  // namespace sluice::scheduler
