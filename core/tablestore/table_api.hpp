#pragma once
// What the full-table reader and the status table ask of Table Store, as a port. Implemented by client.hpp;
// tests have fakes.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/tablestore/stream_api.hpp"
#include "core/tablestore/table_row.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tablestore {

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

  // With one version of each column; `time_to_live` -1 s: rows are kept for ever. conflict: it exists
  // already, also when a first try made it whose answer was lost.
  virtual awaitable<Result<void>> create_table(const std::string& table,
                                               const std::vector<KeyColumn>& primary_key,
                                               std::chrono::seconds time_to_live) = 0;
};

}  // namespace sluice::tablestore
