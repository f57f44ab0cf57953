#pragma once
// The change stream of one table: its shards and their logs.
//
// Record times are microseconds, strictly increasing over the whole stream. Shards are never removed from
// memory or disk while the stream lives, so an iterator (stream, shard, record number) stays meaningful:
// trimming only moves the first readable record, and a closed shard past the horizon drops out of listings.

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/stream_log.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sluice::sandbox {

/// The clock record times come from; shifted by /_sandbox/clock.
struct StreamClock {
  std::int64_t offset_us = 0;
  std::int64_t now() const { return now_us() + offset_us; }
};

struct Shard {
  std::string id;
  std::string parent;
  std::string parent_sibling;
  bool closed = false;
  std::int64_t closed_us = 0;
  std::uint64_t trimmed = 0;  // records removed by command
  bool dropped = false;       // removed by command
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
  /// A time later than every record's, `wanted_us` if possible.
  std::int64_t next_time(std::int64_t wanted_us) const { return std::max(wanted_us, last_us_ + 1); }
  void append(Shard& shard, const ChangeRecord& record, std::int64_t time_us);
  /// For many records: append_later, then flush once.
  void append_later(Shard& shard, const ChangeRecord& record, std::int64_t time_us);
  void flush();

  /// The first readable record, by retention and by command.
  std::uint64_t first_readable(const Shard& shard, std::int64_t now_us) const;
  /// Whether the shard is still listed.
  bool listed(const Shard& shard, std::int64_t now_us) const;

 private:
  std::int64_t horizon(std::int64_t now_us) const;
  std::filesystem::path log_path(const std::string& shard_id) const;

  std::filesystem::path folder_;
  std::string id_;
  std::int64_t created_us_ = 0;
  std::int32_t hours_ = 24;
  std::vector<std::string> origin_columns_;
  std::vector<Shard> shards_;
  std::uint64_t next_shard_ = 0;
  std::int64_t last_us_ = 0;
};

}  // namespace sluice::sandbox
