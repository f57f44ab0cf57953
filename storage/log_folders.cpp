#include "storage/log_folders.hpp"

#include <fmt/format.h>

#include <filesystem>

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

}  // namespace sluice::storage
