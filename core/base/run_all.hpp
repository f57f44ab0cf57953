#pragma once
// Several tasks as one.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"

#include <vector>

namespace sluice {

// Runs all tasks side by side. When one fails, the others are cancelled and have ended before this returns
// its error, or rethrows its exception. Their own ends do not count then, unless they failed first.
awaitable<Result<void>> run_all(std::vector<awaitable<Result<void>>> tasks);

}  // namespace sluice
