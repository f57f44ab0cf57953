#pragma once
// Whether the wall clock can be believed: a clock that was set far ahead must not plan and run years of
// windows.

#include "core/base/clock.hpp"

#include <functional>
#include <optional>
#include <string>

namespace sluice::scheduler {

// A step forward of more than this, that the machine did not sleep through, has to be confirmed.
inline constexpr Duration kWallJumpMax = std::chrono::hours(24);

struct ClockDoubt {
  Duration ahead{0};   // how far the wall clock shows more than the time that passed, more than kWallJumpMax
  Instant expected{};  // what it should show now
};

class ClockGuard {
 public:
  // How long the machine has slept since it was started, which moves the wall clock but not the monotonic
  // one.
  using Asleep = std::function<Duration()>;

  // Believes the clock as it is now. The clock outlives this; without `asleep` the machine never sleeps.
  ClockGuard(const Clock& clock, Asleep asleep);

  // Looks at the clock. Smaller steps, and all steps back to what is believed, are believed.
  std::optional<ClockDoubt> doubt();

  // An operator says that the clock is right.
  void believe() { lead_ = lead(); }

 private:
  Duration lead() const;

  const Clock& clock_;
  Asleep asleep_;
  Duration lead_;  // of the wall clock over time awake and asleep, as believed
};

// "the wall clock jumped ahead by 26280h of a sudden: ...", with the way out.
std::string explain(const ClockDoubt& doubt);

}  // namespace sluice::scheduler
