#include "core/tablestore/retry.hpp"

#include "core/http/retry_after.hpp"

#include <algorithm>

namespace sluice::tablestore {

std::optional<Duration> pause_before(const RetryPolicy& policy, const Failure& failure, bool idempotent,
                                     int repeat, Random& random) {
  if (repeat > policy.max_retries || failure.retry == RetryClass::never) return std::nullopt;
  if (failure.retry == RetryClass::idempotent && !idempotent) return std::nullopt;
  const Duration cap = failure.code == Errc::throttled ? policy.throttled_pause_max : policy.pause_max;
  Duration longest = std::min(policy.base, cap);
  for (int i = 1; i < repeat && longest < cap; ++i) longest = std::min(longest * 2, cap);
  const Duration half = longest / 2;
  const auto span = static_cast<std::uint64_t>((longest - half).count()) + 1;
  const Duration pause = half + Duration(random.below(span));
  return failure.asked ? std::max(pause, http::spread(*failure.asked, random)) : pause;
}

bool RetryBudget::spend(Duration begin, Duration end) {
  lost_ += std::max(end - std::max(begin, counted_to_), Duration(0));
  counted_to_ = std::max(counted_to_, end);
  return lost_ <= limit_;
}

}  // namespace sluice::tablestore
