#pragma once
// What a wall-clock sleep asks of the operating system: a file that can be read when a time has come, or when
// the clock was set. Linux has timerfd; a port, because no test may set the machine's clock.

#include "core/base/time.hpp"

namespace sluice {

class WallAlarm {
 public:
  virtual ~WallAlarm() = default;

  // A non-blocking file descriptor that becomes readable when the wall clock shows `when`, when it is set, or
  // when the machine wakes from sleep. The caller closes it. -1 where that cannot be had: the caller then
  // looks at the clock again and again.
  virtual int open(Instant when) = 0;
};

// timerfd on CLOCK_REALTIME with TFD_TIMER_ABSTIME and TFD_TIMER_CANCEL_ON_SET.
class TimerFileAlarm final : public WallAlarm {
 public:
  int open(Instant when) override;
};

}  // namespace sluice
