#include "core/tablestore/shard_plan.hpp"

#include "core/base/utf8.hpp"
#include "core/tablestore/stream_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace sluice::tablestore {
namespace {

using pipeline::Positions;
using pipeline::ShardPosition;
using Kind = pipeline::ShardPosition::Kind;
using ShardsById = std::map<std::string_view, const Shard*>;

std::vector<std::string_view> parents_of(const Shard& shard) {
  std::vector<std::string_view> parents;
  if (shard.parent_id) parents.emplace_back(*shard.parent_id);
  if (shard.parent_sibling_id) parents.emplace_back(*shard.parent_sibling_id);
  return parents;
}

Error broken_listing(const StreamState& stream, std::string_view what) {
  return Error(Errc::corrupt,
               fmt::format("list shards of stream {} of {}: {}", stream.id, stream.table, what));
}

Result<ShardsById> index(const StreamState& stream) {
  ShardsById by_id;
  for (const Shard& shard : stream.shards) {
    if (shard.shard_id.empty()) return broken_listing(stream, "a shard without id");
    // It is kept in state, which is JSON.
    if (!is_utf8_text(shard.shard_id)) return broken_listing(stream, "a shard whose id is not text");
    if (!by_id.emplace(shard.shard_id, &shard).second) {
      return broken_listing(stream, fmt::format("shard {} is listed twice", shard.shard_id));
    }
  }
  return by_id;
}

// Parents before children; among those that may come next the least id first.
Result<std::vector<const Shard*>> reading_order(const StreamState& stream, const ShardsById& by_id) {
  std::map<std::string_view, std::size_t> missing_parents;
  std::multimap<std::string_view, std::string_view> children;
  std::set<std::string_view> next;
  for (const auto& [id, shard] : by_id) {
    std::size_t missing = 0;
    for (const std::string_view parent : parents_of(*shard)) {
      if (!by_id.contains(parent)) continue;
      children.emplace(parent, id);
      ++missing;
    }
    missing_parents[id] = missing;
    if (missing == 0) next.insert(id);
  }
  std::vector<const Shard*> order;
  while (!next.empty()) {
    const std::string_view id = *next.begin();
    next.erase(next.begin());
    order.push_back(by_id.at(id));
    const auto [first, last] = children.equal_range(id);
    for (auto child = first; child != last; ++child) {
      if (--missing_parents[child->second] == 0) next.insert(child->second);
    }
  }
  if (order.size() != by_id.size()) return broken_listing(stream, "shards that are their own ancestors");
  return order;
}

void take_earlier(Instant& least, const ShardPosition& known) {
  const Instant until = pipeline::read_until(known);
  if (until == Instant{}) return;
  least = least == Instant{} ? until : std::min(least, until);
}

// When the parents were last known to be whole. Where none is known, its ancestors came and went since: they
// descend from one of the known shards. The epoch where nothing is known.
Instant least_polled(const Shard& shard, const Positions& positions) {
  Instant least{};
  for (const std::string_view parent : parents_of(shard)) {
    const ShardPosition* known = positions.find(parent);
    if (known != nullptr) take_earlier(least, *known);
  }
  if (least != Instant{}) return least;
  for (const ShardPosition& known : positions.shards) {
    if (known.kind != Kind::ended) take_earlier(least, known);
  }
  return least;
}

ShardPosition at_oldest(std::string shard, Instant polled) {
  ShardPosition position;
  position.shard = std::move(shard);
  position.polled = polled;
  return position;
}

// Everything before this was read from the old stream.
Instant read_until(const Positions& previous, const pipeline::Window& window) {
  Instant least = Instant::max();
  for (const ShardPosition& shard : previous.shards) {
    if (shard.kind == Kind::ended) continue;
    least = std::min(least, shard.polled == Instant{} ? window.start : shard.polled);
  }
  return least == Instant::max() ? window.start : least;
}

// A shard drops out of the listing when it is closed and its last record has expired. Records newer than what
// was read would still be kept, so there are none; its children show that it was closed, and not lost.
bool is_drained(const StreamState& stream, const ShardPosition& shard, Instant now) {
  if (stream.retention == std::chrono::hours(0) || shard.polled == Instant{}) return false;
  if (shard.kind != Kind::iterator || shard.polled < now - stream.retention) return false;
  return std::any_of(stream.shards.begin(), stream.shards.end(), [&](const Shard& listed) {
    const auto parents = parents_of(listed);
    return std::find(parents.begin(), parents.end(), shard.shard) != parents.end();
  });
}

// What goes on from `previous`, in its order; the shards that are new are left to the caller.
Result<std::vector<ShardPosition>> known_shards(const StreamState& stream, const ShardsById& by_id,
                                                const Positions& previous, job::OnGap on_gap, Instant now) {
  std::vector<ShardPosition> shards;
  for (const ShardPosition& shard : previous.shards) {
    const bool listed = by_id.contains(shard.shard);
    if (!listed && (shard.kind == Kind::ended || is_drained(stream, shard, now))) continue;
    if (!listed && on_gap == job::OnGap::fail) {
      const Instant from = pipeline::read_until(shard);
      const std::string when = from == Instant{}
                                   ? "up to " + to_text(now)
                                   : fmt::format("between {} and {}", to_text(from), to_text(now));
      return Error(Errc::trimmed,
                   fmt::format("plan {}: shard {} is gone before it was read to its end; what it held {} is "
                               "lost; set \"onGap\": \"continue\" to record the gap and go on",
                               stream.table, shard.shard, when));
    }
    shards.push_back(shard);
  }
  return shards;
}

Error changed(const StreamState& stream, const Positions& previous, Instant lost_from) {
  return Error(
      Errc::stream_changed,
      fmt::format("plan {}: the stream was switched off and on again (was {}, is {}); changes between {} "
                  "and {} are lost; set \"onGap\": \"continue\" to record the gap and go on",
                  stream.table, previous.stream, stream.id, to_text(lost_from), to_text(stream.enabled)));
}

}  // namespace

Result<Positions> plan_positions(const StreamState& stream, const std::optional<Positions>& previous,
                                 const pipeline::Window& window, job::OnGap on_gap, Instant now) {
  if (stream.shards.empty()) {
    return Error(Errc::unavailable,
                 fmt::format("plan {}: stream {} has no shards yet", stream.table, stream.id));
  }
  const auto by_id = index(stream);
  if (by_id.has_error()) return by_id.error();
  const auto order = reading_order(stream, *by_id);
  if (order.has_error()) return order.error();

  Positions plan;
  plan.stream = stream.id;
  plan.enabled = stream.enabled;
  plan.retention = stream.retention <= pipeline::kRetentionMax ? stream.retention : std::chrono::hours(0);
  const bool goes_on = previous && is_same_stream(stream, *previous);
  if (goes_on) {
    auto known = known_shards(stream, *by_id, *previous, on_gap, now);
    if (known.has_error()) return known.error();
    plan.shards = *std::move(known);
  }
  const Instant lost_from = previous && !goes_on ? read_until(*previous, window) : Instant{};
  if (previous && !goes_on && on_gap == job::OnGap::fail) return changed(stream, *previous, lost_from);

  for (const Shard* shard : *order) {
    if (goes_on && previous->find(shard->shard_id) != nullptr) continue;
    ShardPosition position =
        at_oldest(shard->shard_id, goes_on ? least_polled(*shard, *previous) : lost_from);
    if (!previous) {
      position.kind = Kind::at_time;
      position.time = window.start;
    }
    plan.shards.push_back(std::move(position));
  }
  if (plan.shards.size() > kPlanShardsMax) {
    return Error(Errc::invalid_argument, fmt::format("plan {}: {} shards, at most {} can be read at once",
                                                     stream.table, plan.shards.size(), kPlanShardsMax));
  }
  return plan;
}

std::vector<std::string> drained_shards(const StreamState& stream, const Positions& previous, Instant now) {
  std::vector<std::string> drained;
  if (!is_same_stream(stream, previous)) return drained;
  for (const ShardPosition& shard : previous.shards) {
    const bool listed = std::any_of(stream.shards.begin(), stream.shards.end(),
                                    [&](const Shard& known) { return known.shard_id == shard.shard; });
    if (!listed && is_drained(stream, shard, now)) drained.push_back(shard.shard);
  }
  return drained;
}

bool is_same_stream(const StreamState& stream, const Positions& positions) {
  if (stream.id != positions.stream) return false;
  const bool both_known = stream.enabled != Instant{} && positions.enabled != Instant{};
  return !both_known || stream.enabled == positions.enabled;
}

ShardPosition first_position(const Shard& shard, const Positions& positions) {
  return at_oldest(shard.shard_id, least_polled(shard, positions));
}

std::optional<pipeline::Gap> restart_gap(const Positions& plan) {
  std::optional<pipeline::Gap> gap;
  for (const ShardPosition& shard : plan.shards) {
    if (shard.kind != Kind::oldest || shard.polled == Instant{} || shard.polled >= plan.enabled) continue;
    if (!gap)
      gap.emplace(pipeline::Gap{"", shard.polled, plan.enabled, "the stream was switched off and on again"});
    gap->from = std::min(gap->from, shard.polled);
  }
  return gap;
}

std::optional<pipeline::Gap> start_gap(const Positions& plan, const pipeline::Window& window) {
  const bool is_first = std::any_of(plan.shards.begin(), plan.shards.end(), [&](const ShardPosition& shard) {
    return shard.kind == Kind::at_time && shard.time == window.start;
  });
  if (!is_first || plan.enabled <= window.start) return std::nullopt;
  return pipeline::Gap{"", window.start, std::min(plan.enabled, window.end),
                       "the stream was switched on after the window's start"};
}

std::vector<std::vector<std::size_t>> parents_in(const Positions& plan, std::span<const Shard> listing) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < plan.shards.size(); ++i) places.emplace(plan.shards[i].shard, i);
  std::vector<std::vector<std::size_t>> parents(plan.shards.size());
  for (const Shard& shard : listing) {
    const auto child = places.find(shard.shard_id);
    if (child == places.end()) continue;
    for (const std::string_view id : parents_of(shard)) {
      const auto parent = places.find(id);
      if (parent != places.end()) parents[child->second].push_back(parent->second);
    }
  }
  return parents;
}

std::vector<ShardPosition> released_children(const Positions& plan, std::span<const Shard> listing) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < plan.shards.size(); ++i) places.emplace(plan.shards[i].shard, i);
  std::set<std::string_view> listed;
  for (const Shard& shard : listing) listed.insert(shard.shard_id);

  std::vector<std::pair<std::size_t, const Shard*>> children;
  for (const Shard& shard : listing) {
    if (places.contains(shard.shard_id)) continue;
    std::optional<std::size_t> first_parent;
    bool released = true;
    for (const std::string_view id : parents_of(shard)) {
      const auto parent = places.find(id);
      if (parent == places.end()) {
        released = released && !listed.contains(id);
        continue;
      }
      released = released && plan.shards[parent->second].kind == Kind::ended;
      first_parent = std::min(first_parent.value_or(parent->second), parent->second);
    }
    if (released && first_parent) children.emplace_back(*first_parent, &shard);
  }
  std::sort(children.begin(), children.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second->shard_id) < std::tie(b.first, b.second->shard_id);
  });
  std::vector<ShardPosition> positions;
  for (const auto& [parent, shard] : children) {
    positions.push_back(first_position(*shard, plan));
  }
  return positions;
}

}  // namespace sluice::tablestore
