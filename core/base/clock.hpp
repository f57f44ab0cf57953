#pragma once
// Time as a port. Nothing below daemon/ asks the operating system what time it is.

#include "core/base/time.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace sluice {

template <class T = void>
using awaitable = boost::asio::awaitable<T>;
using Executor = boost::asio::any_io_executor;

// Sleeping coroutines unwind with operation_aborted when their task is cancelled.
class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock. May step in both directions.
  virtual Instant now() const = 0;

  // Never steps back; origin arbitrary. For durations and limits.
  virtual Duration monotonic() const = 0;

  // Returns once now() >= when, also where the wall clock is set meanwhile.
  virtual awaitable<void> sleep_until(Instant when) = 0;

  // Returns after `duration` of monotonic time.
  virtual awaitable<void> sleep_for(Duration duration) = 0;

  // Returns once the lead of the wall clock over the monotonic one differs from `lead` by kWallStepMin or
  // more: the wall clock was set, or the machine slept. A step since `lead` was taken counts too.
  virtual awaitable<void> wall_step(Duration lead) = 0;
};

// Less is how clocks are kept right without a step. A leap second is more.
inline constexpr Duration kWallStepMin = std::chrono::milliseconds(900);

// now() - monotonic(): constant while the wall clock runs with the monotonic one.
Duration wall_lead(const Clock& clock);

// Tells steps of the wall clock from the passing of time. The clock outlives it.
class WallSteps {
 public:
  explicit WallSteps(const Clock& clock) : clock_(clock), lead_(wall_lead(clock)) {}

  // As of the last look; what wall_step() takes.
  Duration lead() const noexcept { return lead_; }

  // The step since the last look, positive forwards; nothing below kWallStepMin.
  std::optional<Duration> look();

 private:
  const Clock& clock_;
  Duration lead_;
};

// "2h", "1h59m58s", "1s": a length without its sign, to the second.
std::string length_text(Duration length);

}  // namespace sluice
