// Any text: the tags of a time series must be refused or lie inside the text or the arena.

#include "core/tablestore/series_tags.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace tablestore = sluice::tablestore;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  tablestore::TextArena arena;
  std::vector<tablestore::SeriesTag> tags;
  if (!tablestore::parse_tags(text, arena, tags)) return 0;
  std::size_t bytes = 0;
  for (const tablestore::SeriesTag& tag : tags) {
    if (tag.name.empty()) std::abort();
    for (const char letter : tag.name) bytes += letter != '\0' ? 1U : 0U;
    for (const char letter : tag.value) bytes += letter != '\0' ? 1U : 0U;
  }
  // Every tag costs its quotes at least: nothing is read twice.
  if (bytes > size) std::abort();
  return 0;
}
