#include "storage/attempt_log.hpp"

#include "core/job/civil_time.hpp"
#include "storage/attempt_log_text.hpp"
#include "storage/compressed_log.hpp"
#include "storage/log_folders.hpp"
#include "storage/synced.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::storage {
namespace {

[[noreturn]] void throw_errno(std::string_view doing, const std::string& path) {
  throw ErrorException(from_errno(errno, fmt::format("{} log {}", doing, path)));
}

std::string_view name_of(pipeline::Level level) {
  switch (level) {
    case pipeline::Level::info:
      return "info";
    case pipeline::Level::warning:
      return "warning";
    case pipeline::Level::error:
      return "error";
  }
  return "info";
}

// Behind the first line end at or after `from`; the whole size when there is none.
std::size_t line_end_from(std::string_view text, std::size_t from) {
  const std::size_t line_end = text.find('\n', from);
  return line_end == std::string_view::npos ? text.size() : line_end + 1;
}

}  // namespace

AttemptLog::AttemptLog(const Clock& clock, std::string path, std::string zone, std::uint64_t bytes_max)
    : clock_(clock),
      path_(std::move(path)),
      zone_(std::move(zone)),
      bytes_max_(std::max(bytes_max, kLogBytesLeast)) {}

AttemptLog::~AttemptLog() {
  if (file_ >= 0) ::close(file_);
}

// Out of memory is the one failure that leaves no cause behind; the line is counted all the same.
void AttemptLog::line(pipeline::Level level, std::string_view text) noexcept {
  try {
    write_line(format(level, text));
  } catch (const std::exception& error) {
    if (lost_lines_++ == 0) failure_.assign(error.what());
  }
}

std::string AttemptLog::format(pipeline::Level level, std::string_view text) const {
  const Instant now = clock_.now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(now - seconds).count();
  const Result<job::CivilTime> local = job::to_civil(now, zone_);
  std::string line = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {:%H:%M:%S} {} ", seconds, ms,
                                 local ? *local : seconds, name_of(level));
  const std::size_t room = bytes_max_ / 8;  // one line must not push out everything else
  line += text.substr(0, room);
  if (text.size() > room) line += fmt::format(" ... {} bytes left out", text.size() - room);
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  line += '\n';
  return line;
}

void AttemptLog::write_line(std::string_view line) {
  if (file_ < 0) open();
  if (lost_lines_ > 0) {
    append(fmt::format("{}{} lines could not be written: {}\n", kMarkStart, lost_lines_, failure_));
    lost_lines_ = 0;
    failure_.clear();
  }
  append(line);
}

void AttemptLog::open() {
  if (const auto made = make_log_folders(path_); !made) throw ErrorException(made.error());
  file_ = ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (file_ < 0) throw_errno("open", path_);
  ::flock(file_, LOCK_SH | LOCK_NB);  // compress_log() leaves it alone
  try {
    go_on();
  } catch (const ErrorException&) {
    ::close(file_);
    file_ = -1;  // the next line begins here again: it must not be written over what is there
    throw;
  }
}

// A log that exists is continued as it stands.
void AttemptLog::go_on() {
  const LogText present(read_whole(file_, path_));
  size_ = present.bytes.size();
  left_out_lines_ = present.left_out_lines;
  left_out_bytes_ = present.left_out_bytes;
  head_size_ = 0;
  if (left_out_bytes_ > 0) {
    head_size_ = present.head;
  } else if (size_ >= bytes_max_ / 2) {
    // A line too long to be ours (the cap was larger once) is cut.
    head_size_ = std::min(line_end_from(present.bytes, bytes_max_ / 2 - 1), bytes_max_ / 8 * 5);
  }
  if (size_ > 0 && present.bytes.back() != '\n') append("\n");
}

void AttemptLog::append(std::string_view bytes) {
  if (overlong_) shorten();
  if (size_ + bytes.size() > bytes_max_) leave_out();
  write_at_end(bytes);
  if (head_size_ == 0 && size_ >= bytes_max_ / 2) head_size_ = size_;
}

void AttemptLog::write_at_end(std::string_view bytes) {
  const int cause = write_all(file_, bytes, size_);
  if (cause != 0) {
    // Half a line is worse than none.
    overlong_ = ::ftruncate(file_, static_cast<off_t>(size_)) != 0;
    errno = cause;
    throw_errno("write", path_);
  }
  size_ += bytes.size();
}

// Replaces the older part of the tail by one line that says so. No line is longer than an eighth of the cap,
// so by now there is a head.
void AttemptLog::leave_out() {
  assert(head_size_ != 0);
  const LogText present(read_whole(file_, path_));
  if (present.bytes.size() < size_) {
    go_on();  // another program has cut it
    if (size_ > bytes_max_ / 4 * 3) leave_out();
    return;
  }
  const std::size_t tail_start = left_out_bytes_ > 0 ? present.tail : head_size_;
  const std::string_view tail = std::string_view(present.bytes).substr(tail_start);
  const std::size_t kept_max = bytes_max_ / 4;
  const std::size_t cut = tail.size() > kept_max ? line_end_from(tail, tail.size() - kept_max - 1) : 0;
  const std::string_view gone = tail.substr(0, cut);
  left_out_lines_ += static_cast<std::uint64_t>(std::ranges::count(gone, '\n'));
  left_out_bytes_ += gone.size();
  size_ = head_size_;
  if (present.bytes[head_size_ - 1] != '\n') write_at_end("\n");
  head_size_ = size_;
  write_at_end(mark_line(left_out_lines_, left_out_bytes_) + std::string(tail.substr(cut)));
  overlong_ = true;
  shorten();
}

void AttemptLog::shorten() {
  if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) throw_errno("shorten", path_);
  overlong_ = false;
}

Result<LogPiece> read_log(const std::string& path, std::uint64_t offset, std::size_t bytes_max) {
  if (path.ends_with(".gz")) {
    auto content = read_compressed_log(path);
    if (!content) return content.error();
    return piece_of(LogText(std::move(*content)), offset, bytes_max);
  }
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  const int cause = errno;
  // It may have been compressed since it was listed.
  if (file < 0 && cause == ENOENT && ::access((path + ".gz").c_str(), F_OK) == 0)
    return read_log(path + ".gz", offset, bytes_max);
  errno = cause;
  if (file < 0) return from_errno(errno, fmt::format("open log {}", path));
  std::string bytes;
  try {
    bytes = read_whole(file, path);
  } catch (const ErrorException& failure) {
    ::close(file);
    return failure.error();
  }
  ::close(file);
  return piece_of(LogText(std::move(bytes)), offset, bytes_max);
}

}  // namespace sluice::storage
