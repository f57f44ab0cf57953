#include "core/base/virtual_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice {

// Lives on the sleeping coroutine's frame; leaves the queue when that frame ends, for whatever reason.
struct VirtualClock::Sleeper {
  Sleeper(VirtualClock& owner, Executor executor, Duration due, bool wall)
      : clock(owner), timer(std::move(executor)), place(owner.sleepers_.emplace(due, this)), by_wall(wall) {
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
  bool by_wall;  // a step changes when it is due
  bool woken = false;
};

// Lives on the frame of the coroutine that waits for a step.
struct VirtualClock::Watcher {
  Watcher(VirtualClock& owner, Executor executor)
      : clock(owner),
        timer(std::move(executor)),
        place(owner.watchers_.insert(owner.watchers_.end(), &timer)) {
    timer.expires_at(boost::asio::steady_timer::time_point::max());
  }
  ~Watcher() { clock.watchers_.erase(place); }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  VirtualClock& clock;
  boost::asio::steady_timer timer;
  std::list<boost::asio::steady_timer*>::iterator place;
};

VirtualClock::VirtualClock(boost::asio::io_context& loop, Instant start)
    : loop_(loop), wall_offset_(start.time_since_epoch()) {}

awaitable<void> VirtualClock::sleep_until(Instant when) {
  // A step of the wall clock wakes the sleeper too early or too late.
  while (now() < when) co_await sleep_to(monotonic_ + (when - now()), true);
}

awaitable<void> VirtualClock::sleep_for(Duration duration) { return sleep_to(monotonic_ + duration, false); }

awaitable<void> VirtualClock::wall_step(Duration lead) {
  Executor executor = co_await boost::asio::this_coro::executor;
  while (std::chrono::abs(wall_offset_ - lead) < kWallStepMin) {
    Watcher watcher(*this, executor);
    co_await watcher.timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
      throw boost::system::system_error(boost::asio::error::operation_aborted);
    }
  }
}

awaitable<void> VirtualClock::sleep_to(Duration monotonic_due, bool by_wall) {
  Executor executor = co_await boost::asio::this_coro::executor;
  Sleeper sleeper(*this, executor, monotonic_due, by_wall);
  auto outcome = co_await sleeper.timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  auto& [failure] = outcome;
  if (!sleeper.woken) throw boost::system::system_error(failure);
}

void VirtualClock::wake(std::multimap<Duration, Sleeper*>::iterator place) {
  Sleeper& sleeper = *place->second;
  sleepers_.erase(place);
  sleeper.woken = true;
  sleeper.timer.cancel();
}

void VirtualClock::advance(Duration duration) {
  const Duration target = monotonic_ + duration;
  settle();
  while (!sleepers_.empty() && sleepers_.begin()->first <= target) {
    const auto first = sleepers_.begin();
    monotonic_ = std::max(monotonic_, first->first);
    wake(first);
    settle();
  }
  monotonic_ = target;
  settle();
}

void VirtualClock::step_wall(Duration delta) {
  wall_offset_ += delta;
  for (auto place = sleepers_.begin(); place != sleepers_.end();) {
    const auto present = place++;
    if (present->second->by_wall) wake(present);
  }
  for (boost::asio::steady_timer* watcher : watchers_) watcher->cancel();
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
