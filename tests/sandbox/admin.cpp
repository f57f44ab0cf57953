#include "tests/sandbox/admin.hpp"

#include "tests/sandbox/admin_json.hpp"
#include "tests/sandbox/fill.hpp"
#include "tests/sandbox/oss_error.hpp"
#include "tests/sandbox/refusal.hpp"
#include "tests/sandbox/time_series.hpp"

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
    if (name == "clock") return clock();
    if (name == "streams") return catalog_.streams.list();
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
  if (name == "write_points") return write_points(catalog_, request);
  if (name == "streams") {
    catalog_.streams.change(request);
    return catalog_.streams.list();
  }
  if (name == "create_bucket") {
    const std::string bucket = json_text(request, "bucket");
    const bool created = objects_.find(bucket) == nullptr;
    if (created) objects_.create(bucket, "private");
    return json::object{{"bucket", bucket}, {"created", created}};
  }
  if (name == "keys") return issue_keys(request);
  if (name == "oss_clock") {
    objects_.clock_offset_us = request.at("offset_us").to_number<std::int64_t>();
    return json::object{{"offset_us", objects_.clock_offset_us}};
  }
  if (name == "clock") {
    if (request.contains("step")) catalog_.clock.steps = request.at("step").as_bool();
    if (request.contains("offset_us"))
      catalog_.clock.offset_us = request.at("offset_us").to_number<std::int64_t>();
    return clock();
  }
  throw UnknownCall(fmt::format("there is no call POST {}{}", kPrefix, name));
}

json::value Admin::issue_keys(const json::object& request) {
  const std::int64_t seconds =
      request.contains("seconds") ? request.at("seconds").to_number<std::int64_t>() : 3600;
  const AccessKey& key = keys_.issue(seconds);
  return json::object{{"access_id", key.id}, {"access_key", key.secret}, {"security_token", key.token}};
}

json::value Admin::clock() const {
  return json::object{{"offset_us", catalog_.clock.offset_us},
                      {"step", catalog_.clock.steps},
                      {"now_us", catalog_.clock.now()}};
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
                            {"last_us", shard.log->last().timestamp_us},
                            {"last_epoch", shard.log->last().epoch}});
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
