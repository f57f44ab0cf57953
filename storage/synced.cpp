#include "storage/synced.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace sluice::storage {
namespace {

constexpr std::size_t kCopiedAtOnce = 64 << 10;

// 0, or the errno of what failed.
int copy_all(int from, int to) {
  std::string part(kCopiedAtOnce, '\0');
  std::uint64_t at = 0;
  ssize_t count = 0;
  while ((count = ::read(from, part.data(), part.size())) > 0) {
    const auto size = static_cast<std::size_t>(count);
    if (const int cause = write_all(to, std::string_view(part).substr(0, size), at)) return cause;
    at += size;
  }
  return count < 0 ? errno : 0;
}

}  // namespace

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

void copy_file(const std::string& from, const std::string& to) {
  const auto fail = [&](int number) {
    throw ErrorException(from_errno(number, fmt::format("copy {} to {}", from, to)));
  };
  const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) fail(errno);
  const int copy = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  int number = copy < 0 ? errno : copy_all(source, copy);
  ::close(source);
  if (copy < 0) fail(number);
  // A quota on a server may come to light only here.
  if (::close(copy) != 0 && number == 0) number = errno;
  if (number == 0) return;
  ::unlink(to.c_str());
  fail(number);
}

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
