#include "core/base/rate_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace sluice {

RateLimiter::RateLimiter(Clock& clock, std::uint64_t per_second, std::uint64_t burst)
    : clock_(clock),
      per_microsecond_(static_cast<double>(per_second) / 1e6),
      burst_(static_cast<double>(burst)),
      tokens_(burst_),
      updated_(clock.monotonic()) {}

awaitable<void> RateLimiter::acquire(std::uint64_t tokens) {
  if (per_microsecond_ <= 0) co_return;
  const Duration now = clock_.monotonic();
  tokens_ = std::min(burst_, tokens_ + static_cast<double>((now - updated_).count()) * per_microsecond_);
  updated_ = now;
  tokens_ -= static_cast<double>(tokens);
  if (tokens_ >= 0) co_return;
  const Duration wait(static_cast<Duration::rep>(std::ceil(-tokens_ / per_microsecond_)));
  co_await clock_.sleep_for(wait);
}

}  // namespace sluice
