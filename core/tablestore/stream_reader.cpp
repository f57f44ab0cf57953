#include "core/tablestore/stream_reader.hpp"

#include "core/job/problems.hpp"
#include "core/tablestore/stream_survey.hpp"
#include "core/tablestore/stream_text.hpp"
#include "core/tablestore/take_over.hpp"
#include "core/tablestore/traffic.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace sluice::tablestore {

StreamReader::StreamReader(StreamApi& api, Clock& clock, const job::TableStoreSource& source,
                           StreamReaderLimits limits, TableApi* tables)
    : api_(api),
      clock_(clock),
      tables_(tables),
      status_table_(source.status_table),
      take_over_(source.take_over),
      table_(source.table),
      layout_(layout_of(source)),
      retention_warning_(source.retention_warning),
      limits_(limits) {
  assert(tables != nullptr || source.take_over == job::TakeOver::never);
  rules_.seek_by_time = source.seek_by_time;
  rules_.settle = source.settle;
  rules_.on_gap = source.on_gap;
  rules_.stands_alone = source.stands_alone && !source.full_table_first;
  rules_.shards_at_once = limits.shards_at_once;
}

Result<void> StreamReader::check_source() const {
  if (layout_.mode == job::ReadMode::row && layout_.columns.empty()) {
    return Error(Errc::invalid_argument, fmt::format("read {}: no column is configured", table_));
  }
  if (layout_.mode == job::ReadMode::column && layout_.is_time_series) {
    return Error(Errc::invalid_argument,
                 fmt::format("read {}: a time series table cannot be read in column mode", table_));
  }
  return {};
}

// What the stream looks like now; the rows' layout learns the table's key from it.
awaitable<Result<StreamState>> StreamReader::survey() {
  if (layout_.is_time_series) {
    auto series = co_await survey_time_series(api_, table_);
    co_return series;
  }
  auto stream = co_await survey_stream(api_, table_);
  if (stream.has_error()) co_return stream;
  layout_.primary_key = stream->primary_key;
  if (const auto checked = check_key(); checked.has_error()) co_return checked.error();
  co_return stream;
}

// The row of a deleted row has nothing but its key.
Result<void> StreamReader::check_key() const {
  const bool exports = layout_.mode == job::ReadMode::row && layout_.deletes == job::Deletes::write;
  if (!exports || layout_.primary_key.empty()) return {};
  std::vector<std::string_view> names;
  for (const KeyColumn& key : layout_.primary_key) {
    const bool configured = std::any_of(layout_.columns.begin(), layout_.columns.end(),
                                        [&](const job::Column& column) { return column.name == key.name; });
    if (configured) return {};
    names.push_back(key.name);
  }
  return Error(Errc::invalid_argument,
               fmt::format("read {}: deletes are to be exported, but no column of the primary key ({}) is "
                           "configured; add it to column",
                           table_, job::join_names(names)));
}

awaitable<Result<pipeline::Positions>> StreamReader::plan(const pipeline::Window& window,
                                                          const std::optional<pipeline::Positions>& previous,
                                                          pipeline::Log& log) {
  if (const auto checked = check_source(); checked.has_error()) co_return checked.error();
  const Traffic traffic(api_, nullptr, log);
  const auto stream = co_await survey();
  if (stream.has_error()) co_return stream.error();
  std::optional<pipeline::Positions> before = previous;
  if (!previous && take_over_ != job::TakeOver::never) {
    const StatusTable table{api_, *tables_, status_table_};
    auto taken = co_await take_over(table, take_over_, *stream, window, log);
    if (taken.has_error()) co_return taken.error();
    before = *std::move(taken);
  }
  if (!before) {
    if (const auto checked = check_start(*stream, window, log); checked.has_error())
      co_return checked.error();
  }
  const Instant now = clock_.now();
  if (before) {
    for (const std::string& shard : drained_shards(*stream, *before, now)) {
      log.line(
          pipeline::Level::warning,
          fmt::format("shard {} is no longer listed; it was read to within the stream's retention and its "
                      "children are there, so it held nothing more",
                      shard));
    }
  }
  auto plan = plan_positions(*stream, before, window, rules_.on_gap, now);
  if (plan) tell_retention(*plan, now, log);
  co_return plan;
}

// No record tells what happened before the stream was switched on. A chain may begin there; a window that is
// read by itself would be taken for a whole one.
Result<void> StreamReader::check_start(const StreamState& stream, const pipeline::Window& window,
                                       pipeline::Log& log) const {
  if (stream.enabled <= window.start) return {};
  const std::string late =
      fmt::format("the stream was switched on at {}, after the window's ", to_text(stream.enabled));
  if (!rules_.stands_alone) {
    log.line(pipeline::Level::warning, late + "start; it holds no change from before");
    return {};
  }
  if (stream.enabled >= window.end) {
    return Error(Errc::stream_changed,
                 fmt::format("plan {}: {}end {}, and holds nothing of it; take a window that begins later",
                             table_, late, to_text(window.end)));
  }
  if (rules_.on_gap == job::OnGap::proceed) return {};
  return Error(Errc::stream_changed,
               fmt::format("plan {}: {}start; changes between {} and {} are lost; take a window that begins "
                           "later, or set \"onGap\": \"continue\" to record the gap and go on",
                           table_, late, to_text(window.start), to_text(stream.enabled)));
}

void StreamReader::tell_retention(const pipeline::Positions& plan, Instant now, pipeline::Log& log) const {
  const auto clock = pipeline::retention_clock(plan, now);
  if (!clock) return;
  if (clock->left < Duration(0)) {
    log.line(pipeline::Level::warning,
             fmt::format("records after {} are needed; the stream kept them until {}",
                         to_text(clock->needed_from), to_text(clock->trimmed_at)));
    return;
  }
  const auto level =
      clock->left < clock->warn_below(retention_warning_) ? pipeline::Level::warning : pipeline::Level::info;
  log.line(level, fmt::format("records after {} are needed; the stream keeps them until {}, {} from now",
                              to_text(clock->needed_from), to_text(clock->trimmed_at), to_text(clock->left)));
}

// A plan made before the stream was switched off and on does not fit any more.
Result<pipeline::ReadPlan> StreamReader::fit(const pipeline::ReadPlan& plan, const StreamState& stream,
                                             const pipeline::Window& window) const {
  pipeline::ReadPlan result = plan;
  if (is_same_stream(stream, plan.start)) return result;
  if (plan.until) {
    return Error(
        Errc::stream_changed,
        fmt::format("repeat a window of {}: its stream {} is gone; its objects stay as they are, and "
                    "sluice set-success goes on without it",
                    table_, plan.start.stream));
  }
  auto start = plan_positions(stream, plan.start, window, rules_.on_gap, clock_.now());
  if (start.has_error()) return start.error();
  result.start = *std::move(start);
  return result;
}

awaitable<Result<pipeline::ReadOutcome>> StreamReader::read(const pipeline::Window& window,
                                                            const pipeline::ReadPlan& plan,
                                                            pipeline::WindowWriter& writer,
                                                            pipeline::Statistics& statistics,
                                                            pipeline::Log& log) {
  if (const auto checked = check_source(); checked.has_error()) co_return checked.error();
  const Traffic traffic(api_, &statistics, log);
  const auto stream = co_await survey();
  if (stream.has_error()) co_return stream.error();
  auto fitted = fit(plan, *stream, window);
  if (fitted.has_error()) co_return fitted.error();

  Executor executor = co_await boost::asio::this_coro::executor;
  ByteBudget budget(executor, limits_.pages_bytes);
  PageSizer sizer(limits_.page_bytes);
  const WindowParts parts{
      api_, clock_, budget, sizer, writer, statistics, stream->id, layout_, limits_.batch_rows};
  WindowRead reading(executor, parts, window, rules_, *stream, *std::move(fitted), log);
  auto outcome = co_await reading.run();
  co_return outcome;
}

}  // namespace sluice::tablestore
