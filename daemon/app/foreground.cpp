#include "daemon/app/foreground.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>

#include <csignal>
#include <cstdlib>

namespace sluice::daemon {
namespace {

namespace asio = boost::asio;

struct Interrupts {
  explicit Interrupts(asio::io_context& loop) : set(loop, SIGINT, SIGTERM) {}

  void listen() {
    set.async_wait([this](const boost::system::error_code& failure, int signal) {
      if (failure) return;
      if (number) std::_Exit(128 + signal);
      number = signal;
      cancel.emit(asio::cancellation_type::terminal);
      listen();
    });
  }

  asio::signal_set set;
  asio::cancellation_signal cancel;
  std::optional<int> number;
};

}  // namespace

std::optional<int> run_in_foreground(asio::io_context& loop, awaitable<void> task) {
  Interrupts interrupts(loop);
  interrupts.listen();
  std::exception_ptr failure;
  const auto on_end = [&](std::exception_ptr thrown) {
    failure = thrown;
    interrupts.set.cancel();
  };
  asio::co_spawn(loop, std::move(task), asio::bind_cancellation_slot(interrupts.cancel.slot(), on_end));
  loop.run();
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const boost::system::system_error& thrown) {
    if (!interrupts.number || thrown.code() != asio::error::operation_aborted) throw;
    return interrupts.number;
  }
  return std::nullopt;
}

}  // namespace sluice::daemon
