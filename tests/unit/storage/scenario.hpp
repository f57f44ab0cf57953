#pragma once
// A sequence of changes to the state, and the state as text, for tests that break it off at every place.

#include "storage/sqlite_state_store.hpp"

#include <functional>
#include <string>
#include <vector>

namespace sluice::test {

using Step = std::function<void(storage::SqliteStateStore&)>;

// Planning, attempts that fail, are lost and succeed, a repeat, an operator's action: every way to write.
// Each step can be done again on a store where it did not happen.
std::vector<Step> scenario();

// Everything a caller can see, for comparison.
std::string dump(storage::SqliteStateStore& store);

// dump() before the first step and after each one.
std::vector<std::string> scenario_dumps();

}  // namespace sluice::test
