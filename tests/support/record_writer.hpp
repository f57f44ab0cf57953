#pragma once
// Writes PlainBuffer rows for tests, with a checksum of its own: bit by bit, no tables.

#include "core/pipeline/position.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::test {

struct Blob {
  std::string bytes;
};
// std::monostate: the cell has no value.
using WireValue = std::variant<std::monostate, std::int64_t, double, bool, std::string, Blob>;

struct WireCell {
  std::string name;
  WireValue value;
  std::optional<std::int64_t> timestamp_ms;
  std::optional<std::uint8_t> op;
};

struct WireRecord {
  std::vector<WireCell> key;
  std::vector<WireCell> attributes;
  bool delete_marker = false;
  std::optional<pipeline::Sequence> sequence;
};

inline std::uint8_t slow_crc8(std::uint8_t crc, std::string_view bytes) {
  unsigned value = crc;
  for (const char byte : bytes) {
    value ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) value = ((value << 1U) ^ ((value & 0x80U) != 0 ? 0x07U : 0U)) & 0xffU;
  }
  return static_cast<std::uint8_t>(value);
}

template <class Number>
std::string little_endian(Number number) {
  return std::string(reinterpret_cast<const char*>(&number), sizeof number);
}

inline std::string wire_length(std::size_t size) { return little_endian(static_cast<std::uint32_t>(size)); }

// Type byte and payload.
inline std::string wire_variant(const WireValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return '\x00' + little_endian(*integer);
  if (const auto* real = std::get_if<double>(&value)) return '\x01' + little_endian(*real);
  if (const auto* boolean = std::get_if<bool>(&value))
    return std::string("\x02") + (*boolean ? '\x01' : '\x00');
  if (const auto* text = std::get_if<std::string>(&value)) return '\x03' + wire_length(text->size()) + *text;
  const auto& bytes = std::get<Blob>(value).bytes;
  return '\x07' + wire_length(bytes.size()) + bytes;
}

// Appends the cell and feeds its checksum into `row_crc`.
inline void write_cell(std::string& out, const WireCell& cell, std::uint8_t& row_crc) {
  std::uint8_t crc = slow_crc8(0, cell.name);
  out += std::string("\x03\x04") + wire_length(cell.name.size()) + cell.name;
  if (!std::holds_alternative<std::monostate>(cell.value)) {
    const std::string variant = wire_variant(cell.value);
    out += '\x05' + wire_length(variant.size()) + variant;
    crc = slow_crc8(crc, variant);
  }
  if (cell.op) out += {'\x06', static_cast<char>(*cell.op)};
  if (cell.timestamp_ms) {
    out += '\x07' + little_endian(*cell.timestamp_ms);
    crc = slow_crc8(crc, little_endian(*cell.timestamp_ms));
  }
  if (cell.op) crc = slow_crc8(crc, std::string(1, static_cast<char>(*cell.op)));
  out += {'\x0a', static_cast<char>(crc)};
  row_crc = slow_crc8(row_crc, std::string(1, static_cast<char>(crc)));
}

// The extension that carries a record's place in its shard.
inline std::string wire_extension(const pipeline::Sequence& sequence) {
  return '\x0b' + wire_length(24) + '\x0c' + wire_length(19) + '\x0d' + little_endian(sequence.epoch) +
         '\x0e' + little_endian(sequence.time_us) + '\x0f' + little_endian(sequence.row_index);
}

inline std::string write_record(const WireRecord& record) {
  std::string out = wire_length(0x75) + '\x01';
  std::uint8_t crc = 0;
  for (const WireCell& cell : record.key) write_cell(out, cell, crc);
  if (!record.attributes.empty()) out += '\x02';
  for (const WireCell& cell : record.attributes) write_cell(out, cell, crc);
  if (record.delete_marker) out += '\x08';
  crc = slow_crc8(crc, std::string(1, record.delete_marker ? '\x01' : '\x00'));
  if (record.sequence) out += wire_extension(*record.sequence);
  out += {'\x09', static_cast<char>(crc)};
  return out;
}

}  // namespace sluice::test
