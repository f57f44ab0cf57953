#pragma once
// Where a window of a backfill begins and ends (docs/backfill.md, "Positions").

#include "scheduler/backfill.hpp"
#include "scheduler/state_store.hpp"

#include <optional>

namespace sluice::scheduler {

struct FoundPositions {
  // The window was committed by the recurring instance of the slot: to be repeated exactly.
  std::optional<pipeline::Positions> start;
  std::optional<pipeline::Positions> until;
  // Otherwise: the end of the window it joins; nothing when it joins none, then it seeks by time.
  std::optional<pipeline::Positions> previous;
};

class PositionSearch {
 public:
  explicit PositionSearch(StateStore& store) : store_(store) {}

  // For an instance of a group that has not succeeded before.
  awaitable<FoundPositions> find(Instance instance);

 private:
  awaitable<std::optional<pipeline::Positions>> end_before(InstanceId id, Instant window_start);

  StateStore& store_;
};

}  // namespace sluice::scheduler
