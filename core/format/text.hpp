#pragma once
// Plain lines: fields joined by a delimiter, nothing quoted or escaped, LF line ends.

#include "core/format/row_encoder.hpp"

#include <string>

namespace sluice::format {

// A value that holds the delimiter or a line end breaks its line, as in the original; csv does not have this.
class TextEncoder final : public RowEncoder {
 public:
  // `delimiter` may be any text, also empty.
  TextEncoder(std::string delimiter, std::string null_text);

  Encoded append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                 ByteBuffer& out) const override;
  void append_header(std::span<const std::string> names, ByteBuffer& out) const override;

 private:
  bool append_value(const pipeline::Value& value, ByteBuffer& out) const;

  std::string delimiter_;
  std::string null_text_;
};

}  // namespace sluice::format
