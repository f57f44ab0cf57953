#pragma once
// The tables of multi-byte character sets, taken from ICU.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::format {

// For each code point below U+10000 its bytes, the first one lowest; no byte of a sequence is 0 but U+0000
// itself, which is not in the table. 0: the set does not have it.
using CharsetTable = std::vector<std::uint32_t>;

inline constexpr std::size_t kTableSize = 0x10000;

// Nothing for a name that has no table. Throws std::runtime_error if ICU lacks its data.
std::optional<CharsetTable> make_charset_table(std::string_view name);

}  // namespace sluice::format
