#pragma once
// A clock that moves only when told to: the whole program runs on it in tests and simulations.

#include "core/base/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

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

  // Moves time forward by `duration`, waking every sleeper on the way.
  void advance(Duration duration);

  // Steps the wall clock by `delta` (either sign); monotonic time stands still.
  void step_wall(Duration delta);

  // Runs what is ready without moving time.
  void settle();

  // Monotonic time of the earliest sleeper, or nothing if nobody sleeps.
  std::optional<Duration> next_wake() const;

 private:
  struct Sleeper;
  awaitable<void> sleep_to(Duration monotonic_due);

  boost::asio::io_context& loop_;
  Duration wall_offset_;
  Duration monotonic_{0};
  std::multimap<Duration, Sleeper*> sleepers_;
};

}  // namespace sluice
