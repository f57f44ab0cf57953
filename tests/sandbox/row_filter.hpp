#pragma once
// Filters and column conditions.

#include "tests/sandbox/ots_value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::sandbox {

/// Values of a column, newest first; empty if the row lacks it.
using ColumnValues = std::vector<Value>;

/// What a filter sees: key columns and attribute columns by name.
using FilterRow = std::map<std::string, ColumnValues>;

/// Whether the row passes; throws Refusal for a filter the service would refuse.
bool passes(std::string_view filter, const FilterRow& row);

/// Offset and limit if the filter is a column pagination, which selects columns instead of rows.
std::optional<std::pair<std::size_t, std::size_t>> pagination(std::string_view filter);

}  // namespace sluice::sandbox
