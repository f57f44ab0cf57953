#include "core/base/run_all.hpp"

#include "core/base/cancellation.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace sluice {
namespace {

namespace asio = boost::asio;

struct CancelOnFailure {
  asio::cancellation_type operator()(const std::exception_ptr& failure,
                                     const Result<void>& result) const noexcept {
    return failure || result.has_error() ? asio::cancellation_type::terminal : asio::cancellation_type::none;
  }
};

// What went wrong first. The cancellation of the others does not count, unless there is nothing else.
Result<void> first_failure(const std::vector<std::size_t>& order,
                           const std::vector<std::exception_ptr>& failures,
                           const std::vector<Result<void>>& results) {
  std::exception_ptr cancelled;
  for (const std::size_t i : order) {
    if (!failures[i] && results[i].has_error()) return results[i];
    if (!failures[i]) continue;
    if (!is_cancellation(failures[i])) std::rethrow_exception(failures[i]);
    cancelled = failures[i];
  }
  if (cancelled) std::rethrow_exception(cancelled);
  return {};
}

}  // namespace

awaitable<Result<void>> run_all(std::vector<awaitable<Result<void>>> tasks) {
  if (tasks.empty()) co_return Result<void>();
  Executor executor = co_await asio::this_coro::executor;
  using Started = decltype(asio::co_spawn(executor, std::move(tasks.front()), asio::deferred));
  std::vector<Started> started;
  for (auto& task : tasks) started.push_back(asio::co_spawn(executor, std::move(task), asio::deferred));
  auto group = asio::experimental::make_parallel_group(std::move(started));
  const CancelOnFailure condition;
  auto outcome = co_await group.async_wait(condition, asio::use_awaitable);
  auto& [order, failures, results] = outcome;
  co_return first_failure(order, failures, results);
}

}  // namespace sluice
