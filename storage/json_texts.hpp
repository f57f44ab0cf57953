#pragma once
// Texts of JSON in a state file. Its pages have no checksums: that a long text is no JSON any more is the
// only trace of garbage within it.

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace sluice::storage {

// Table and column of each; their names end with "_json".
inline constexpr std::string_view kJsonColumns =
    "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND "
    "c.name LIKE "
    "'%\\_json' ESCAPE '\\'";

// Selects one row if there is a text that is no JSON. An empty one stands for none.
inline std::string select_broken_json(std::string_view table, std::string_view column) {
  return fmt::format("SELECT 1 FROM {0} WHERE {1} <> '' AND NOT json_valid({1}) LIMIT 1", table, column);
}

inline std::string broken_json(std::string_view table, std::string_view column) {
  return fmt::format("a text of {}.{} is no JSON", table, column);
}

}  // namespace sluice::storage
