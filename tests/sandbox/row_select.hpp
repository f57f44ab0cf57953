#pragma once
// What of a row a read returns: versions, time range, columns, filter.

#include "tests/sandbox/row_filter.hpp"
#include "tests/sandbox/table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sandbox {

/// The part GetRow, BatchGetRow and GetRange requests have in common.
struct Selection {
  std::vector<std::string> columns;
  pb::TimeRange time_range;
  std::optional<std::int32_t> max_versions;
  std::string filter;  // empty: none
  std::optional<std::string> start_column;
  std::optional<std::string> end_column;

  template <class PbRequest>
  explicit Selection(const PbRequest& request)
      : columns(request.columns_to_get().begin(), request.columns_to_get().end()),
        time_range(request.time_range()),
        filter(request.filter()) {
    if (request.has_max_versions()) max_versions = request.max_versions();
    if (request.has_start_column()) start_column = request.start_column();
    if (request.has_end_column()) end_column = request.end_column();
    check(request.has_time_range());
  }

 private:
  void check(bool has_time_range) const;
};

/// The row as returned, or nothing if the read does not return it.
std::optional<WireRow> select(const Table& table, const Key& key, const Row& row, const Selection& selection,
                              std::int64_t now_ms);

/// Columns as a condition on the current row sees them.
FilterRow filter_row(const Table& table, const Key& key, const Row& row);

/// Bytes of key and cells as capacity units count them.
std::size_t counted_bytes(const WireRow& row);
/// Units of 4 KB, at least one.
std::int32_t capacity_units(std::size_t bytes);

}  // namespace sluice::sandbox
