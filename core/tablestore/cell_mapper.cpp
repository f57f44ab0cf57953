#include "core/tablestore/cell_mapper.hpp"

#include "core/job/problems.hpp"
#include "core/tablestore/stream_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice::tablestore {
namespace {

using pipeline::Value;

// Values behind the key: colName, version, value, opType.
constexpr std::size_t kCellColumns = 4;

Value integer_value(std::int64_t number) {
  Value value;
  value.type = pipeline::ValueType::integer;
  value.integer = number;
  return value;
}

template <class Columns>
std::string names_of(const Columns& columns) {
  std::vector<std::string_view> names;
  for (const auto& column : columns) names.push_back(column.name);
  return job::join_names(names);
}

}  // namespace

CellMapper::CellMapper(const RowLayout& layout, std::string shard)
    : layout_(layout), texts_(layout, std::move(shard)) {}

std::size_t CellMapper::width() const {
  return layout_.primary_key.size() + kCellColumns + std::size_t{layout_.export_sequence};
}

// A put replaces the row: it begins with the row's deletion, and its cells count on from there.
Result<void> CellMapper::append(Action action, const DecodedRecord& record, pipeline::RowBatch& batch) {
  if (const auto taken = take_key(record); taken.has_error()) return taken;
  std::uint32_t index = 0;
  if (action != Action::update_row) {
    CellRow row;
    row.op = action == Action::put_row && layout_.distinct_put ? "P" : "DR";
    add(row, record.sequence, index++, batch);
  }
  if (action == Action::delete_row) return {};
  for (const Cell& cell : record.attributes()) {
    add(row_of(cell), record.sequence, index++, batch);
  }
  if (index == 0) ++empty_updates_;
  return {};
}

// The rows have as many key values as the table's key has columns: a record of another table would shift the
// values behind them.
Result<void> CellMapper::take_key(const DecodedRecord& record) {
  const auto key = record.key();
  const bool fits =
      std::equal(key.begin(), key.end(), layout_.primary_key.begin(), layout_.primary_key.end(),
                 [](const Cell& cell, const KeyColumn& column) { return cell.name == column.name; });
  if (!fits) {
    return Error(Errc::corrupt,
                 fmt::format("record {}: its key is ({}), the table's is ({})", to_text(record.sequence),
                             names_of(key), names_of(layout_.primary_key)));
  }
  key_.clear();
  for (const Cell& cell : key) {
    key_.push_back(cell.value);
    if (texts_.must_change(cell.value)) texts_.change(key_.back());
  }
  return {};
}

CellMapper::CellRow CellMapper::row_of(const Cell& cell) {
  CellRow row;
  row.name = string_value(cell.name);
  if (cell.op == CellOp::delete_all_versions) {
    row.op = "DA";
    return row;
  }
  row.version = integer_value(cell.timestamp_ms);
  if (cell.op == CellOp::delete_one_version) {
    row.op = "DO";
    return row;
  }
  row.op = "U";
  row.value = cell.value;
  if (texts_.must_change(row.value)) texts_.change(row.value);
  return row;
}

void CellMapper::add(const CellRow& row, const pipeline::Sequence& sequence, std::uint32_t cell_index,
                     pipeline::RowBatch& batch) {
  Value* to = std::copy(key_.begin(), key_.end(), batch.append_row());
  *to++ = row.name;
  *to++ = row.version;
  *to++ = row.value;
  *to++ = string_value(row.op);
  if (layout_.export_sequence) *to = texts_.sequence(sequence, cell_index);
}

void CellMapper::report(pipeline::Statistics& statistics) {
  move_count("empty_update", empty_updates_, statistics);
  texts_.report(statistics);
}

}  // namespace sluice::tablestore
