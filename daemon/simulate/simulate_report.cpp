#include "daemon/simulate/simulate_report.hpp"

#include <algorithm>

namespace sluice::daemon {
namespace {

void lengthen(std::optional<Duration>& longest, const std::optional<Duration>& other) {
  if (other && (!longest || *other > *longest)) longest = other;
}

}  // namespace

void SimulatedCounts::add(const SimulatedCounts& other) {
  due += other.due;
  succeeded += other.succeeded;
  dry_runs += other.dry_runs;
  skipped += other.skipped;
  failed += other.failed;
  open += other.open;
  retries += other.retries;
  for_place += other.for_place;
  for_place_max = std::max(for_place_max, other.for_place_max);
  at_once = std::max(at_once, other.at_once);
  lengthen(delay_p99, other.delay_p99);
  lengthen(delay_max, other.delay_max);
}

bool SimulatedReport::all_done() const noexcept {
  return std::ranges::all_of(jobs, [](const SimulatedJob& job) { return job.total.all_done(); });
}

}  // namespace sluice::daemon
