#pragma once
// The machine's clock.

#include "core/base/clock.hpp"
#include "core/base/wall_alarm.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <optional>

namespace sluice {

// Must outlive every coroutine that sleeps on it. Waits for the wall clock end at their time by that clock,
// whether it is set, the machine sleeps or the loop is late: by timerfd, and by looking again at least every
// `rearm` of monotonic time, which is all there is where a timerfd cannot be had.
class SystemClock final : public Clock {
 public:
  static constexpr Duration kRearm = std::chrono::seconds(30);

  SystemClock() = default;
  // For tests. `alarm` outlives the clock.
  SystemClock(WallAlarm& alarm, Duration rearm) : alarm_(&alarm), rearm_(rearm) {}

  Instant now() const override;
  Duration monotonic() const override;
  awaitable<void> sleep_until(Instant when) override;
  awaitable<void> sleep_for(Duration duration) override;
  awaitable<void> wall_step(Duration lead) override;

 private:
  using AlarmFile = boost::asio::posix::stream_descriptor;
  std::optional<AlarmFile> open_alarm(Executor executor, Instant when);
  awaitable<void> wait(std::optional<AlarmFile>& file, Duration limit);

  TimerFileAlarm timer_file_;
  WallAlarm* alarm_ = nullptr;  // null: timer_file_
  Duration rearm_ = kRearm;
};

}  // namespace sluice
