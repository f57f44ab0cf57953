#pragma once
// What the full-table reader and the status table ask of Table Store, as a port. Implemented by client.hpp;
// tests have fakes.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/tablestore/stream_api.hpp"

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

// Single-threaded; calls may overlap. Arguments must stay valid until the call has returned. Errors as those
// of StreamApi; `conflict` where said.
class TableApi {
 public:
  virtual ~TableApi() = default;

  virtual awaitable<Result<RowPage>> get_range(const RangeRequest& request) = 0;

  // Keys that cut the table into parts of about `part_bytes` (a multiple of 1 MiB), ascending, columns behind
  // the first one filled up with `least`. Empty for a small table.
  virtual awaitable<Result<std::vector<Key>>> split_points(const std::string& table,
                                                           std::int64_t part_bytes) = 0;

  // Replaces the row, whether it exists or not. Repeating it does no harm.
  virtual awaitable<Result<void>> put_row(const std::string& table, const Key& key,
                                          const std::vector<AttributeCell>& cells) = 0;

  // Also if it does not exist.
  virtual awaitable<Result<void>> delete_row(const std::string& table, const Key& key) = 0;

  // conflict: it exists already.
  virtual awaitable<Result<void>> create_table(const std::string& table,
                                               const std::vector<KeyColumn>& primary_key,
                                               std::chrono::seconds time_to_live) = 0;
};

}  // namespace sluice::tablestore
