#pragma once
// Whether the daemon does all it should: what /readyz, /status and the event `ready` say.

#include "daemon/api/service.hpp"

#include <string_view>
#include <vector>

namespace sluice::daemon {

// An instance that has not succeeded this long after its slot makes its job stale.
inline constexpr std::chrono::minutes kLateAfter{10};

// Those of `jobs` that are stale at `now`: each one's first instance that is late, by name of the job.
awaitable<std::vector<scheduler::Instance>> late_instances(scheduler::StateStore& store, JobList jobs,
                                                           Instant now);

struct Readiness {
  ServiceStatus status;
  std::vector<scheduler::Instance> late;  // as late_instances() has them

  bool is_late(std::string_view job) const;
  bool is_ready() const;
};

// Throws what the store throws.
awaitable<Readiness> readiness_of(Service& service);

}  // namespace sluice::daemon
