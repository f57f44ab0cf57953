#pragma once
// Reads a state file, or a copy, without changing it.

#include "storage/state_file.hpp"

namespace sluice::storage {

// Fills in version, damage, `written` and `durable`. Throws ErrorException as look_at_state_file() says, and
// corrupt where SQLite cannot read on.
void read_state_file(StateReport& report);

}  // namespace sluice::storage
