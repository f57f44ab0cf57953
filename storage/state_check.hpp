#pragma once
// Whether a state file is whole, as far as SQLite can know: it keeps no checksums of pages, so a changed byte
// within a text is not seen.

#include "storage/sqlite.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::storage {

enum class CheckDepth : std::uint8_t {
  decisive,  // the small tables that decide what is planned and exported: a few milliseconds
  // Every page in use, the order of every index, and that the texts of JSON are: 0.3 s of CPU for a year of
  // one job (106 MB), without the texts.
  whole,
  // Also that indexes and tables have the same rows, and that rows belong to one: twice as much. What is
  // asked of a copy.
  complete,
};

// The first damage found, in SQLite's words; nothing when there is none. Other failures are ErrorException.
// Nothing else can use the connection meanwhile.
std::optional<std::string> find_damage(Database& database, CheckDepth depth);

// A row of `table` that names none of `owner`.
std::string ownerless_row(std::string_view table, std::string_view owner);

// The Error for damage that was found while `doing`: names the file, the damage and the way out.
Error damage_error(std::string_view path, std::string_view doing, std::string_view damage);

// What the write-ahead log beside a state file looks like before it is opened.
enum class LogLook : std::uint8_t {
  none,     // there is none, or it is empty: the file was closed in order
  whole,    // it can be read to its end, or to where an older use of it begins
  cut,      // its last transaction is not whole, as a power cut leaves it
  damaged,  // it breaks off before transactions that were complete: those would be lost
};

// Reads the file `log` itself, without SQLite: SQLite takes the first frame whose checksum is wrong for the
// end. `size` is the length of the state file: a log beside an empty one is damage as well.
Result<LogLook> look_at_log(const std::string& log, std::uint64_t size);

}  // namespace sluice::storage
