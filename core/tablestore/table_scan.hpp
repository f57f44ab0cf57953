#pragma once
// Exports the rows of a table: its keys are cut into ranges that are read side by side.

#include "core/job/job.hpp"
#include "core/pipeline/log.hpp"
#include "core/pipeline/writer.hpp"
#include "core/tablestore/range_read.hpp"
#include "core/tablestore/stream_api.hpp"
#include "core/tablestore/table_api.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sluice::tablestore {

struct TableScanLimits {
  std::size_t ranges_max = 128;  // each may hold a part under OSS's least size in memory until the commit
  std::size_t ranges_at_once = 8;
  std::size_t pages_bytes = 8 * 1024 * 1024;  // of received pages, all ranges together
  std::size_t page_bytes = 512 * 1024;        // what one page is to hold
  std::size_t batch_rows = 512;
};

// No snapshot: each row is as it was at some moment of the scan.
class TableScan {
 public:
  // All references must outlive the scan. `streams` and `tables` are two sides of one client.
  TableScan(StreamApi& streams, TableApi& tables, Clock& clock, const job::TableStoreSource& source,
            TableScanLimits limits = {});

  // The keys to be read. Errors: not_found, invalid_argument (no column, or bounds that do not fit the key),
  // and those of the connection.
  awaitable<Result<KeyRange>> survey();

  // Begins to read when the server's clock shows `not_before`. Range i of the table goes to writer.open(i),
  // in key order; a range without rows opens no sink. When one range fails, all others are cancelled and have
  // ended before this returns.
  awaitable<Result<void>> run(Instant not_before, pipeline::WindowWriter& writer,
                              pipeline::Statistics& statistics, pipeline::Log& log);

 private:
  Result<void> check_source() const;
  awaitable<Result<void>> wait_until(Instant time, const KeyRange& range);
  awaitable<Result<std::vector<KeyRange>>> cut_up(const KeyRange& whole);
  awaitable<Result<void>> work(const ScanParts& parts, pipeline::Log& log);
  awaitable<Result<void>> read_range(const ScanParts& parts, std::size_t index, pipeline::Log& log);
  void warn_of_unseen_columns(pipeline::Log& log) const;

  StreamApi& streams_;
  TableApi& tables_;
  Clock& clock_;
  const job::TableStoreSource& source_;
  TableScanLimits limits_;
  RowLayout layout_;                // survey() adds the table's key
  std::vector<std::string> asked_;  // columns; empty: all of them, also where they are too many to be named
  std::vector<bool> column_seen_;
  std::vector<KeyRange> ranges_;
  std::size_t next_range_ = 0;
};

}  // namespace sluice::tablestore
