#include "core/pipeline/window.hpp"

#include "core/pipeline/json_reader.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace sluice::pipeline {
namespace {

namespace json = boost::json;

// As text of 16 hexadecimal digits: JSON readers keep numbers of 53 bits only.
std::uint64_t crc64_from_json(JsonReader& object) {
  const std::string text = object.string("crc64");
  std::uint64_t crc = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, crc, 16);
  if (text.size() != 16 || failure != std::errc() || stop != end) {
    object.fail("crc64", "16 hexadecimal digits");
  }
  return crc;
}

}  // namespace

json::value to_json(const Statistics& statistics) {
  json::object ignored;
  for (const auto& [reason, count] : statistics.ignored) ignored[reason] = count;
  json::object out;
  out["records"] = statistics.records;
  out["table_rows"] = statistics.table_rows;
  out["rows"] = statistics.rows;
  out["dirty_rows"] = statistics.dirty_rows;
  out["read_bytes"] = statistics.read_bytes;
  out["written_bytes"] = statistics.written_bytes;
  out["requests"] = statistics.requests;
  out["retries"] = statistics.retries;
  out["late"] = statistics.late;
  out["ahead"] = statistics.ahead;
  out["shards"] = statistics.shards;
  out["shards_done"] = statistics.shards_done;
  out["hand_over_failures"] = statistics.hand_over_failures;
  out["left_behind"] = statistics.left_behind;
  const bool any = statistics.first_record <= statistics.last_record;
  out["first_record_us"] = any ? json::value(to_microseconds(statistics.first_record)) : json::value();
  out["last_record_us"] = any ? json::value(to_microseconds(statistics.last_record)) : json::value();
  out["ignored"] = std::move(ignored);
  return out;
}

json::value to_json(const std::vector<ObjectInfo>& objects) {
  json::array out;
  for (const ObjectInfo& object : objects) {
    json::object entry;
    entry["name"] = object.name;
    entry["bytes"] = object.bytes;
    entry["rows"] = object.rows;
    entry["crc64"] = fmt::format("{:016x}", object.crc64);
    out.push_back(std::move(entry));
  }
  return out;
}

json::value to_json(const std::vector<Gap>& gaps) {
  json::array out;
  for (const Gap& gap : gaps) {
    json::object entry;
    entry["shard"] = gap.shard;
    entry["from_us"] = to_microseconds(gap.from);
    entry["to_us"] = to_microseconds(gap.to);
    entry["reason"] = gap.reason;
    out.push_back(std::move(entry));
  }
  return out;
}

Result<std::vector<ObjectInfo>> objects_from_json(const json::value& value) {
  std::optional<Error> error;
  const json::value root = json::object{{"objects", value}};
  std::vector<ObjectInfo> objects;
  JsonReader(root, "instance", error).each("objects", [&](JsonReader entry) {
    ObjectInfo object;
    object.name = entry.string("name");
    object.bytes = entry.count("bytes");
    object.rows = entry.count("rows");
    object.crc64 = crc64_from_json(entry);
    objects.push_back(std::move(object));
  });
  if (error) return *std::move(error);
  return objects;
}

}  // namespace sluice::pipeline
