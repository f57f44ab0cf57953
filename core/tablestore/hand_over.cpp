#include "core/tablestore/hand_over.hpp"

#include "core/job/civil_time.hpp"
#include "core/tablestore/stream_place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::tablestore {
namespace {

using pipeline::Positions;
using pipeline::ShardPosition;
using pipeline::Window;
using Kind = pipeline::ShardPosition::Kind;

// The same for every attempt at a window, and no one else's.
std::string version_of(const Window& window) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(window.end.time_since_epoch());
  return fmt::format("{}-sluice-{}", ms.count(), window.job);
}

// The rows to be written, without the checkpoints' places.
StatusRun run_of(const std::string& source_table, const Window& window, const Positions& end) {
  StatusRun run;
  StatusJob& job = run.job.emplace();
  job.version = version_of(window);
  job.table = source_table;
  job.stream = end.stream;
  job.start = window.start;
  job.end = window.end;
  for (const ShardPosition& shard : end.shards) job.shards.push_back(shard.shard);
  return run;
}

awaitable<Result<std::string>> checkpoint_text(StreamApi& streams, const ShardPosition& position) {
  switch (position.kind) {
    case Kind::oldest:
    case Kind::at_time:  // passed over so far: nothing of it was read
      co_return std::string(kTrimHorizon);
    case Kind::ended:
      co_return std::string(kShardEnd);
    case Kind::iterator:
      break;
  }
  if (position.iterator.empty()) {
    co_return Error(
        Errc::refused_by_state,
        fmt::format("hand over shard {}: its iterator is not known, because the state was rebuilt; "
                    "the next window that is exported has one",
                    position.shard));
  }
  if (!position.last) co_return position.iterator;
  auto exact = co_await iterator_behind(streams, position);
  if (exact.has_error()) co_return exact.error().in("shard " + position.shard);
  co_return exact;
}

awaitable<Result<void>> place_checkpoints(StreamApi& streams, const Positions& end, StatusRun& run) {
  for (const ShardPosition& position : end.shards) {
    auto text = co_await checkpoint_text(streams, position);
    if (text.has_error()) co_return text.error();
    run.checkpoints.push_back(StatusCheckpoint{position.shard, run.job->version, *std::move(text), 0});
  }
  std::ranges::sort(run.checkpoints, {}, &StatusCheckpoint::shard);  // as they are read back
  co_return Result<void>();
}

awaitable<Result<void>> make_table(const StatusTable& table) {
  auto exists = co_await status_table_exists(table);
  if (exists.has_error()) co_return exists.error();
  if (*exists) co_return Result<void>();
  const std::vector<KeyColumn> key = status_key();
  const auto created = co_await table.tables.create_table(table.name, key, kStatusTimeToLive);
  if (created.has_value() || created.error().code() != Errc::conflict) co_return created;
  // Somebody was faster, or the answer to a first try was lost.
  exists = co_await status_table_exists(table);
  if (exists.has_error()) co_return exists.error();
  if (!*exists) co_return created;
  co_return Result<void>();
}

// Whether the rows of a run are ours to replace.
bool is_ours(const StatusRun& run, const std::string& version) {
  const bool job_is_ours = !run.job || run.job->version == version;
  return job_is_ours && !run.shard_count &&
         std::ranges::all_of(run.checkpoints,
                             [&](const StatusCheckpoint& c) { return c.version == version; });
}

awaitable<Result<void>> remove_job(const StatusTable& table, const StatusRun& standing) {
  if (!standing.job) co_return Result<void>();
  const StatusRow row = to_row(*standing.job);
  co_return co_await table.tables.delete_row(table.name, row.key);
}

// Without a job row the original takes no notice of checkpoints, so that row goes first and comes last.
awaitable<Result<void>> replace(const StatusTable& table, const StatusRun& standing, const StatusRun& run) {
  auto done = co_await remove_job(table, standing);
  if (done.has_error()) co_return done;
  for (const StatusCheckpoint& old : standing.checkpoints) {
    if (std::ranges::binary_search(run.checkpoints, old.shard, {}, &StatusCheckpoint::shard)) continue;
    const StatusRow row = to_row(run.job->stream, run.job->end, old);
    done = co_await table.tables.delete_row(table.name, row.key);
    if (done.has_error()) co_return done;
  }
  for (const StatusCheckpoint& checkpoint : run.checkpoints) {
    const StatusRow row = to_row(run.job->stream, run.job->end, checkpoint);
    done = co_await table.tables.put_row(table.name, row.key, row.cells);
    if (done.has_error()) co_return done;
  }
  const StatusRow job = to_row(*run.job);
  co_return co_await table.tables.put_row(table.name, job.key, job.cells);
}

awaitable<Result<void>> write_run(const StatusTable& table, const Window& window, const Positions& end,
                                  StatusRun run) {
  const auto made = co_await make_table(table);
  if (made.has_error()) co_return made;
  const auto standing = co_await read_run(table, run.job->stream, run.job->end);
  if (standing.has_error()) co_return standing.error();
  if (!is_ours(*standing, run.job->version)) {
    co_return Error(
        Errc::conflict,
        fmt::format("status table {} has rows of somebody else's run that ended at {}; they are left alone",
                    table.name, job::format_local(window.end, window.zone)));
  }
  const auto placed = co_await place_checkpoints(table.streams, end, run);
  if (placed.has_error()) {
    // What an earlier attempt wrote need not be where this one ended.
    const auto removed = co_await remove_job(table, *standing);
    co_return removed.has_error() ? removed.error().in(placed.error().message()) : placed.error();
  }
  if (*standing == run) co_return Result<void>();
  co_return co_await replace(table, *standing, run);
}

}  // namespace

awaitable<Result<void>> hand_over(const StatusTable& table, const std::string& source_table,
                                  const Window& window, const Positions& end) {
  StatusRun run = run_of(source_table, window, end);
  const auto written = co_await write_run(table, window, end, std::move(run));
  if (written.has_error()) co_return written.error().in("hand over " + source_table);
  co_return Result<void>();
}

}  // namespace sluice::tablestore
