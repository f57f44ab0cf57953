#include "core/tablestore/window_read.hpp"

#include "core/base/run_all.hpp"
#include "core/base/within.hpp"
#include "core/job/problems.hpp"
#include "core/tablestore/stream_survey.hpp"
#include "core/tablestore/stream_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice::tablestore {
namespace {

using pipeline::ShardPosition;
using Kind = pipeline::ShardPosition::Kind;

}  // namespace

WindowRead::WindowRead(Executor executor, const WindowParts& parts, const pipeline::Window& window,
                       const WindowRules& rules, const StreamState& stream, pipeline::ReadPlan plan,
                       pipeline::Log& log)
    : parts_(parts),
      window_(window),
      rules_(rules),
      stream_(stream),
      plan_(std::move(plan)),
      log_(log),
      listing_(stream.shards),
      column_seen_(parts.layout.columns.size(), false),
      changed_(executor) {}

awaitable<Result<pipeline::ReadOutcome>> WindowRead::run() {
  if (const auto prepared = prepare(); prepared.has_error()) co_return prepared.error();
  for (;;) {
    const auto read = co_await read_generation();
    if (read.has_error()) co_return read.error();
    if (plan_.until || !shard_ended_) break;
    const auto more = co_await add_children();
    if (more.has_error()) co_return more.error();
    if (!*more) break;
  }
  co_return outcome();
}

Result<void> WindowRead::prepare() {
  if (plan_.until) {
    prepare_repeat();
    return {};
  }
  now_ = plan_.start;
  states_.resize(now_.shards.size());
  link_parents(stream_.shards);
  parts_.statistics.shards += now_.shards.size();
  for (std::size_t i = 0; i < now_.shards.size(); ++i) {
    if (now_.shards[i].kind == Kind::ended) pass_over(i);
  }
  auto gap = restart_gap(now_);
  if (!gap && rules_.stands_alone) gap = start_gap(now_, window_);
  if (!gap) return {};
  if (rules_.on_gap == job::OnGap::fail) {
    return Error(Errc::stream_changed,
                 fmt::format("read {}: {}; changes between {} and {} are lost", stream_.table, gap->reason,
                             to_text(gap->from), to_text(gap->to)));
  }
  gaps_.push_back(*gap);
  return {};
}

// Every shard of the committed end positions that has a record more than the start is read by itself: what
// parents and children held is known, so nobody waits for anybody.
void WindowRead::prepare_repeat() {
  now_ = *plan_.until;
  states_.resize(now_.shards.size());
  parts_.statistics.shards += now_.shards.size();
  for (std::size_t i = 0; i < now_.shards.size(); ++i) {
    const std::string shard = now_.shards[i].shard;
    const auto last = now_.shards[i].last;
    const ShardPosition* start = plan_.start.find(shard);
    if (!last || (start != nullptr && (start->last == last || start->kind == Kind::ended))) {
      pass_over(i);
      continue;
    }
    states_[i].until = last;
    if (start != nullptr) {
      now_.shards[i] = *start;
      continue;
    }
    // How far its parents were read before the window: all that it held came after that. At the window's end
    // they may have been read to a later time than its first records have.
    const auto listed = std::find_if(stream_.shards.begin(), stream_.shards.end(),
                                     [&](const Shard& candidate) { return candidate.shard_id == shard; });
    now_.shards[i] =
        first_position(listed == stream_.shards.end() ? Shard{shard, {}, {}} : *listed, plan_.start);
  }
}

void WindowRead::link_parents(std::span<const Shard> listing) {
  const auto parents = parents_in(now_, listing);
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i].parents = parents[i];
}

// Runs until no shard is left that may be read.
awaitable<Result<void>> WindowRead::read_generation() {
  shard_ended_ = false;
  std::vector<awaitable<Result<void>>> workers;
  const std::size_t count = std::min(rules_.shards_at_once, states_.size());
  for (std::size_t i = 0; i < count; ++i) workers.push_back(work());
  const auto result = co_await run_all(std::move(workers));
  co_return result;
}

// A shard that was split or merged in this window is followed by its children. They are looked for only when
// all shards have come to rest, so that their places do not depend on which shard was faster.
awaitable<Result<bool>> WindowRead::add_children() {
  auto listing = co_await list_shards(parts_.api, now_.stream);
  if (listing.has_error()) co_return listing.error();
  listing_ = std::move(*listing);
  const auto children = released_children(now_, listing_);
  if (now_.shards.size() + children.size() > kPlanShardsMax) {
    co_return Error(Errc::invalid_argument,
                    fmt::format("read {}: more than {} shards in one window", stream_.table, kPlanShardsMax));
  }
  for (const ShardPosition& child : children) {
    now_.shards.push_back(child);
    states_.emplace_back();
    log_.line(pipeline::Level::info,
              fmt::format("shard {}: came of a split or merge in this window, read as number {}", child.shard,
                          now_.shards.size() - 1));
  }
  parts_.statistics.shards += children.size();
  link_parents(listing_);
  co_return !children.empty();
}

awaitable<Result<void>> WindowRead::work() {
  for (;;) {
    const auto place = take_next();
    if (!place) {
      const bool anyone_rests = any_in(Phase::resting);
      if (!anyone_rests && !any_in(Phase::waiting)) co_return Result<void>();
      if (!anyone_rests && !any_in(Phase::reading)) {
        co_return Error(Errc::corrupt,
                        fmt::format("read {}: shards that are their own ancestors", stream_.table));
      }
      co_await wait_for_work();
      continue;
    }
    const auto read = co_await read_shard(*place);
    changed_.notify_all();
    if (read.has_error()) co_return read;
  }
}

// Shards wait for parents that other workers are reading, or rest.
awaitable<void> WindowRead::wait_for_work() {
  const auto rested = first_rested();
  if (!rested) {
    co_await changed_.wait();
    co_return;
  }
  const Duration left = states_[*rested].ready_at - parts_.clock.monotonic();
  // That the time passes first is as good as a change.
  const auto either = co_await within(parts_.clock, left, "a shard's rest", changed());
  static_cast<void>(either);
}

awaitable<Result<bool>> WindowRead::changed() {
  co_await changed_.wait();
  co_return true;
}

// Fresh shards come before those that had nothing to give a moment ago.
std::optional<std::size_t> WindowRead::take_next() {
  auto next = furthest_behind();
  if (!next) {
    const auto rested = first_rested();
    if (rested && states_[*rested].ready_at <= parts_.clock.monotonic()) next = rested;
  }
  if (next) states_[*next].phase = Phase::reading;
  return next;
}

std::optional<std::size_t> WindowRead::first_rested() const {
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].phase != Phase::resting) continue;
    if (!first || states_[i].ready_at < states_[*first].ready_at) first = i;
  }
  return first;
}

// Of the shards that may be read. Children of a parent that has more to give later are passed over, and
// theirs with them.
std::optional<std::size_t> WindowRead::furthest_behind() {
  std::optional<std::size_t> best;
  bool passed_any = true;
  while (std::exchange(passed_any, false)) {
    best.reset();
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (states_[i].phase != Phase::waiting) continue;
      const Standing standing = standing_of(i);
      if (standing == Standing::blocked) continue;
      if (standing == Standing::passed) {
        pass_over(i);
        passed_any = true;
        continue;
      }
      if (!best || pipeline::read_until(now_.shards[i]) < pipeline::read_until(now_.shards[*best])) best = i;
    }
    if (passed_any) changed_.notify_all();
  }
  return best;
}

WindowRead::Standing WindowRead::standing_of(std::size_t place) const {
  Standing standing = Standing::readable;
  for (const std::size_t parent : states_[place].parents) {
    if (states_[parent].phase != Phase::done) {
      standing = Standing::blocked;
    } else if (now_.shards[parent].kind != Kind::ended) {
      return Standing::passed;
    }
  }
  return standing;
}

void WindowRead::begin_shard(std::size_t place) {
  WalkPlan plan;
  plan.start = now_.shards[place];
  plan.until = states_[place].until;
  plan.window_start = window_.start;
  plan.window_end = window_.end;
  plan.seek_by_time = rules_.seek_by_time;
  plan.settle = rules_.settle;
  plan.on_gap = rules_.on_gap;
  plan.retention = stream_.retention;
  plan.enabled = stream_.enabled;
  plan.is_listed = std::ranges::find(listing_, plan.start.shard, &Shard::shard_id) != listing_.end();
  plan.now = parts_.clock.now();
  states_[place].read =
      std::make_unique<ShardRead>(parts_, std::move(plan), static_cast<std::uint32_t>(place));
}

awaitable<Result<void>> WindowRead::read_shard(std::size_t place) {
  if (states_[place].read == nullptr) begin_shard(place);
  const auto rest = co_await states_[place].read->advance();
  if (rest.has_error()) co_return rest.error();
  if (*rest > Duration(0)) {
    states_[place].phase = Phase::resting;
    states_[place].ready_at = parts_.clock.monotonic() + *rest;
  } else {
    finish(place);
  }
  co_return Result<void>();
}

void WindowRead::finish(std::size_t place) {
  const std::unique_ptr<ShardRead> owned = std::move(states_[place].read);
  const ShardRead& read = *owned;
  const ShardWalk& walk = read.walk();
  ShardPosition& position = now_.shards[place];
  position = walk.position();
  states_[place].phase = Phase::done;
  ++parts_.statistics.shards_done;
  shard_ended_ = shard_ended_ || walk.ended();
  gaps_.insert(gaps_.end(), walk.gaps().begin(), walk.gaps().end());
  for (std::size_t i = 0; i < column_seen_.size(); ++i) column_seen_[i] = column_seen_[i] || read.seen(i);
  log_.line(pipeline::Level::info,
            fmt::format("shard {}: {} records, {} rows, {}{}", position.shard, walk.counts().records,
                        read.rows(), walk.ended() ? "to its end" : "to position ",
                        walk.ended()    ? ""
                        : position.last ? to_text(*position.last)
                                        : to_text(position.polled)));
  if (walk.counts().ahead > 0) {
    log_.line(
        pipeline::Level::warning,
        fmt::format("shard {}: {} records have a time far ahead of the server's clock, up to {}; they are "
                    "exported here and close no window",
                    position.shard, walk.counts().ahead, to_text(walk.counts().last_record)));
  }
  for (const pipeline::Gap& gap : walk.gaps()) {
    log_.line(pipeline::Level::warning,
              fmt::format("shard {}: records after {} up to {} are lost: {}", gap.shard, to_text(gap.from),
                          to_text(gap.to), gap.reason));
  }
}

// Nothing to read in this window; the position stays.
void WindowRead::pass_over(std::size_t place) {
  states_[place].phase = Phase::done;
  ++parts_.statistics.shards_done;
}

bool WindowRead::any_in(Phase phase) const {
  return std::any_of(states_.begin(), states_.end(),
                     [phase](const auto& state) { return state.phase == phase; });
}

// Shards that were not read in this window. They move on with the parents they wait for, or a chain that is
// far behind would take what a child never held for lost; and the gap of a restart is told once.
void WindowRead::move_passed_over(pipeline::Positions& end) const {
  for (std::size_t i = 0; i < end.shards.size(); ++i) {
    ShardPosition& shard = end.shards[i];
    if (shard.kind != Kind::oldest && shard.kind != Kind::at_time) continue;
    if (shard.kind == Kind::oldest && shard.polled != Instant{}) {
      shard.polled = std::max(shard.polled, end.enabled);
    }
    Instant waited_for = Instant::max();
    for (const std::size_t parent : states_[i].parents) {
      if (end.shards[parent].kind == Kind::ended) continue;
      waited_for = std::min(waited_for, pipeline::read_until(end.shards[parent]));
    }
    if (waited_for != Instant::max()) shard.polled = std::max(shard.polled, waited_for);
  }
}

pipeline::ReadOutcome WindowRead::outcome() const {
  pipeline::ReadOutcome result;
  result.end = plan_.until ? *plan_.until : now_;
  result.gaps = gaps_;
  if (!plan_.until) move_passed_over(result.end);
  if (parts_.statistics.records == 0) return result;
  for (std::size_t i = 0; i < column_seen_.size(); ++i) {
    if (!column_seen_[i]) warn_of_column(parts_.layout.columns[i].name);
  }
  return result;
}

void WindowRead::warn_of_column(const std::string& name) const {
  std::vector<std::string_view> keys;
  for (const KeyColumn& key : parts_.layout.primary_key) keys.push_back(key.name);
  const std::string_view meant = job::closest(name, keys);
  const std::string hint =
      meant.empty() ? std::string() : fmt::format("; did you mean the key column {}?", meant);
  log_.line(pipeline::Level::warning, fmt::format("column {} was in none of the window's {} records{}", name,
                                                  parts_.statistics.records, hint));
}

}  // namespace sluice::tablestore
