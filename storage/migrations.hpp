#pragma once
// The schema of the state file, as numbered steps. docs/state-file.md describes the tables.
// A released step never changes: a test holds its checksum. What is to change comes as a new step.

#include "storage/sqlite.hpp"

#include <span>
#include <string_view>

namespace sluice::storage {

// "SLUI" in the file's header tells our files from other people's.
inline constexpr std::int32_t kApplicationId = 0x534c5549;

struct MigrationStep {
  int version = 0;  // of the file once the step is done; 1, 2, 3, ...
  std::string_view sql;
};

std::span<const MigrationStep> migration_steps();

// Brings the file up to the last step; each step is one transaction that also sets the version, so a crash
// leaves the version before or after, never between. Returns the version found. Throws ErrorException:
// invalid_argument for a file that is not ours or is newer than `steps`; else as Database.
int migrate(Database& database, std::span<const MigrationStep> steps);

}  // namespace sluice::storage
