#pragma once
// Runs one coroutine of a test to its end on a loop, also when a worker thread takes part.

#include "core/base/clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace sluice::test {

// Returns what `task` returns and rethrows what it throws.
template <class T>
T run_loop(boost::asio::io_context& loop, awaitable<T> task) {
  const auto guard = boost::asio::make_work_guard(loop);
  bool done = false;
  std::exception_ptr failure;
  loop.restart();
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown) {
      failure = thrown;
      done = true;
    });
    while (!done) loop.run_one();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, T value) {
      failure = thrown;
      if (!failure) result.emplace(std::move(value));
      done = true;
    });
    while (!done) loop.run_one();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
}

}  // namespace sluice::test
