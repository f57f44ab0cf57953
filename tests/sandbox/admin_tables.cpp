// Admin: calls about one table and its shards.
#include "tests/sandbox/admin.hpp"
#include "tests/sandbox/admin_json.hpp"
#include "tests/sandbox/change_source.hpp"
#include "tests/sandbox/table_schema.hpp"
#include "tests/sandbox/time_series.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <stdexcept>

namespace sluice::sandbox {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kPartsMax = 1000;

Table& table_of(Catalog& catalog, const json::object& request) {
  return catalog.at(json_text(request, "instance"), json_text(request, "table"));
}

std::uint64_t parts_of(const json::object& request, std::string_view name) {
  const auto parts = request.contains(name) ? request.at(name).to_number<std::uint64_t>() : 2;
  if (parts < 1 || parts > kPartsMax)
    throw std::invalid_argument(fmt::format("\"{}\" must lie in [1, {}]", name, kPartsMax));
  return parts;
}

std::vector<Value> split_points(const Table& table, const json::object& request) {
  const json::value* at = request.if_contains("at");
  if (at == nullptr)
    return table.split_points(json_optional_text(request, "shard"), parts_of(request, "parts"));
  if (!at->is_array()) return {json_key_value(*at)};
  std::vector<Value> points;
  for (const json::value& value : at->as_array()) points.push_back(json_key_value(value));
  return points;
}

TableKind kind_of(const json::object& request) {
  const bool time_series = json_flag(request, "timeseries");
  if (time_series && json_flag(request, "group"))
    throw std::invalid_argument("a table is either \"timeseries\" or in a \"group\"");
  if (time_series) return TableKind::time_series;
  return json_flag(request, "group") ? TableKind::grouped : TableKind::plain;
}

void read_primary_key(const json::object& request, pb::TableMeta& meta) {
  for (const json::value& column : request.at("primary_key").as_array()) {
    pb::PrimaryKeySchema* schema = meta.add_primary_key();
    schema->set_name(json_text(column.as_object(), "name"));
    pb::PrimaryKeyType type = pb::STRING;
    if (!pb::PrimaryKeyType_Parse(json_text(column.as_object(), "type"), &type))
      throw std::invalid_argument("\"type\" of a key column must be STRING, INTEGER or BINARY");
    schema->set_type(type);
  }
}

// Fills write records of the past, and no record is older than its stream.
constexpr std::int64_t kStreamAgeSeconds = 12 * 3600;

std::int64_t stream_age_us(const json::object& request) {
  const std::int64_t seconds = request.contains("stream_age_s")
                                   ? request.at("stream_age_s").to_number<std::int64_t>()
                                   : kStreamAgeSeconds;
  if (seconds < 0) throw std::invalid_argument("\"stream_age_s\" must be 0 or more");
  return seconds * 1'000'000;
}

pb::CreateTableRequest create_request(const json::object& request, TableKind kind) {
  pb::CreateTableRequest create;
  create.mutable_table_meta()->set_table_name(json_text(request, "table"));
  create.mutable_reserved_throughput()->mutable_capacity_unit()->set_read(0);
  create.mutable_reserved_throughput()->mutable_capacity_unit()->set_write(0);
  create.mutable_table_options()->set_time_to_live(-1);
  create.mutable_table_options()->set_max_versions(1);
  create.mutable_stream_spec()->set_enable_stream(true);
  create.mutable_stream_spec()->set_expiration_time(kind == TableKind::time_series ? kTimeSeriesHours : 24);
  if (request.contains("stream_hours"))
    create.mutable_stream_spec()->set_expiration_time(request.at("stream_hours").to_number<std::int32_t>());
  if (kind == TableKind::time_series) {
    set_time_series_key(*create.mutable_table_meta());
    check_table_name(create.table_meta().table_name());
    check_stream(create.stream_spec());
  } else {
    read_primary_key(request, *create.mutable_table_meta());
    check_create_table(create);
  }
  return create;
}

}  // namespace

json::value Admin::split(const json::object& request) {
  Table& table = table_of(catalog_, request);
  json::array shards;
  for (const std::string& id :
       table.split(json_optional_text(request, "shard"), split_points(table, request), catalog_.clock.now()))
    shards.emplace_back(id);
  return json::object{{"shards", shards}};
}

json::value Admin::merge(const json::object& request) {
  Table& table = table_of(catalog_, request);
  std::string shard = json_optional_text(request, "shard");
  for (std::uint64_t left = parts_of(request, "parts"); left > 1; --left)
    shard = table.merge(shard, catalog_.clock.now());
  return json::object{{"shard", shard}};
}

json::value Admin::trim(const json::object& request) {
  Table& table = table_of(catalog_, request);
  if (table.stream() == nullptr) throw std::invalid_argument("the stream of the table is off");
  ChangeStream& stream = *table.stream();
  const std::string only = json_optional_text(request, "shard");
  if (!only.empty() && stream.find(only) == nullptr)
    throw std::invalid_argument(fmt::format("trim shard {}: there is none of that id", only));
  json::object out;
  for (const Shard& listed : stream.shards()) {
    if (!only.empty() && listed.id != only) continue;
    Shard& shard = *stream.find(listed.id);
    std::uint64_t first = shard.trimmed;
    if (request.contains("before_us"))
      first = shard.log->first_at(request.at("before_us").to_number<std::int64_t>());
    if (request.contains("records")) first = shard.trimmed + request.at("records").to_number<std::uint64_t>();
    shard.trimmed = std::min(std::max(first, shard.trimmed), shard.log->size());
    if (request.contains("drop")) shard.dropped = json_flag(request, "drop");
    out[shard.id] = shard.trimmed;
  }
  table.save();
  return json::object{{"first_record", out}};
}

json::value Admin::create_table(const json::object& request) {
  const std::string instance = json_text(request, "instance");
  check_instance_name(instance);
  const TableKind kind = kind_of(request);
  const pb::CreateTableRequest create = create_request(request, kind);
  const std::string& name = create.table_meta().table_name();
  const std::uint64_t shards = request.contains("shards") ? parts_of(request, "shards") : 1;
  const bool created = catalog_.find(instance, name) == nullptr;
  if (created) {
    Table& table = catalog_.create(instance, create, kind, stream_age_us(request));
    if (shards > 1) table.repartition(ChangeSource(table.meta(), {}).bounds(shards));
  }
  return json::object{{"table", name}, {"created", created}};
}

}  // namespace sluice::sandbox
