#pragma once
// Points in time and lengths of time, the same everywhere.

#include <chrono>

namespace sluice {

using Duration = std::chrono::microseconds;
using Instant = std::chrono::sys_time<Duration>;  // UTC, microseconds since 1970-01-01

}  // namespace sluice
