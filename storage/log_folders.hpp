#pragma once
// Folders and bytes of what an attempt writes.

#include "core/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::storage {

// The folders that the file `path` is in, 0750 where they are new; none for a bare name. Errors name the
// folder.
Result<void> make_log_folders(const std::string& path);

// Writes `bytes` at the offset `at`. 0, or what errno says: then a part of them may be there.
int write_all(int file, std::string_view bytes, std::uint64_t at) noexcept;

}  // namespace sluice::storage
