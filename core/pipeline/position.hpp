#pragma once
// Where each shard of a stream stands between two windows. Positions chain: a window starts where its
// predecessor was committed. They are stored as JSON in the state file (docs/formats.md).

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <boost/json/value.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::pipeline {

// The place of one record in its shard: unique and ascending (tablestore-wire.md 4.5).
struct Sequence {
  std::int32_t epoch = 0;
  std::int64_t time_us = 0;  // time of the write in the log, microseconds since 1970
  std::int32_t row_index = 0;
  friend auto operator<=>(const Sequence&, const Sequence&) = default;
};

struct ShardPosition {
  enum class Kind : std::uint8_t {
    oldest,    // nothing read yet: begins at the oldest record kept
    at_time,   // nothing read yet: begins at the first record with time >= `time` (first window of a chain)
    iterator,  // goes on at `iterator`, leaving out records up to and including `last`
    ended,     // read to its end (split, merged); stays here while the stream still lists it
  };

  std::string shard;
  Kind kind = Kind::oldest;
  Instant time{};                // at_time only
  std::string iterator;          // iterator only: opaque text of the server, names a page; empty: not known,
                                 // the place is found by `last`, or by the time `polled`
  std::optional<Sequence> last;  // last record that belongs to the past
  std::optional<Sequence> next;  // first record that belongs to the future, where one was seen
  // Everything before this time was read: the server's time after an empty page, otherwise the last record's
  // time. Of a shard that waits for its parents: how far these were read, for what it holds came after that.
  Instant polled{};
  friend bool operator==(const ShardPosition&, const ShardPosition&) = default;
};

// Longer retentions are not believed; the service allows 168 hours.
inline constexpr std::chrono::hours kRetentionMax{87'600};

// Everything before this time was read from the shard; the epoch where that is not known.
Instant read_until(const ShardPosition& position);

struct Positions {
  std::string stream;                 // stream id
  Instant enabled{};                  // when the stream was last switched on, by the server
  std::vector<ShardPosition> shards;  // fixed order: parents first; its index names the shard's objects
  std::chrono::hours retention{0};    // how long the stream keeps records, 1 h .. kRetentionMax; 0: not known

  const ShardPosition* find(std::string_view shard) const;
  friend bool operator==(const Positions&, const Positions&) = default;
};

// Time that is left until records which no window has exported are trimmed.
struct RetentionClock {
  std::string shard;      // the one furthest behind
  Instant needed_from{};  // records from here on are needed
  Instant trimmed_at{};   // when the first of them may be gone
  Duration left{};        // until then; negative when it has passed
  Duration retention{};   // all there was

  // Below how much `left` to warn: `wanted`, or half of the retention where that is 0.
  Duration warn_below(Duration wanted) const { return wanted > Duration(0) ? wanted : retention / 2; }
};

// Nothing when the retention is not known, or no shard says how far it was read. `now` is the server's time,
// or ours where the difference plays no part.
std::optional<RetentionClock> retention_clock(const Positions& positions, Instant now);

boost::json::value to_json(const Positions& positions);
Result<Positions> positions_from_json(const boost::json::value& json);  // invalid_argument names the member

}  // namespace sluice::pipeline
