#pragma once
// Turns stream records into rows of the configured columns (mode single_version_and_update_only; the rules
// are in docs/formats.md). Hot path: no allocation per record.

#include "core/pipeline/row.hpp"
#include "core/pipeline/window.hpp"
#include "core/tablestore/page_decoder.hpp"
#include "core/tablestore/plain_buffer.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::tablestore {

// One per shard walk, because it learns the usual order of the cells.
class RowMapper {
 public:
  // `columns`: names in output order, repeats allowed. `sequence_shard`: not empty to append one more value
  // to each row, the record's place as text (epoch, time, row index, this shard).
  explicit RowMapper(const std::vector<std::string>& columns, std::string sequence_shard = "");

  // Values of a row.
  std::size_t width() const noexcept { return columns_ + (sequence_shard_.empty() ? 0 : 1); }

  // Appends the record's row to `batch` (of width() columns) and returns true, or counts why it has none. The
  // row's views point into the record's bytes; the sequence text is kept until clear_texts().
  bool append(Action action, const DecodedRecord& record, pipeline::RowBatch& batch);

  // To be called when the batch is cleared.
  void clear_texts() { texts_.clear(); }

  // Moves what was left out since the last call into statistics.ignored: "delete_row" and
  // "no_configured_column" count records, "delete_cell" counts cells.
  void report(pipeline::Statistics& statistics);

  // True once a cell of this name was met in a put or update.
  bool seen(std::string_view column) const;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // A distinct configured name and the places in the row that show it, as a chain through next_place_.
  struct Slot {
    std::string name;
    std::uint32_t first_place;
    bool seen = false;
  };

  std::uint32_t slot_of(std::string_view name, std::size_t cell_index);
  void add_sequence(const pipeline::Sequence& sequence, pipeline::Value& value);

  std::size_t columns_;
  std::string sequence_shard_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> next_place_;
  std::unordered_map<std::string_view, std::uint32_t> by_name_;  // keys live in slots_
  std::vector<std::uint32_t> usual_;  // cell index -> slot found there last time, or kNone
  std::deque<std::string> texts_;     // a deque, because rows point into it while it grows
  std::uint64_t delete_rows_ = 0;
  std::uint64_t delete_cells_ = 0;
  std::uint64_t without_column_ = 0;
};

}  // namespace sluice::tablestore
