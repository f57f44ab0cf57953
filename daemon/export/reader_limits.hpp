#pragma once
// What a job's settings mean for the readers. 0 shards at once is the readers' own choice.

#include "core/job/job.hpp"
#include "core/tablestore/stream_reader.hpp"
#include "core/tablestore/table_scan.hpp"

namespace sluice::daemon {

inline tablestore::StreamReaderLimits stream_limits(const job::Settings& settings) {
  tablestore::StreamReaderLimits limits;
  if (settings.shards_at_once > 0) limits.shards_at_once = settings.shards_at_once;
  return limits;
}

inline tablestore::TableScanLimits scan_limits(const job::Settings& settings) {
  tablestore::TableScanLimits limits;
  if (settings.shards_at_once > 0) limits.ranges_at_once = settings.shards_at_once;
  return limits;
}

}  // namespace sluice::daemon
