#pragma once
// Shard iterators and search tokens: they name a place in a shard for good, and their text is opaque to
// clients.

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::sandbox {

struct Position {
  std::string kind;  // "it" or "tok"
  std::string stream;
  std::string shard;
  std::int64_t number = 0;  // a record, or the time a token searches
  std::int64_t turn = 0;    // empty pages that led here, or the answers a search still takes

  std::string text() const;
};

/// Throws Refusal for a text that no answer has held.
Position parse_position(const std::string& text, std::string_view kind);

}  // namespace sluice::sandbox
