#pragma once
// A token bucket on an injected clock.

#include "core/base/clock.hpp"

#include <cstdint>

namespace sluice {

// `per_second` tokens flow in, at most `burst` are kept. acquire() takes its tokens at once and sleeps until
// the debt is paid, so callers are served in order and a request larger than the burst still goes through,
// late. Single-threaded. A rate of 0 means no limit.
class RateLimiter {
 public:
  RateLimiter(Clock& clock, std::uint64_t per_second, std::uint64_t burst);

  // Takes `tokens` (bytes, records, requests: the owner's choice) and returns when they are covered.
  awaitable<void> acquire(std::uint64_t tokens);

 private:
  Clock& clock_;
  double per_microsecond_;
  double burst_;
  double tokens_;
  Duration updated_;
};

}  // namespace sluice
