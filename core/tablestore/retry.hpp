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
};

struct Failure {
  Errc code = Errc::internal;
  RetryClass retry = RetryClass::never;
};

// The pause before repeat number `repeat` (from 1): uniform between half and all of base * 2^(repeat - 1),
// cut to the maximum. Nothing: give up.
std::optional<Duration> pause_before(const RetryPolicy& policy, const Failure& failure, bool idempotent,
                                     int repeat, Random& random);

}  // namespace sluice::tablestore
