#pragma once
// Many short tasks, a few at a time.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"

#include <cstddef>
#include <functional>

namespace sluice::objects {

// Runs work(0) .. work(count - 1), begun in this order, at most `at_once` on their way. When one fails, no
// other is begun, and its error is returned when those on their way have ended: a request that is cut off may
// still be carried out, after it was taken back.
awaitable<Result<void>> side_by_side(std::size_t count, std::size_t at_once,
                                     std::function<awaitable<Result<void>>(std::size_t)> work);

}  // namespace sluice::objects
