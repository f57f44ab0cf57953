#include "core/tablestore/status_scan.hpp"

#include "core/tablestore/row_codec.hpp"
#include "core/tablestore/shard_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace sluice::tablestore {
namespace {

// Runs of 30 days, one a minute, and twice as many again.
constexpr std::size_t kJobsMax = 100'000;
constexpr std::size_t kPagesMax = 1000;

using TakeRow = std::function<Result<void>(const DecodedRecord&)>;

bool is_status_key(const std::vector<KeyColumn>& columns) {
  return std::ranges::equal(columns, status_key(), [](const KeyColumn& a, const KeyColumn& b) {
    return a.name == b.name && a.type == b.type;
  });
}

RangeRequest request_of(const std::string& table, KeyRange range) {
  RangeRequest request;
  request.table = table;
  request.begin = std::move(range.begin);
  request.end = std::move(range.end);
  return request;
}

// Hands every row of the range to `take`, whose first error ends the scan.
awaitable<Result<void>> scan(TableApi& api, RangeRequest request, std::size_t rows_max, TakeRow take) {
  DecodedRecord row;
  std::size_t rows = 0;
  for (std::size_t pages = 0; pages < kPagesMax; ++pages) {
    auto page = co_await api.get_range(request);
    if (page.has_error()) co_return page.error();
    RowReader reader(page->rows);
    for (;;) {
      const auto more = reader.next(row);
      if (more.has_error()) co_return more.error().in("read status table " + request.table);
      if (!*more) break;
      if (++rows > rows_max) {
        co_return Error(Errc::corrupt, fmt::format("read status table {}: more than {} rows in one range",
                                                   request.table, rows_max));
      }
      if (const auto taken = take(row); taken.has_error()) co_return taken.error();
    }
    if (!page->next) co_return Result<void>();
    request.begin = *std::move(page->next);
  }
  co_return Error(Errc::corrupt, fmt::format("read status table {}: the range has no end", request.table));
}

}  // namespace

awaitable<Result<bool>> status_table_exists(const StatusTable& table) {
  const auto described = co_await table.streams.describe_table(table.name);
  if (described.has_error() && described.error().code() == Errc::not_found) co_return false;
  if (described.has_error()) co_return described.error().in("read status table " + table.name);
  if (is_status_key(described->primary_key)) co_return true;
  std::string key;
  for (const KeyColumn& column : described->primary_key) key += (key.empty() ? "" : ", ") + column.name;
  co_return Error(Errc::invalid_argument,
                  fmt::format("read status table {}: its key must be StreamId, StatusType, StatusValue, all "
                              "STRING, but it is {}; name another table in \"statusTable\"",
                              table.name, key));
}

awaitable<Result<StatusRun>> read_run(const StatusTable& table, const std::string& stream, Instant end) {
  StatusRun run;
  const RangeRequest job = request_of(table.name, job_range(stream, end));
  const TakeRow take_job = [&run](const DecodedRecord& row) -> Result<void> {
    auto found = job_from_row(row);
    if (found.has_error()) return found.error();
    run.job = *std::move(found);
    return {};
  };
  const auto job_read = co_await scan(table.tables, job, 1, take_job);
  if (job_read.has_error()) co_return job_read.error();

  const RangeRequest checkpoints = request_of(table.name, checkpoint_range(stream, end));
  const TakeRow take_checkpoint = [&run](const DecodedRecord& row) { return add_checkpoint(row, run); };
  const auto read = co_await scan(table.tables, checkpoints, kPlanShardsMax + 1, take_checkpoint);
  if (read.has_error()) co_return read.error();
  co_return run;
}

awaitable<Result<std::vector<Instant>>> last_ends(const StatusTable& table, const std::string& stream,
                                                  std::size_t count) {
  std::vector<Instant> ends;
  RangeRequest request = request_of(table.name, jobs_range(stream));
  request.columns = {"EndTime"};  // one that every row has, so that no row is left out
  const TakeRow take = [&](const DecodedRecord& row) -> Result<void> {
    const auto end = end_from_key(row);
    if (end.has_error()) return end.error();
    if (ends.size() == count) ends.erase(ends.begin());
    ends.push_back(*end);
    return {};
  };
  const auto read = co_await scan(table.tables, std::move(request), kJobsMax, take);
  if (read.has_error()) co_return read.error();
  co_return ends;
}

}  // namespace sluice::tablestore
