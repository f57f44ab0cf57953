#include "tests/sandbox/row_select.hpp"

#include "tests/sandbox/refusal.hpp"

#include <fmt/format.h>

namespace sluice::sandbox {
namespace {

constexpr std::size_t kColumnsMax = 128;
constexpr std::size_t kUnitBytes = 4096;

bool is_key_column(const Table& table, const std::string& name) {
  const auto& columns = table.meta().primary_key();
  return std::any_of(columns.begin(), columns.end(),
                     [&](const auto& column) { return column.name() == name; });
}

bool in_range(const pb::TimeRange& range, std::int64_t version) {
  if (range.has_specific_time()) return version == range.specific_time();
  return !range.has_start_time() || (version >= range.start_time() && version < range.end_time());
}

bool expired(const Table& table, std::int64_t version, std::int64_t now_ms) {
  const std::int64_t ttl = table.options().time_to_live();
  return ttl > 0 && version / 1000 + ttl < now_ms / 1000;
}

bool wanted(const Selection& selection, const std::string& name) {
  if (!selection.columns.empty() &&
      std::find(selection.columns.begin(), selection.columns.end(), name) == selection.columns.end())
    return false;
  if (selection.start_column && name < *selection.start_column) return false;
  return !selection.end_column || name < *selection.end_column;
}

Versions visible(const Table& table, const Versions& all, const Selection& selection, std::int64_t now_ms) {
  std::size_t limit = static_cast<std::size_t>(table.options().max_versions());
  const std::size_t asked =
      selection.max_versions ? static_cast<std::size_t>(*selection.max_versions) : limit;
  Versions out;
  for (const auto& [version, value] : all) {
    if (limit-- == 0 || out.size() >= asked) break;
    if (!expired(table, version, now_ms) && in_range(selection.time_range, version))
      out.emplace_back(version, value);
  }
  return out;
}

// A read that names columns but no key column does not return rows which lack all of them.
bool needs_a_cell(const Table& table, const Selection& selection) {
  return !selection.columns.empty() &&
         std::none_of(selection.columns.begin(), selection.columns.end(),
                      [&](const std::string& name) { return is_key_column(table, name); });
}

bool wholly_expired(const Table& table, const Row& row, std::int64_t now_ms) {
  return !row.empty() && std::all_of(row.begin(), row.end(), [&](const auto& column) {
    return std::all_of(column.second.begin(), column.second.end(),
                       [&](const auto& version) { return expired(table, version.first, now_ms); });
  });
}

}  // namespace

void Selection::check(bool has_time_range) const {
  if (!max_versions && !has_time_range)
    throw invalid("No version condition is specified while querying row.");
  if (max_versions && *max_versions <= 0)
    throw invalid("The maximum versions cannot be less than or equal to 0.");
  if (time_range.has_specific_time()) {
    if (max_versions) throw invalid("Specific tiemstamp and max versions cannot be given at the same time.");
    if (time_range.has_start_time() || time_range.has_end_time())
      throw invalid("Specific tiemstamp and time range cannot be given at the same time.");
    if (time_range.specific_time() < 0) throw invalid("Specific timestamp cannot be less than 0.");
  }
  if (time_range.has_start_time() != time_range.has_end_time())
    throw invalid("Start and end time must be given at the same time.");
  if (columns.size() > kColumnsMax)
    throw invalid(fmt::format(
        "The number of columns from the request exceeds the limit, limit count: {} , column count:{}.",
        kColumnsMax, columns.size()));
}

std::optional<WireRow> select(const Table& table, const Key& key, const Row& row, const Selection& selection,
                              std::int64_t now_ms) {
  if (wholly_expired(table, row, now_ms)) return std::nullopt;
  Row chosen;
  for (const auto& [name, versions] : row) {
    if (!wanted(selection, name)) continue;
    Versions kept = visible(table, versions, selection, now_ms);
    if (!kept.empty()) chosen.emplace(name, std::move(kept));
  }
  if (!selection.filter.empty()) {
    if (const auto page = pagination(selection.filter)) {
      auto from = chosen.begin();
      std::advance(from, static_cast<std::ptrdiff_t>(std::min(page->first, chosen.size())));
      chosen.erase(chosen.begin(), from);
      auto to = chosen.begin();
      std::advance(to, static_cast<std::ptrdiff_t>(std::min(page->second, chosen.size())));
      chosen.erase(to, chosen.end());
    } else if (!passes(selection.filter, filter_row(table, key, chosen))) {
      return std::nullopt;
    }
  }
  if (chosen.empty() && needs_a_cell(table, selection)) return std::nullopt;
  return table.wire_row(key, chosen);
}

FilterRow filter_row(const Table& table, const Key& key, const Row& row) {
  FilterRow out;
  for (std::size_t i = 0; i < key.size(); ++i)
    out[table.meta().primary_key(static_cast<int>(i)).name()] = {key[i]};
  for (const auto& [name, versions] : row)
    for (const auto& [version, value] : versions) out[name].push_back(value);
  return out;
}

std::size_t counted_bytes(const WireRow& row) {
  std::size_t sum = 0;
  for (const Cell& cell : row.key) sum += cell.name.size() + cell.value->size();
  for (const Cell& cell : row.cells) sum += cell.name.size() + (cell.value ? cell.value->size() : 0);
  return sum;
}

std::int32_t capacity_units(std::size_t bytes) {
  return std::max<std::int32_t>(1, static_cast<std::int32_t>((bytes + kUnitBytes - 1) / kUnitBytes));
}

}  // namespace sluice::sandbox
