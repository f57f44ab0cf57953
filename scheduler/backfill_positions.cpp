#include "scheduler/backfill_positions.hpp"

namespace sluice::scheduler {

awaitable<FoundPositions> PositionSearch::find(Instance instance) {
  FoundPositions found;
  InstanceId recurring = instance.id;
  recurring.group = 0;
  const std::optional<Instance> twin = co_await store_.instance(recurring);
  // Parameters of the backfill, or an edit of the job, may have given it another window.
  const bool same_window =
      twin && twin->window_start == instance.window_start && twin->window_end == instance.window_end;
  if (same_window) {
    found.until = co_await store_.end_positions(twin->row);
    if (found.until) found.start = co_await store_.start_positions(twin->row);
    if (found.start) co_return found;
    found.until.reset();
  }
  found.previous = co_await end_before(instance.id, instance.window_start);
  if (!found.previous) found.previous = co_await end_before(recurring, instance.window_start);
  co_return found;
}

// Of the instance before `id` in its chain, if its window ends where the one wanted starts. One further back
// does not help: what lies between is in objects of others.
awaitable<std::optional<pipeline::Positions>> PositionSearch::end_before(InstanceId id,
                                                                         Instant window_start) {
  const std::optional<Instance> previous = co_await store_.predecessor(id);
  if (!previous || previous->window_end != window_start) co_return std::nullopt;
  co_return co_await store_.end_positions(previous->row);
}

}  // namespace sluice::scheduler
