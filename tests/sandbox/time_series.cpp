#include "tests/sandbox/time_series.hpp"

#include "tests/sandbox/admin_json.hpp"
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/row_change.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

namespace sluice::sandbox {
namespace {

namespace json = boost::json;

struct Point {
  Key key;
  std::vector<Cell> cells;
};

// The service knows no escapes: a text that would need one is refused.
std::string tags_text(const json::object& tags) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : tags) sorted[std::string(name)] = std::string(value.as_string());
  std::string out;
  for (const auto& [name, value] : sorted) {
    if (name.empty() || name.find_first_of("=\"") != std::string::npos ||
        value.find('"') != std::string::npos)
      throw std::invalid_argument(
          fmt::format("tag {}={}: quotes, and \"=\" in the name, are not allowed", name, value));
    out += fmt::format("{}\"{}={}\"", out.empty() ? "" : ",", name, value);
  }
  return "[" + out + "]";
}

// Spreads the series over the partitions as `shards` of create_table makes them: 9 decimal digits.
std::string series_hash(const std::string& series) {
  const std::string digest = md5(series);
  std::uint64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  return fmt::format("{:09}", number % 1'000'000'000);
}

std::string_view field_type(ValueType type) {
  switch (type) {
    case ValueType::string:
      return "string";
    case ValueType::boolean:
      return "boolean";
    case ValueType::real:
      return "double";
    case ValueType::blob:
      return "binary";
    default:
      return "long";
  }
}

Value field_value(const json::value& from) {
  if (from.is_string()) return Value::of(std::string(from.as_string()));
  Value out;
  if (from.is_bool()) {
    out.type = ValueType::boolean;
    out.integer = from.as_bool() ? 1 : 0;
  } else if (from.is_double()) {
    out.type = ValueType::real;
    out.real = from.as_double();
  } else if (from.is_object()) {
    out = Value::of(base64_decode(json_text(from.as_object(), "base64")).value_or(""));
    out.type = ValueType::blob;
  } else {
    out = Value::of(from.to_number<std::int64_t>());
  }
  return out;
}

// A name with a colon is taken as it is, so that a point can hold one field in two types.
Cell field_cell(std::string name, const json::value& value, std::int64_t version_ms) {
  Cell cell;
  cell.value = field_value(value);
  cell.timestamp = version_ms;
  cell.name = name.find(':') == std::string::npos ? fmt::format("{}:{}", name, field_type(cell.value->type))
                                                  : std::move(name);
  return cell;
}

Point read_point(const json::object& from, std::int64_t version_ms) {
  const std::string measurement = json_text(from, "measurement");
  const std::string source = json_optional_text(from, "source");
  const std::string tags = from.contains("tags") ? tags_text(from.at("tags").as_object()) : "[]";
  Point out;
  out.key.push_back(Value::of(series_hash(measurement + '\n' + source + '\n' + tags)));
  for (const std::string& text : {measurement, source, tags}) out.key.push_back(Value::of(text));
  out.key.push_back(Value::of(from.at("time_us").to_number<std::int64_t>()));
  for (const auto& [name, value] : from.at("fields").as_object())
    out.cells.push_back(field_cell(std::string(name), value, version_ms));
  return out;
}

void put(Table& table, Point point, const WriteTime& at) {
  ChangeRecord record;
  record.row.key = table.wire_key(point.key);
  record.row.cells = point.cells;
  Row after;
  for (Cell& cell : point.cells) after[cell.name].emplace_back(*cell.timestamp, std::move(*cell.value));
  table.commit(point.key, std::move(after), record, at);
}

}  // namespace

void set_time_series_key(pb::TableMeta& meta) {
  for (const char* name : {"_#h", "_m_name", "_data_source", "_tags", "_time"}) {
    pb::PrimaryKeySchema* column = meta.add_primary_key();
    column->set_name(name);
    column->set_type(std::string_view(name) == "_time" ? pb::INTEGER : pb::STRING);
  }
}

json::object write_points(Catalog& catalog, const json::object& request) {
  Table& table = catalog.at(json_text(request, "instance"), json_text(request, "table"));
  if (table.kind() != TableKind::time_series)
    throw std::invalid_argument("write points: the table is not a time series table");
  const WriteTime at = catalog.clock.next_request();
  std::vector<Point> points;
  for (const json::value& point : request.at("points").as_array())
    points.push_back(read_point(point.as_object(), at.time_us / 1000));
  for (Point& point : points) put(table, std::move(point), at);
  return {{"points", points.size()}};
}

}  // namespace sluice::sandbox
