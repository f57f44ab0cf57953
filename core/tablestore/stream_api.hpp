#pragma once
// What the stream reader asks of Table Store, as a port. Implemented by client.hpp; tests have fakes.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/tablestore/page_decoder.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tablestore {

enum class KeyType : std::uint8_t { integer, string, binary };

struct KeyColumn {
  std::string name;
  KeyType type = KeyType::string;
};

// The stream as DescribeTable shows it.
struct TableStream {
  bool enabled = false;
  std::string stream_id;            // empty when not enabled
  std::chrono::hours retention{0};  // records older than this are trimmed
  Instant last_enabled{};           // when it was last switched on
};

struct TableDescription {
  std::string name;
  std::vector<KeyColumn> primary_key;  // in key order
  TableStream stream;
};

struct StreamSummary {
  std::string stream_id;
  std::string table;
  Instant created{};
};

struct Shard {
  std::string shard_id;
  std::optional<std::string> parent_id;
  std::optional<std::string> parent_sibling_id;  // set for a merge only
};

enum class StreamStatus : std::uint8_t { enabling, active };

// One page of the shard list.
struct StreamDescription {
  std::string stream_id;
  std::string table;
  Instant created{};
  std::chrono::hours retention{0};
  StreamStatus status = StreamStatus::active;
  bool is_time_series = false;  // told only to a client that reads time series tables
  std::vector<Shard> shards;
  std::optional<std::string> next_shard_id;  // where the next page begins; absent: this is the last one
};

// Told of the traffic of a StreamApi, to count it and to write it down.
class StreamApiObserver {
 public:
  virtual ~StreamApiObserver() = default;
  // A request goes out; `repeat` is 0 for the first try.
  virtual void on_request(std::string_view operation, int repeat) = 0;
  // `error` will be met by repeat number `repeat` (from 1) after `pause`.
  virtual void on_retry(const Error& error, int repeat, Duration pause) = 0;
  // Something odd that did not stop the request: the server's clock and ours are far apart.
  virtual void on_warning(std::string_view /*text*/) {}
};

// Single-threaded; calls may overlap. Arguments must stay valid until the call has returned. Passing failures
// have been retried when an error comes back. Errors of every call: unauthenticated, permission_denied,
// not_found, invalid_argument, trimmed, throttled, unavailable, timeout, corrupt.
class StreamApi {
 public:
  virtual ~StreamApi() = default;

  virtual awaitable<Result<TableDescription>> describe_table(const std::string& table) = 0;

  // The streams of `table`: none or one.
  virtual awaitable<Result<std::vector<StreamSummary>>> list_streams(const std::string& table) = 0;

  // One page of shards, beginning at `inclusive_start_shard`, of at most `limit` (> 0; the server's choice
  // without).
  virtual awaitable<Result<StreamDescription>> describe_stream(
      const std::string& stream, const std::optional<std::string>& inclusive_start_shard,
      std::optional<std::int32_t> limit) = 0;

  // An iterator at the first record at or after `time`, or at the oldest one kept. Follows the server's
  // search to its end.
  virtual awaitable<Result<std::string>> shard_iterator(const std::string& stream, const std::string& shard,
                                                        std::optional<Instant> time) = 0;

  // The records from `iterator` on, at most `limit` (> 0; the server's choice without). May be empty although
  // more follow.
  virtual awaitable<Result<StreamPage>> stream_records(const std::string& iterator,
                                                       std::optional<std::int32_t> limit) = 0;

  // From now on tells `observer` (not owned; null: nobody). Fakes need not.
  virtual void observe(StreamApiObserver* /*observer*/) {}
};

}  // namespace sluice::tablestore
