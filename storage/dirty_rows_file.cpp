#include "storage/dirty_rows_file.hpp"

#include "storage/log_folders.hpp"
#include "storage/synced.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace sluice::storage {

DirtyRowsFile::~DirtyRowsFile() {
  if (file_ >= 0) ::close(file_);
}

Result<bool> DirtyRowsFile::keep(std::string_view line) {
  if (rows_ >= limits_.rows || bytes_ + line.size() + 1 > limits_.bytes) return false;
  if (const auto written = append(line); !written) return written.error();
  ++rows_;
  return true;
}

Result<void> DirtyRowsFile::finish(std::string_view line) { return append(line); }

Result<void> DirtyRowsFile::open() {
  if (const auto made = make_log_folders(path_); !made) return made;
  file_ = ::open(path_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (file_ < 0) return from_errno(errno, fmt::format("open {}", path_));
  return {};
}

// Half a line would be no JSON: a line that does not fit is taken back.
Result<void> DirtyRowsFile::append(std::string_view line) {
  if (file_ < 0) {
    if (const auto opened = open(); !opened) return opened;
  }
  const std::string bytes = std::string(line) + '\n';
  const int cause = write_all(file_, bytes, bytes_);
  if (cause != 0) {
    std::string doing = fmt::format("write {}", path_);
    if (::ftruncate(file_, static_cast<off_t>(bytes_)) != 0) doing += ", whose last line is cut,";
    return from_errno(cause, doing);
  }
  bytes_ += bytes.size();
  return {};
}

}  // namespace sluice::storage
