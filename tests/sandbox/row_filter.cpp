#include "tests/sandbox/row_filter.hpp"

#include "core/tablestore/ots.pb.h"
#include "tests/sandbox/plain_buffer.hpp"
#include "tests/sandbox/refusal.hpp"

#include <fmt/format.h>

#include <charconv>
#include <regex>

namespace sluice::sandbox {
namespace {

namespace pb = ots::proto;

constexpr int kFiltersMax = 32;

pb::Filter parse(std::string_view bytes) {
  pb::Filter filter;
  if (!filter.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw invalid("Deserialize filter failed.");
  return filter;
}

bool holds(pb::ComparatorType comparator, int order) {
  switch (comparator) {
    case pb::CT_EQUAL:
      return order == 0;
    case pb::CT_NOT_EQUAL:
      return order != 0;
    case pb::CT_GREATER_THAN:
      return order > 0;
    case pb::CT_GREATER_EQUAL:
      return order >= 0;
    case pb::CT_LESS_THAN:
      return order < 0;
    case pb::CT_LESS_EQUAL:
      return order <= 0;
    default:
      return false;
  }
}

// The text's first group (or the whole match), cast. Nothing if it does not match or cannot be cast.
std::optional<Value> transferred(const pb::ValueTransferRule& rule, const Value& value) {
  if (value.type != ValueType::string) return std::nullopt;
  std::smatch match;
  if (!std::regex_search(value.text, match, std::regex(rule.regex()))) return std::nullopt;
  const std::string text = match.size() > 1 ? match[1].str() : match[0].str();
  if (!rule.has_cast_type() || rule.cast_type() == pb::VT_STRING) return Value::of(text);
  Value out;
  if (rule.cast_type() == pb::VT_INTEGER) {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), out.integer);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
    return out;
  }
  out.type = ValueType::real;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), out.real);
  if (end.ec != std::errc()) return std::nullopt;
  return out;
}

bool passes_single(const pb::SingleColumnValueFilter& filter, const FilterRow& row) {
  const auto found = row.find(filter.column_name());
  const bool missing = found == row.end() || found->second.empty();
  if (filter.comparator() == pb::CT_EXIST) return !missing;
  if (filter.comparator() == pb::CT_NOT_EXIST) return missing;
  if (missing) return !filter.filter_if_missing();
  const Value wanted = plain_buffer::decode_variant(filter.column_value());
  for (const Value& value : found->second) {
    const std::optional<Value> seen =
        filter.has_value_trans_rule() ? transferred(filter.value_trans_rule(), value) : std::optional(value);
    if (seen && seen->type == wanted.type && holds(filter.comparator(), compare(*seen, wanted))) return true;
    if (filter.latest_version_only()) return false;
  }
  return false;
}

bool evaluate(const pb::Filter& filter, const FilterRow& row, int& count);

bool passes_composite(const pb::CompositeColumnValueFilter& filter, const FilterRow& row, int& count) {
  if (filter.combinator() == pb::LO_NOT) {
    if (filter.sub_filters_size() != 1)
      throw invalid("Invalid NOT operator: the number of sub-filters must be 1.");
    return !evaluate(filter.sub_filters(0), row, count);
  }
  if (filter.sub_filters_size() < 1)
    throw invalid("Invalid AND/OR operator: the number of sub-filters must be 2.");
  const bool all = filter.combinator() == pb::LO_AND;
  bool result = all;
  // Every sub-filter is evaluated, so that a wrong one is refused whatever the row holds.
  for (const pb::Filter& sub : filter.sub_filters()) {
    const bool passed = evaluate(sub, row, count);
    result = all ? result && passed : result || passed;
  }
  return result;
}

bool evaluate(const pb::Filter& filter, const FilterRow& row, int& count) {
  if (++count > kFiltersMax)
    throw invalid(fmt::format("The count of filter exceeds the max:{}.", kFiltersMax));
  if (filter.type() == pb::FT_SINGLE_COLUMN_VALUE) {
    pb::SingleColumnValueFilter single;
    if (!single.ParseFromString(filter.filter())) throw invalid("Deserialize relation filter failed.");
    return passes_single(single, row);
  }
  if (filter.type() == pb::FT_COMPOSITE_COLUMN_VALUE) {
    pb::CompositeColumnValueFilter composite;
    if (!composite.ParseFromString(filter.filter())) throw invalid("Deserialize composite filter failed.");
    return passes_composite(composite, row, count);
  }
  throw invalid(fmt::format("Invalid type of filter: {}.", static_cast<int>(filter.type())));
}

}  // namespace

bool passes(std::string_view filter, const FilterRow& row) {
  int count = 0;
  return evaluate(parse(filter), row, count);
}

std::optional<std::pair<std::size_t, std::size_t>> pagination(std::string_view bytes) {
  const pb::Filter filter = parse(bytes);
  if (filter.type() != pb::FT_COLUMN_PAGINATION) return std::nullopt;
  pb::ColumnPaginationFilter page;
  if (!page.ParseFromString(filter.filter())) throw invalid("Deserialize column pagination filter failed.");
  if (page.offset() < 0)
    throw invalid("Offset in ColumnPaginationFilter must be greater than or equal to 0.");
  if (page.limit() <= 0) throw invalid("Limit in ColumnPaginationFilter must be greater than 0.");
  return std::pair(static_cast<std::size_t>(page.offset()), static_cast<std::size_t>(page.limit()));
}

}  // namespace sluice::sandbox
