#pragma once
// A limit for one awaitable.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace sluice {

// Runs `task`; when `limit` of monotonic time passes first, cancels it, waits for it to unwind and returns
// Errc::timeout with "WHAT took longer than N ms". A task that fails reports at once, not at the limit.
// An exception of the task is rethrown.
template <class T>
awaitable<Result<T>> within(Clock& clock, Duration limit, std::string_view what, awaitable<Result<T>> task) {
  namespace asio = boost::asio;
  const std::string name(what);
  Executor executor = co_await asio::this_coro::executor;
  auto work = asio::co_spawn(executor, std::move(task), asio::deferred);
  auto timer = asio::co_spawn(executor, clock.sleep_for(limit), asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(work), std::move(timer));
  auto outcome = co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  auto& [order, task_failure, result, timer_failure] = outcome;
  if (order[0] == 0) {
    if (task_failure) std::rethrow_exception(task_failure);
    co_return std::move(result);
  }
  // The outer task was cancelled: both ended with operation_aborted.
  if (timer_failure) std::rethrow_exception(timer_failure);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  co_return Error(Errc::timeout, fmt::format("{} took longer than {} ms", name, ms));
}

}  // namespace sluice
