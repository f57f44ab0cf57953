#include "core/tablestore/row_mapper.hpp"

#include <fmt/format.h>

#include <utility>

namespace sluice::tablestore {

RowMapper::RowMapper(const std::vector<std::string>& columns, std::string sequence_shard)
    : columns_(columns.size()),
      sequence_shard_(std::move(sequence_shard)),
      next_place_(columns.size(), kNone) {
  slots_.reserve(columns.size());  // by_name_ points into it
  for (std::size_t i = columns.size(); i-- > 0;) {
    const auto place = static_cast<std::uint32_t>(i);
    const auto known = by_name_.find(columns[i]);
    if (known == by_name_.end()) {
      slots_.push_back(Slot{columns[i], place});
      by_name_.emplace(slots_.back().name, static_cast<std::uint32_t>(slots_.size() - 1));
    } else {
      next_place_[i] = std::exchange(slots_[known->second].first_place, place);
    }
  }
}

// Records of one table mostly carry the same cells in the same order, so the slot that fitted at this place
// last time is tried before the hash table.
std::uint32_t RowMapper::slot_of(std::string_view name, std::size_t cell_index) {
  if (cell_index >= usual_.size()) usual_.resize(cell_index + 1, kNone);
  std::uint32_t& usual = usual_[cell_index];
  if (usual != kNone && slots_[usual].name == name) return usual;
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return kNone;
  usual = found->second;
  slots_[usual].seen = true;
  return usual;
}

bool RowMapper::append(Action action, const DecodedRecord& record, pipeline::RowBatch& batch) {
  if (action == Action::delete_row) {
    ++delete_rows_;
    return false;
  }
  pipeline::Value* const row = batch.append_row();
  bool has_value = false;
  for (std::size_t i = 0; i < record.cells.size(); ++i) {
    const Cell& cell = record.cells[i];
    const std::uint32_t slot = slot_of(cell.name, i);
    if (cell.op != CellOp::put) {
      ++delete_cells_;
      continue;
    }
    if (slot == kNone) continue;
    has_value = true;
    for (std::uint32_t place = slots_[slot].first_place; place != kNone; place = next_place_[place]) {
      row[place] = cell.value;
    }
  }
  if (!has_value) {
    ++without_column_;
    batch.drop_last_row();
    return false;
  }
  if (!sequence_shard_.empty()) add_sequence(record.sequence, row[columns_]);
  return true;
}

void RowMapper::add_sequence(const pipeline::Sequence& sequence, pipeline::Value& value) {
  texts_.push_back(fmt::format("{:010}_{:020}_{:010}_{}", sequence.epoch, sequence.time_us,
                               sequence.row_index, sequence_shard_));
  value.type = pipeline::ValueType::string;
  value.text = texts_.back();
}

void RowMapper::report(pipeline::Statistics& statistics) {
  const auto move = [&statistics](const char* reason, std::uint64_t& count) {
    if (count > 0) statistics.ignored[reason] += std::exchange(count, 0);
  };
  move("delete_row", delete_rows_);
  move("delete_cell", delete_cells_);
  move("no_configured_column", without_column_);
}

bool RowMapper::seen(std::string_view column) const {
  const auto found = by_name_.find(column);
  return found != by_name_.end() && slots_[found->second].seen;
}

}  // namespace sluice::tablestore
