#pragma once
// State stores on disks in memory.

#include "storage/sqlite_state_store.hpp"
#include "tests/unit/storage/memory_disk.hpp"

#include <memory>

namespace sluice::test {

// The one in state.db.
std::unique_ptr<storage::SqliteStateStore> open_on(const MemoryDisk& disk);

// A state.db of the newest schema and nothing in it, as a killed program leaves it, with its log. Made once:
// the schema is most of the work of a new one.
const MemoryDisk::Files& new_state_file();

}  // namespace sluice::test
