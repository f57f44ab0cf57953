#include "storage/read_only.hpp"

#include "storage/json_texts.hpp"
#include "storage/migrations.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::storage {
namespace {

struct CloseReader {
  void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
};
struct FinalizeReader {
  void operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
};

// A connection that writes nothing: of a file with a log it keeps the log's index in memory.
class Reader {
 public:
  Reader(std::string path, bool has_log) : path_(std::move(path)) {
    sqlite3* opened = nullptr;
    // Reading a log takes a lock that a read-only descriptor cannot have.
    // Two slashes, or those of a path that begins with two would stand before the name of a host.
    const std::string uri = "file://" + escaped(path_) + (has_log ? "?mode=rw" : "?mode=ro&immutable=1");
    const int access = has_log ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    const int flags = access | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(uri.c_str(), &opened, flags, nullptr);
    handle_.reset(opened);
    if (code != SQLITE_OK) fail(code);
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    if (!has_log) return;
    each("PRAGMA locking_mode=EXCLUSIVE", [](sqlite3_stmt*) {});
    each("PRAGMA query_only=ON", [](sqlite3_stmt*) {});
  }

  template <class Row>
  void each(const std::string& sql, Row row) {
    sqlite3_stmt* prepared = nullptr;
    int code = sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &prepared, nullptr);
    const std::unique_ptr<sqlite3_stmt, FinalizeReader> statement(prepared);
    if (code != SQLITE_OK) fail(code);
    while ((code = sqlite3_step(prepared)) == SQLITE_ROW) row(prepared);
    if (code != SQLITE_DONE) fail(code);
  }

  std::int64_t number(const std::string& sql) {
    std::int64_t found = 0;
    each(sql, [&](sqlite3_stmt* row) { found = sqlite3_column_int64(row, 0); });
    return found;
  }

 private:
  static std::string escaped(const std::string& path) {
    std::string out;
    for (const char byte : std::filesystem::absolute(path).string()) {
      if (byte == '%' || byte == '?' || byte == '#') {
        out += fmt::format("%{:02x}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
      } else {
        out += byte;
      }
    }
    return out;
  }

  [[noreturn]] void fail(int code) const {
    const char* detail = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
    const int number = handle_ ? sqlite3_system_errno(handle_.get()) : 0;
    const int primary = code & 0xff;
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
      throw ErrorException(Error(Errc::corrupt, detail));
    throw ErrorException(sqlite_error(code, number, path_, "look at state", detail));
  }

  std::string path_;
  std::unique_ptr<sqlite3, CloseReader> handle_;
};

std::string text_of_column(sqlite3_stmt* row, int column) {
  const unsigned char* text = sqlite3_column_text(row, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  return text == nullptr ? std::string() : std::string(text, text + size);
}

void check_version(Reader& reader, StateReport& report) {
  report.version = static_cast<int>(reader.number("PRAGMA user_version"));
  const int known = migration_steps().back().version;
  if (reader.number("PRAGMA application_id") != kApplicationId || report.version < 1)
    throw ErrorException(Error(Errc::invalid_argument,
                               fmt::format("look at state file {}: it is none of sluice's", report.path)));
  if (report.version > known)
    throw ErrorException(Error(Errc::invalid_argument,
                               fmt::format("look at state file {}: its version is {}, this program knows "
                                           "versions up to {}: install the newer sluice",
                                           report.path, report.version, known)));
}

void check_json(Reader& reader, StateReport& report) {
  std::vector<std::pair<std::string, std::string>> columns;
  reader.each(std::string(kJsonColumns), [&](sqlite3_stmt* row) {
    columns.emplace_back(text_of_column(row, 0), text_of_column(row, 1));
  });
  for (const auto& column : columns) {
    reader.each(select_broken_json(column.first, column.second),
                [&](sqlite3_stmt*) { report.damage = broken_json(column.first, column.second); });
  }
}

}  // namespace

void read_state_file(StateReport& report) {
  Reader reader(report.path, report.log != LogLook::none);
  check_version(reader, report);
  reader.each("PRAGMA integrity_check(1)", [&](sqlite3_stmt* row) {
    const std::string said = text_of_column(row, 0);
    if (said != "ok") report.damage = said;
  });
  if (report.damage) return;
  reader.each("PRAGMA foreign_key_check", [&](sqlite3_stmt* row) {
    report.damage = ownerless_row(text_of_column(row, 0), text_of_column(row, 2));
  });
  if (report.damage) return;
  check_json(reader, report);
  if (report.damage) return;
  std::int64_t written = reader.number("SELECT max(finished_us) FROM attempts");
  if (report.version >= 3) written = std::max(written, reader.number("SELECT max(until_us) FROM watch"));
  if (written > 0) report.written = Instant(Duration(written));
  reader.each(
      "SELECT j.name, c.until_us FROM coverage c JOIN jobs j ON j.id = c.job_id WHERE instr(j.name, '#') = 0 "
      "ORDER BY j.name",
      [&](sqlite3_stmt* row) {
        report.durable.push_back({text_of_column(row, 0), Instant(Duration(sqlite3_column_int64(row, 1)))});
      });
}

}  // namespace sluice::storage
