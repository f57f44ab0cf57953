#pragma once
// How slow a peer may be. Pure.

#include "core/base/time.hpp"

#include <chrono>
#include <cstdint>

namespace sluice::http {

// A link that carries less than this is as good as none; who sends a byte now and then must not keep us for
// ever.
inline constexpr std::uint64_t kBytesPerSecondMin = 8 * 1024;

// Whether a peer that took or gave `bytes` in `elapsed` is given up, although no step of it took `limit`. It
// may lag behind the least rate by one limit.
constexpr bool is_too_slow(Duration limit, Duration elapsed, std::uint64_t bytes) {
  const auto due = std::chrono::duration_cast<Duration>(std::chrono::seconds(1)) *
                   static_cast<Duration::rep>(bytes) / static_cast<Duration::rep>(kBytesPerSecondMin);
  return elapsed > limit + due;
}

}  // namespace sluice::http
