#pragma once
// The sandbox's own PlainBuffer codec. Decoding checks every tag and checksum and throws Refusal with the
// texts of the service; encoding writes what the service writes.

#include "tests/sandbox/ots_value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::sandbox::plain_buffer {

/// Exactly one row.
WireRow decode_row(std::string_view bytes);
/// The key values of a row whose rest is not looked at (a stream record has an extension requests must not
/// have).
Key decode_key(std::string_view bytes);
/// A bare variant: type byte and payload.
Value decode_variant(std::string_view bytes);

struct SequenceInfo {
  std::int32_t epoch = 0;
  std::int64_t timestamp_us = 0;
  std::int32_t row_index = 0;
};

void append_header(std::string& out);
/// The row without header, so that many may follow one header.
void append_row(const WireRow& row, const std::optional<SequenceInfo>& sequence, std::string& out);
/// Header and one row.
std::string encode_row(const WireRow& row);
std::string encode_variant(const Value& value);

std::uint8_t crc8(std::uint8_t crc, std::string_view bytes);

}  // namespace sluice::sandbox::plain_buffer
