#pragma once
// Plain lines: fields joined by a delimiter, nothing quoted or escaped.

#include "core/format/row_encoder.hpp"
#include "core/format/value_text.hpp"

#include <string>

namespace sluice::format {

struct TextForm {
  std::string delimiter = ",";  // any text, also none
  std::string null_text = "null";
  std::string line_end = "\n";
  ValueForms values{};
};

// A value that holds the delimiter or a line end breaks its line, as in the original; csv does not have this.
class TextEncoder final : public RowEncoder {
 public:
  explicit TextEncoder(TextForm form) : form_(std::move(form)) {}

  Encoded append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                 ByteBuffer& out) const override;
  void append_header(std::span<const std::string> names, ByteBuffer& out) const override;

 private:
  std::string_view append_value(const pipeline::Value& value, ByteBuffer& out) const;

  TextForm form_;
};

}  // namespace sluice::format
