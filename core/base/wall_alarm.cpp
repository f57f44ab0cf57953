#include "core/base/wall_alarm.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

namespace sluice {

int TimerFileAlarm::open(Instant when) {
  const int file = ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (file < 0) return -1;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
  itimerspec spec{};
  spec.it_value.tv_sec = seconds.time_since_epoch().count();
  spec.it_value.tv_nsec = std::chrono::nanoseconds(when - seconds).count();
  // All zero disarms a timer; a time before 1970 is refused. Both are over, so the next moment will do.
  if (when <= Instant()) spec.it_value = timespec{0, 1};
  if (::timerfd_settime(file, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, nullptr) == 0) return file;
  ::close(file);
  return -1;
}

}  // namespace sluice
