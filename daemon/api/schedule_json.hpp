#pragma once
// How a schedule looks in the API.

#include "core/job/job.hpp"

#include <boost/json.hpp>

namespace sluice::daemon {

// Members that the cycle does not have are null. "next": the slots that follow `now`, three at most.
boost::json::object schedule_json(const job::Schedule& schedule, Instant now);

}  // namespace sluice::daemon
