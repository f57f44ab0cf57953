#include "core/pipeline/dirty_text.hpp"

#include <boost/json.hpp>

#include <cmath>

namespace sluice::pipeline {
namespace {

namespace json = boost::json;

// Length of the UTF-8 character that `text` begins with; 0 if it begins with none.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0U) != 0x80U) return 0;
  }
  // Not the shortest form, half of a surrogate pair, beyond the last character.
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
      (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) {
    return 0;
  }
  return length;
}

// How much of `text` is whole characters of UTF-8, at most `bytes_max`.
std::size_t utf8_bytes(std::string_view text, std::size_t bytes_max) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = character_bytes(text.substr(at));
    if (length == 0 || at + length > bytes_max) break;
    at += length;
  }
  return at;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

// A text is a string; what is cut or is no text is a map with its length and its beginning.
json::value text_json(const Value& value) {
  const std::size_t bytes = utf8_bytes(value.text, kDirtyValueBytesMax);
  const bool is_whole = bytes == value.text.size();
  const bool is_cut = value.text.size() > kDirtyValueBytesMax && bytes + 4 > kDirtyValueBytesMax;
  const bool is_text = value.type == ValueType::string && (is_whole || is_cut);
  json::object cut;
  if (is_text) {
    if (is_whole) return json::value(value.text);
    cut["text"] = value.text.substr(0, bytes);
  } else {
    cut["hex"] = hex(value.text.substr(0, kDirtyValueBytesMax / 2));
  }
  cut["bytes"] = value.text.size();
  return cut;
}

json::value value_json(const Value& value) {
  switch (value.type) {
    case ValueType::null:
      return nullptr;
    case ValueType::integer:
    case ValueType::date:  // milliseconds: the format it is to have is the writer's
      return value.integer;
    case ValueType::boolean:
      return value.boolean;
    case ValueType::real:
      if (std::isnan(value.real)) return json::value("NaN");
      if (std::isinf(value.real)) return json::value(value.real > 0 ? "Infinity" : "-Infinity");
      return value.real;
    case ValueType::string:
    case ValueType::binary:
      break;
  }
  return text_json(value);
}

}  // namespace

std::string dirty_json(const DirtyRow& row, std::string_view column, bool of_table) {
  json::object out{{of_table ? "range" : "shard", row.shard}, {"row", row.row}};
  if (row.column > 0) out["place"] = row.column;
  if (!column.empty()) out["column"] = column;
  out["problem"] = row.problem.substr(0, utf8_bytes(row.problem, kDirtyValueBytesMax));
  json::array values;
  std::size_t bytes = 0;
  for (const Value& value : row.values) {
    bytes += std::min(value.text.size(), kDirtyValueBytesMax) + sizeof(std::int64_t);
    if (bytes > kDirtyRowBytesMax) break;
    values.push_back(value_json(value));
  }
  if (values.size() < row.values.size()) out["values_left_out"] = row.values.size() - values.size();
  out["values"] = std::move(values);
  return json::serialize(out);
}

}  // namespace sluice::pipeline
