#include "core/format/csv.hpp"

#include <cassert>
#include <cstring>

namespace sluice::format {
namespace {

using pipeline::Value;
using pipeline::ValueType;
using Escape = job::CsvStyle::Escape;
using Quotes = job::CsvStyle::Quotes;

constexpr std::string_view kCannotBeBare = "holds the delimiter or a line end and must not be quoted";

char escape_of(const job::CsvStyle& style) {
  return style.escape == Escape::backslash ? '\\' : style.qualifier;
}

}  // namespace

CsvEncoder::CsvEncoder(CsvForm form)
    : form_(std::move(form)),
      marks_(form_.delimiter.front(), form_.style.qualifier, escape_of(form_.style)),
      copy_(copy_and_look()),
      escape_(copy_and_escape()),
      exact_marks_(form_.delimiter.size() == 1 && form_.style.escape == Escape::doubled) {
  assert(!form_.delimiter.empty());
  constexpr std::string_view kScalars = "0123456789-.truefals";
  const char marks[] = {form_.style.qualifier, form_.style.comment};
  plain_scalars_ = form_.style.quotes != Quotes::always &&
                   form_.delimiter.find_first_of(kScalars) == std::string::npos &&
                   kScalars.find_first_of(std::string_view(marks, sizeof marks)) == std::string_view::npos;
  null_problem_first_ = append_text(form_.null_text, true, null_first_);
  null_problem_later_ = append_text(form_.null_text, false, null_later_);
}

Encoded CsvEncoder::append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                           ByteBuffer& out) const {
  if (rows.columns() == 0) return {count, "", 0};
  for (std::size_t index = first; index < first + count; ++index) {
    const std::size_t before = out.size();
    std::size_t column = 0;
    const std::string_view problem = append_row(rows.row(index), column, out);
    if (problem.empty()) continue;
    out.truncate(before);
    return {index - first, std::string(problem), column + 1};
  }
  return {count, "", 0};
}

std::string_view CsvEncoder::append_row(std::span<const Value> row, std::size_t& column,
                                        ByteBuffer& out) const {
  for (; column < row.size(); ++column) {
    if (column != 0 && exact_marks_) {
      out.append(form_.delimiter.front());
    } else if (column != 0) {
      out.append(form_.delimiter);
    }
    const std::string_view problem = append_value(row[column], column == 0, out);
    if (!problem.empty()) return problem;
  }
  out.append(form_.line_end);
  return "";
}

// Names that need quotes where none may be are refused by make_encoder().
void CsvEncoder::append_header(std::span<const std::string> names, ByteBuffer& out) const {
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index != 0) out.append(form_.delimiter);
    append_text(names[index], index == 0, out);
  }
  out.append(form_.line_end);
}

std::string_view CsvEncoder::append_value(const Value& value, bool first_column, ByteBuffer& out) const {
  if (value.type == ValueType::string) return append_text(value.text, first_column, out);
  if (value.type == ValueType::null) {
    out.append(first_column ? null_first_.view() : null_later_.view());
    return first_column ? null_problem_first_ : null_problem_later_;
  }
  const std::size_t start = out.size();
  const std::string_view problem = append_scalar(value, form_.values, out);
  if (!problem.empty()) return problem;
  if (plain_scalars_ && value.type != ValueType::binary && value.type != ValueType::date) return "";
  return finish_field(start, first_column, look_again(start, out), out);
}

std::string_view CsvEncoder::append_text(std::string_view text, bool first_column, ByteBuffer& out) const {
  const std::size_t start = out.size();
  const Found found = copy_(text.data(), text.size(), out.grow(text.size()), marks_);
  out.advance(text.size());
  if (!found.mark && !first_column && form_.style.quotes != Quotes::always) return "";
  return finish_field(start, first_column, found, out);
}

Found CsvEncoder::look_again(std::size_t start, ByteBuffer& out) const {
  char* const field = out.data() + start;
  return copy_(field, out.size() - start, field, marks_);
}

// Quotes or escapes the field that begins at `start` and ends the buffer, if it has to be.
std::string_view CsvEncoder::finish_field(std::size_t start, bool first_column, Found found,
                                          ByteBuffer& out) const {
  const job::CsvStyle& style = form_.style;
  const std::size_t size = out.size() - start;
  const bool commented = first_column && size > 0 && out.data()[start] == style.comment;
  const bool marked = commented || (first_column && size == 0);
  if (!found.mark && !marked && style.quotes != Quotes::always) return "";

  bool needs_quotes = marked || style.quotes == Quotes::always;
  if (found.mark && !needs_quotes) {
    const std::string_view field = out.view(start, size);
    needs_quotes = exact_marks_ || field.find(style.qualifier) != std::string_view::npos ||
                   holds_delimiter_or_line(field);
  }
  if (style.quotes != Quotes::never && needs_quotes) {
    quote(start, found.escapable, out);
    return "";
  }
  if (style.escape == Escape::backslash) {
    escape_bare(start, commented, out);
    return "";
  }
  if (style.quotes == Quotes::never && holds_delimiter_or_line(out.view(start, size))) return kCannotBeBare;
  return "";
}

bool CsvEncoder::holds_delimiter_or_line(std::string_view field) const {
  return field.find(form_.delimiter) != std::string_view::npos ||
         field.find_first_of("\r\n") != std::string_view::npos;
}

void CsvEncoder::quote(std::size_t start, bool escapable, ByteBuffer& out) const {
  const char qualifier = form_.style.qualifier;
  const std::size_t size = out.size() - start;
  if (!escapable) {
    out.grow(2);
    char* const begin = out.data() + start;
    std::memmove(begin + 1, begin, size);
    begin[0] = qualifier;
    begin[size + 1] = qualifier;
    return out.advance(2);
  }
  // From a copy behind the room that the field may need, forwards: reading never falls behind writing.
  const std::size_t shift = size + 2 + ByteBuffer::kSlack;
  out.grow(shift + size);
  char* const begin = out.data() + start;
  std::memcpy(begin + shift, begin, size);
  *begin = qualifier;
  char* const end = escape_(begin + shift, size, begin + 1, marks_);
  *end = qualifier;
  out.truncate(start);
  out.advance(static_cast<std::size_t>(end + 1 - begin));
}

// What has a meaning outside of quotes gets a backslash; the qualifier has none there.
void CsvEncoder::escape_bare(std::size_t start, bool commented, ByteBuffer& out) const {
  const std::string field(out.view(start, out.size() - start));
  out.truncate(start);
  // A comment that is a mark as well gets its backslash below: with two it would be read as another text.
  if (commented && field.front() != '\\') out.append('\\');
  for (std::size_t at = 0; at < field.size();) {
    if (field.compare(at, form_.delimiter.size(), form_.delimiter) == 0) {
      out.append('\\');
      out.append(form_.delimiter);
      at += form_.delimiter.size();
      continue;
    }
    if (field[at] == '\\' || field[at] == '\r' || field[at] == '\n') out.append('\\');
    out.append(field[at++]);
  }
}

}  // namespace sluice::format
