#pragma once
// One window of one job, and what came of it.

#include "core/base/time.hpp"
#include "core/pipeline/position.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice::pipeline {

// Half open: [start, end). Windows close by position; the times say where the first one begins and each one
// ends.
struct Window {
  std::string job;
  Instant start{};
  Instant end{};
  std::string zone = "Asia/Shanghai";  // IANA name; object names and dates are local to it
  // Not empty: something else than the window's records goes into objects of its own: "full", the whole
  // table.
  std::string label{};
};

struct ObjectInfo {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;
  std::uint64_t crc64 = 0;  // CRC-64/XZ of the bytes
  friend bool operator==(const ObjectInfo&, const ObjectInfo&) = default;
};

// A part of the stream that cannot be had any more.
struct Gap {
  std::string shard;  // empty: the whole stream
  Instant from{};     // exclusive lower bound of the record times that may be missing
  Instant to{};
  std::string reason;
  friend bool operator==(const Gap&, const Gap&) = default;
};

// Counted while a window runs. Readers and writers add; observers read between two steps.
struct Statistics {
  std::uint64_t records = 0;              // stream records that belong to the window
  std::uint64_t table_rows = 0;           // rows read of the table itself
  std::uint64_t rows = 0;                 // rows handed to the writer
  std::uint64_t read_bytes = 0;           // bytes of answers received
  std::uint64_t dirty_rows = 0;           // of them, those that could not be written and were left out
  std::uint64_t written_bytes = 0;        // bytes of objects
  std::uint64_t requests = 0;             // requests to the source
  std::uint64_t retries = 0;              // requests repeated, both sides
  std::uint64_t late = 0;                 // records whose time is before the window's start
  std::uint64_t ahead = 0;                // records whose time is far ahead of the source's clock
  std::uint64_t shards = 0;               // shards, and ranges of a table, to be read
  std::uint64_t shards_done = 0;          // of them, those read to the window's, or the range's, end
  std::uint64_t hand_over_failures = 0;   // 1: the original cannot go on from the window's end
  std::uint64_t left_behind = 0;          // 1: of a failed attempt, objects may still be in the target
  Instant first_record = Instant::max();  // least and greatest record time; max/min while none was seen
  Instant last_record = Instant::min();
  std::map<std::string, std::uint64_t> ignored;  // left out or changed, by reason: docs/formats.md
};

// Rows that are in the objects.
inline std::uint64_t rows_written(const Statistics& statistics) {
  return statistics.rows - statistics.dirty_rows;
}

boost::json::value to_json(const Statistics& statistics);
boost::json::value to_json(const std::vector<ObjectInfo>& objects);
boost::json::value to_json(const std::vector<Gap>& gaps);
Result<std::vector<ObjectInfo>> objects_from_json(const boost::json::value& json);

}  // namespace sluice::pipeline
