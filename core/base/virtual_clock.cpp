#include "core/base/virtual_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice {

// Lives on the sleeping coroutine's frame; leaves the queue when that frame ends, for whatever reason.
struct VirtualClock::Sleeper {
  Sleeper(VirtualClock& owner, Executor executor, Duration due)
      : clock(owner), timer(std::move(executor)), place(owner.sleepers_.emplace(due, this)) {
    timer.expires_at(boost::asio::steady_timer::time_point::max());
  }
  ~Sleeper() {
    if (!woken) clock.sleepers_.erase(place);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  VirtualClock& clock;
  boost::asio::steady_timer timer;
  std::multimap<Duration, Sleeper*>::iterator place;
  bool woken = false;
};

VirtualClock::VirtualClock(boost::asio::io_context& loop, Instant start)
    : loop_(loop), wall_offset_(start.time_since_epoch()) {}

awaitable<void> VirtualClock::sleep_until(Instant when) {
  // A wall-clock step moves sleepers' due times, so look again after each wake, at most 30 s apart.
  while (now() < when) {
    const Duration left = when - now();
    co_await sleep_for(std::min<Duration>(left, std::chrono::seconds(30)));
  }
}

awaitable<void> VirtualClock::sleep_for(Duration duration) { return sleep_to(monotonic_ + duration); }

awaitable<void> VirtualClock::sleep_to(Duration monotonic_due) {
  Executor executor = co_await boost::asio::this_coro::executor;
  Sleeper sleeper(*this, executor, monotonic_due);
  auto outcome = co_await sleeper.timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  auto& [failure] = outcome;
  if (!sleeper.woken) throw boost::system::system_error(failure);
}

void VirtualClock::advance(Duration duration) {
  const Duration target = monotonic_ + duration;
  settle();
  while (!sleepers_.empty() && sleepers_.begin()->first <= target) {
    auto first = sleepers_.begin();
    Sleeper& sleeper = *first->second;
    monotonic_ = std::max(monotonic_, first->first);
    sleepers_.erase(first);
    sleeper.woken = true;
    sleeper.timer.cancel();
    settle();
  }
  monotonic_ = target;
  settle();
}

void VirtualClock::step_wall(Duration delta) {
  wall_offset_ += delta;
  settle();
}

void VirtualClock::settle() {
  loop_.restart();
  while (loop_.poll() > 0) loop_.restart();
}

std::optional<Duration> VirtualClock::next_wake() const {
  if (sleepers_.empty()) return std::nullopt;
  return sleepers_.begin()->first;
}

}  // namespace sluice
