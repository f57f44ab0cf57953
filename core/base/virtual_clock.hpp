#pragma once
// A clock that moves only when told to: the whole program runs on it in tests and simulations.

#include "core/base/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <map>
#include <optional>

namespace sluice {

// Single-threaded, like everything that runs on it. Sleepers wake in order of their time, then of their
// arrival, and whatever they set off runs to rest before the clock moves on.
class VirtualClock final : public Clock {
 public:
  // `loop` must outlive the clock; advance() runs it.
  VirtualClock(boost::asio::io_context& loop, Instant start);

  Instant now() const override { return Instant(wall_offset_ + monotonic_); }
  Duration monotonic() const override { return monotonic_; }
  awaitable<void> sleep_until(Instant when) override;
  awaitable<void> sleep_for(Duration duration) override;
  awaitable<void> wall_step(Duration lead) override;

  // Moves time forward by `duration`, waking every sleeper on the way.
  void advance(Duration duration);

  // Steps the wall clock by `delta` (either sign); monotonic time stands still. Who waits for a wall time or
  // for a step is told at once, as the machine's clock tells.
  void step_wall(Duration delta);

  // The machine sleeps for `duration`: the wall clock goes on, monotonic time stands still.
  void suspend(Duration duration) { step_wall(duration); }

  // Runs what is ready without moving time.
  void settle();

  // Monotonic time of the earliest sleeper, or nothing if nobody sleeps.
  std::optional<Duration> next_wake() const;

 private:
  struct Sleeper;
  struct Watcher;
  awaitable<void> sleep_to(Duration monotonic_due, bool by_wall);
  void wake(std::multimap<Duration, Sleeper*>::iterator place);

  boost::asio::io_context& loop_;
  Duration wall_offset_;
  Duration monotonic_{0};
  std::multimap<Duration, Sleeper*> sleepers_;
  std::list<boost::asio::steady_timer*> watchers_;  // wait for a step; on their coroutines' frames
};

}  // namespace sluice
