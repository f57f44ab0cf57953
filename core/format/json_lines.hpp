#pragma once
// JSON lines: an object for each row, one a line.

#include "core/format/row_encoder.hpp"
#include "core/format/value_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::format {

// Integers, doubles and booleans are JSON's own (a double in as few digits as name it), null is null, all
// else is text. Text that is not UTF-8 makes its row dirty, because its line could not be read.
class JsonLinesEncoder final : public RowEncoder {
 public:
  // `names` of the columns, in order; those behind are called c and their place, from 0. `line_end` is JSON's
  // white space.
  JsonLinesEncoder(std::span<const std::string> names, std::string line_end, ValueForms values);

  Encoded append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                 ByteBuffer& out) const override;
  // Nothing: every line names its columns.
  void append_header(std::span<const std::string> names, ByteBuffer& out) const override;

 private:
  void append_key(std::size_t column, ByteBuffer& out) const;
  std::string_view append_value(const pipeline::Value& value, ByteBuffer& out) const;

  std::vector<std::string> keys_;  // "{\"uid\":", then ",\"c1\":"
  std::string line_end_;
  ValueForms values_;
};

}  // namespace sluice::format
