#pragma once
// What planning would create, without creating it.

#include "daemon/api/service.hpp"

#include <string>
#include <vector>

namespace sluice::daemon {

inline constexpr std::size_t kPreviewMax = 10'000;

// The instances of `job` with slots in [from, to). invalid_argument: more than kPreviewMax, or `to` before
// `from`, or values that do not give a window.
Result<std::vector<PlannedInstance>> preview_instances(const job::Job& job, const job::DataSources& sources,
                                                       Instant from, Instant to);

// The name of the first object of the instance; "" where the credentials that resolving opens cannot be had.
std::string object_of(const job::Job& job, const job::DataSources& sources,
                      const scheduler::NewInstance& instance);

}  // namespace sluice::daemon
