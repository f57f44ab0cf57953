#pragma once
// Rows of the configured columns (mode single_version_and_update_only).

#include "core/tablestore/column_places.hpp"
#include "core/tablestore/date_columns.hpp"
#include "core/tablestore/record_mapper.hpp"
#include "core/tablestore/row_tail.hpp"
#include "core/tablestore/row_texts.hpp"

#include <cstdint>
#include <string>

namespace sluice::tablestore {

class RowMapper final : public RecordMapper {
 public:
  RowMapper(const RowLayout& layout, std::string shard);

  std::size_t width() const override { return tail_.width(); }
  Result<void> append(Action action, const DecodedRecord& record, pipeline::RowBatch& batch) override;
  void clear_texts() override { texts_.clear(); }
  // "delete_row" and "no_configured_column" count records, "delete_cell" and "non_finite_null" cells.
  void report(pipeline::Statistics& statistics) override;
  bool seen(std::size_t column) const override { return places_.seen(layout_.columns[column].name); }

 private:
  const RowLayout layout_;
  ColumnPlaces places_;
  RowTexts texts_;
  RowTail tail_;
  DateColumns dates_;
  std::uint64_t delete_rows_ = 0;
  std::uint64_t delete_cells_ = 0;
  std::uint64_t without_column_ = 0;
};

}  // namespace sluice::tablestore
