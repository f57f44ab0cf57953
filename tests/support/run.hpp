#pragma once
// Runs one coroutine to its end on a loop and hands its result, or its exception, to the test.

#include "core/base/virtual_clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>

namespace sluice::test {

// A loop and a clock that stands at `start` until the test moves it.
struct Loop {
  explicit Loop(Instant start = Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 16)))
      : clock(io, start) {}

  boost::asio::io_context io{1};
  VirtualClock clock;

  // Runs `task`; whenever all is at rest, moves the clock to the next sleeper. Fails when the task waits for
  // something that will never come, or for more than `patience` of virtual time.
  template <class T>
  T run(awaitable<T> task, Duration patience = std::chrono::hours(24 * 400)) {
    std::optional<T> result;
    std::exception_ptr failure;
    bool done = false;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      if (!error) result.emplace(std::move(value));
      done = true;
    });
    drive(done, patience);
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }

  void run(awaitable<void> task, Duration patience = std::chrono::hours(24 * 400)) {
    std::exception_ptr failure;
    bool done = false;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
      failure = error;
      done = true;
    });
    drive(done, patience);
    if (failure) std::rethrow_exception(failure);
  }

 private:
  void drive(const bool& done, Duration patience) {
    const Duration limit = clock.monotonic() + patience;
    clock.settle();
    while (!done) {
      const auto next = clock.next_wake();
      if (!next) throw std::logic_error("the task waits for something that never comes");
      if (*next > limit) throw std::logic_error("the task is not done within the test's patience");
      clock.advance(*next - clock.monotonic());
    }
  }
};

}  // namespace sluice::test
