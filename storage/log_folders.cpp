#include "storage/log_folders.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <unistd.h>

namespace sluice::storage {

Result<void> make_log_folders(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code failure;
  if (folder.empty() || std::filesystem::is_directory(folder, failure)) return {};
  std::filesystem::create_directories(folder, failure);
  if (failure) return from_errno(failure.value(), fmt::format("make folder {}", folder.string()));
  std::filesystem::permissions(folder, std::filesystem::perms(0750), failure);
  return {};
}

int write_all(int file, std::string_view bytes, std::uint64_t at) noexcept {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0 ? ENOSPC : errno;
    bytes.remove_prefix(static_cast<std::size_t>(count));
    at += static_cast<std::uint64_t>(count);
  }
  return 0;
}

}  // namespace sluice::storage
