#include "core/tablestore/series_mapper.hpp"

#include <algorithm>
#include <utility>

namespace sluice::tablestore {
namespace {

using pipeline::Value;

constexpr std::string_view kHiddenKey = "_#h";
constexpr std::string_view kTagsKey = "_tags";
constexpr std::string_view kTimeKey = "_time";
constexpr std::string_view kTimeAlias = "time";  // as the original's README spells it

}  // namespace

SeriesMapper::SeriesMapper(const RowLayout& layout, std::string shard)
    : layout_(layout),
      places_(layout.columns.size()),
      texts_(layout, std::move(shard)),
      tail_(layout),
      dates_(layout) {
  for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
    const job::Column& column = layout_.columns[i];
    if (column.is_tag) {
      tag_columns_.push_back(TagColumn{column.name, i});
    } else {
      places_.add(column.name, static_cast<std::uint32_t>(i));
    }
  }
  fields_.resize(places_.slots());
}

Result<void> SeriesMapper::append(Action action, const DecodedRecord& record, pipeline::RowBatch& batch) {
  const bool is_delete = action == Action::delete_row;
  if (is_delete && layout_.deletes == job::Deletes::count) {
    ++delete_rows_;
    return {};
  }
  Value* const row = batch.append_row();
  std::fill(fields_.begin(), fields_.end(), nullptr);
  const std::size_t cells = is_delete ? record.key_cells : record.cells.size();
  bool has_value = false;
  for (std::size_t i = 0; i < cells; ++i) {
    const Cell& cell = record.cells[i];
    const bool is_key = i < record.key_cells;
    if (is_key && cell.name == kTagsKey) has_value = show_tags(cell, row) || has_value;
    const Target& target = target_of(cell, i, is_key);
    if (cell.op != CellOp::put) {
      ++delete_cells_;
      continue;
    }
    if (target.whole == ColumnPlaces::kNone && target.field == ColumnPlaces::kNone) continue;
    has_value = true;
    Value value = cell.value;
    if (texts_.must_change(value)) texts_.change(value);
    show(target, cell, value, row);
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

const SeriesMapper::Target& SeriesMapper::target_of(const Cell& cell, std::size_t index, bool is_key) {
  if (index >= targets_.size()) targets_.resize(index + 1);
  Target& target = targets_[index];
  if (target.cell_name != cell.name || target.is_key != is_key) learn(cell, is_key, target);
  return target;
}

void SeriesMapper::learn(const Cell& cell, bool is_key, Target& target) {
  target = Target();
  target.cell_name = cell.name;
  target.is_key = is_key;
  const std::size_t colon = cell.name.find(':');
  if (!is_key) {
    target.field = places_.find(cell.name.substr(0, colon));
    if (colon != std::string_view::npos) target.whole = places_.find(cell.name);
  } else if (cell.name != kHiddenKey) {
    target.whole = places_.find(cell.name);
    if (cell.name == kTimeKey) target.field = places_.find(kTimeAlias);
  }
  for (const std::uint32_t slot : {target.whole, target.field}) {
    if (slot != ColumnPlaces::kNone) places_.mark_seen(slot);
  }
}

// Fields of one name and several types share a column: the last one stays.
void SeriesMapper::show(const Target& target, const Cell& cell, const Value& value, Value* row) {
  if (target.whole != ColumnPlaces::kNone) places_.set(row, target.whole, value);
  if (target.field == ColumnPlaces::kNone) return;
  places_.set(row, target.field, value);
  if (target.is_key) return;
  const Cell* const before = std::exchange(fields_[target.field], &cell);
  if (before != nullptr && before->name != cell.name) ++collisions_;
}

// True if a configured tag is there. A text that is no list of tags leaves all of them null.
bool SeriesMapper::show_tags(const Cell& cell, Value* row) {
  if (tag_columns_.empty()) return false;
  if (cell.value.type != pipeline::ValueType::string || !parse_tags(cell.value.text, texts_.arena(), tags_)) {
    ++malformed_tags_;
    return false;
  }
  bool shown = false;
  for (const SeriesTag& tag : tags_) {
    for (TagColumn& column : tag_columns_) {
      if (column.name != tag.name) continue;
      row[column.place] = string_value(tag.value);
      column.seen = true;
      shown = true;
    }
  }
  return shown;
}

void SeriesMapper::report(pipeline::Statistics& statistics) {
  move_count("delete_row", delete_rows_, statistics);
  move_count("delete_cell", delete_cells_, statistics);
  move_count("no_configured_column", without_column_, statistics);
  move_count("tag_malformed", malformed_tags_, statistics);
  move_count("field_collision", collisions_, statistics);
  texts_.report(statistics);
}

bool SeriesMapper::seen(std::size_t column) const {
  if (!layout_.columns[column].is_tag) return places_.seen(layout_.columns[column].name);
  return std::any_of(tag_columns_.begin(), tag_columns_.end(),
                     [&](const TagColumn& tag) { return tag.place == column && tag.seen; });
}

}  // namespace sluice::tablestore
