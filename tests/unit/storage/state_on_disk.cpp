#include "tests/unit/storage/state_on_disk.hpp"

namespace sluice::test {

std::unique_ptr<storage::SqliteStateStore> open_on(const MemoryDisk& disk) {
  storage::DatabaseOptions options;
  options.path = "state.db";
  options.vfs = disk.name();
  return std::make_unique<storage::SqliteStateStore>(options);
}

const MemoryDisk::Files& new_state_file() {
  static const MemoryDisk::Files files = [] {
    MemoryDisk disk;
    const auto store = open_on(disk);
    return disk.files();
  }();
  return files;
}

}  // namespace sluice::test
