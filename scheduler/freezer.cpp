#include "scheduler/planner.hpp"

namespace sluice::scheduler {

Result<Frozen> freeze_job(const job::Job& job, Instant slot) {
  Result<job::ParameterValues> values = job::freeze(job, slot);
  if (!values) return values.error();
  Result<pipeline::Window> window = job::window_of(job, *values, slot);
  if (!window) return window.error();
  Frozen frozen;
  frozen.values = std::move(*values);
  frozen.window = std::move(*window);
  return frozen;
}

}  // namespace sluice::scheduler
