#pragma once
// What planning would create, without creating it.

#include "daemon/api/service.hpp"

#include <string>
#include <vector>

namespace sluice::daemon {

// What one answer has, because the daemon's loop does nothing else meanwhile: a day of every minute, also the
// one that has 25 hours.
inline constexpr std::size_t kPlannedPageMax = 1500;

// What a command shows.
inline constexpr std::size_t kPreviewMax = 10'000;

// The first instances of `job` with slots in [from, to), at most kPlannedPageMax. invalid_argument: `to`
// before `from`, or values that do not give a window.
Result<PlannedPage> preview_page(const job::Job& job, const job::DataSources& sources, Instant from,
                                 Instant to);

// All of them. invalid_argument also for more than kPreviewMax.
Result<std::vector<PlannedInstance>> preview_instances(const job::Job& job, const job::DataSources& sources,
                                                       Instant from, Instant to);

// invalid_argument, for more than kPreviewMax.
Error too_many_slots(std::string_view job);

// The name of the first object of the instance; "" where the credentials that resolving opens cannot be had.
std::string object_of(const job::Job& job, const job::DataSources& sources,
                      const scheduler::NewInstance& instance);

}  // namespace sluice::daemon
