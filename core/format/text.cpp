#include "core/format/text.hpp"

namespace sluice::format {

using pipeline::Value;
using pipeline::ValueType;

Encoded TextEncoder::append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                            ByteBuffer& out) const {
  for (std::size_t index = first; index < first + count; ++index) {
    const std::span<const Value> row = rows.row(index);
    const std::size_t before = out.size();
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (column != 0) out.append(form_.delimiter);
      const std::string_view problem = append_value(row[column], out);
      if (problem.empty()) continue;
      out.truncate(before);
      return {index - first, std::string(problem), column + 1};
    }
    out.append(form_.line_end);
  }
  return {count, "", 0};
}

void TextEncoder::append_header(std::span<const std::string> names, ByteBuffer& out) const {
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index != 0) out.append(form_.delimiter);
    out.append(names[index]);
  }
  out.append(form_.line_end);
}

std::string_view TextEncoder::append_value(const Value& value, ByteBuffer& out) const {
  if (value.type != ValueType::null) return append_scalar(value, form_.values, out);
  out.append(form_.null_text);
  return "";
}

}  // namespace sluice::format
