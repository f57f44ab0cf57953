#pragma once
// A condition that coroutines of one thread can wait for.

#include "core/base/clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice {

// notify_all() wakes every waiter of that moment; a waiter re-checks its condition and waits again if need
// be.
class Signal {
 public:
  explicit Signal(Executor executor) : timer_(std::move(executor)) {
    timer_.expires_at(boost::asio::steady_timer::time_point::max());
  }

  void notify_all() { timer_.cancel(); }

  // Throws operation_aborted when the waiting task is cancelled.
  awaitable<void> wait() {
    const bool came = co_await notified();
    if (!came) throw boost::system::system_error(boost::asio::error::operation_aborted);
  }

  // False when the waiting task is cancelled: for one that loses a race as a matter of course, where an
  // exception each time would be most of the cost.
  awaitable<bool> notified() {
    co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    co_return state.cancelled() == boost::asio::cancellation_type::none;
  }

 private:
  boost::asio::steady_timer timer_;
};

}  // namespace sluice
