#include "core/base/system_clock.hpp"

#include "core/base/within.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice {
namespace {

// No clock shows it; an alarm for it rings only when the clock is set.
constexpr Instant kNever = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);

// Why it can be read does not matter, so nothing is read: the caller looks at the clock.
awaitable<Result<bool>> readable(boost::asio::posix::stream_descriptor& file) {
  co_await file.async_wait(boost::asio::posix::stream_descriptor::wait_read, boost::asio::use_awaitable);
  co_return true;
}

}  // namespace

Instant SystemClock::now() const { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

Duration SystemClock::monotonic() const {
  return std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

awaitable<void> SystemClock::sleep_until(Instant when) {
  Executor executor = co_await boost::asio::this_coro::executor;
  while (now() < when) {
    std::optional<AlarmFile> file = open_alarm(executor, when);
    // Armed before the clock is looked at: what happens to it from here on makes the file readable.
    const Duration left = when - now();
    if (left > Duration(0)) co_await wait(file, std::min(left, rearm_));
  }
}

awaitable<void> SystemClock::wall_step(Duration lead) {
  Executor executor = co_await boost::asio::this_coro::executor;
  while (true) {
    std::optional<AlarmFile> file = open_alarm(executor, kNever);
    if (std::chrono::abs(wall_lead(*this) - lead) >= kWallStepMin) co_return;
    co_await wait(file, rearm_);
  }
}

std::optional<SystemClock::AlarmFile> SystemClock::open_alarm(Executor executor, Instant when) {
  WallAlarm& alarm = alarm_ != nullptr ? *alarm_ : timer_file_;
  const int file = alarm.open(when);
  std::optional<AlarmFile> opened;
  if (file >= 0) opened.emplace(std::move(executor), file);
  return opened;
}

// Until the alarm is readable, or `limit` has passed.
awaitable<void> SystemClock::wait(std::optional<AlarmFile>& file, Duration limit) {
  if (!file) {
    co_await sleep_for(limit);
    co_return;
  }
  const Result<bool> rang = co_await within(*this, limit, "waiting for the wall clock", readable(*file));
  static_cast<void>(rang);
}

awaitable<void> SystemClock::sleep_for(Duration duration) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  timer.expires_after(duration);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace sluice
