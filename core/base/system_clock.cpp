#include "core/base/clock.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice {
namespace {

// A wall-clock sleep is re-armed at least this often, so that a suspend or a stepped clock is noticed.
constexpr Duration kRearm = std::chrono::seconds(30);

}  // namespace

Instant SystemClock::now() const { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

Duration SystemClock::monotonic() const {
  return std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

awaitable<void> SystemClock::sleep_until(Instant when) {
  for (Instant current = now(); current < when; current = now()) {
    co_await sleep_for(std::min(when - current, kRearm));
  }
}

awaitable<void> SystemClock::sleep_for(Duration duration) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  timer.expires_after(duration);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace sluice
