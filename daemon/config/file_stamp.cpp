#include "daemon/config/file_stamp.hpp"

#include <chrono>
#include <sys/stat.h>

namespace sluice::daemon {
namespace {

constexpr std::chrono::seconds kAtRest{2};  // FAT counts in as many

std::int64_t nanoseconds(const timespec& time) {
  return std::chrono::nanoseconds(std::chrono::seconds(time.tv_sec)).count() + time.tv_nsec;
}

}  // namespace

std::optional<FileStamp> stamp_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  FileStamp stamp;
  stamp.device = found.st_dev;
  stamp.inode = found.st_ino;
  stamp.bytes = found.st_size;
  stamp.modified_ns = nanoseconds(found.st_mtim);
  stamp.changed_ns = nanoseconds(found.st_ctim);
  return stamp;
}

bool is_at_rest(const FileStamp& stamp, Instant now) {
  const auto before = std::chrono::nanoseconds(now.time_since_epoch() - kAtRest).count();
  return stamp.changed_ns < before && stamp.modified_ns < before;
}

}  // namespace sluice::daemon
