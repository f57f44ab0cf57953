#include "core/tablestore/window_read.hpp"

#include "core/tablestore/stream_survey.hpp"
#include "core/tablestore/stream_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace sluice::tablestore {
namespace {

namespace asio = boost::asio;
using pipeline::ShardPosition;
using Kind = pipeline::ShardPosition::Kind;

struct CancelOnFailure {
  asio::cancellation_type operator()(const std::exception_ptr& failure,
                                     const Result<void>& result) const noexcept {
    return failure || result.has_error() ? asio::cancellation_type::terminal : asio::cancellation_type::none;
  }
};

bool is_cancellation(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

// What went wrong first. The cancellation of the others does not count, unless there is nothing else.
Result<void> first_failure(const std::vector<std::size_t>& order,
                           const std::vector<std::exception_ptr>& failures,
                           const std::vector<Result<void>>& results) {
  std::exception_ptr cancelled;
  for (const std::size_t i : order) {
    if (!failures[i] && results[i].has_error()) return results[i];
    if (!failures[i]) continue;
    if (!is_cancellation(failures[i])) std::rethrow_exception(failures[i]);
    cancelled = failures[i];
  }
  if (cancelled) std::rethrow_exception(cancelled);
  return {};
}

}  // namespace

WindowRead::WindowRead(Executor executor, const WindowParts& parts, const pipeline::Window& window,
                       const WindowRules& rules, const StreamState& stream, pipeline::ReadPlan plan,
                       pipeline::Log& log)
    : executor_(executor),
      parts_(parts),
      window_(window),
      rules_(rules),
      stream_(stream),
      plan_(std::move(plan)),
      log_(log),
      column_seen_(parts.columns.size(), false),
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
  parts_.statistics.shards = now_.shards.size();
  for (std::size_t i = 0; i < now_.shards.size(); ++i) {
    if (now_.shards[i].kind == Kind::ended) pass_over(i);
  }
  const auto gap = restart_gap(now_);
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
  parts_.statistics.shards = now_.shards.size();
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
    const auto listed = std::find_if(stream_.shards.begin(), stream_.shards.end(),
                                     [&](const Shard& candidate) { return candidate.shard_id == shard; });
    now_.shards[i] =
        first_position(listed == stream_.shards.end() ? Shard{shard, {}, {}} : *listed, *plan_.until);
  }
}

void WindowRead::link_parents(std::span<const Shard> listing) {
  const auto parents = parents_in(now_, listing);
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i].parents = parents[i];
}

// Runs until no shard is left that may be read.
awaitable<Result<void>> WindowRead::read_generation() {
  shard_ended_ = false;
  using Worker = decltype(asio::co_spawn(executor_, work(), asio::deferred));
  std::vector<Worker> workers;
  const std::size_t count = std::min(rules_.shards_at_once, states_.size());
  for (std::size_t i = 0; i < count; ++i)
    workers.push_back(asio::co_spawn(executor_, work(), asio::deferred));
  if (workers.empty()) co_return Result<void>();
  auto group = asio::experimental::make_parallel_group(std::move(workers));
  const CancelOnFailure condition;
  auto outcome = co_await group.async_wait(condition, asio::use_awaitable);
  auto& [order, failures, results] = outcome;
  co_return first_failure(order, failures, results);
}

// A shard that was split or merged in this window is followed by its children. They are looked for only when
// all shards have come to rest, so that their places do not depend on which shard was faster.
awaitable<Result<bool>> WindowRead::add_children() {
  const auto listing = co_await list_shards(parts_.api, now_.stream);
  if (listing.has_error()) co_return listing.error();
  const auto children = released_children(now_, *listing);
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
  link_parents(*listing);
  co_return !children.empty();
}

awaitable<Result<void>> WindowRead::work() {
  for (;;) {
    const auto place = take_next();
    if (!place) {
      if (!any_in(Phase::waiting)) co_return Result<void>();
      if (!any_in(Phase::reading)) {
        co_return Error(Errc::corrupt,
                        fmt::format("read {}: shards that are their own ancestors", stream_.table));
      }
      // Shards wait for parents that other workers are reading.
      co_await changed_.wait();
      continue;
    }
    const auto read = co_await read_shard(*place);
    changed_.notify_all();
    if (read.has_error()) co_return read;
  }
}

// The readable shard that is furthest behind. Children of a parent that has more to give later are passed
// over.
std::optional<std::size_t> WindowRead::take_next() {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].phase != Phase::waiting) continue;
    bool blocked = false;
    bool passed = false;
    for (const std::size_t parent : states_[i].parents) {
      const bool at_end = states_[parent].phase == Phase::done;
      blocked = blocked || !at_end;
      passed = passed || (at_end && now_.shards[parent].kind != Kind::ended);
    }
    if (passed) {
      pass_over(i);
      changed_.notify_all();
      return take_next();
    }
    if (blocked) continue;
    if (!best || pipeline::read_until(now_.shards[i]) < pipeline::read_until(now_.shards[*best])) best = i;
  }
  if (best) states_[*best].phase = Phase::reading;
  return best;
}

awaitable<Result<void>> WindowRead::read_shard(std::size_t place) {
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
  ShardRead read(parts_, std::move(plan), static_cast<std::uint32_t>(place));
  const auto result = co_await read.run();
  if (result.has_error()) co_return result;
  finish(place, read);
  co_return result;
}

void WindowRead::finish(std::size_t place, const ShardRead& read) {
  const ShardWalk& walk = read.walk();
  ShardPosition& position = now_.shards[place];
  position = walk.position();
  states_[place].phase = Phase::done;
  ++parts_.statistics.shards_done;
  shard_ended_ = shard_ended_ || walk.ended();
  gaps_.insert(gaps_.end(), walk.gaps().begin(), walk.gaps().end());
  for (std::size_t i = 0; i < parts_.columns.size(); ++i) {
    column_seen_[i] = column_seen_[i] || read.seen(parts_.columns[i]);
  }
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

pipeline::ReadOutcome WindowRead::outcome() const {
  pipeline::ReadOutcome result;
  result.end = plan_.until ? *plan_.until : now_;
  result.gaps = gaps_;
  // The gap of a restart is told once, also where a shard was not read in this window.
  for (ShardPosition& shard : result.end.shards) {
    if (!plan_.until && shard.kind == Kind::oldest && shard.polled != Instant{}) {
      shard.polled = std::max(shard.polled, result.end.enabled);
    }
  }
  if (parts_.statistics.records == 0) return result;
  for (std::size_t i = 0; i < column_seen_.size(); ++i) {
    if (column_seen_[i]) continue;
    log_.line(pipeline::Level::warning, fmt::format("column {} was in none of the window's {} records",
                                                    parts_.columns[i], parts_.statistics.records));
  }
  return result;
}

}  // namespace sluice::tablestore
