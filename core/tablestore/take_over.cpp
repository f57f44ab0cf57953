#include "core/tablestore/take_over.hpp"

#include "core/base/utf8.hpp"
#include "core/job/civil_time.hpp"
#include "core/tablestore/stream_place.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace sluice::tablestore {
namespace {

using pipeline::Level;
using pipeline::Positions;
using pipeline::ShardPosition;
using pipeline::Window;
using Kind = pipeline::ShardPosition::Kind;

constexpr std::size_t kEndsShown = 5;
constexpr std::size_t kShardsShown = 5;
constexpr std::size_t kForeignIdBytesMax = 120;  // of what others wrote into the table

// "2018-10-16T00:05+08:00 (1539619500000)"
std::string end_text(Instant end, const std::string& zone) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(end.time_since_epoch());
  return fmt::format("{} ({})", job::format_local(end, zone), ms.count());
}

std::string some_of(const std::vector<std::string>& shards) {
  const std::size_t shown = std::min(shards.size(), kShardsShown);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    text += (i == 0 ? "" : ", ") + foreign_line(shards[i], kForeignIdBytesMax);
  }
  if (shown < shards.size()) text += fmt::format(" and {} more", shards.size() - shown);
  return text;
}

// Why `run` is none, if it is none. A part of a sentence.
std::optional<std::string> why_no_run(const StatusRun& run, const StreamState& stream) {
  if (run.job && run.job->stream == stream.id) return std::nullopt;
  if (run.job) {
    return fmt::format("the job row is of stream {}", foreign_line(run.job->stream, kForeignIdBytesMax));
  }
  if (!run.shard_count && run.checkpoints.empty()) return "there is no row";
  if (!run.shard_count)
    return fmt::format("there are {} checkpoints, but no job row", run.checkpoints.size());
  const auto count = static_cast<std::int64_t>(run.checkpoints.size());
  if (count == *run.shard_count) return std::nullopt;
  return fmt::format("there are {} checkpoints for {} shards", count, *run.shard_count);
}

// The shards of the run in the order of the new chain: what is gone first, then as the stream is to be read.
std::vector<std::string> in_order(const std::vector<std::string>& shards, const Positions& reading_order) {
  const std::set<std::string> known(shards.begin(), shards.end());
  std::vector<std::string> order;
  for (const std::string& shard : known) {
    if (reading_order.find(shard) == nullptr) order.push_back(shard);
  }
  for (const ShardPosition& shard : reading_order.shards) {
    if (known.contains(shard.shard)) order.push_back(shard.shard);
  }
  return order;
}

ShardPosition position_of(const StatusCheckpoint& checkpoint, const Window& window) {
  ShardPosition position;
  position.shard = checkpoint.shard;
  position.polled = window.start;
  if (checkpoint.checkpoint == kTrimHorizon) return position;
  if (checkpoint.checkpoint == kShardEnd) {
    position.kind = Kind::ended;
    return position;
  }
  position.kind = Kind::iterator;
  position.iterator = checkpoint.checkpoint;
  return position;
}

ShardPosition by_time(const std::string& shard, const Window& window) {
  ShardPosition position;
  position.shard = shard;
  position.kind = Kind::at_time;
  position.time = window.start;
  position.polled = window.start;
  return position;
}

// Every shard that ends has children. One that is said to have ended, but is listed without any, is alive:
// the original took an empty answer for the end.
bool is_alive(const std::string& shard, const StreamState& stream) {
  bool listed = false;
  for (const Shard& candidate : stream.shards) {
    listed = listed || candidate.shard_id == shard;
    if (candidate.parent_id == shard || candidate.parent_sibling_id == shard) return false;
  }
  return listed;
}

class RunTaker {
 public:
  RunTaker(const StatusRun& run, const StreamState& stream, const Window& window)
      : run_(run), stream_(stream), window_(window) {
    for (const StatusCheckpoint& checkpoint : run.checkpoints) {
      if (run.job && checkpoint.version != run.job->version) continue;
      checkpoints_.emplace(checkpoint.shard, &checkpoint);
    }
  }

  TakenRun take(const Positions& reading_order) {
    std::vector<std::string> shards;
    if (run_.job) {
      shards = run_.job->shards;
    } else {
      for (const auto& [shard, checkpoint] : checkpoints_) shards.emplace_back(shard);
    }
    taken_.positions.stream = stream_.id;
    // Switched on after the run: what lies between is lost, and plan_positions() is to see that.
    taken_.positions.enabled = std::min(stream_.enabled, window_.start);
    for (const std::string& shard : in_order(shards, reading_order)) take_shard(shard);
    return std::move(taken_);
  }

  const std::vector<std::string>& missing() const { return missing_; }

 private:
  void take_shard(const std::string& shard) {
    const auto found = checkpoints_.find(shard);
    auto& shards = taken_.positions.shards;
    if (found == checkpoints_.end()) {
      missing_.push_back(shard);
      shards.push_back(by_time(shard, window_));
      return;
    }
    const StatusCheckpoint& checkpoint = *found->second;
    if (checkpoint.checkpoint == kShardEnd && is_alive(shard, stream_)) {
      taken_.warnings.push_back(fmt::format(
          "shard {}: the original calls it ended, but it has no children; it begins by time", shard));
      shards.push_back(by_time(shard, window_));
      return;
    }
    if (checkpoint.skip > 0) taken_.passed.push_back({shards.size(), checkpoint.skip});
    shards.push_back(position_of(checkpoint, window_));
  }

  const StatusRun& run_;
  const StreamState& stream_;
  const Window& window_;
  std::map<std::string_view, const StatusCheckpoint*> checkpoints_;  // those of the run's version
  std::vector<std::string> missing_;
  TakenRun taken_;
};

// A part of a sentence.
std::string torn_text(const StatusJob& job, const std::vector<std::string>& missing, const Window& window) {
  return fmt::format(
      "the original did not finish its run from {} to {}: no checkpoint of its version for {} of "
      "{} shards ({})",
      end_text(job.start, window.zone), end_text(job.end, window.zone), missing.size(), job.shards.size(),
      some_of(missing));
}

awaitable<std::string> ends_text(const StatusTable& table, const StreamState& stream, const Window& window) {
  const auto ends = co_await last_ends(table, stream.id, kEndsShown);
  if (ends.has_error()) co_return "its runs cannot be listed: " + ends.error().message();
  if (ends->empty()) co_return "it has none of this stream at all";
  std::vector<std::string> texts;
  for (const Instant end : *ends) texts.push_back(end_text(end, window.zone));
  co_return fmt::format("its last runs ended at {}; let the first window begin at one of them",
                        fmt::join(texts, ", "));
}

// Where iterators were stored with a number of records: finds the last of these.
awaitable<Result<void>> pass_records(StreamApi& streams, TakenRun& taken, const Window& window) {
  for (const TakenRun::Passed& passed : taken.passed) {
    ShardPosition& position = taken.positions.shards[passed.place];
    const auto last = co_await nth_record(streams, position.iterator, passed.records);
    if (last.has_value()) {
      position.last = *last;
      continue;
    }
    const Errc code = last.error().code();
    if (code != Errc::trimmed && code != Errc::not_found) {
      co_return last.error().in("shard " + position.shard);
    }
    // The checkpoint was the first record not older than the run's end, so its time finds it as well.
    taken.warnings.push_back(
        fmt::format("shard {}: {}; it begins by time", position.shard, last.error().message()));
    position = by_time(position.shard, window);
  }
  co_return Result<void>();
}

awaitable<Result<TakenRun>> look_up(const StatusTable& table, job::TakeOver rule, const StreamState& stream,
                                    const Window& window) {
  const auto exists = co_await status_table_exists(table);
  if (exists.has_error()) co_return exists.error();
  if (!*exists) co_return Error(Errc::not_found, "there is no such table");
  const auto run = co_await read_run(table, stream.id, window.start);
  if (run.has_error()) co_return run.error();
  auto taken = take_run(*run, stream, window, rule);
  if (taken.has_error()) co_return taken.error();
  const auto passed = co_await pass_records(table.streams, *taken, window);
  if (passed.has_error()) co_return passed.error();
  co_return taken;
}

}  // namespace

Result<TakenRun> take_run(const StatusRun& run, const StreamState& stream, const Window& window,
                          job::TakeOver rule) {
  if (const auto why = why_no_run(run, stream)) return Error(Errc::not_found, *why);
  const auto reading_order = plan_positions(stream, std::nullopt, window, job::OnGap::fail, window.start);
  if (reading_order.has_error()) return reading_order.error();
  RunTaker taker(run, stream, window);
  TakenRun taken = taker.take(*reading_order);
  if (taker.missing().empty()) return taken;
  const std::string torn = torn_text(*run.job, taker.missing(), window);
  if (rule == job::TakeOver::required) {
    return Error(Errc::conflict,
                 torn +
                     "; let the first window begin where that run began, or set \"takeOver\": "
                     "\"ifFound\" to begin these shards by time");
  }
  taken.warnings.push_back(torn +
                           "; these begin by time, and what that run left unread of them is not exported");
  return taken;
}

awaitable<Result<std::optional<Positions>>> take_over(const StatusTable& table, job::TakeOver rule,
                                                      const StreamState& stream, const Window& window,
                                                      pipeline::Log& log) {
  using Taken = std::optional<Positions>;
  auto taken = co_await look_up(table, rule, stream, window);
  if (taken.has_value()) {
    for (const std::string& warning : taken->warnings) log.line(Level::warning, "take over: " + warning);
    log.line(Level::info,
             fmt::format("take over: {} shards go on where the original's run that ended at {} left them",
                         taken->positions.shards.size(), end_text(window.start, window.zone)));
    co_return Taken(std::move(taken->positions));
  }
  if (taken.error().code() != Errc::not_found) co_return taken.error().in("take over " + stream.table);
  const std::string none =
      fmt::format("no run of stream {} that ended at {} in status table {}: {}", stream.id,
                  end_text(window.start, window.zone), table.name, taken.error().message());
  if (rule != job::TakeOver::required) {
    log.line(Level::info, fmt::format("take over: {}; the window begins by time", none));
    co_return Taken();
  }
  const std::string ends = co_await ends_text(table, stream, window);
  co_return Error(Errc::not_found,
                  fmt::format("take over {}: {}; {}, or set \"takeOver\": \"ifFound\" to begin by time",
                              stream.table, none, ends));
}

}  // namespace sluice::tablestore
