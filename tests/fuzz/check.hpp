#pragma once
// What the fuzzers share.

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace sluice::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void check(bool holds) {
  if (!holds) std::abort();
}

// Whether `part` lies inside `whole`, as views that decoders hand out must.
inline bool inside(std::string_view whole, std::string_view part) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// Which of `count` things a byte selects: 'a' the first, so that seeds are text.
inline std::size_t choice(std::uint8_t byte, std::size_t count) {
  return static_cast<std::uint8_t>(byte - 'a') % count;
}

// UTF-8 without control characters: what goes into logs, the state file and JSON.
inline void check_line(std::string_view text, std::size_t bytes_max) {
  check(text.size() <= bytes_max);
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    check(length > 0 && first >= 0x20 && first != 0x7f);
    text.remove_prefix(length);
  }
}

// An error's text is for people, and goes into a line of a log.
inline void check_message(const Error& error, std::size_t bytes_max) {
  check(!error.message().empty() && error.message().size() <= bytes_max);
}

// Cuts off and returns what stands before the next `end`, or all.
inline std::string_view take_part(std::string_view& rest, char end) {
  const std::size_t size = std::min(rest.find(end), rest.size());
  const std::string_view part = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return part;
}

}  // namespace sluice::fuzz
