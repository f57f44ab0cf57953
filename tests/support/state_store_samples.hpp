#pragma once
// Instances, positions and outcomes for tests of state stores.

#include "scheduler/instance.hpp"

#include <chrono>
#include <string>

namespace sluice::test {

inline Instant at_minute(int minute) {
  return Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 15)) +
         std::chrono::minutes(16 * 60 + minute);
}

inline scheduler::NewInstance planned_at(const std::string& job, int minute) {
  scheduler::NewInstance planned;
  planned.id.job = job;
  planned.id.scheduled = at_minute(minute);
  planned.zone = "Asia/Shanghai";
  planned.cycle = minute / 5 + 1;
  planned.values.emplace_back("start_time", "20181016" + std::to_string(minute));
  planned.values.emplace_back("quote", "a'b\"c=\xE4\xBD\xA0\n");
  planned.window_start = at_minute(minute - 10);
  planned.window_end = at_minute(minute - 5);
  planned.version = "0123456789ab";
  return planned;
}

// Positions that differ for each `mark`.
inline pipeline::Positions positions_at(int mark) {
  pipeline::ShardPosition shard;
  shard.shard = "shard-1";
  shard.kind = pipeline::ShardPosition::Kind::iterator;
  shard.iterator = "iterator-" + std::to_string(mark);
  pipeline::Sequence last;
  last.epoch = 1;
  last.time_us = 1'539'619'200'000'000 + mark;
  last.row_index = 7;
  shard.last = last;
  shard.polled = at_minute(mark);
  pipeline::ShardPosition fresh;
  fresh.shard = "shard-2";
  fresh.kind = pipeline::ShardPosition::Kind::at_time;
  fresh.time = at_minute(mark) + std::chrono::microseconds(1);
  pipeline::Positions positions;
  positions.stream = "stream-1";
  positions.enabled = at_minute(-100);
  positions.shards.push_back(shard);
  positions.shards.push_back(fresh);
  return positions;
}

inline scheduler::Outcome outcome_at(int mark, std::uint64_t rows) {
  scheduler::Outcome outcome;
  outcome.end = positions_at(mark);
  pipeline::ObjectInfo object;
  object.name = "instance/orders/20181016/orders__" + std::to_string(mark) + ".csv";
  object.bytes = rows * 10;
  object.rows = rows;
  object.crc64 = 0xFFFF'FFFF'FFFF'FFF0U;  // does not fit a signed 64-bit column as it is
  outcome.objects.push_back(object);
  outcome.statistics.rows = rows + 1;
  outcome.statistics.dirty_rows = 1;
  outcome.statistics.written_bytes = rows * 10;
  return outcome;
}

}  // namespace sluice::test
