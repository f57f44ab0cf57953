#pragma once
// A dirty row as one line of JSON (docs/formats.md, "Dirty rows").

#include "core/pipeline/dirty.hpp"

#include <string>
#include <string_view>

namespace sluice::pipeline {

// Of a value so many bytes are shown, and of a row's values together.
inline constexpr std::size_t kDirtyValueBytesMax = 1024;
inline constexpr std::size_t kDirtyRowBytesMax = 32 * 1024;

// `column` is the name of the one at fault, "" when it has none; `of_table`: a row of the whole table that
// fullTableFirst loads, whose shards are ranges of keys.
std::string dirty_json(const DirtyRow& row, std::string_view column, bool of_table);

}  // namespace sluice::pipeline
