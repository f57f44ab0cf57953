#include "core/tablestore/shard_read.hpp"

#include "core/tablestore/read_ahead.hpp"

#include <algorithm>
#include <utility>

namespace sluice::tablestore {
namespace {

constexpr double kFirstLimit = 16;  // before anything is known of the records
constexpr double kLimitMax = 5000;

}  // namespace

std::int32_t PageSizer::limit() const {
  const double records = record_bytes_ > 0 ? static_cast<double>(bytes_) / record_bytes_ : kFirstLimit;
  return static_cast<std::int32_t>(std::clamp(std::max(records, 1.0) * passed_over_, 1.0, kLimitMax));
}

std::size_t PageSizer::expected() const noexcept {
  return std::max({bytes_, unknown_bytes_, static_cast<std::size_t>(record_bytes_)});
}

void PageSizer::learn(std::size_t page_bytes, std::size_t records) {
  if (records == 0) {
    unknown_bytes_ /= 2;  // nothing was learned of records, but idle shards must not wait for each other
    return;
  }
  unknown_bytes_ = 0;
  passed_over_ = 1;
  const double mean = static_cast<double>(page_bytes) / static_cast<double>(records);
  // Grows at once, so that a run of large records does not fill the memory; shrinks slowly.
  record_bytes_ = std::max(mean, record_bytes_ * 0.75 + mean * 0.25);
}

void PageSizer::pass_over() noexcept { passed_over_ = std::min(2 * passed_over_, kLimitMax); }

ShardRead::ShardRead(const WindowParts& parts, WalkPlan plan, std::uint32_t index)
    : parts_(parts),
      index_(index),
      walk_(std::move(plan)),
      mapper_(make_mapper(parts.layout, walk_.shard())),
      batch_(mapper_->width()) {}

awaitable<Result<Duration>> ShardRead::advance() {
  if (walk_.next().kind == WalkStep::Kind::pause) walk_.paused();
  for (;;) {
    const WalkStep next = walk_.next();
    if (next.kind == WalkStep::Kind::done) co_return Duration(0);
    if (next.kind == WalkStep::Kind::pause) {
      batch_ = pipeline::RowBatch(mapper_->width());
      co_return next.pause;
    }
    const auto result = co_await step(next);
    if (result.has_error()) co_return result.error();
  }
}

awaitable<Result<void>> ShardRead::step(WalkStep step) {
  switch (step.kind) {
    case WalkStep::Kind::seek:
      return seek(step.time);
    case WalkStep::Kind::probe:
      return probe();
    case WalkStep::Kind::read:
    case WalkStep::Kind::pause:  // advance() deals with these two
    case WalkStep::Kind::done:
      break;
  }
  return read();
}

awaitable<Result<void>> ShardRead::seek(std::optional<Instant> time) {
  auto iterator = co_await parts_.api.shard_iterator(parts_.stream, walk_.shard(), time);
  if (iterator.has_error()) co_return walk_.failed(iterator.error());
  co_return walk_.found(*std::move(iterator));
}

// One record is enough. Where those of other tables stand before it, and may count in the limit, whole pages
// get there sooner.
awaitable<Result<void>> ShardRead::probe() {
  drop_ahead();
  auto grant = co_await parts_.budget.take(parts_.sizer.expected());
  const std::int32_t limit = passes_over_ ? parts_.sizer.limit() : 1;
  auto page = co_await parts_.api.stream_records(walk_.iterator(), limit);
  if (page.has_error()) co_return walk_.failed(page.error());
  grant.resize(parts_.sizer.held(page->body.size()));
  passes_over_ = page->records.empty() && page->may_more == true;
  if (passes_over_) parts_.sizer.pass_over();
  const auto oldest = place_of(*page, 0);
  if (oldest.has_error()) co_return oldest.error();
  co_return walk_.probed(page->server_time, *oldest, page->next_iterator, page->may_more.value_or(false));
}

awaitable<Result<void>> ShardRead::read() {
  Page page;
  if (ahead_ && ahead_iterator_ == walk_.iterator()) {
    page.grant = std::move(ahead_grant_);
    auto answer = std::exchange(ahead_, std::nullopt);
    if (answer->has_error()) co_return walk_.failed(answer->error());
    page.content = *std::move(*answer);
  } else {
    drop_ahead();
    page.grant = co_await parts_.budget.take(parts_.sizer.expected());
    auto answer = co_await fetch(walk_.iterator(), page.grant);
    if (answer.has_error()) co_return walk_.failed(answer.error());
    page.content = *std::move(answer);
  }
  const auto first = place_of(page.content, 0);
  if (first.has_error()) co_return first.error();
  const auto begun = walk_.begin_page(page.content.server_time, *first);
  if (begun.has_error()) co_return begun;
  const WalkCounts before = walk_.counts();
  const auto converted = co_await convert_and_fetch(page.content);
  count(before);
  if (converted.has_error()) co_return converted;
  co_return walk_.end_page(page.content.next_iterator, page.content.may_more);
}

awaitable<Result<StreamPage>> ShardRead::fetch(std::string iterator, ByteBudget::Grant& grant) {
  auto page = co_await parts_.api.stream_records(iterator, parts_.sizer.limit());
  if (page.has_value()) {
    grant.resize(parts_.sizer.held(page->body.size()));
    parts_.sizer.learn(page->body.size(), page->records.size());
    if (page->records.empty() && page->may_more == true) parts_.sizer.pass_over();
    parts_.statistics.read_bytes += page->body.size();
  }
  co_return page;
}

// Whoever waits for memory must hold none.
void ShardRead::drop_ahead() {
  ahead_.reset();
  ahead_grant_.release();
}

// Asks for the next page, then converts this one while the answer is on its way. Without memory to spare for
// a second page it is not asked for: whoever holds a page never waits for another, so nobody waits for ever.
awaitable<Result<void>> ShardRead::convert_and_fetch(const StreamPage& page) {
  const auto last = place_of(page, page.records.size() - 1);
  if (last.has_error()) co_return last.error();
  const bool more = *last && page.next_iterator && walk_.goes_on_after(**last);
  if (more) ahead_grant_ = parts_.budget.try_take(parts_.sizer.expected());
  if (ahead_grant_.bytes() == 0) {
    const auto converted = co_await convert(page);
    co_return converted;
  }
  ahead_iterator_ = *page.next_iterator;
  const auto converted =
      co_await convert_and_fetch_ahead(convert(page), fetch(ahead_iterator_, ahead_grant_), ahead_);
  co_return converted;
}

awaitable<Result<void>> ShardRead::convert(const StreamPage& page) {
  bool stop = false;
  for (const StreamRecord& record : page.records) {
    const auto taken = take(record, stop);
    if (taken.has_error()) co_return taken;
    if (stop) break;
    if (batch_.rows() < parts_.batch_rows) continue;
    const auto flushed = co_await flush();
    if (flushed.has_error()) co_return flushed;
  }
  // The rows' views die with the page.
  const auto flushed = co_await flush();
  co_return flushed;
}

Result<void> ShardRead::take(const StreamRecord& record, bool& stop) {
  if (const auto decoded = decode_record(record.record, record_); decoded.has_error()) {
    return decoded.error().in("read shard " + walk_.shard());
  }
  const auto verdict = walk_.judge(record_.sequence);
  if (verdict.has_error()) return verdict.error();
  stop = *verdict == ShardWalk::Verdict::stop;
  if (*verdict != ShardWalk::Verdict::take) return {};
  const auto mapped = mapper_->append(record.action, record_, batch_);
  if (mapped.has_error()) return mapped.error().in("read shard " + walk_.shard());
  return {};
}

awaitable<Result<void>> ShardRead::flush() {
  if (batch_.rows() == 0) co_return Result<void>();
  if (sink_ == nullptr) sink_ = &parts_.writer.open(index_);
  const auto written = co_await sink_->write(batch_);
  rows_ += batch_.rows();
  parts_.statistics.rows += batch_.rows();
  batch_.clear();
  mapper_->clear_texts();
  co_return written;
}

Result<std::optional<pipeline::Sequence>> ShardRead::place_of(const StreamPage& page, std::size_t index) {
  std::optional<pipeline::Sequence> place;
  if (page.records.empty()) return place;
  if (const auto decoded = decode_record(page.records[index].record, record_); decoded.has_error()) {
    return decoded.error().in("read shard " + walk_.shard());
  }
  place = record_.sequence;
  return place;
}

void ShardRead::count(const WalkCounts& before) {
  const WalkCounts& now = walk_.counts();
  pipeline::Statistics& statistics = parts_.statistics;
  statistics.records += now.records - before.records;
  statistics.late += now.late - before.late;
  statistics.ahead += now.ahead - before.ahead;
  statistics.first_record = std::min(statistics.first_record, now.first_record);
  statistics.last_record = std::max(statistics.last_record, now.last_record);
  mapper_->report(statistics);
}

}  // namespace sluice::tablestore
