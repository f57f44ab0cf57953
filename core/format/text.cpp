#include "core/format/text.hpp"

#include "core/format/value_text.hpp"

namespace sluice::format {

using pipeline::Value;
using pipeline::ValueType;

TextEncoder::TextEncoder(std::string delimiter, std::string null_text)
    : delimiter_(std::move(delimiter)), null_text_(std::move(null_text)) {}

Encoded TextEncoder::append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                            ByteBuffer& out) const {
  for (std::size_t index = first; index < first + count; ++index) {
    const std::span<const Value> row = rows.row(index);
    const std::size_t before = out.size();
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (column != 0) out.append(delimiter_);
      if (append_value(row[column], out)) continue;
      out.truncate(before);
      return {index - first, "is no finite number", column + 1};
    }
    out.append('\n');
  }
  return {count, "", 0};
}

void TextEncoder::append_header(std::span<const std::string> names, ByteBuffer& out) const {
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index != 0) out.append(delimiter_);
    out.append(names[index]);
  }
  out.append('\n');
}

bool TextEncoder::append_value(const Value& value, ByteBuffer& out) const {
  switch (value.type) {
    case ValueType::null:
      out.append(null_text_);
      return true;
    case ValueType::string:
      out.append(value.text);
      return true;
    case ValueType::binary:
      append_decoded(value.text, out);
      return true;
    case ValueType::integer:
      append_integer(value.integer, out);
      return true;
    case ValueType::boolean:
      out.append(value.boolean ? "true" : "false");
      return true;
    case ValueType::real:
      return append_real(value.real, out);
  }
  return true;
}

}  // namespace sluice::format
