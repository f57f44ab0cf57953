#pragma once
// One table: schema, options, rows, partitions and its change stream, on disk in one folder:
//   table.json   schema, options, partitions, stream and shards; replaced whole
//   rows.log     append-only: after each change the row's new state, or its key with the delete marker
//   stream-*/    one log per shard
//
// A row's change reaches rows.log before the stream. Only a kill between the two writes of one request can
// part them; between requests both are with the kernel.

#include "core/tablestore/ots.pb.h"
#include "tests/sandbox/change_stream.hpp"
#include "tests/sandbox/ots_value.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::sandbox {

namespace pb = ots::proto;

enum class TableKind : std::uint8_t {
  plain,
  grouped,     // shares its shards with other tables of a table group
  time_series  // has a stream, but none of the operations on rows
};

/// Keys whose first column lies in [begin, end).
struct Partition {
  Value begin;
  Value end;
  std::string shard;  // empty while the stream is off
};

class Table {
 public:
  using Rows = std::map<Key, Row, KeyLess>;

  /// Makes the folder and writes it down. `now_us` is when the stream is switched on, if it is.
  Table(std::filesystem::path folder, const pb::CreateTableRequest& request, TableKind kind,
        std::int64_t now_us);
  /// Loads what is there.
  explicit Table(std::filesystem::path folder);

  TableKind kind() const { return kind_; }
  const pb::TableMeta& meta() const { return meta_; }
  const pb::TableOptions& options() const { return options_; }
  const pb::ReservedThroughputDetails& throughput() const { return throughput_; }
  std::int64_t created_us() const { return created_us_; }
  const Rows& rows() const { return rows_; }
  const Row* find(const Key& key) const;
  const std::vector<Partition>& partitions() const { return partitions_; }
  ChangeStream* stream() { return stream_ ? &*stream_ : nullptr; }
  const ChangeStream* stream() const { return stream_ ? &*stream_ : nullptr; }
  /// The column that is filled by the server, if any.
  std::optional<std::size_t> auto_increment() const;
  std::int64_t next_auto_increment();

  void change_options(const pb::TableOptions& changes);
  void change_throughput(const pb::CapacityUnit& unit);
  void enable_stream(const pb::StreamSpecification& spec, std::int64_t now_us);
  void disable_stream();

  /// Stores the row's new state (nothing: gone) and records the change if the stream is on.
  void commit(const Key& key, std::optional<Row> after, const ChangeRecord& record, const WriteTime& at);
  /// For bulk filling: like commit without the stream, unflushed until save_rows().
  void store_later(const Key& key, Row after);
  void erase_later(const Key& key);
  void save_rows();
  Shard* shard_of(const Key& key);

  /// Cuts the partition of `shard` (of the only or first one if empty) at all these points, two parts at a
  /// time as the service does it; returns the shards of the parts. Throws std::invalid_argument if that
  /// cannot be done.
  std::vector<std::string> split(const std::string& shard, std::vector<Value> points, std::int64_t now_us);
  /// Points that cut the keys seen in the partition of `shard` into `parts` about equal numbers.
  std::vector<Value> split_points(const std::string& shard, std::size_t parts) const;
  /// Joins the two neighbours that begin with the partition of `shard`.
  std::string merge(const std::string& shard, std::int64_t now_us);
  /// Replaces the partitions; only before the first record.
  void repartition(const std::vector<Value>& bounds);
  /// Writes table.json; for callers that changed a shard.
  void save() const;

  WireRow wire_row(const Key& key, const Row& row) const;
  std::vector<Cell> wire_key(const Key& key) const;

 private:
  std::size_t partition_index(const std::string& shard) const;
  void cut(std::size_t index, std::span<const Value> points, std::int64_t now_us);
  std::vector<Value> first_keys(const Partition& partition, std::size_t wanted) const;
  std::filesystem::path stream_folder(const std::string& stream_id) const;
  void load_rows();
  void compact_rows();
  void append_row(const WireRow& row);

  std::filesystem::path folder_;
  TableKind kind_ = TableKind::plain;
  pb::TableMeta meta_;
  pb::TableOptions options_;
  pb::ReservedThroughputDetails throughput_;
  std::int64_t created_us_ = 0;
  std::int64_t last_auto_increment_ = 0;
  std::vector<Partition> partitions_;
  std::optional<ChangeStream> stream_;
  Rows rows_;
  File row_log_;
  std::string pending_rows_;
};

}  // namespace sluice::sandbox
