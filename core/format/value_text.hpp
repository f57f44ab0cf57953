#pragma once
// How one value becomes text, the same in every format (docs/oss-writer.md).

#include "core/format/byte_buffer.hpp"
#include "core/format/date_pattern.hpp"
#include "core/pipeline/row.hpp"

#include <cstdint>
#include <string_view>

namespace sluice::format {

inline constexpr std::string_view kNotFinite = "is no finite number";
inline constexpr std::string_view kNoDate = "is no date of the years 1 to 9999";
inline constexpr std::string_view kNotUtf8 = "is not UTF-8";

// What the text of a value depends on besides the value.
struct ValueForms {
  bool binary_base64 = false;  // otherwise bytes are read as UTF-8
  DatePattern dates;
};

// Appends the text of a value that is not null. Empty, or why it has none: "is no finite number".
[[nodiscard]] std::string_view append_scalar(const pipeline::Value& value, const ValueForms& forms,
                                             ByteBuffer& out);

// Decimal, no grouping.
void append_integer(std::int64_t value, ByteBuffer& out);

// Plain notation, never an exponent: 1 -> "1.0", 1e10 -> "10000000000", 1e-5 -> "0.000010", -0.0 -> "0.0".
// The digits are those of Java 17, but for a few doubles from 2^63 on (1e23 is one) where Java has digits to
// spare and ours are the fewest that read back as the same double. False, and nothing written, for NaN and
// infinities.
[[nodiscard]] bool append_real(double value, ByteBuffer& out);

// Bytes read as UTF-8; what is not UTF-8 becomes U+FFFD, one for each longest broken sequence.
void append_decoded(std::string_view bytes, ByteBuffer& out);

// With padding.
void append_base64(std::string_view bytes, ByteBuffer& out);

}  // namespace sluice::format
