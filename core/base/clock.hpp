#pragma once
// Time as a port. Nothing below daemon/ asks the operating system what time it is.

#include "core/base/time.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

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

  // Returns once now() >= when. Follows steps of the wall clock within 30 s.
  virtual awaitable<void> sleep_until(Instant when) = 0;

  // Returns after `duration` of monotonic time.
  virtual awaitable<void> sleep_for(Duration duration) = 0;
};

// The machine's clock. One per io_context; must outlive every coroutine that sleeps on it.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  Duration monotonic() const override;
  awaitable<void> sleep_until(Instant when) override;
  awaitable<void> sleep_for(Duration duration) override;
};

}  // namespace sluice
