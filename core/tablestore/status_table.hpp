#pragma once
// The rows of the status table in which the original reader keeps where its runs ended: their keys, columns
// and texts (docs/take-over.md). Pure. Every row is hostile: what does not fit is corrupt, naming the row.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/tablestore/plain_buffer.hpp"
#include "core/tablestore/table_api.hpp"
#include "core/tablestore/table_ranges.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tablestore {

inline constexpr std::chrono::seconds kStatusTimeToLive{2'592'000};  // the original's

// In place of an iterator.
inline constexpr std::string_view kTrimHorizon = "TRIM_HORIZON";  // not started: the oldest record kept
inline constexpr std::string_view kShardEnd = "SHARD_END";        // read to its end

// StreamId, StatusType, StatusValue: three strings.
std::vector<KeyColumn> status_key();

// Where one shard stands at the end of a run.
struct StatusCheckpoint {
  std::string shard;
  std::string version;     // of the run; empty in rows of old versions
  std::string checkpoint;  // an iterator, kTrimHorizon or kShardEnd
  std::int64_t skip = 0;   // records behind the iterator that were read as well; only old versions wrote it
  friend bool operator==(const StatusCheckpoint&, const StatusCheckpoint&) = default;
};

// A run. It counts only when each of its shards has a checkpoint of the same version.
struct StatusJob {
  std::string version;
  std::string table;
  std::string stream;
  Instant start{};
  Instant end{};                    // whole milliseconds; the run's name within its stream
  std::vector<std::string> shards;  // at most kPlanShardsMax, none twice
  friend bool operator==(const StatusJob&, const StatusJob&) = default;
};

// All that the table holds of the run of one stream that ended at one time.
struct StatusRun {
  std::optional<StatusJob> job;
  std::vector<StatusCheckpoint> checkpoints;  // in order of their keys, so by shard
  std::optional<std::int64_t> shard_count;    // in place of `job` in very old versions
  friend bool operator==(const StatusRun&, const StatusRun&) = default;
};

struct StatusRow {
  Key key;
  std::vector<AttributeCell> cells;
};

StatusRow to_row(const std::string& stream, Instant end, const StatusCheckpoint& checkpoint);
StatusRow to_row(const StatusJob& job);

KeyRange job_range(const std::string& stream, Instant end);         // the job row of one run
KeyRange jobs_range(const std::string& stream);                     // all job rows, by end
KeyRange checkpoint_range(const std::string& stream, Instant end);  // all checkpoints of one run

// Rows from the ranges above. corrupt: "read status row (orders_1, DataxJobDesc, 1539619500000): Version:
// expected
// ...". The first one adds to `run`.
Result<void> add_checkpoint(const DecodedRecord& row, StatusRun& run);
Result<StatusJob> job_from_row(const DecodedRecord& row);
Result<Instant> end_from_key(const DecodedRecord& row);

}  // namespace sluice::tablestore
