// Fuzz target of what a full-table reader decodes: a page, its rows, a key. The sandbox's own reader takes a
// row that ours takes, and finds the same in it.

#include "core/tablestore/row_codec.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/plain_buffer_repair.hpp"
#include "tests/sandbox/plain_buffer.hpp"

#include <string>

namespace {

using namespace sluice;
using namespace sluice::tablestore;

constexpr std::size_t kHeaderBytes = 4;

// One row of a page on its own, which all others share the header of.
void compare(std::string_view header, std::string_view row, const DecodedRecord& record) {
  const sandbox::WireRow other = sandbox::plain_buffer::decode_row(std::string(header).append(row));
  fuzz::check(other.key.size() == record.key_cells);
  fuzz::check(other.key.size() + other.cells.size() == record.cells.size());
  for (std::size_t i = 0; i < record.cells.size(); ++i) {
    const sandbox::Cell& cell = i < other.key.size() ? other.key[i] : other.cells[i - other.key.size()];
    const pipeline::Value& value = record.cells[i].value;
    fuzz::check(cell.name == record.cells[i].name && cell.value.has_value());
    fuzz::check(cell.timestamp.value_or(0) == record.cells[i].timestamp_ms);
    fuzz::check(cell.value->text == value.text);
    if (value.type == pipeline::ValueType::integer) fuzz::check(cell.value->integer == value.integer);
  }
}

// The other reader does not take a row whose attribute part is there and empty.
bool has_empty_part(const DecodedRecord& record, std::string_view row) {
  return record.cells.size() == record.key_cells && row.size() >= 3 && row[row.size() - 3] == '\x02';
}

// Each row lies inside the page and keeps the documented limits; the walk comes to an end.
void read_rows(std::string_view rows) {
  static DecodedRecord record;
  std::size_t at = 0;
  while (at < rows.size()) {
    const auto end = decode_row(rows, at, record);
    if (end.has_error()) return fuzz::check(end.error().code() == Errc::corrupt);
    fuzz::check(*end > at && *end <= rows.size());
    fuzz::check(record.key_cells > 0 && record.key_cells <= kKeyCellsMax && !record.delete_marker);
    fuzz::check(record.cells.size() <= record.key_cells + kRowAttributeCellsMax);
    for (const Cell& cell : record.cells) {
      fuzz::check(!cell.name.empty() && cell.op == CellOp::put);
      fuzz::check(fuzz::inside(rows, cell.name) && fuzz::inside(rows, cell.value.text));
    }
    const std::size_t begin = at == 0 ? kHeaderBytes : at;
    const std::string_view row = rows.substr(begin, *end - begin);
    if (!has_empty_part(record, row)) compare(rows.substr(0, kHeaderBytes), row, record);
    at = *end;
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned seed) {
  return fuzz::mutate_plain_buffer(data, size, size_max, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  read_rows(input);
  if (const auto key = decode_key(input); key.has_value()) {
    fuzz::check(encode_key(*key) == input);
    fuzz::check(sandbox::plain_buffer::decode_key(input).size() == key->size());
  }
  const auto page = decode_row_page(std::string(input));
  if (page.has_error()) return 0;
  fuzz::check(fuzz::inside(page->body, page->rows));
  read_rows(page->rows);
  if (page->next) {
    const auto again = decode_key(encode_key(*page->next));
    fuzz::check(again.has_value() && *again == *page->next);
  }
  return 0;
}
