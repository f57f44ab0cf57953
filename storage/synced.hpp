#pragma once
// What was written or renamed, on the disk. For storage/ only.

#include <string>
#include <string_view>

namespace sluice::storage {

// Where `path` lies; "." for a bare name.
std::string folder_of(const std::string& path);

// A file or folder is on the disk when it returns. Throws ErrorException that begins with `doing` and names
// it.
void sync_path(const std::string& path, std::string_view doing);

// So is what was made, renamed or removed beside `path`.
void sync_folder_of(const std::string& path, std::string_view doing);

}  // namespace sluice::storage
