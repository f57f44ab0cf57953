#pragma once
// The log of one attempt: a file of lines that never grows past its cap and keeps its head and its tail.
//
// Layout: lines as they come, until half of the cap is full: the head. What follows is the tail. When the
// file reaches the cap, the older part of the tail is left out: one line "... 812 lines (65536 bytes) left
// out ..." takes its place, the newest quarter of the cap follows, and lines go on behind it. All of it
// happens in the same file and needs no space beyond the cap, so a crash leaves every line written so far.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/pipeline/log.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::storage {

inline constexpr std::uint64_t kLogBytesMax = 3 << 20;
inline constexpr std::uint64_t kLogBytesLeast = 4096;  // a smaller cap is taken for this one

class AttemptLog final : public pipeline::Log {
 public:
  // Appends to `path`, making it (0640) and its folders (0750) as needed. `zone` is the job's, for the local
  // time of each line; `clock` outlives the log. Never fails: what cannot be written is counted, and tried
  // anew with the next line.
  AttemptLog(const Clock& clock, std::string path, std::string zone, std::uint64_t bytes_max = kLogBytesMax);
  ~AttemptLog() override;
  AttemptLog(const AttemptLog&) = delete;
  AttemptLog& operator=(const AttemptLog&) = delete;

  // "2018-10-15T16:15:00.123Z 00:15:00 warning TEXT"; line ends inside the text become blanks.
  void line(pipeline::Level level, std::string_view text) noexcept override;

  // Lines that could not be written since the last one that could; the cause of the first. 0 and nothing when
  // well.
  std::uint64_t lost_lines() const noexcept { return lost_lines_; }
  const std::string& failure() const noexcept { return failure_; }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string format(pipeline::Level level, std::string_view text) const;
  void write_line(std::string_view line);
  void open();
  void go_on();
  void append(std::string_view bytes);
  void write_at_end(std::string_view bytes);
  void leave_out();
  void shorten();

  const Clock& clock_;
  std::string path_;
  std::string zone_;
  std::uint64_t bytes_max_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t head_size_ = 0;  // bytes up to the first line end behind half of the cap; 0: not there yet
  std::uint64_t left_out_lines_ = 0;
  std::uint64_t left_out_bytes_ = 0;
  bool overlong_ = false;  // something old still lies behind size_
  std::uint64_t lost_lines_ = 0;
  std::string failure_;
};

// A piece of a log. Offsets count all bytes ever logged, also those left out since, so they stay right while
// the file is cut: who follows a log asks for `next` again and again.
struct LogPiece {
  std::string text;  // whole lines where there is room; the line about what was left out stands in its place
  // Of the first byte of `text`; larger than asked for when that was left out, or in the midst of a
  // character.
  std::uint64_t offset = 0;
  std::uint64_t next = 0;  // where to go on
  bool at_end = true;      // nothing behind `next` for now
};

// From `offset` on, at most `bytes_max` bytes, but no less than a whole character. Errors: not_found,
// permission_denied, io.
Result<LogPiece> read_log(const std::string& path, std::uint64_t offset, std::size_t bytes_max);

}  // namespace sluice::storage
