#pragma once
// The change stream of one table: its shards and their logs.
//
// Record times are microseconds, strictly increasing over the whole stream, unless its clock is said to step.
// Shards are never removed from memory or disk while the stream lives, so an iterator (stream, shard, record
// number) stays meaningful: trimming only moves the first readable record, and a closed shard past the
// horizon drops out of listings.

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/stream_log.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sluice::sandbox {

/// When records are written, and by which request.
struct WriteTime {
  std::int64_t time_us = 0;
  /// Whether a record's time follows the clock back; without, it is later than all before.
  bool steps = false;
  /// Records of one request share a time and differ in their row index. 0: each stands for itself.
  std::uint64_t request = 0;
};

/// The clock record times come from; shifted by /_sandbox/clock.
struct StreamClock {
  std::int64_t offset_us = 0;
  bool steps = false;

  std::int64_t now() const { return now_us() + offset_us; }
  WriteTime next_request() { return {now(), steps, ++requests_}; }

 private:
  std::uint64_t requests_ = 0;
};

struct Shard {
  std::string id;
  std::string parent;
  std::string parent_sibling;
  bool closed = false;
  std::int64_t closed_us = 0;
  std::uint64_t trimmed = 0;       // records removed by command
  bool dropped = false;            // removed by command
  std::uint64_t last_request = 0;  // that wrote the last record
  std::unique_ptr<StreamLog> log;
};

class ChangeStream {
 public:
  ChangeStream(std::filesystem::path folder, std::string id, std::int64_t created_us, std::int32_t hours,
               std::vector<std::string> origin_columns);
  /// What describe() wrote; opens the logs.
  ChangeStream(std::filesystem::path folder, const boost::json::object& saved);
  boost::json::object describe() const;

  const std::string& id() const { return id_; }
  std::int64_t created_us() const { return created_us_; }
  std::int32_t hours() const { return hours_; }
  const std::vector<std::string>& origin_columns() const { return origin_columns_; }
  const std::vector<Shard>& shards() const { return shards_; }
  /// Null if there is no such shard.
  Shard* find(const std::string& shard_id);

  /// Opens a new shard; `parent` and `sibling` are closed.
  const std::string& open_shard(const std::string& parent, const std::string& sibling, std::int64_t now_us);
  /// Forgets all shards of a stream that has no record yet.
  void clear();

  std::uint64_t records() const;
  /// The greatest time of all records.
  std::int64_t latest_time() const { return latest_us_; }
  void append(Shard& shard, const ChangeRecord& record, const WriteTime& at);
  /// For many records: append_later, then flush once. Returns the time the record got.
  std::int64_t append_later(Shard& shard, const ChangeRecord& record, const WriteTime& at);
  void flush();

  /// From now on the stream is said to be ENABLING, to so many requests that name it and until `until_us` by
  /// the machine's clock, whichever lasts longer. Forgotten when the program ends.
  void stay_enabling(std::uint64_t requests, std::int64_t until_us);
  /// Whether it still is, to one more request.
  bool take_enabling_request();

  /// The first readable record, by retention and by command.
  std::uint64_t first_readable(const Shard& shard, std::int64_t now_us) const;
  /// Whether the shard is still listed.
  bool listed(const Shard& shard, std::int64_t now_us) const;

 private:
  std::int64_t horizon(std::int64_t now_us) const;
  plain_buffer::SequenceInfo next_sequence(const Shard& shard, const WriteTime& at) const;
  std::filesystem::path log_path(const std::string& shard_id) const;

  std::filesystem::path folder_;
  std::string id_;
  std::int64_t created_us_ = 0;
  std::int32_t hours_ = 24;
  std::vector<std::string> origin_columns_;
  std::vector<Shard> shards_;
  std::uint64_t next_shard_ = 0;
  std::int64_t latest_us_ = 0;
  std::uint64_t enabling_requests_ = 0;
  std::int64_t enabling_until_us_ = 0;
};

}  // namespace sluice::sandbox
