#pragma once
// The folders of what an attempt writes.

#include "core/base/error.hpp"

#include <string>

namespace sluice::storage {

// The folders that the file `path` is in, 0750 where they are new; none for a bare name. Errors name the
// folder.
Result<void> make_log_folders(const std::string& path);

}  // namespace sluice::storage
