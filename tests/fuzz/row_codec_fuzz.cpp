// Fuzz target of what a full-table reader decodes: a page, its rows, a key.

#include "core/tablestore/row_codec.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace sluice::tablestore;

bool inside(std::string_view whole, std::string_view part) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// Each row lies inside the page and keeps the documented limits; the reader comes to an end.
void read_rows(std::string_view rows) {
  static DecodedRecord record;
  RowReader reader(rows);
  for (std::size_t count = 0;; ++count) {
    const auto more = reader.next(record);
    if (more.has_error() || !*more) return;
    if (count > rows.size()) std::abort();
    if (record.key_cells == 0 || record.key_cells > kKeyCellsMax || record.delete_marker) std::abort();
    if (record.cells.size() > record.key_cells + kRowAttributeCellsMax) std::abort();
    for (const Cell& cell : record.cells) {
      if (cell.name.empty() || cell.op != CellOp::put) std::abort();
      if (!inside(rows, cell.name) || !inside(rows, cell.value.text)) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  read_rows(input);
  if (const auto key = decode_key(input); key.has_value() && encode_key(*key) != input) std::abort();
  const auto page = decode_row_page(std::string(input));
  if (page.has_error()) return 0;
  if (!inside(page->body, page->rows)) std::abort();
  read_rows(page->rows);
  return 0;
}
