#include "storage/attempt_log_text.hpp"

#include "core/base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::storage {
namespace {

// Takes `expected` off the front of `text`.
bool skip(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

bool skip_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// Where the character begins that `at` is in the midst of; else `at`.
std::size_t character_start(std::string_view text, std::size_t at) {
  for (std::size_t back = 1; back < 4 && back <= at; ++back) {
    if (utf8_length(text.substr(at - back)) > back) return at - back;
  }
  return at;
}

// Where the next character begins, if `at` is in the midst of one; else `at`.
std::size_t next_character(std::string_view text, std::size_t at) {
  const std::size_t start = character_start(text, at);
  return start == at ? at : start + utf8_length(text.substr(start));
}

// Cuts a piece behind its last line end, when it has one; else between two characters, behind the first one
// at least.
std::string_view whole_lines(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  const std::size_t line_end = text.substr(0, bytes_max).rfind('\n');
  if (line_end != std::string_view::npos) return text.substr(0, line_end + 1);
  const std::size_t cut = character_start(text, bytes_max);
  return text.substr(0, cut == 0 ? next_character(text, bytes_max) : cut);
}

}  // namespace

std::string mark_line(std::uint64_t lines, std::uint64_t bytes) {
  return fmt::format("{}{} lines ({} bytes) left out ...\n", kMarkStart, lines, bytes);
}

LogText::LogText(std::string content) : bytes(std::move(content)), head(bytes.size()), tail(bytes.size()) {
  const std::string line_start = "\n" + std::string(kMarkStart);
  for (std::size_t at = bytes.find(line_start); at != std::string::npos;
       at = bytes.find(line_start, at + 1)) {
    std::string_view rest = std::string_view(bytes).substr(at + line_start.size());
    std::uint64_t lines = 0;
    std::uint64_t size = 0;
    const bool mark = skip_number(rest, lines) && skip(rest, " lines (") && skip_number(rest, size) &&
                      skip(rest, " bytes) left out ...\n");
    if (!mark) continue;
    head = at + 1;
    tail = bytes.size() - rest.size();
    left_out_lines = lines;
    left_out_bytes = size;
    return;
  }
}

LogPiece piece_of(const LogText& text, std::uint64_t offset, std::size_t bytes_max) {
  const std::string_view all = text.bytes;
  const std::uint64_t tail_offset = text.head + text.left_out_bytes;
  const std::uint64_t end = tail_offset + (all.size() - text.tail);
  LogPiece piece;
  piece.offset = std::min(offset, end);
  std::string_view found;
  if (piece.offset < text.head) {
    const std::string_view head = all.substr(0, text.head);
    piece.offset = next_character(head, piece.offset);
    found = whole_lines(head.substr(piece.offset), bytes_max);
  } else {
    if (piece.offset < tail_offset) {
      piece.text = mark_line(text.left_out_lines, text.left_out_bytes);
      piece.offset = tail_offset;
    }
    const std::string_view tail = all.substr(text.tail);
    const std::size_t start = next_character(tail, piece.offset - tail_offset);
    piece.offset = tail_offset + start;
    found = whole_lines(tail.substr(start), bytes_max);
  }
  piece.text += found;
  piece.next = piece.offset + found.size();
  piece.at_end = piece.next == end;
  return piece;
}

std::string read_whole(int file, const std::string& path) {
  const auto fail = [&] { throw ErrorException(from_errno(errno, fmt::format("read log {}", path))); };
  struct stat status = {};
  if (::fstat(file, &status) != 0) fail();
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail();
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace sluice::storage
