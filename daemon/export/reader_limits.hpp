#pragma once
// What a job's settings and its target mean for the readers. 0 shards at once is the readers' own choice.

#include "core/job/job.hpp"
#include "core/s3/store.hpp"
#include "core/tablestore/stream_reader.hpp"
#include "core/tablestore/table_scan.hpp"

namespace sluice::daemon {

inline tablestore::StreamReaderLimits stream_limits(const job::Settings& settings) {
  tablestore::StreamReaderLimits limits;
  if (settings.shards_at_once > 0) limits.shards_at_once = settings.shards_at_once;
  return limits;
}

// Of each range of a table less than one part of the store's least size waits until the commit; this is for
// all of them, where these parts are large.
inline constexpr std::size_t kWaitingBytesMax = 32 * 1024 * 1024;

inline tablestore::TableScanLimits scan_limits(const job::Settings& settings, const job::Target& target) {
  tablestore::TableScanLimits limits;
  if (settings.shards_at_once > 0) limits.ranges_at_once = settings.shards_at_once;
  if (target.kind == job::TargetKind::s3) limits.ranges_max = kWaitingBytesMax / s3::kPartBytesMin;
  if (target.write_single_object) limits.ranges_max = 1;  // many would use up its part numbers
  return limits;
}

}  // namespace sluice::daemon
