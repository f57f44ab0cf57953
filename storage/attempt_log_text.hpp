#pragma once
// What lies in an attempt's log file, taken apart: head, the line about what was left out, tail. For
// attempt_log.cpp.

#include "storage/attempt_log.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::storage {

// Lines about the log itself begin so; an attempt's lines begin with a date.
inline constexpr std::string_view kMarkStart = "... ";

struct LogText {
  explicit LogText(std::string content);

  std::string bytes;     // the whole file
  std::size_t head = 0;  // bytes before the mark; all without one
  std::size_t tail = 0;  // where the mark ends; equals head without one
  std::uint64_t left_out_lines = 0;
  std::uint64_t left_out_bytes = 0;
};

// "... 812 lines (65536 bytes) left out ...\n"
std::string mark_line(std::uint64_t lines, std::uint64_t bytes);

// See read_log().
LogPiece piece_of(const LogText& text, std::uint64_t offset, std::size_t bytes_max);

// The content of an open file. Throws ErrorException naming `path`.
std::string read_whole(int file, const std::string& path);

}  // namespace sluice::storage
