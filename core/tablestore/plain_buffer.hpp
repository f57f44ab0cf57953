#pragma once
// Decodes records of a change stream, rows of a table and keys from the bytes they were received in
// (docs/formats.md). Hot path: no copies, no allocation once the record has grown. Free of coroutines and
// sockets, so that it can be fuzzed alone.

#include "core/base/error.hpp"
#include "core/pipeline/position.hpp"
#include "core/pipeline/row.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::tablestore {

// A table has up to 4 key columns; a time series table has a hidden one, its own, and those its creator
// chose.
inline constexpr std::size_t kKeyCellsMax = 16;
inline constexpr std::size_t kAttributeCellsMax = 2048;        // twice what one write may hold
inline constexpr std::size_t kRowAttributeCellsMax = 100'000;  // of a read: many writes make a row
inline constexpr std::size_t kNameBytesMax = 255;

// Record times outside of these cannot be real (2001 .. 2096) and would end windows at the wrong place.
inline constexpr std::int64_t kRecordTimeMin = 1'000'000'000'000'000;  // microseconds since 1970
inline constexpr std::int64_t kRecordTimeMax = 4'000'000'000'000'000;

enum class CellOp : std::uint8_t { put, delete_all_versions, delete_one_version };

// Views point into the decoded bytes.
struct Cell {
  std::string_view name;
  pipeline::Value value;          // null for both kinds of delete
  std::int64_t timestamp_ms = 0;  // version of an attribute; 0 for key cells and delete_all_versions
  CellOp op = CellOp::put;
};

// Meant to be used again for the next record.
struct DecodedRecord {
  std::vector<Cell> cells;    // key cells in key order, then attribute cells in record order
  std::size_t key_cells = 0;  // 1 .. kKeyCellsMax
  bool delete_marker = false;
  pipeline::Sequence sequence;

  std::span<const Cell> key() const { return std::span(cells).first(key_cells); }
  std::span<const Cell> attributes() const { return std::span(cells).subspan(key_cells); }
};

// Decodes StreamRecord.record: a header and exactly one row with sequence information. Verifies every
// checksum. The text of STRING values is not checked to be UTF-8. On error (always corrupt, "decode stream
// record: at offset 17: expected ..., got ...") the content of `record` is unspecified.
Result<void> decode_record(std::string_view bytes, DecodedRecord& record);

// Decodes the row at offset `at` (0: behind the header) of a page of rows as reads answer them, and returns
// the offset behind it. A row has no operations and no sequence information; a cell's version may be missing.
// Errors as above, "decode row: at offset ...".
Result<std::size_t> decode_row(std::string_view page, std::size_t at, DecodedRecord& record);

// Decodes a header and the cells of one key. Ranges may begin or end at an infinity: a null value whose
// `integer` is -1 or 1. Errors as above, "decode key: at offset ...".
Result<void> decode_bare_key(std::string_view bytes, DecodedRecord& record);

}  // namespace sluice::tablestore
