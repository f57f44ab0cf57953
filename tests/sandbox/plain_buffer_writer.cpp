#include "tests/sandbox/plain_buffer.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace sluice::sandbox::plain_buffer {
namespace {

static_assert(std::endian::native == std::endian::little, "PlainBuffer is copied as it lies in memory");

std::array<std::uint8_t, 256> make_table() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x80U) != 0 ? (crc << 1U) ^ 0x07U : crc << 1U;
    table[i] = static_cast<std::uint8_t>(crc);
  }
  return table;
}

const std::array<std::uint8_t, 256> kCrcTable = make_table();

std::uint8_t step(std::uint8_t crc, std::uint8_t byte) { return kCrcTable[crc ^ byte]; }

template <class T>
void append_raw(T number, std::string& out) {
  char raw[sizeof(T)];
  std::memcpy(raw, &number, sizeof(T));
  out.append(raw, sizeof(T));
}

std::size_t variant_size(const Value& value) {
  switch (value.type) {
    case ValueType::integer:
    case ValueType::real:
      return 9;
    case ValueType::boolean:
      return 2;
    case ValueType::string:
    case ValueType::blob:
      return 5 + value.text.size();
    default:
      return 1;
  }
}

void append_variant(const Value& value, std::string& out) {
  out += static_cast<char>(value.type);
  switch (value.type) {
    case ValueType::integer:
      return append_raw(value.integer, out);
    case ValueType::real:
      return append_raw(value.real, out);
    case ValueType::boolean:
      out += value.integer != 0 ? '\1' : '\0';
      return;
    case ValueType::string:
    case ValueType::blob:
      append_raw(static_cast<std::uint32_t>(value.text.size()), out);
      out += value.text;
      return;
    default:
      return;
  }
}

std::uint8_t append_cell(const Cell& cell, std::string& out) {
  out += '\3';
  out += '\4';
  append_raw(static_cast<std::uint32_t>(cell.name.size()), out);
  out += cell.name;
  std::uint8_t crc = crc8(0, cell.name);
  if (cell.value) {
    out += '\5';
    append_raw(static_cast<std::uint32_t>(variant_size(*cell.value)), out);
    const std::size_t start = out.size();
    append_variant(*cell.value, out);
    crc = crc8(crc, std::string_view(out).substr(start));
  }
  if (cell.op != CellOp::put) {
    out += '\6';
    out += static_cast<char>(cell.op);
  }
  if (cell.timestamp) {
    out += '\7';
    append_raw(*cell.timestamp, out);
    crc = crc8(crc, std::string_view(out).substr(out.size() - 8));
  }
  if (cell.op != CellOp::put) crc = step(crc, static_cast<std::uint8_t>(cell.op));
  out += '\x0A';
  out += static_cast<char>(crc);
  return crc;
}

}  // namespace

std::uint8_t crc8(std::uint8_t crc, std::string_view bytes) {
  for (const char c : bytes) crc = step(crc, static_cast<std::uint8_t>(c));
  return crc;
}

void append_header(std::string& out) { append_raw(std::uint32_t{0x75}, out); }

void append_row(const WireRow& row, const std::optional<SequenceInfo>& sequence, std::string& out) {
  std::uint8_t crc = 0;
  out += '\1';
  for (const Cell& cell : row.key) crc = step(crc, append_cell(cell, out));
  if (!row.cells.empty()) out += '\2';
  for (const Cell& cell : row.cells) crc = step(crc, append_cell(cell, out));
  if (row.delete_marker) out += '\x08';
  crc = step(crc, row.delete_marker ? 1 : 0);
  if (sequence) {
    out += '\x0B';
    append_raw(std::uint32_t{24}, out);
    out += '\x0C';
    append_raw(std::uint32_t{19}, out);
    out += '\x0D';
    append_raw(sequence->epoch, out);
    out += '\x0E';
    append_raw(sequence->timestamp_us, out);
    out += '\x0F';
    append_raw(sequence->row_index, out);
  }
  out += '\x09';
  out += static_cast<char>(crc);
}

std::string encode_row(const WireRow& row) {
  std::string out;
  append_header(out);
  append_row(row, std::nullopt, out);
  return out;
}

std::string encode_variant(const Value& value) {
  std::string out;
  append_variant(value, out);
  return out;
}

}  // namespace sluice::sandbox::plain_buffer
