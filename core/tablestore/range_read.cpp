#include "core/tablestore/range_read.hpp"

#include "core/tablestore/read_ahead.hpp"
#include "core/tablestore/row_codec.hpp"

#include <fmt/format.h>

#include <utility>

namespace sluice::tablestore {
namespace {

// Rows of a table have no place in a log: their sequence texts sort before all others and end in this word.
constexpr const char* kShardOfRows = "table";

}  // namespace

RangeRead::RangeRead(const ScanParts& parts, KeyRange range, std::uint32_t index)
    : parts_(parts),
      range_(std::move(range)),
      index_(index),
      mapper_(make_mapper(parts.layout, kShardOfRows)),
      batch_(mapper_->width()) {}

std::string RangeRead::doing() const {
  return fmt::format("read range {} of table {}", index_, parts_.table);
}

awaitable<Result<void>> RangeRead::run() {
  for (bool more = true; more;) {
    auto page = co_await next_page();
    if (page.has_error()) co_return page.error();
    ++pages_;
    if (const auto checked = check_progress(*page); checked.has_error()) co_return checked.error();
    more = page->next.has_value();
    if (more) range_.begin = *page->next;
    const auto converted = co_await convert_and_fetch(*page);
    if (converted.has_error()) co_return converted.error();
  }
  co_return Result<void>();
}

awaitable<Result<RowPage>> RangeRead::next_page() {
  if (ahead_) {
    grant_ = std::move(ahead_grant_);
    auto page = std::exchange(ahead_, std::nullopt);
    co_return *std::move(page);
  }
  grant_.release();
  grant_ = co_await parts_.budget.take(parts_.sizer.expected());
  auto page = co_await fetch(range_.begin, grant_);
  co_return page;
}

awaitable<Result<RowPage>> RangeRead::fetch(Key begin, ByteBudget::Grant& grant) {
  const RangeRequest request{parts_.table, std::move(begin), range_.end, parts_.asked, parts_.sizer.limit()};
  auto page = co_await parts_.api.get_range(request);
  if (page.has_value()) {
    grant.resize(parts_.sizer.held(page->body.size()));
    parts_.statistics.read_bytes += page->body.size();
  }
  co_return page;
}

// A server that sends us back, or beyond the range, would make rows appear twice, or keep us for ever.
Result<void> RangeRead::check_progress(const RowPage& page) const {
  if (!page.next) return {};
  if (order(*page.next, range_.begin) > 0 && order(*page.next, range_.end) < 0) return {};
  return Error(Errc::corrupt,
               doing() + ": the next page does not begin between this one and the range's end");
}

// Asks for the next page, then converts this one while the answer is on its way. Without memory to spare for
// a second page it is not asked for: whoever holds a page never waits for another, so nobody waits for ever.
awaitable<Result<void>> RangeRead::convert_and_fetch(const RowPage& page) {
  if (page.next) ahead_grant_ = parts_.budget.try_take(parts_.sizer.expected());
  if (ahead_grant_.bytes() == 0) {
    const auto converted = co_await convert(page);
    co_return converted;
  }
  const auto converted =
      co_await convert_and_fetch_ahead(convert(page), fetch(*page.next, ahead_grant_), ahead_);
  co_return converted;
}

awaitable<Result<void>> RangeRead::convert(const RowPage& page) {
  RowReader reader(page.rows);
  std::size_t rows = 0;
  for (;; ++rows) {
    const auto more = reader.next(record_);
    if (more.has_error()) co_return more.error().in(doing());
    if (!*more) break;
    if (const auto mapped = mapper_->append(Action::put_row, record_, batch_); mapped.has_error()) {
      co_return mapped.error().in(doing());
    }
    if (batch_.rows() < parts_.batch_rows) continue;
    const auto flushed = co_await flush();
    if (flushed.has_error()) co_return flushed;
  }
  parts_.sizer.learn(page.body.size(), rows);
  rows_ += rows;
  parts_.statistics.table_rows += rows;
  mapper_->report(parts_.statistics);
  // The rows' views die with the page.
  const auto flushed = co_await flush();
  co_return flushed;
}

awaitable<Result<void>> RangeRead::flush() {
  if (batch_.rows() == 0) co_return Result<void>();
  if (sink_ == nullptr) sink_ = &parts_.writer.open(index_);
  const auto written = co_await sink_->write(batch_);
  parts_.statistics.rows += batch_.rows();
  batch_.clear();
  mapper_->clear_texts();
  co_return written;
}

}  // namespace sluice::tablestore
