#pragma once
// The tags of a time series, as its key column _tags holds them: ["host=a","region=b"].

#include "core/tablestore/text_arena.hpp"

#include <string_view>
#include <vector>

namespace sluice::tablestore {

// Views point into the text that was parsed, or into the arena.
struct SeriesTag {
  std::string_view name;   // not empty
  std::string_view value;  // may be empty
};

// Sets `tags` to those of `text`. In a tag, \" stands for a quote and \\ for a backslash; its name ends at
// the first "=". An empty text has no tags. False for text that is none of this; `tags` is then unspecified.
[[nodiscard]] bool parse_tags(std::string_view text, TextArena& arena, std::vector<SeriesTag>& tags);

}  // namespace sluice::tablestore
