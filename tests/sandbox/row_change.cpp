#include "tests/sandbox/row_change.hpp"

#include "tests/sandbox/refusal.hpp"
#include "tests/sandbox/table_schema.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace sluice::sandbox {
namespace {

constexpr std::size_t kValueBytesMax = 2'097'152;
constexpr std::size_t kCellsMax = 1024;

bool is_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 ? 3 : 2;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80) return false;
    i += length;
  }
  return true;
}

void check_value(const Cell& cell) {
  const Value& value = *cell.value;
  if (value.type > ValueType::blob) throw invalid("data format is invalid, unknown variant type occured.");
  if (value.type == ValueType::string && !is_utf8(value.text))
    throw invalid(fmt::format("Value of column {} must be UTF8 encoding.", cell.name));
  if (value.text.size() > kValueBytesMax)
    throw invalid(
        fmt::format("The length of attribute column: {} exceeded the MaxLength:{} with Current Length:{}.",
                    cell.name, kValueBytesMax, value.text.size()));
  if (value.type == ValueType::real && std::isnan(value.real))
    throw invalid("NaN can't be set to double value.");
  if (value.type == ValueType::real && std::isinf(value.real))
    throw invalid("Infinity can't be set to double value.");
}

// The window a client's own version must lie in, in whole seconds.
void check_version(const Table& table, const Cell& cell, std::int64_t now_ms) {
  const std::int64_t version = *cell.timestamp;
  if (version < 0 || version >= std::numeric_limits<std::int64_t>::max() / 1000)
    throw invalid("Timestamp must be in range [0, INT64_MAX/1000).");
  const std::int64_t now = now_ms / 1000;
  const std::int64_t deviation = table.options().deviation_cell_version_in_sec();
  std::int64_t oldest = now - std::min(deviation, now);
  if (table.options().time_to_live() > 0) oldest = std::max(oldest, now - table.options().time_to_live());
  if (version / 1000 < oldest || version / 1000 - now > deviation)
    throw invalid(fmt::format("Invalid timestamp. Cell:{}.", cell.name));
}

void check_cells(const Table& table, const WireRow& wire, std::int64_t now_ms) {
  if (wire.delete_marker)
    throw invalid("Invalid request of put/update row: unexpected RowDeleteMarker in request.");
  if (wire.cells.size() > kCellsMax)
    throw invalid(
        fmt::format("The number of attribute columns exceeds the limit, limit count:{}, column count: {}.",
                    kCellsMax, wire.cells.size()));
  for (const Cell& cell : wire.cells) {
    check_column_name(cell.name);
    for (const pb::PrimaryKeySchema& column : table.meta().primary_key())
      if (column.name() == cell.name)
        throw invalid(
            fmt::format("Duplicated attribute column name with primary key column: {}.", cell.name));
    if (cell.value) check_value(cell);
    if (cell.timestamp && cell.op == CellOp::put) check_version(table, cell, now_ms);
  }
}

void store(Row& row, const Cell& cell, const pb::TableOptions& options) {
  Versions& versions = row[cell.name];
  std::erase_if(versions, [&](const auto& version) { return version.first == *cell.timestamp; });
  const auto place = std::find_if(versions.begin(), versions.end(),
                                  [&](const auto& version) { return version.first < *cell.timestamp; });
  versions.emplace(place, *cell.timestamp, *cell.value);
  if (versions.size() > static_cast<std::size_t>(options.max_versions()))
    versions.resize(static_cast<std::size_t>(options.max_versions()));
}

void drop(Row& row, const std::string& column, std::optional<std::int64_t> version) {
  const auto found = row.find(column);
  if (found == row.end()) return;
  if (version) std::erase_if(found->second, [&](const auto& entry) { return entry.first == *version; });
  if (!version || found->second.empty()) row.erase(found);
}

// The put an increment amounts to.
Cell incremented(const Row& row, const Cell& cell, std::int64_t now_ms) {
  if (!cell.value || cell.value->type != ValueType::integer || cell.timestamp)
    throw invalid(fmt::format("Invalid increment of column: {}.", cell.name));
  std::int64_t base = 0;
  if (const auto found = row.find(cell.name); found != row.end() && !found->second.empty()) {
    const Value& old = found->second.front().second;
    if (old.type != ValueType::integer)
      throw invalid(fmt::format("Increment of column {} is only allowed on an integer.", cell.name));
    base = old.integer;
  }
  Cell out;
  out.name = cell.name;
  std::int64_t sum = 0;
  if (__builtin_add_overflow(base, cell.value->integer, &sum))
    throw invalid(fmt::format("Increment of column {} overflows.", cell.name));
  out.value = Value::of(sum);
  out.timestamp = now_ms;
  return out;
}

// Applies one cell to the row and returns it as the stream records it.
Cell apply(Row& row, const Cell& cell, const pb::TableOptions& options, std::int64_t now_ms) {
  if (cell.op == CellOp::delete_all) {
    if (cell.value)
      throw invalid("Column value cannot be given when type is DELETE_ONE_VERSION,DELETE_ALL_VERSION.");
    if (cell.timestamp) throw invalid("Timestamp cannot be given when type is DELETE_ALL_VERSION.");
    drop(row, cell.name, std::nullopt);
    return cell;
  }
  if (cell.op == CellOp::delete_one) {
    if (cell.value)
      throw invalid("Column value cannot be given when type is DELETE_ONE_VERSION,DELETE_ALL_VERSION.");
    if (!cell.timestamp) throw invalid("Timestamp must be given when type is DELETE_ONE_VERSION.");
    drop(row, cell.name, cell.timestamp);
    return cell;
  }
  Cell put = cell.op == CellOp::increment ? incremented(row, cell, now_ms) : cell;
  if (!put.value) throw invalid(fmt::format("Cell data broken, attr has no value, name:{}.", cell.name));
  if (!put.timestamp) put.timestamp = now_ms;
  store(row, put, options);
  return put;
}

// The old values of the columns the stream was asked to keep.
std::optional<WireRow> origin_of(const Table& table, const WireRow& wire, const Row* before) {
  const ChangeStream* stream = table.stream();
  if (stream == nullptr || stream->origin_columns().empty() || before == nullptr) return std::nullopt;
  WireRow out;
  out.key = wire.key;
  for (const std::string& column : stream->origin_columns()) {
    const auto found = before->find(column);
    if (found == before->end()) continue;
    for (const auto& [version, value] : found->second)
      out.cells.push_back({column, value, version, CellOp::put});
  }
  return out;
}

}  // namespace

RowChange decide_put(const Table& table, const WireRow& wire, const Row* before, std::int64_t now_ms) {
  check_cells(table, wire, now_ms);
  RowChange out;
  Row after;
  out.record.row.key = wire.key;
  for (const Cell& cell : wire.cells) {
    if (cell.op != CellOp::put)
      throw invalid(fmt::format("OpType cannot be given for column name:{} in PutRow.", cell.name));
    if (!cell.value) throw invalid("Invalid request of put row: find cells without values");
    out.record.row.cells.push_back(apply(after, cell, table.options(), now_ms));
  }
  out.record.action = RowAction::put;
  out.record.origin = origin_of(table, wire, before);
  out.after = std::move(after);
  return out;
}

RowChange decide_update(const Table& table, const WireRow& wire, const Row* before, std::int64_t now_ms) {
  if (wire.cells.empty()) throw invalid("Invalid update row request: missing cells in request");
  check_cells(table, wire, now_ms);
  if (!table.options().allow_update()) throw invalid("Update row is not allowed on this table.");
  RowChange out;
  Row after = before != nullptr ? *before : Row();
  out.record.row.key = wire.key;
  for (const Cell& cell : wire.cells)
    out.record.row.cells.push_back(apply(after, cell, table.options(), now_ms));
  out.record.action = RowAction::update;
  out.record.origin = origin_of(table, wire, before);
  out.after = std::move(after);
  return out;
}

RowChange decide_delete(const Table& table, const WireRow& wire, const Row* before) {
  if (!wire.delete_marker)
    throw invalid("Invalid request of delete row: missing RowDeleteMarker in request.");
  if (!wire.cells.empty()) throw invalid("Invalid delete row request: unexpected cells in request");
  RowChange out;
  out.record.action = RowAction::erase;
  out.record.row.key = wire.key;
  out.record.origin = origin_of(table, wire, before);
  return out;
}

}  // namespace sluice::sandbox
