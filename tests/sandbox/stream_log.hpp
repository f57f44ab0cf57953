#pragma once
// The change records of one shard: an append-only file plus an index in memory (16 bytes a record).
//
// The file is a run of protobuf fields "stream_records" exactly as GetStreamRecordResponse carries them, so a
// page is one read of the file and no encoding. A torn record at the end, left by a kill, is cut off when
// opening.

#include "tests/sandbox/file.hpp"
#include "tests/sandbox/ots_value.hpp"

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
  /// Microseconds; record < size().
  std::int64_t time_of(std::uint64_t record) const { return index_[record].time_us; }
  std::int64_t last_time() const { return index_.empty() ? 0 : index_.back().time_us; }
  /// The first record at or after `time_us`; size() if there is none.
  std::uint64_t first_at(std::int64_t time_us) const;

  /// `time_us` must be later than last_time().
  void append(const ChangeRecord& record, std::int64_t time_us);
  /// The same without writing; flush() writes all that is pending.
  void append_later(const ChangeRecord& record, std::int64_t time_us);
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
    std::int64_t time_us;
  };
  void load();

  File file_;
  std::vector<Entry> index_;
  std::array<std::uint64_t, 4> counts_{};
  std::uint64_t end_ = 0;  // file length plus what is pending
  std::string pending_;
};

}  // namespace sluice::sandbox
