#pragma once
// What a row's last columns give to the name of its object (`partition`).

#include "core/format/byte_buffer.hpp"
#include "core/pipeline/row.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sluice::objects {

// The longest text there is.
inline constexpr std::size_t kPartitionBytesMax = 128;

// The last `columns` values of the row, the last one first, joined by ",". Another text for other values:
// what is no letter, digit, "-", "." or "_" of ASCII, and no other character of UTF-8, is written "%XX", and
// of a longer text the end becomes "~" and its CRC-64. Null is `null_format`.
std::string partition_text(std::span<const pipeline::Value> row, std::size_t columns,
                           std::string_view null_format);

// True if partition_text() may have given it.
bool is_partition_text(std::string_view text);

}  // namespace sluice::objects
