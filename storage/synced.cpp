#include "storage/synced.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace sluice::storage {

std::string folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

void sync_path(const std::string& path, std::string_view doing) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int number = file >= 0 && ::fsync(file) == 0 ? 0 : errno;
  if (file >= 0) ::close(file);
  if (number != 0) throw ErrorException(from_errno(number, fmt::format("{} {}", doing, path)));
}

void sync_folder_of(const std::string& path, std::string_view doing) { sync_path(folder_of(path), doing); }

}  // namespace sluice::storage
