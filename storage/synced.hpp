#pragma once
// Files copied, written and renamed so that nothing is missing on the disk. For storage/ only.

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::storage {

// Where `path` lies; "." for a bare name.
std::string folder_of(const std::string& path);

// Writes `bytes` at the offset `at`. 0, or what errno says: then a part of them may be there.
int write_all(int file, std::string_view bytes, std::uint64_t at) noexcept;

// `to` must not be there; its mode is 0600. Throws ErrorException that names both, and leaves nothing of `to`
// then. std::filesystem::copy_file() will not do: of a disk that fills up meanwhile it makes a short file,
// and says nothing (libstdc++ 12).
void copy_file(const std::string& from, const std::string& to);

// A file or folder is on the disk when it returns. Throws ErrorException that begins with `doing` and names
// it.
void sync_path(const std::string& path, std::string_view doing);

// So is what was made, renamed or removed beside `path`.
void sync_folder_of(const std::string& path, std::string_view doing);

}  // namespace sluice::storage
