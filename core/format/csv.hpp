#pragma once
// Comma-separated lines: RFC 4180, and the original writer's settings of it.

#include "core/format/copy_and_look.hpp"
#include "core/format/row_encoder.hpp"
#include "core/format/value_text.hpp"
#include "core/job/job.hpp"

#include <string>
#include <string_view>

namespace sluice::format {

struct CsvForm {
  std::string delimiter = ",";     // one character, in UTF-8 1 to 4 bytes; none of those below
  std::string null_text = "null";  // quoted and escaped as if it were a string
  std::string line_end = "\n";     // "\n", "\r" or "\r\n"
  job::CsvStyle style{};           // qualifier, escape and comment are ASCII and differ
  ValueForms values{};
};

// A field is quoted if it holds the delimiter, the qualifier, CR or LF, or if it is the first of its line and
// is empty or begins with the comment. Nothing is trimmed. Rows without columns give nothing. With
// CsvStyle::Quotes::never a field that would need them makes its row dirty, unless a backslash can escape it.
class CsvEncoder final : public RowEncoder {
 public:
  explicit CsvEncoder(CsvForm form);

  Encoded append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                 ByteBuffer& out) const override;
  void append_header(std::span<const std::string> names, ByteBuffer& out) const override;

 private:
  std::string_view append_row(std::span<const pipeline::Value> row, std::size_t& column,
                              ByteBuffer& out) const;
  std::string_view append_value(const pipeline::Value& value, bool first_column, ByteBuffer& out) const;
  std::string_view append_text(std::string_view text, bool first_column, ByteBuffer& out) const;
  std::string_view finish_field(std::size_t start, bool first_column, Found found, ByteBuffer& out) const;
  Found look_again(std::size_t start, ByteBuffer& out) const;
  bool holds_delimiter_or_line(std::string_view field) const;
  void quote(std::size_t start, bool escapable, ByteBuffer& out) const;
  void escape_bare(std::size_t start, bool commented, ByteBuffer& out) const;

  CsvForm form_;
  Marks marks_;
  CopyAndLook copy_;
  CopyAndEscape escape_;
  bool exact_marks_;       // each of the marks is a reason to quote
  bool plain_scalars_;     // no number or boolean can need quotes
  ByteBuffer null_first_;  // the null text as a first field and as a later one
  ByteBuffer null_later_;
  std::string_view null_problem_first_;
  std::string_view null_problem_later_;
};

}  // namespace sluice::format
