#pragma once
// How a cancelled task ends.

#include "core/base/clock.hpp"

#include <exception>

namespace sluice {

// True for what a cancelled task throws from its co_await. `failure` is not null.
bool is_cancellation(const std::exception_ptr& failure);

// Runs `work` to its end although the caller is cancelled meanwhile: that signal unwinds the caller's next
// wait. A timer or a socket that `work` waits for still hears it and ends early, and `work` has to wait
// again. What it throws is rethrown. For short work that must not be left half done.
awaitable<void> uninterrupted(awaitable<void> work);

}  // namespace sluice
