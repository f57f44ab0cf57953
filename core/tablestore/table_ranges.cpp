#include "core/tablestore/table_ranges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice::tablestore {
namespace {

using job::KeyBound;

constexpr std::int64_t kPartBytesMin = std::int64_t{64} << 20;
constexpr std::int64_t kUnit = std::int64_t{1} << 20;

std::string_view type_name(KeyType type) {
  switch (type) {
    case KeyType::integer:
      return "INT";
    case KeyType::binary:
      return "BINARY";
    case KeyType::string:
      break;
  }
  return "STRING";
}

bool fits(KeyType type, KeyBound::Kind kind) {
  switch (kind) {
    case KeyBound::Kind::integer:
      return type == KeyType::integer;
    case KeyBound::Kind::string:
      return type == KeyType::string;
    case KeyBound::Kind::binary:
      return type == KeyType::binary;
    case KeyBound::Kind::least:
    case KeyBound::Kind::greatest:
      break;
  }
  return true;
}

KeyCell to_cell(const std::string& name, const KeyBound& bound) {
  KeyCell cell;
  cell.name = name;
  switch (bound.kind) {
    case KeyBound::Kind::least:
      cell.kind = KeyCell::Kind::least;
      break;
    case KeyBound::Kind::greatest:
      cell.kind = KeyCell::Kind::greatest;
      break;
    case KeyBound::Kind::integer:
      cell.kind = KeyCell::Kind::integer;
      cell.integer = bound.integer;
      break;
    case KeyBound::Kind::string:
      cell.kind = KeyCell::Kind::string;
      cell.text = bound.text;
      break;
    case KeyBound::Kind::binary:
      cell.kind = KeyCell::Kind::binary;
      cell.text = bound.text;
      break;
  }
  return cell;
}

// `rest` stands for the columns that are left out.
Result<Key> bound_of(std::string_view side, const std::vector<KeyBound>& bounds, KeyBound::Kind rest,
                     const std::vector<KeyColumn>& columns) {
  if (bounds.size() > columns.size()) {
    return Error(Errc::invalid_argument, fmt::format("range.{}: has {} columns, the table's key has {}", side,
                                                     bounds.size(), columns.size()));
  }
  Key key;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const KeyBound bound = i < bounds.size() ? bounds[i] : KeyBound{rest, 0, {}};
    if (!fits(columns[i].type, bound.kind)) {
      return Error(Errc::invalid_argument,
                   fmt::format("range.{}[{}]: key column {} takes {}, INF_MIN or INF_MAX", side, i,
                               columns[i].name, type_name(columns[i].type)));
    }
    key.push_back(to_cell(columns[i].name, bound));
  }
  return key;
}

}  // namespace

Result<KeyRange> range_of(const job::TableStoreSource& source, const std::vector<KeyColumn>& primary_key) {
  auto begin = bound_of("begin", source.range_begin, KeyBound::Kind::least, primary_key);
  if (begin.has_error()) return begin.error();
  auto end = bound_of("end", source.range_end, KeyBound::Kind::greatest, primary_key);
  if (end.has_error()) return end.error();
  if (order(*begin, *end) >= 0) {
    return Error(Errc::invalid_argument, "range.end: must lie behind range.begin; the range is empty");
  }
  return KeyRange{*std::move(begin), *std::move(end)};
}

std::int64_t part_bytes_for(std::size_t parts, std::size_t ranges_max) {
  const std::int64_t table_bytes = static_cast<std::int64_t>(parts) * kCoarsePartBytes;
  const std::int64_t part = table_bytes / static_cast<std::int64_t>(ranges_max);
  return std::max(kPartBytesMin, (part + kUnit - 1) / kUnit * kUnit);
}

Result<std::vector<KeyRange>> cut(const KeyRange& whole, const std::vector<Key>& points,
                                  std::size_t ranges_max) {
  const auto unordered = std::adjacent_find(points.begin(), points.end(),
                                            [](const Key& a, const Key& b) { return order(a, b) >= 0; });
  if (unordered != points.end()) {
    return Error(Errc::corrupt, fmt::format("cut the table: split point {} is not behind the one before it",
                                            unordered - points.begin() + 1));
  }
  std::vector<Key> inside;
  for (const Key& point : points) {
    if (order(point, whole.begin) > 0 && order(point, whole.end) < 0) inside.push_back(point);
  }
  const std::size_t ranges = std::min(inside.size() + 1, ranges_max);
  std::vector<KeyRange> cut_ranges;
  Key begin = whole.begin;
  for (std::size_t i = 1; i < ranges; ++i) {
    Key end = inside[i * (inside.size() + 1) / ranges - 1];
    cut_ranges.push_back(KeyRange{std::exchange(begin, end), end});
  }
  cut_ranges.push_back(KeyRange{std::move(begin), whole.end});
  return cut_ranges;
}

}  // namespace sluice::tablestore
