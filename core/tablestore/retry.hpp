#pragma once
// Whether and when a failed request is sent again. Pure.

#include "core/base/random.hpp"
#include "core/base/time.hpp"
#include "core/tablestore/ots_error.hpp"

#include <optional>

namespace sluice::tablestore {

struct RetryPolicy {
  int max_retries = 30;                                    // repeats of one request, 0: none
  Duration base = std::chrono::milliseconds(50);           // longest pause before the first repeat
  Duration throttled_pause_max = std::chrono::seconds(3);  // the server is there and asks for patience
  Duration pause_max = std::chrono::seconds(10);           // everything else: it may be gone for a while
  Duration budget = std::chrono::minutes(10);  // that all requests of a client may lose to repeats
};

struct Failure {
  Errc code = Errc::internal;
  RetryClass retry = RetryClass::never;
  std::optional<Duration> asked{};  // the pause that the server asks for
};

// The pause before repeat number `repeat` (from 1): uniform between half and all of base * 2^(repeat - 1),
// cut to the maximum; longer if the server asks for it. Nothing: give up.
std::optional<Duration> pause_before(const RetryPolicy& policy, const Failure& failure, bool idempotent,
                                     int repeat, Random& random);

// Counts the time lost to failed tries and pauses. What overlaps counts once: when all shards of a table wait
// for the same second, the attempt loses one second.
class RetryBudget {
 public:
  explicit RetryBudget(Duration limit) : limit_(limit) {}

  // Counts the monotonic time from `begin` to `end`, as far as it lies after what was counted. False: more
  // than the limit is lost.
  bool spend(Duration begin, Duration end);

 private:
  Duration limit_;
  Duration lost_{0};
  Duration counted_to_{0};
};

}  // namespace sluice::tablestore
