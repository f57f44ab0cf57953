#pragma once
// Keys, cells and pages of a table, as values.

#include "core/base/time.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tablestore {

// One column of a key. The infinities bound ranges and are in no row.
struct KeyCell {
  enum class Kind : std::uint8_t { integer, string, binary, least, greatest };
  std::string name;
  Kind kind = Kind::string;
  std::int64_t integer = 0;  // integer only
  std::string text;          // string and binary
  friend bool operator==(const KeyCell&, const KeyCell&) = default;
};
using Key = std::vector<KeyCell>;  // in key order, all columns

// How the server sorts: column by column; integers by number, texts by their bytes; the infinities around
// all.
std::strong_ordering order(const Key& a, const Key& b);

// One attribute to be written, without version: the server's time becomes it.
struct AttributeCell {
  enum class Kind : std::uint8_t { integer, string, binary };
  std::string name;
  Kind kind = Kind::string;
  std::int64_t integer = 0;  // integer only
  std::string text;          // string and binary
  friend bool operator==(const AttributeCell&, const AttributeCell&) = default;
};

// Ascending keys from `begin` (inclusive) to `end` (exclusive); the newest version of each column.
struct RangeRequest {
  std::string table;
  Key begin;
  Key end;
  std::vector<std::string> columns;   // of keys and attributes; empty: all
  std::optional<std::int32_t> limit;  // rows of a page, > 0; the server's choice without
};

// One page of a range. Move-only, because `rows` points into `body`; a RowReader (row_codec.hpp) decodes it.
struct RowPage {
  RowPage() = default;
  RowPage(RowPage&&) noexcept = default;
  RowPage& operator=(RowPage&&) noexcept = default;
  RowPage(const RowPage&) = delete;
  RowPage& operator=(const RowPage&) = delete;
  ~RowPage() = default;

  std::string body;         // the answer as received; always on the heap, so that moving keeps `rows` valid
  std::string_view rows;    // PlainBuffer: empty, or one header and all rows back to back
  std::optional<Key> next;  // where the next page begins; absent: the range is read to its end
  Instant server_time{};    // x-ots-date of the answer
};

}  // namespace sluice::tablestore
