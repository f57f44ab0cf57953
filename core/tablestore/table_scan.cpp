#include "core/tablestore/table_scan.hpp"

#include "core/base/run_all.hpp"
#include "core/tablestore/traffic.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace sluice::tablestore {
namespace {

constexpr std::size_t kAskedColumnsMax = 128;  // of one request

}  // namespace

TableScan::TableScan(StreamApi& streams, TableApi& tables, Clock& clock, const job::TableStoreSource& source,
                     TableScanLimits limits)
    : streams_(streams),
      tables_(tables),
      clock_(clock),
      source_(source),
      limits_(limits),
      layout_(layout_of(source)),
      column_seen_(source.columns.size(), false) {
  if (layout_.mode == job::ReadMode::column) return;
  std::set<std::string> names;
  for (const job::Column& column : layout_.columns) {
    if (names.insert(column.name).second) asked_.push_back(column.name);
  }
  if (asked_.size() > kAskedColumnsMax) asked_.clear();
}

Result<void> TableScan::check_source() const {
  if (layout_.is_time_series) {
    return Error(Errc::invalid_argument,
                 fmt::format("read {}: a time series table cannot be read as a whole", source_.table));
  }
  if (layout_.mode == job::ReadMode::row && layout_.columns.empty()) {
    return Error(Errc::invalid_argument, fmt::format("read {}: no column is configured", source_.table));
  }
  return {};
}

awaitable<Result<KeyRange>> TableScan::survey() {
  if (const auto checked = check_source(); checked.has_error()) co_return checked.error();
  const auto description = co_await streams_.describe_table(source_.table);
  if (description.has_error()) co_return description.error();
  layout_.primary_key = description->primary_key;
  auto range = range_of(source_, description->primary_key);
  if (range.has_error()) co_return range.error().in(fmt::format("read {}", source_.table));
  co_return range;
}

awaitable<Result<void>> TableScan::run(Instant not_before, pipeline::WindowWriter& writer,
                                       pipeline::Statistics& statistics, pipeline::Log& log) {
  const Traffic traffic(streams_, &statistics, log);
  const auto whole = co_await survey();
  if (whole.has_error()) co_return whole.error();
  const auto waited = co_await wait_until(not_before, *whole);
  if (waited.has_error()) co_return waited.error();
  auto ranges = co_await cut_up(*whole);
  if (ranges.has_error()) co_return ranges.error();
  ranges_ = *std::move(ranges);
  statistics.shards += ranges_.size();
  log.line(pipeline::Level::info, fmt::format("table {}: {} ranges of keys, up to {} read at once",
                                              source_.table, ranges_.size(), limits_.ranges_at_once));
  Executor executor = co_await boost::asio::this_coro::executor;
  ByteBudget budget(executor, limits_.pages_bytes);
  PageSizer sizer(limits_.page_bytes);
  const ScanParts parts{tables_,           budget, sizer, writer, statistics, source_.table, layout_, asked_,
                        limits_.batch_rows};
  std::vector<awaitable<Result<void>>> workers;
  const std::size_t count = std::min(limits_.ranges_at_once, ranges_.size());
  for (std::size_t i = 0; i < count; ++i) workers.push_back(work(parts, log));
  const auto read = co_await run_all(std::move(workers));
  if (read.has_value() && statistics.table_rows > 0) warn_of_unseen_columns(log);
  co_return read;
}

// What is read after an answer of this time was written after this time.
awaitable<Result<void>> TableScan::wait_until(Instant time, const KeyRange& range) {
  if (time == Instant{}) co_return Result<void>();
  const RangeRequest request{source_.table, range.begin, range.end, asked_, 1};
  for (;;) {
    const auto page = co_await tables_.get_range(request);
    if (page.has_error()) co_return page.error();
    if (page->server_time >= time) co_return Result<void>();
    co_await clock_.sleep_for(time - page->server_time);
  }
}

// Few points tell the table's size; then those that are wanted are asked for.
awaitable<Result<std::vector<KeyRange>>> TableScan::cut_up(const KeyRange& whole) {
  std::vector<Key> points;
  if (limits_.ranges_max > 1) {
    const auto coarse = co_await tables_.split_points(source_.table, kCoarsePartBytes);
    if (coarse.has_error()) co_return coarse.error();
    const std::int64_t part_bytes = part_bytes_for(coarse->size() + 1, limits_.ranges_max);
    auto fine = co_await tables_.split_points(source_.table, part_bytes);
    if (fine.has_error()) co_return fine.error();
    points = *std::move(fine);
  }
  auto ranges = cut(whole, points, limits_.ranges_max);
  if (ranges.has_error()) co_return ranges.error().in(fmt::format("read {}", source_.table));
  co_return ranges;
}

awaitable<Result<void>> TableScan::work(const ScanParts& parts, pipeline::Log& log) {
  while (next_range_ < ranges_.size()) {
    const std::size_t index = next_range_++;
    const auto read = co_await read_range(parts, index, log);
    if (read.has_error()) co_return read;
  }
  co_return Result<void>();
}

awaitable<Result<void>> TableScan::read_range(const ScanParts& parts, std::size_t index, pipeline::Log& log) {
  RangeRead read(parts, ranges_[index], static_cast<std::uint32_t>(index));
  const auto result = co_await read.run();
  if (result.has_error()) co_return result;
  ++parts.statistics.shards_done;
  for (std::size_t i = 0; i < column_seen_.size(); ++i) column_seen_[i] = column_seen_[i] || read.seen(i);
  log.line(pipeline::Level::info,
           fmt::format("range {}: {} rows in {} pages", index, read.rows(), read.pages()));
  co_return result;
}

void TableScan::warn_of_unseen_columns(pipeline::Log& log) const {
  for (std::size_t i = 0; i < column_seen_.size(); ++i) {
    if (column_seen_[i]) continue;
    log.line(pipeline::Level::warning,
             fmt::format("column {} was in no row of table {}", layout_.columns[i].name, source_.table));
  }
}

}  // namespace sluice::tablestore
