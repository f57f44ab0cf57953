#include "storage/state_check.hpp"

#include "storage/json_texts.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

namespace sluice::storage {
namespace {

// They grow with the history: a year of one job is 106 MB, of which all others are less than one.
constexpr std::array<std::string_view, 5> kLargeTables = {"instances", "attempts", "objects", "positions",
                                                          "audit"};

// One run of PRAGMA quick_check or integrity_check: nothing when it says "ok".
std::optional<std::string> run_check(Database& database, const std::string& sql) {
  sqlite3_stmt* prepared = nullptr;
  int code = sqlite3_prepare_v2(database.handle(), sql.c_str(), -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, sqlite3_finalize);
  if (code == SQLITE_OK) code = sqlite3_step(prepared);
  if (code == SQLITE_ROW) {
    const unsigned char* text = sqlite3_column_text(prepared, 0);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(prepared, 0));
    std::string said = text == nullptr ? std::string() : std::string(text, text + size);
    if (said == "ok") return std::nullopt;
    std::replace(said.begin(), said.end(), '\n', ' ');
    return said;
  }
  if (code == SQLITE_DONE) return std::nullopt;
  if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
    return sqlite3_errmsg(database.handle());
  database.fail(code, "check state");
}

std::optional<std::string> find_ownerless_row(Database& database) {
  Statement rows = database.prepare("PRAGMA foreign_key_check");
  if (!rows.step()) return std::nullopt;
  return ownerless_row(rows.text(0), rows.text(2));
}

std::optional<std::string> find_broken_json(Database& database) {
  std::vector<std::pair<std::string, std::string>> columns;
  {
    Statement rows = database.prepare(std::string(kJsonColumns));
    while (rows.step()) columns.emplace_back(rows.text(0), rows.text(1));
  }
  for (const auto& [table, column] : columns) {
    Statement rows = database.prepare(select_broken_json(table, column));
    if (rows.step()) return broken_json(table, column);
  }
  return std::nullopt;
}

bool is_large(std::string_view table) {
  return std::find(kLargeTables.begin(), kLargeTables.end(), table) != kLargeTables.end();
}

// Numbers of the log are big-endian; its magic says in which order the words of its checksums are read.
constexpr std::uint32_t kLogMagic = 0x377f0682;
constexpr std::size_t kLogHeader = 32;
constexpr std::size_t kFrameHeader = 24;

std::uint32_t big_endian(const char* bytes) {
  std::array<unsigned char, 4> word{};
  std::memcpy(word.data(), bytes, word.size());
  return (std::uint32_t{word[0]} << 24U) | (std::uint32_t{word[1]} << 16U) | (std::uint32_t{word[2]} << 8U) |
         word[3];
}

struct LogSum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  friend bool operator==(const LogSum&, const LogSum&) = default;
};

LogSum sum_at(const char* bytes) { return LogSum{big_endian(bytes), big_endian(bytes + 4)}; }

// https://www.sqlite.org/fileformat2.html#checksum_algorithm
LogSum summed(LogSum sum, std::string_view bytes, bool swapped) {
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    std::uint32_t first = big_endian(bytes.data() + at);
    std::uint32_t second = big_endian(bytes.data() + at + 4);
    if (swapped) {
      first = __builtin_bswap32(first);
      second = __builtin_bswap32(second);
    }
    sum.first += first + sum.second;
    sum.second += second + sum.first;
  }
  return sum;
}

// Walks through the frames of one use of the log.
class LogWalk {
 public:
  LogWalk(std::ifstream& file, std::string header)
      : file_(file), header_(std::move(header)), swapped_((big_endian(header_.data()) & 1U) == 0) {
    const std::uint32_t page = big_endian(header_.data() + 8);
    const bool plausible = page >= 512 && page <= 65536 && (page & (page - 1)) == 0;
    frame_.resize(kFrameHeader + (plausible ? page : 4096));
    sum_ = summed({}, std::string_view(header_).substr(0, 24), swapped_);
    header_whole_ =
        plausible && (big_endian(header_.data()) & ~1U) == kLogMagic && sum_ == sum_at(header_.data() + 24);
  }

  LogLook look() {
    const bool blank = std::all_of(header_.begin(), header_.end(), [](char byte) { return byte == 0; });
    if (!header_whole_ && blank) return LogLook::cut;
    bool broken = !header_whole_;
    bool left_over = false;  // frames of this use behind the break
    int commits = 0;         // in the present row of frames that follow each other
    while (file_.read(frame_.data(), static_cast<std::streamsize>(frame_.size()))) {
      const bool of_this_use = belongs();
      const bool follows = of_this_use && sum_of_frame() == sum_at(frame_.data() + 16);
      sum_ = sum_at(frame_.data() + 16);
      if (!broken && follows) continue;
      broken = true;
      if (!follows) commits = 0;
      if (!of_this_use) continue;
      left_over = true;
      if (big_endian(frame_.data() + 4) != 0) ++commits;
      if (commits >= 2) return LogLook::damaged;
    }
    return left_over || !header_whole_ ? LogLook::cut : LogLook::whole;
  }

 private:
  // Without a header that can be believed the first frame says what the salts are.
  bool belongs() {
    const std::string_view salts = std::string_view(frame_).substr(8, 8);
    if (salts_.empty()) salts_ = header_whole_ ? header_.substr(16, 8) : std::string(salts);
    return salts == salts_ && big_endian(frame_.data()) != 0;
  }

  LogSum sum_of_frame() const {
    const LogSum head = summed(sum_, std::string_view(frame_).substr(0, 8), swapped_);
    return summed(head, std::string_view(frame_).substr(kFrameHeader), swapped_);
  }

  std::ifstream& file_;
  std::string header_;
  std::string frame_;
  std::string salts_;
  bool swapped_;
  bool header_whole_ = false;
  LogSum sum_;
};

}  // namespace

std::optional<std::string> find_damage(Database& database, CheckDepth depth) {
  if (depth != CheckDepth::decisive) {
    const bool whole = depth == CheckDepth::whole;
    auto damage = run_check(database, whole ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)");
    if (!damage && !whole) damage = find_ownerless_row(database);
    return damage ? damage : find_broken_json(database);
  }
  std::vector<std::string> tables;
  {
    Statement rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (rows.step()) tables.push_back(rows.text(0));
  }
  for (const std::string& table : tables) {
    if (is_large(table)) continue;
    if (auto damage = run_check(database, fmt::format("PRAGMA quick_check('{}')", table))) return damage;
  }
  return std::nullopt;
}

std::string ownerless_row(std::string_view table, std::string_view owner) {
  return fmt::format("a row of the table {} belongs to none of {}", table, owner);
}

Error damage_error(std::string_view path, std::string_view doing, std::string_view damage) {
  return sqlite_error(SQLITE_CORRUPT, 0, path, doing, damage);
}

// A failed commit may leave frames of its own behind those that were written in its place later, one commit
// at the end of them. Two commits in a row behind a break were both durable: only damage explains the break.
Result<LogLook> look_at_log(const std::string& log, std::uint64_t size) {
  std::ifstream file(log, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return LogLook::none;
    return from_errno(errno, fmt::format("read {}", log));
  }
  std::string header(kLogHeader, '\0');
  file.read(header.data(), kLogHeader);
  if (file.gcount() == 0) return LogLook::none;
  if (size == 0) return LogLook::damaged;
  if (file.gcount() < static_cast<std::streamsize>(kLogHeader)) return LogLook::cut;
  return LogWalk(file, std::move(header)).look();
}

}  // namespace sluice::storage
