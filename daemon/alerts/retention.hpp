#pragma once
// How long the source still keeps what a job has not exported yet.

#include "core/job/job.hpp"
#include "core/pipeline/position.hpp"
#include "scheduler/state_store.hpp"

#include <boost/json/value.hpp>

#include <optional>

namespace sluice::daemon {

struct RetentionState {
  pipeline::RetentionClock clock;
  Duration warn_below{};  // the job's retentionWarning, or half of the retention
  bool is_low() const { return clock.left < warn_below; }
};

// By the positions of the job's newest committed window; nothing before the first one. `store` and `job` must
// outlive the call.
awaitable<std::optional<RetentionState>> retention_of(scheduler::StateStore& store, const job::Job& job,
                                                      Instant now);

// null without a state.
boost::json::value to_json(const std::optional<RetentionState>& state);

}  // namespace sluice::daemon
