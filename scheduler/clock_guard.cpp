#include "scheduler/clock_guard.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

namespace sluice::scheduler {

ClockGuard::ClockGuard(const Clock& clock, Asleep asleep)
    : clock_(clock), asleep_(std::move(asleep)), lead_(lead()) {}

Duration ClockGuard::lead() const { return wall_lead(clock_) - (asleep_ ? asleep_() : Duration(0)); }

std::optional<ClockDoubt> ClockGuard::doubt() {
  const Duration present = lead();
  const Duration ahead = present - lead_;
  if (ahead > kWallJumpMax) return ClockDoubt{ahead, clock_.now() - ahead};
  lead_ = present;
  return std::nullopt;
}

std::string explain(const ClockDoubt& doubt) {
  const auto expected = std::chrono::floor<std::chrono::minutes>(doubt.expected);
  return fmt::format(
      "the wall clock jumped ahead by {} of a sudden: by the time that passed it is about {}; "
      "nothing is planned, started or removed until it is set back, or sluice reload says "
      "that it is right",
      length_text(doubt.ahead), job::format_local(expected, "UTC"));
}

}  // namespace sluice::scheduler
