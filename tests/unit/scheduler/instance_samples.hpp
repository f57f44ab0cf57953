#pragma once
// An instance in each state it may be stored in.

#include "scheduler/instance.hpp"

#include <array>

namespace sluice::scheduler {

inline constexpr Instant kSlot{std::chrono::seconds(1'539'619'500)};  // 2018-10-16T00:05+08:00

inline constexpr std::array kStates = {
    State::not_run, State::wait_time, State::wait_resource, State::running, State::retry_wait,
    State::success, State::failure,   State::frozen,        State::lost,    State::skipped};

inline Instance in_state(State state) {
  Instance instance;
  instance.id.job = "orders";
  instance.id.scheduled = kSlot;
  instance.zone = "Asia/Shanghai";
  instance.state = state;
  return instance;
}

}  // namespace sluice::scheduler
