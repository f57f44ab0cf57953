#include "core/base/cancellation.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace sluice {

bool is_cancellation(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    return error.code() == boost::asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

awaitable<void> uninterrupted(awaitable<void> work) {
  namespace this_coro = boost::asio::this_coro;
  const bool unwinds = co_await this_coro::throw_if_cancelled();
  co_await this_coro::throw_if_cancelled(false);
  std::exception_ptr failure;
  try {
    co_await std::move(work);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await this_coro::throw_if_cancelled(unwinds);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace sluice
