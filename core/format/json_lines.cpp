#include "core/format/json_lines.hpp"

#include "core/format/utf8.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace sluice::format {
namespace {

using pipeline::Value;
using pipeline::ValueType;

constexpr std::string_view kHex = "0123456789abcdef";

// Bytes that a byte takes more when it is escaped: "\n" 1, "\u0001" 5.
constexpr std::array<std::uint8_t, 256> make_growth() {
  std::array<std::uint8_t, 256> growth{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) growth[byte] = 5;
  for (const char byte : {'"', '\\', '\b', '\f', '\n', '\r', '\t'})
    growth[static_cast<unsigned char>(byte)] = 1;
  return growth;
}
constexpr std::array<std::uint8_t, 256> kGrowth = make_growth();

char short_escape(char byte) {
  switch (byte) {
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return byte;
  }
}

constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kHighs = 0x8080808080808080U;

// Bit 7 of a byte is set where the byte of `word` is less than `limit` (up to 0x80), and now and then in a
// byte above such a one.
std::uint64_t bytes_below(std::uint64_t word, std::uint64_t limit) {
  return (word - kOnes * limit) & ~word & kHighs;
}

struct Sight {
  bool escapable = false;  // may be a false alarm
  bool ascii = true;
};

Sight look(std::string_view text) {
  std::uint64_t escapable = 0;
  std::uint64_t highs = 0;
  std::size_t at = 0;
  const auto see = [&](std::uint64_t word) {
    escapable |=
        bytes_below(word, 0x20) | bytes_below(word ^ kOnes * '"', 1) | bytes_below(word ^ kOnes * '\\', 1);
    highs |= word;
  };
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    see(word);
  }
  if (at < text.size()) {
    std::uint64_t word = kOnes * ' ';
    std::memcpy(&word, text.data() + at, text.size() - at);
    see(word);
  }
  return {escapable != 0, (highs & kHighs) == 0};
}

// Escapes what begins at `start` and ends the buffer; in place and from the end, so that nothing is
// overwritten unread.
void escape_from(std::size_t start, ByteBuffer& out) {
  const std::size_t size = out.size() - start;
  std::size_t growth = 0;
  for (const char byte : out.view(start, size)) growth += kGrowth[static_cast<unsigned char>(byte)];
  if (growth == 0) return;
  out.grow(growth);
  char* const begin = out.data() + start;
  char* to = begin + size + growth;
  for (const char* from = begin + size; from != to;) {
    const char byte = *--from;
    switch (kGrowth[static_cast<unsigned char>(byte)]) {
      case 0:
        *--to = byte;
        break;
      case 1:
        *--to = short_escape(byte);
        *--to = '\\';
        break;
      default:
        *--to = kHex[static_cast<unsigned char>(byte) & 15U];
        *--to = kHex[static_cast<unsigned char>(byte) >> 4U];
        to -= 4;
        std::memcpy(to, "\\u00", 4);
    }
  }
  out.advance(growth);
}

// Appends a JSON string; false, and something left behind, if `text` is not UTF-8.
bool append_string(std::string_view text, ByteBuffer& out) {
  const Sight sight = look(text);
  if (!sight.ascii && !is_utf8(text)) return false;
  out.append('"');
  const std::size_t start = out.size();
  out.append(text);
  if (sight.escapable) escape_from(start, out);
  out.append('"');
  return true;
}

bool append_number(double value, ByteBuffer& out) {
  if (!std::isfinite(value)) return false;
  constexpr std::size_t kLongest = 32;
  char* const to = out.grow(kLongest);
  out.advance(static_cast<std::size_t>(std::to_chars(to, to + kLongest, value).ptr - to));
  return true;
}

}  // namespace

JsonLinesEncoder::JsonLinesEncoder(std::span<const std::string> names, std::string line_end,
                                   ValueForms values)
    : line_end_(std::move(line_end)), values_(std::move(values)) {
  for (const std::string& name : names) {
    ByteBuffer key;
    key.append(keys_.empty() ? '{' : ',');
    append_string(name, key);
    key.append(':');
    keys_.emplace_back(key.view());
  }
}

Encoded JsonLinesEncoder::append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                                 ByteBuffer& out) const {
  for (std::size_t index = first; index < first + count; ++index) {
    const std::span<const Value> row = rows.row(index);
    const std::size_t before = out.size();
    if (row.empty()) out.append('{');
    for (std::size_t column = 0; column < row.size(); ++column) {
      append_key(column, out);
      const std::string_view problem = append_value(row[column], out);
      if (problem.empty()) continue;
      out.truncate(before);
      return {index - first, std::string(problem), column + 1};
    }
    out.append('}');
    out.append(line_end_);
  }
  return {count, "", 0};
}

void JsonLinesEncoder::append_header(std::span<const std::string>, ByteBuffer&) const {}

void JsonLinesEncoder::append_key(std::size_t column, ByteBuffer& out) const {
  if (column < keys_.size()) return out.append(keys_[column]);
  out.append(column == 0 ? "{\"c" : ",\"c");
  append_integer(static_cast<std::int64_t>(column), out);
  out.append("\":");
}

std::string_view JsonLinesEncoder::append_value(const Value& value, ByteBuffer& out) const {
  switch (value.type) {
    case ValueType::null:
      out.append("null");
      return "";
    case ValueType::string:
      return append_string(value.text, out) ? "" : kNotUtf8;
    case ValueType::real:
      return append_number(value.real, out) ? "" : kNotFinite;
    case ValueType::integer:
    case ValueType::boolean:
      return append_scalar(value, values_, out);
    case ValueType::binary:
    case ValueType::date:
      break;
  }
  out.append('"');
  const std::size_t start = out.size();
  const std::string_view problem = append_scalar(value, values_, out);
  if (!problem.empty()) return problem;
  escape_from(start, out);
  out.append('"');
  return "";
}

}  // namespace sluice::format
