#pragma once
// Puts windows that are proven to be exported into a store, in the ways of attempts that succeed.

#include "scheduler/rebuild.hpp"
#include "scheduler/state_store.hpp"

#include <string>
#include <vector>

namespace sluice::scheduler {

// Each of `windows`, oldest first, becomes SUCCESS with its positions, objects and counts, whatever its
// instance waited for; one with a reason to `rerun` waits for a place again. No attempt of the chain may be
// open. Those that are committed already stay, so a call that was cut off can be made again. `actor` goes
// into the audit log. Errors: refused_by_state names the instance. Throws what the store throws.
awaitable<Result<void>> commit_proven(StateStore& store, std::vector<ProvenWindow> windows, std::string actor,
                                      Instant now);

// The newest window of the chain whose end the store has.
awaitable<std::optional<CommittedEnd>> newest_end(StateStore& store, std::string chain);

}  // namespace sluice::scheduler
