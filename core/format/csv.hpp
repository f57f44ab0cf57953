#pragma once
// Comma-separated lines: RFC 4180 with LF line ends.

#include "core/format/row_encoder.hpp"

#include <string>
#include <string_view>

namespace sluice::format {

// A field is quoted if it holds the delimiter, a quote, CR or LF, or if it is the first of its line and is
// empty or begins with "#". Nothing is trimmed. Rows without columns give nothing.
class CsvEncoder final : public RowEncoder {
 public:
  // `delimiter` is one character (in UTF-8: 1 to 4 bytes), `null_text` what a null is written as.
  CsvEncoder(std::string delimiter, std::string null_text);

  Encoded append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                 ByteBuffer& out) const override;
  void append_header(std::span<const std::string> names, ByteBuffer& out) const override;

 private:
  bool append_value(const pipeline::Value& value, bool first_column, ByteBuffer& out) const;
  void append_text(std::string_view text, bool first_column, ByteBuffer& out) const;
  void quote_from(std::size_t start, bool first_column, ByteBuffer& out) const;
  bool needs_quotes(const char* text, std::size_t size) const;

  std::string delimiter_;
  ByteBuffer null_first_;  // the null text as a first field and as a later one, quoted where need be
  ByteBuffer null_later_;
  bool plain_scalars_;  // no number or boolean can hold the delimiter
};

}  // namespace sluice::format
