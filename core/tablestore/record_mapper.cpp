#include "core/tablestore/record_mapper.hpp"

#include "core/tablestore/cell_mapper.hpp"
#include "core/tablestore/row_mapper.hpp"
#include "core/tablestore/series_mapper.hpp"

#include <utility>

namespace sluice::tablestore {

RowLayout layout_of(const job::TableStoreSource& source) {
  RowLayout layout;
  layout.mode = source.mode;
  layout.columns = source.columns;
  layout.is_time_series = source.is_time_series;
  layout.export_sequence = source.export_sequence;
  layout.export_op_type = source.export_op_type;
  layout.distinct_put = source.distinct_put;
  layout.deletes = source.deletes;
  layout.binary = source.binary;
  layout.non_finite = source.non_finite;
  return layout;
}

std::unique_ptr<RecordMapper> make_mapper(const RowLayout& layout, std::string shard) {
  if (layout.mode == job::ReadMode::column) return std::make_unique<CellMapper>(layout, std::move(shard));
  if (layout.is_time_series) return std::make_unique<SeriesMapper>(layout, std::move(shard));
  return std::make_unique<RowMapper>(layout, std::move(shard));
}

}  // namespace sluice::tablestore
