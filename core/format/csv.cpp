#include "core/format/csv.hpp"

#include <cassert>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/format/value_text.hpp"

namespace sluice::format {
namespace {

using pipeline::Value;
using pipeline::ValueType;

#if defined(__SSE2__)
// True if one of `size` bytes is `delimiter`, a quote, CR or LF. Reads up to ByteBuffer::kSlack bytes
// further.
bool holds_special(const char* text, std::size_t size, char delimiter) {
  static_assert(ByteBuffer::kSlack >= sizeof(__m128i));
  const __m128i delimiters = _mm_set1_epi8(delimiter);
  const __m128i quotes = _mm_set1_epi8('"');
  const __m128i feeds = _mm_set1_epi8('\n');
  const __m128i returns = _mm_set1_epi8('\r');
  for (std::size_t at = 0; at < size; at += sizeof(__m128i)) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at));
    const __m128i either = _mm_or_si128(_mm_cmpeq_epi8(bytes, delimiters), _mm_cmpeq_epi8(bytes, quotes));
    const __m128i line = _mm_or_si128(_mm_cmpeq_epi8(bytes, feeds), _mm_cmpeq_epi8(bytes, returns));
    auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(either, line)));
    const std::size_t left = size - at;
    if (left < sizeof(__m128i)) found &= (1U << left) - 1;
    if (found != 0) return true;
  }
  return false;
}
#else
bool holds_special(const char* text, std::size_t size, char delimiter) {
  for (const char byte : std::string_view(text, size)) {
    if (byte == delimiter || byte == '"' || byte == '\n' || byte == '\r') return true;
  }
  return false;
}
#endif

}  // namespace

CsvEncoder::CsvEncoder(std::string delimiter, std::string null_text)
    : delimiter_(std::move(delimiter)),
      plain_scalars_(delimiter_.find_first_of("0123456789-.truefals") == std::string::npos) {
  assert(!delimiter_.empty());
  append_text(null_text, true, null_first_);
  append_text(null_text, false, null_later_);
}

Encoded CsvEncoder::append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                           ByteBuffer& out) const {
  if (rows.columns() == 0) return {count, "", 0};
  for (std::size_t index = first; index < first + count; ++index) {
    const std::span<const Value> row = rows.row(index);
    const std::size_t before = out.size();
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (column != 0) out.append(delimiter_);
      if (append_value(row[column], column == 0, out)) continue;
      out.truncate(before);
      return {index - first, "is no finite number", column + 1};
    }
    out.append('\n');
  }
  return {count, "", 0};
}

void CsvEncoder::append_header(std::span<const std::string> names, ByteBuffer& out) const {
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index != 0) out.append(delimiter_);
    append_text(names[index], index == 0, out);
  }
  out.append('\n');
}

bool CsvEncoder::append_value(const Value& value, bool first_column, ByteBuffer& out) const {
  const std::size_t start = out.size();
  switch (value.type) {
    case ValueType::null:
      out.append(first_column ? null_first_.view() : null_later_.view());
      return true;
    case ValueType::string:
      append_text(value.text, first_column, out);
      return true;
    case ValueType::binary:
      append_decoded(value.text, out);
      quote_from(start, first_column, out);
      return true;
    case ValueType::integer:
      append_integer(value.integer, out);
      break;
    case ValueType::boolean:
      out.append(value.boolean ? "true" : "false");
      break;
    case ValueType::real:
      if (!append_real(value.real, out)) return false;
      break;
  }
  if (!plain_scalars_) quote_from(start, first_column, out);
  return true;
}

// Copies first and looks afterwards: the copy has slack behind it, the source may end with its page.
void CsvEncoder::append_text(std::string_view text, bool first_column, ByteBuffer& out) const {
  const std::size_t start = out.size();
  out.append(text);
  quote_from(start, first_column, out);
}

// Quotes the field that begins at `start` and ends the buffer, if it has to be.
void CsvEncoder::quote_from(std::size_t start, bool first_column, ByteBuffer& out) const {
  const std::size_t size = out.size() - start;
  out.grow(0);
  const char* const field = out.data() + start;
  const bool marked = first_column && (size == 0 || *field == '#');
  if (!marked && !needs_quotes(field, size)) return;

  std::size_t quotes = 2;
  for (const char byte : out.view(start, size)) quotes += byte == '"' ? 1 : 0;
  out.grow(quotes);
  char* const begin = out.data() + start;
  char* to = begin + size + quotes;
  *--to = '"';
  for (const char* from = begin + size;
       from != begin;) {  // from the end, so that nothing is overwritten unread
    const char byte = *--from;
    *--to = byte;
    if (byte == '"') *--to = '"';
  }
  *--to = '"';
  out.advance(quotes);
}

bool CsvEncoder::needs_quotes(const char* text, std::size_t size) const {
  if (!holds_special(text, size, delimiter_.front())) return false;
  if (delimiter_.size() == 1) return true;
  const std::string_view field(text, size);
  return field.find_first_of("\"\r\n") != std::string_view::npos ||
         field.find(delimiter_) != std::string_view::npos;
}

}  // namespace sluice::format
