#pragma once
// Converts a page while the next one is on its way.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace sluice::tablestore {

// A conversion that fails makes the page on its way worthless; a page that cannot be had is looked at later.
template <class Page>
struct CancelOnFailedConversion {
  boost::asio::cancellation_type operator()(const std::exception_ptr& failure,
                                            const Result<void>& converted) const noexcept {
    return failure || converted.has_error() ? boost::asio::cancellation_type::terminal
                                            : boost::asio::cancellation_type::none;
  }
  boost::asio::cancellation_type operator()(const std::exception_ptr& failure,
                                            const Result<Page>&) const noexcept {
    return failure ? boost::asio::cancellation_type::terminal : boost::asio::cancellation_type::none;
  }
};

// Returns what `converting` gave. If that is no failure, `fetched` holds what `fetching` gave; it must
// outlive the call.
template <class Page>
awaitable<Result<void>> convert_and_fetch_ahead(awaitable<Result<void>> converting,
                                                awaitable<Result<Page>> fetching,
                                                std::optional<Result<Page>>& fetched) {
  namespace asio = boost::asio;
  Executor executor = co_await asio::this_coro::executor;
  // The request goes out first.
  auto fetch = asio::co_spawn(executor, std::move(fetching), asio::deferred);
  auto convert = asio::co_spawn(executor, std::move(converting), asio::deferred);
  auto both = asio::experimental::make_parallel_group(std::move(fetch), std::move(convert));
  const CancelOnFailedConversion<Page> condition;
  auto outcome = co_await both.async_wait(condition, asio::use_awaitable);
  auto& [order, fetch_failure, answer, convert_failure, converted] = outcome;
  if (!convert_failure && converted.has_error()) co_return converted;
  if (convert_failure) std::rethrow_exception(convert_failure);
  if (fetch_failure) std::rethrow_exception(fetch_failure);
  fetched.emplace(std::move(answer));
  co_return converted;
}

}  // namespace sluice::tablestore
