#include "core/tablestore/row_mapper.hpp"

#include <utility>

namespace sluice::tablestore {

using pipeline::Value;

RowMapper::RowMapper(const RowLayout& layout, std::string shard)
    : layout_(layout),
      places_(layout.columns.size()),
      texts_(layout, std::move(shard)),
      tail_(layout),
      dates_(layout) {
  for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
    places_.add(layout_.columns[i].name, static_cast<std::uint32_t>(i));
  }
}

Result<void> RowMapper::append(Action action, const DecodedRecord& record, pipeline::RowBatch& batch) {
  const bool is_delete = action == Action::delete_row;
  if (is_delete && layout_.deletes == job::Deletes::count) {
    ++delete_rows_;
    return {};
  }
  Value* const row = batch.append_row();
  const std::size_t cells = is_delete ? record.key_cells : record.cells.size();
  bool has_value = false;
  for (std::size_t i = 0; i < cells; ++i) {
    const Cell& cell = record.cells[i];
    const std::uint32_t slot = places_.find_usual(cell.name, i);
    if (cell.op != CellOp::put) {
      ++delete_cells_;
      continue;
    }
    if (slot == ColumnPlaces::kNone) continue;
    has_value = true;
    if (!texts_.must_change(cell.value)) {
      places_.set(row, slot, cell.value);
      continue;
    }
    Value value = cell.value;
    texts_.change(value);
    places_.set(row, slot, value);
  }
  if (!has_value) {
    ++without_column_;
    batch.drop_last_row();
    return {};
  }
  dates_.mark(row);
  tail_.write(action, record.sequence, texts_, row);
  return {};
}

void RowMapper::report(pipeline::Statistics& statistics) {
  move_count("delete_row", delete_rows_, statistics);
  move_count("delete_cell", delete_cells_, statistics);
  move_count("no_configured_column", without_column_, statistics);
  texts_.report(statistics);
}

}  // namespace sluice::tablestore
