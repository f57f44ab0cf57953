#pragma once
// The change records of one shard: an append-only file plus an index in memory (16 bytes a record).
//
// Records stand in the order they were written; their (epoch, time, row index) ascends, their times alone may
// step back where the epoch grows.
//
// The file is a run of protobuf fields "stream_records" exactly as GetStreamRecordResponse carries them, so a
// page is one read of the file and no encoding. A torn record at the end, left by a kill, is cut off when
// opening.

#include "tests/sandbox/file.hpp"
#include "tests/sandbox/ots_value.hpp"
#include "tests/sandbox/plain_buffer.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sandbox {

enum class RowAction : std::uint8_t { put = 1, update = 2, erase = 3 };

struct ChangeRecord {
  RowAction action = RowAction::put;
  WireRow row;
  std::optional<WireRow> origin;
};

class StreamLog {
 public:
  /// Opens or creates; scans the file to build the index.
  explicit StreamLog(const std::filesystem::path& path);

  std::uint64_t size() const { return index_.size(); }
  /// Records of an action, also those written before the program started.
  std::uint64_t count(RowAction action) const { return counts_[static_cast<std::size_t>(action)]; }
  /// Where the last record stands; zeros if there is none.
  const plain_buffer::SequenceInfo& last() const { return last_; }
  /// The greatest time of all records; 0 if there is none.
  std::int64_t latest_time() const { return index_.empty() ? 0 : index_.back().latest_us; }
  /// The first record at or after `time_us`; size() if there is none.
  std::uint64_t first_at(std::int64_t time_us) const;

  /// `sequence` must come after last(). Nothing is written before flush().
  void append_later(const ChangeRecord& record, const plain_buffer::SequenceInfo& sequence);
  void flush();

  struct Page {
    std::string fields;  // encoded stream_records fields
    std::uint64_t records = 0;
  };
  /// At least one record if there is one, at most `limit` and about `bytes_max`.
  Page page(std::uint64_t from, std::uint64_t limit, std::uint64_t bytes_max) const;
  /// The key of a record.
  Key key_of(std::uint64_t record) const;

 private:
  struct Entry {
    std::uint64_t offset;
    std::int64_t latest_us;  // the greatest time up to this record, so that first_at() can search
  };
  void load();
  void add(std::uint64_t offset, const plain_buffer::SequenceInfo& sequence);

  File file_;
  std::vector<Entry> index_;
  plain_buffer::SequenceInfo last_;
  std::array<std::uint64_t, 4> counts_{};
  std::uint64_t end_ = 0;  // file length plus what is pending
  std::string pending_;
};

}  // namespace sluice::sandbox
