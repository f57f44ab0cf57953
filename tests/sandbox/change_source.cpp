#include "tests/sandbox/change_source.hpp"

#include <fmt/format.h>

#include <limits>

namespace sluice::sandbox {
namespace {

// First key values are spread over this many places, whatever their type.
constexpr std::uint64_t kSpread = 1'000'000'000;

std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

constexpr const char* kTexts[] = {
    "plain",
    "say \"hello\", twice",
    "line one\nline two",
    "\xE4\xB8\xAD\xE6\x96\x87\xEF\xBC\x8C\xE5\xAD\x97\xE6\xAE\xB5",  // Chinese, with a Chinese comma
    "comma, semicolon; tab\tend",
    " padded ",
    "it's 100% \\ back\\slash",
    "carriage\r\nreturn",
};

}  // namespace

RowAction ChangeSource::choose_action() {
  const std::uint64_t chosen = below(std::uint64_t{mix_.puts} + mix_.updates + mix_.deletes);
  if (rows_made_ == 0 || chosen < mix_.puts) return RowAction::put;
  return chosen < std::uint64_t{mix_.puts} + mix_.updates ? RowAction::update : RowAction::erase;
}

Value ChangeSource::first_key_value(std::uint64_t spread, std::uint64_t row) const {
  const pb::PrimaryKeyType type = meta_.primary_key(0).type();
  if (type == pb::INTEGER) return Value::of(static_cast<std::int64_t>(spread));
  Value value =
      Value::of(row == UINT64_MAX ? fmt::format("{:09}", spread) : fmt::format("{:09}-{}", spread, row));
  if (type == pb::BINARY) value.type = ValueType::blob;
  return value;
}

Key ChangeSource::key_of(std::uint64_t row) const {
  Key key{first_key_value(mixed(mix_.seed * 1'000'003 + row) % kSpread, row)};
  for (int i = 1; i < meta_.primary_key_size(); ++i) {
    const pb::PrimaryKeyType type = meta_.primary_key(i).type();
    key.push_back(type == pb::INTEGER ? Value::of(static_cast<std::int64_t>(row))
                                      : Value::of(fmt::format("k{}", row)));
    if (type == pb::BINARY) key.back().type = ValueType::blob;
  }
  return key;
}

std::string ChangeSource::text_of(std::uint64_t dice) const {
  if (mix_.string_bytes == 0 && dice % 31 == 0) return {};
  const std::string piece = fmt::format("{}#{}", kTexts[dice % 8], dice >> 44U);
  std::string text = piece;
  while (text.size() < mix_.string_bytes) text += piece;
  return text;
}

Value ChangeSource::value_of(CellKind kind) {
  const std::uint64_t dice = random_();
  Value value;
  switch (kind) {
    case CellKind::string:
      return Value::of(text_of(dice));
    case CellKind::binary:
      value = Value::of(std::string(reinterpret_cast<const char*>(&dice), sizeof dice));
      value.type = ValueType::blob;
      return value;
    case CellKind::boolean:
      value.type = ValueType::boolean;
      value.integer = static_cast<std::int64_t>(dice & 1U);
      return value;
    case CellKind::real:
      value.type = ValueType::real;
      value.real = (static_cast<double>(dice >> 40U) - 8'000'000.0) / (dice % 7 == 0 ? 1e12 : 1000.0);
      return value;
    case CellKind::integer:
      break;
  }
  if (dice % 50 == 0) return Value::of(std::numeric_limits<std::int64_t>::max());
  if (dice % 50 == 1) return Value::of(std::numeric_limits<std::int64_t>::min());
  return Value::of(static_cast<std::int64_t>(dice >> 33U) * (dice % 3 == 0 ? -1 : 1));
}

Cell ChangeSource::cell_of(std::size_t column, std::int64_t version_ms) {
  Cell cell;
  cell.name = mix_.columns[column];
  cell.value = value_of(mix_.kinds[column % mix_.kinds.size()]);
  cell.timestamp = version_ms;
  return cell;
}

ChangeSource::Change ChangeSource::next(std::int64_t version_ms) {
  Change out;
  out.action = choose_action();
  out.key = key_of(out.action == RowAction::put ? rows_made_ : below(rows_made_));
  if (out.action == RowAction::put) {
    ++rows_made_;
    for (std::size_t i = 0; i < mix_.columns.size(); ++i) out.cells.push_back(cell_of(i, version_ms));
  } else if (out.action == RowAction::update && !mix_.columns.empty()) {
    const std::size_t first = below(mix_.columns.size());
    const std::size_t last = first + below(mix_.columns.size() - first);
    for (std::size_t i = first; i <= last; ++i) out.cells.push_back(cell_of(i, version_ms));
    if (below(10) == 0) {
      out.cells.back().value.reset();
      out.cells.back().timestamp.reset();
      out.cells.back().op = CellOp::delete_all;
    }
  }
  return out;
}

std::vector<Value> ChangeSource::bounds(std::uint64_t parts) const {
  std::vector<Value> out;
  for (std::uint64_t i = 1; i < parts; ++i) out.push_back(first_key_value(kSpread / parts * i, UINT64_MAX));
  return out;
}

}  // namespace sluice::sandbox
