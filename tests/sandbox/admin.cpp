#include "tests/sandbox/admin.hpp"

#include "tests/sandbox/fill.hpp"
#include "tests/sandbox/oss_error.hpp"
#include "tests/sandbox/refusal.hpp"
#include "tests/sandbox/table_schema.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <stdexcept>

namespace sluice::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kPrefix = "/_sandbox/";

struct UnknownCall : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string())
    throw std::invalid_argument(fmt::format("\"{}\" must be given as text", name));
  return std::string(value->as_string());
}

std::string optional_text(const json::object& object, std::string_view name) {
  return object.contains(name) ? text(object, name) : std::string();
}

Table& table_of(Catalog& catalog, const json::object& request) {
  return catalog.at(text(request, "instance"), text(request, "table"));
}

ChangeStream& stream_of(Table& table) {
  if (table.stream() == nullptr) throw std::invalid_argument("the stream of the table is off");
  return *table.stream();
}

std::optional<Value> split_value(const json::object& request) {
  const json::value* at = request.if_contains("at");
  if (at == nullptr) return std::nullopt;
  if (at->is_string()) return Value::of(std::string(at->as_string()));
  return Value::of(at->to_number<std::int64_t>());
}

json::object counters(const std::map<std::string, std::uint64_t>& from) {
  json::object out;
  for (const auto& [name, count] : from) out[name] = count;
  return out;
}

Response json_response(int status, const json::value& body) {
  Response response;
  response.status = status;
  response.set("Content-Type", "application/json");
  response.body = json::serialize(body) + "\n";
  return response;
}

}  // namespace

bool Admin::takes(const Request& request) { return request.path.starts_with(kPrefix); }

Response Admin::handle(const Request& request) {
  const auto refused = [](int status, const std::string& why) {
    return json_response(status, json::object{{"error", why}});
  };
  try {
    return json_response(200, call(request));
  } catch (const UnknownCall& error) {
    return refused(404, error.what());
  } catch (const Refusal& error) {
    return refused(error.status, error.what());
  } catch (const OssError& error) {
    return refused(error.status, error.what());
  } catch (const std::invalid_argument& error) {
    return refused(400, error.what());
  } catch (const boost::system::system_error& error) {
    return refused(400, fmt::format("read request: {}", error.what()));
  } catch (const std::exception& error) {
    return refused(500, error.what());
  }
}

json::value Admin::call(const Request& request) {
  const std::string name = request.path.substr(kPrefix.size());
  if (request.method == "GET") {
    if (name == "health") return json::object{{"status", "ok"}};
    if (name == "stats") return statistics();
    if (name == "faults") return faults_.list();
    if (name == "clock")
      return json::object{{"offset_us", catalog_.clock.offset_us}, {"now_us", catalog_.clock.now()}};
  }
  if (request.method == "DELETE" && name == "faults") {
    faults_.clear();
    return faults_.list();
  }
  if (request.method != "POST")
    throw UnknownCall(fmt::format("there is no call {} {}", request.method, request.path));
  return post(name, request.body.empty() ? json::value(json::object()) : json::parse(request.body));
}

json::value Admin::post(const std::string& name, const json::value& body) {
  if (name == "faults") {
    faults_.install(body);
    return faults_.list();
  }
  const json::object& request = body.as_object();
  if (name == "split") return split(request);
  if (name == "merge") return merge(request);
  if (name == "trim") return trim(request);
  if (name == "fill") return fill(catalog_, request);
  if (name == "create_table") return create_table(request);
  if (name == "create_bucket") {
    const std::string bucket = text(request, "bucket");
    const bool created = objects_.find(bucket) == nullptr;
    if (created) objects_.create(bucket, "private");
    return json::object{{"bucket", bucket}, {"created", created}};
  }
  if (name == "clock") {
    catalog_.clock.offset_us = request.at("offset_us").to_number<std::int64_t>();
    return json::object{{"offset_us", catalog_.clock.offset_us}, {"now_us", catalog_.clock.now()}};
  }
  throw UnknownCall(fmt::format("there is no call POST {}{}", kPrefix, name));
}

json::value Admin::split(const json::object& request) {
  Table& table = table_of(catalog_, request);
  json::array shards;
  for (const std::string& id :
       table.split(optional_text(request, "shard"), split_value(request), catalog_.clock.now()))
    shards.emplace_back(id);
  return json::object{{"shards", shards}};
}

json::value Admin::merge(const json::object& request) {
  Table& table = table_of(catalog_, request);
  return json::object{{"shard", table.merge(optional_text(request, "shard"), catalog_.clock.now())}};
}

json::value Admin::trim(const json::object& request) {
  Table& table = table_of(catalog_, request);
  ChangeStream& stream = stream_of(table);
  const std::string only = optional_text(request, "shard");
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
    if (request.contains("drop")) shard.dropped = request.at("drop").as_bool();
    out[shard.id] = shard.trimmed;
  }
  table.save();
  return json::object{{"first_record", out}};
}

json::value Admin::create_table(const json::object& request) {
  pb::CreateTableRequest create;
  create.mutable_table_meta()->set_table_name(text(request, "table"));
  for (const json::value& column : request.at("primary_key").as_array()) {
    pb::PrimaryKeySchema* schema = create.mutable_table_meta()->add_primary_key();
    schema->set_name(text(column.as_object(), "name"));
    pb::PrimaryKeyType type = pb::STRING;
    if (!pb::PrimaryKeyType_Parse(text(column.as_object(), "type"), &type))
      throw std::invalid_argument("\"type\" of a key column must be STRING, INTEGER or BINARY");
    schema->set_type(type);
  }
  create.mutable_reserved_throughput()->mutable_capacity_unit()->set_read(0);
  create.mutable_reserved_throughput()->mutable_capacity_unit()->set_write(0);
  create.mutable_table_options()->set_time_to_live(-1);
  create.mutable_table_options()->set_max_versions(1);
  create.mutable_stream_spec()->set_enable_stream(true);
  create.mutable_stream_spec()->set_expiration_time(
      request.contains("stream_hours") ? request.at("stream_hours").to_number<std::int32_t>() : 24);
  const std::string instance = text(request, "instance");
  check_instance_name(instance);
  check_create_table(create);
  const bool created = catalog_.find(instance, create.table_meta().table_name()) == nullptr;
  if (created) catalog_.create(instance, create);
  return json::object{{"table", create.table_meta().table_name()}, {"created", created}};
}

json::array Admin::describe_tables() const {
  json::array out;
  for (const auto& [instance, tables] : catalog_.instances())
    for (const auto& [name, table] : tables) {
      json::object entry{{"instance", instance}, {"table", name}, {"rows", table->rows().size()}};
      if (const ChangeStream* stream = table->stream()) {
        std::uint64_t puts = 0;
        std::uint64_t updates = 0;
        std::uint64_t deletes = 0;
        json::array shards;
        for (const Shard& shard : stream->shards()) {
          puts += shard.log->count(RowAction::put);
          updates += shard.log->count(RowAction::update);
          deletes += shard.log->count(RowAction::erase);
          shards.push_back({{"id", shard.id},
                            {"parent", shard.parent},
                            {"sibling", shard.parent_sibling},
                            {"closed", shard.closed},
                            {"records", shard.log->size()},
                            {"first_readable", stream->first_readable(shard, catalog_.clock.now())},
                            {"last_us", shard.log->last_time()}});
        }
        entry["records"] = {{"put", puts}, {"update", updates}, {"delete", deletes}};
        entry["stream_id"] = stream->id();
        entry["shards"] = std::move(shards);
      }
      out.push_back(std::move(entry));
    }
  return out;
}

json::value Admin::statistics() const {
  json::object buckets;
  std::uint64_t open_uploads = 0;
  for (const auto& [name, bucket] : objects_.buckets()) {
    json::array uploads;
    for (const auto& [id, upload] : bucket.uploads())
      uploads.push_back({{"id", id}, {"key", upload.key}, {"parts", upload.parts.size()}});
    open_uploads += bucket.uploads().size();
    std::uint64_t bytes = 0;
    for (const auto& [key, object] : bucket.objects()) bytes += object.size;
    buckets[name] = {{"objects", bucket.objects().size()}, {"bytes", bytes}, {"uploads", uploads}};
  }
  return json::object{{"requests", counters(statistics_.requests)},
                      {"errors", counters(statistics_.errors)},
                      {"faults", counters(statistics_.faults)},
                      {"open_uploads", open_uploads},
                      {"buckets", buckets},
                      {"tables", describe_tables()}};
}

}  // namespace sluice::sandbox
