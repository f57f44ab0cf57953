#pragma once
// One coroutine in the foreground of a command, until it ends or the user interrupts it.

#include "core/base/clock.hpp"

#include <boost/asio/io_context.hpp>

#include <optional>

namespace sluice::daemon {

// Runs `task` on `loop`. SIGINT or SIGTERM cancels it and the result is the signal's number; a second one
// ends the process at once with 128 + its number. Rethrows what the task throws otherwise.
std::optional<int> run_in_foreground(boost::asio::io_context& loop, awaitable<void> task);

}  // namespace sluice::daemon
