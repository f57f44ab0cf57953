#pragma once
// Which missed windows of a job run, as a pure function. A window was missed when its slot came while the
// daemon did not run, or while the job was not loaded; what piles up behind a failure was not.

#include "core/base/time.hpp"
#include "core/job/job.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace sluice::scheduler {

struct CatchUpChoice {
  std::size_t skipped = 0;  // so many of the oldest do not run
  std::string reason;       // of these, for people; empty when all run
};

// `missed`: the slots, ascending. `chains`: windows of the job chain by position, so that the records of a
// skipped window come with the next one.
CatchUpChoice choose_missed(const job::CatchUp& rule, std::span<const Instant> missed, Instant now,
                            bool chains);

// The clock went on without the program: how far, when it is more than a slow loop could explain. `wall` and
// `monotonic` are what passed on each since the last look.
bool was_away(Duration wall, Duration monotonic) noexcept;

}  // namespace sluice::scheduler
