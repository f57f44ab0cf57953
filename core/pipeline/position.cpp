#include "core/pipeline/position.hpp"

#include "core/pipeline/json_reader.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::pipeline {
namespace {

namespace json = boost::json;

constexpr std::int64_t kVersion = 1;

constexpr std::array<std::pair<ShardPosition::Kind, std::string_view>, 4> kKinds = {{
    {ShardPosition::Kind::oldest, "oldest"},
    {ShardPosition::Kind::at_time, "at_time"},
    {ShardPosition::Kind::iterator, "iterator"},
    {ShardPosition::Kind::ended, "ended"},
}};

std::string_view name_of(ShardPosition::Kind kind) {
  for (const auto& [value, name] : kKinds) {
    if (value == kind) return name;
  }
  return "";
}

json::array sequence_to_json(const Sequence& sequence) {
  return json::array{sequence.epoch, sequence.time_us, sequence.row_index};
}

json::object shard_to_json(const ShardPosition& position) {
  json::object out;
  out["shard"] = position.shard;
  out["kind"] = name_of(position.kind);
  if (position.kind == ShardPosition::Kind::at_time) out["time_us"] = to_microseconds(position.time);
  if (position.kind == ShardPosition::Kind::iterator) out["iterator"] = position.iterator;
  if (position.last) out["last"] = sequence_to_json(*position.last);
  if (position.next) out["next"] = sequence_to_json(*position.next);
  out["polled_us"] = to_microseconds(position.polled);
  return out;
}

std::optional<Sequence> sequence_from_json(JsonReader& shard, std::string_view member) {
  const json::value* value = shard.optional(member);
  if (value == nullptr) return std::nullopt;
  const json::array* parts = value->if_array();
  const auto number = [&](std::size_t index, std::int64_t least, std::int64_t most) {
    const std::int64_t* part = parts != nullptr && parts->size() == 3 ? (*parts)[index].if_int64() : nullptr;
    if (part != nullptr && *part >= least && *part <= most) return *part;
    shard.fail(member, "[epoch, time_us, row_index]");
    return std::int64_t{0};
  };
  Sequence sequence;
  sequence.epoch = static_cast<std::int32_t>(number(0, INT32_MIN, INT32_MAX));
  sequence.time_us = number(1, INT64_MIN, INT64_MAX);
  sequence.row_index = static_cast<std::int32_t>(number(2, INT32_MIN, INT32_MAX));
  return sequence;
}

ShardPosition shard_from_json(JsonReader shard) {
  ShardPosition position;
  position.shard = shard.string("shard");
  const std::string kind = shard.string("kind");
  const auto known =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.second == kind; });
  if (known == kKinds.end()) {
    shard.fail("kind", "oldest, at_time, iterator or ended");
  } else {
    position.kind = known->first;
  }
  if (position.kind == ShardPosition::Kind::at_time) position.time = shard.instant("time_us");
  if (position.kind == ShardPosition::Kind::iterator) position.iterator = shard.string("iterator");
  position.last = sequence_from_json(shard, "last");
  position.next = sequence_from_json(shard, "next");
  position.polled = shard.instant("polled_us");
  return position;
}

}  // namespace

const ShardPosition* Positions::find(std::string_view shard) const {
  const auto found =
      std::find_if(shards.begin(), shards.end(), [&](const auto& s) { return s.shard == shard; });
  return found == shards.end() ? nullptr : &*found;
}

Instant read_until(const ShardPosition& position) {
  const bool has_begin = position.kind == ShardPosition::Kind::at_time;
  return has_begin ? std::max(position.time, position.polled) : position.polled;
}

std::optional<RetentionClock> retention_clock(const Positions& positions, Instant now) {
  if (positions.retention <= std::chrono::hours(0)) return std::nullopt;
  const ShardPosition* furthest = nullptr;
  for (const ShardPosition& shard : positions.shards) {
    if (shard.kind == ShardPosition::Kind::ended || read_until(shard) == Instant{}) continue;
    if (furthest == nullptr || read_until(shard) < read_until(*furthest)) furthest = &shard;
  }
  if (furthest == nullptr) return std::nullopt;
  RetentionClock clock;
  clock.shard = furthest->shard;
  clock.needed_from = read_until(*furthest);
  clock.retention = positions.retention;
  clock.trimmed_at = clock.needed_from + clock.retention;
  clock.left = clock.trimmed_at - now;
  return clock;
}

json::value to_json(const Positions& positions) {
  json::array shards;
  for (const ShardPosition& shard : positions.shards) shards.push_back(shard_to_json(shard));
  json::object out;
  out["version"] = kVersion;
  out["stream"] = positions.stream;
  out["enabled_us"] = to_microseconds(positions.enabled);
  if (positions.retention > std::chrono::hours(0)) out["retention_hours"] = positions.retention.count();
  out["shards"] = std::move(shards);
  return out;
}

Result<Positions> positions_from_json(const json::value& value) {
  std::optional<Error> error;
  JsonReader root(value, "positions", error);
  if (root.integer("version") != kVersion) root.fail("version", "1");
  Positions positions;
  positions.stream = root.string("stream");
  positions.enabled = root.instant("enabled_us");
  if (root.optional("retention_hours") != nullptr) {
    const std::int64_t hours = root.integer("retention_hours");
    if (hours < 1 || hours > kRetentionMax.count()) root.fail("retention_hours", "1 to 87600");
    positions.retention = std::chrono::hours(hours);
  }
  root.each("shards",
            [&](JsonReader shard) { positions.shards.push_back(shard_from_json(std::move(shard))); });
  if (error) return *std::move(error);
  return positions;
}

}  // namespace sluice::pipeline
