#pragma once
// Writes what an import gives, all of it or nothing.

#include "core/job/import.hpp"
#include "core/localfile/file_system.hpp"

#include <string>
#include <vector>

namespace sluice::daemon {

// Writes `files` into the folder `dir`, which must exist, with mode 0640 and the folder's group, or owner and
// group of the file it replaces, as far as the caller may give these away. Each is complete under another
// name before the first one appears, and what has appeared is taken back when a later one fails. Without
// `force` a file that is there with other content is refused_by_state, and the folder stays as it was; equal
// files are left alone. Other errors are those of the disk.
Result<void> write_import(localfile::FileSystem& system, const std::string& dir,
                          const std::vector<job::ImportedFile>& files, bool force);

}  // namespace sluice::daemon
