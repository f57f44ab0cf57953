#include "core/objects/manifest.hpp"

#include "core/pipeline/json_reader.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sluice::objects {
namespace {

namespace json = boost::json;
using pipeline::JsonReader;
using Kind = pipeline::ShardPosition::Kind;

constexpr std::string_view kFormat = "sluice.manifest";
constexpr std::int64_t kVersion = 1;

// More than a window can have: 10,000 shards, and objects of each. Texts are names.
constexpr std::size_t kEntriesMax = 200'000;
constexpr std::size_t kTextBytesMax = 1024;

constexpr std::array<std::pair<Kind, std::string_view>, 4> kKinds = {{
    {Kind::oldest, "oldest"},
    {Kind::at_time, "at_time"},
    {Kind::iterator, "read"},
    {Kind::ended, "ended"},
}};

std::string_view name_of(Kind kind) {
  const auto* const found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& known) { return known.first == kind; });
  return found->second;
}

ManifestPosition position_of(const pipeline::ShardPosition& stored) {
  ManifestPosition position;
  position.kind = stored.kind;
  if (stored.kind == Kind::at_time) position.time = stored.time;
  position.last = stored.last;
  return position;
}

json::object to_json(const ManifestPosition& position) {
  json::object out;
  out["kind"] = name_of(position.kind);
  if (position.kind == Kind::at_time) out["time_us"] = pipeline::to_microseconds(position.time);
  if (position.last) {
    out["last"] = json::array{position.last->epoch, position.last->time_us, position.last->row_index};
  }
  return out;
}

json::object to_json(const ManifestShard& shard) {
  json::object out;
  out["index"] = shard.index;
  out["shard"] = shard.shard;
  out["start"] = to_json(shard.start);
  out["end"] = to_json(shard.end);
  return out;
}

json::object to_json(const pipeline::ObjectInfo& object) {
  json::object out;
  out["name"] = object.name;
  out["bytes"] = object.bytes;
  out["rows"] = object.rows;
  out["crc64"] = fmt::format("{}", object.crc64);
  return out;
}

// Of a limited length: names go into messages and listings.
std::string text_from(JsonReader& reader, std::string_view member) {
  std::string text = reader.string(member);
  if (text.size() > kTextBytesMax) reader.fail(member, fmt::format("at most {} bytes", kTextBytesMax));
  return text;
}

std::uint64_t crc64_from(JsonReader& reader) {
  const std::string text = reader.string("crc64");
  std::uint64_t crc = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, crc);
  if (text.empty() || failure != std::errc() || stop != end) reader.fail("crc64", "a decimal number as text");
  return crc;
}

std::optional<pipeline::Sequence> sequence_from(JsonReader& reader) {
  const json::value* const value = reader.optional("last");
  if (value == nullptr) return std::nullopt;
  const json::array* const parts = value->if_array();
  const auto number = [&](std::size_t place, std::int64_t least, std::int64_t most) {
    const std::int64_t* const part =
        parts != nullptr && parts->size() == 3 ? (*parts)[place].if_int64() : nullptr;
    if (part != nullptr && *part >= least && *part <= most) return *part;
    reader.fail("last", "[epoch, time_us, row_index]");
    return std::int64_t{0};
  };
  pipeline::Sequence sequence;
  sequence.epoch = static_cast<std::int32_t>(number(0, INT32_MIN, INT32_MAX));
  sequence.time_us = number(1, INT64_MIN, INT64_MAX);
  sequence.row_index = static_cast<std::int32_t>(number(2, INT32_MIN, INT32_MAX));
  return sequence;
}

ManifestPosition position_from(JsonReader reader) {
  ManifestPosition position;
  const std::string kind = reader.string("kind");
  const auto* const known =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& one) { return one.second == kind; });
  if (known == kKinds.end()) {
    reader.fail("kind", "oldest, at_time, read or ended");
  } else {
    position.kind = known->first;
  }
  if (position.kind == Kind::at_time) position.time = reader.instant("time_us");
  position.last = sequence_from(reader);
  return position;
}

JsonReader member_of(JsonReader& reader, std::string_view member, const std::string& path,
                     std::optional<Error>& error) {
  static const json::value kNothing;
  const json::value* const value = reader.optional(member);
  return JsonReader(value == nullptr ? kNothing : *value, fmt::format("{}.{}", path, member), error);
}

void check_totals(const Manifest& manifest, JsonReader& root) {
  std::uint64_t rows = 0;
  for (const pipeline::ObjectInfo& object : manifest.objects) {
    if (__builtin_add_overflow(rows, object.rows, &rows)) return root.fail("rows", "the sum of the objects'");
  }
  if (rows != manifest.rows) root.fail("rows", fmt::format("{}, the sum of the objects'", rows));
}

Manifest manifest_from(JsonReader& root, std::optional<Error>& error) {
  Manifest manifest;
  manifest.window.job = text_from(root, "job");
  manifest.definition = text_from(root, "definition");
  JsonReader window = member_of(root, "window", "manifest", error);
  manifest.window.start = window.instant("start_us");
  manifest.window.end = window.instant("end_us");
  if (manifest.window.end < manifest.window.start) window.fail("end_us", "a time not before start_us");
  manifest.window.zone = text_from(window, "zone");
  if (window.optional("label") != nullptr) manifest.window.label = text_from(window, "label");
  std::size_t place = 0;
  root.each("shards", [&](JsonReader entry) {
    ManifestShard& shard = manifest.shards.emplace_back();
    const std::uint64_t index = entry.count("index");
    const std::string path = fmt::format("manifest.shards[{}]", place++);
    const bool ascends =
        manifest.shards.size() == 1 || index > manifest.shards[manifest.shards.size() - 2].index;
    if (index >= kEntriesMax || !ascends) entry.fail("index", "numbers that ascend");
    shard.index = static_cast<std::uint32_t>(index);
    shard.shard = text_from(entry, "shard");
    shard.start = position_from(member_of(entry, "start", path, error));
    shard.end = position_from(member_of(entry, "end", path, error));
  });
  manifest.records = root.count("records");
  manifest.rows = root.count("rows");
  manifest.dirty_rows = root.count("dirty_rows");
  root.each("objects", [&](JsonReader entry) {
    pipeline::ObjectInfo& object = manifest.objects.emplace_back();
    object.name = text_from(entry, "name");
    object.bytes = entry.count("bytes");
    object.rows = entry.count("rows");
    object.crc64 = crc64_from(entry);
  });
  return manifest;
}

void check_size(JsonReader& root, std::string_view member) {
  const json::value* const value = root.optional(member);
  const json::array* const entries = value == nullptr ? nullptr : value->if_array();
  if (entries != nullptr && entries->size() > kEntriesMax) {
    root.fail(member, fmt::format("at most {} entries", kEntriesMax));
  }
}

}  // namespace

std::vector<ManifestShard> shards_between(const pipeline::Positions& start, const pipeline::Positions& end) {
  std::vector<ManifestShard> shards;
  for (std::size_t place = 0; place < end.shards.size(); ++place) {
    ManifestShard& shard = shards.emplace_back();
    shard.index = static_cast<std::uint32_t>(place);
    shard.shard = end.shards[place].shard;
    if (const pipeline::ShardPosition* from = start.find(shard.shard)) shard.start = position_of(*from);
    shard.end = position_of(end.shards[place]);
  }
  return shards;
}

std::string to_text(const Manifest& manifest) {
  json::object window;
  window["start_us"] = pipeline::to_microseconds(manifest.window.start);
  window["end_us"] = pipeline::to_microseconds(manifest.window.end);
  window["zone"] = manifest.window.zone;
  if (!manifest.window.label.empty()) window["label"] = manifest.window.label;
  json::array shards;
  for (const ManifestShard& shard : manifest.shards) shards.push_back(to_json(shard));
  json::array objects;
  for (const pipeline::ObjectInfo& object : manifest.objects) objects.push_back(to_json(object));
  json::object out;
  out["format"] = kFormat;
  out["version"] = kVersion;
  out["job"] = manifest.window.job;
  out["definition"] = manifest.definition;
  out["window"] = std::move(window);
  out["shards"] = std::move(shards);
  out["records"] = manifest.records;
  out["rows"] = manifest.rows;
  out["dirty_rows"] = manifest.dirty_rows;
  out["objects"] = std::move(objects);
  return json::serialize(out) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  if (text.size() > kManifestBytesMax) {
    return Error(Errc::invalid_argument,
                 fmt::format("read manifest: {} bytes, at most {} are read", text.size(), kManifestBytesMax));
  }
  json::error_code failure;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), failure);
  if (failure) {
    return Error(Errc::invalid_argument, "read manifest: no JSON: " + failure.message());
  }
  std::optional<Error> error;
  JsonReader root(value, "manifest", error);
  if (root.string("format") != kFormat) root.fail("format", std::string(kFormat));
  if (root.integer("version") != kVersion) root.fail("version", "1");
  check_size(root, "shards");
  check_size(root, "objects");
  if (error) return *std::move(error);
  Manifest manifest = manifest_from(root, error);
  if (!error) check_totals(manifest, root);
  if (error) return *std::move(error);
  return manifest;
}

}  // namespace sluice::objects
