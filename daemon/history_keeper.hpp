#pragma once
// Forgets old windows by the keys history.positions and history.keep.

#include "core/base/clock.hpp"
#include "daemon/config.hpp"
#include "scheduler/history_store.hpp"

namespace sluice::daemon {

// At once and then once a day, in small steps with pauses; what was forgotten, and a store that does not
// work, is logged. Runs until it is cancelled; all outlive it.
awaitable<void> keep_history(scheduler::HistoryStore& store, Clock& clock, const Config& config);

}  // namespace sluice::daemon
