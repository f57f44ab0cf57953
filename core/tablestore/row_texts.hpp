#pragma once
// The values of rows that are not in the record's bytes as they are to be written.

#include "core/pipeline/position.hpp"
#include "core/pipeline/row.hpp"
#include "core/pipeline/window.hpp"
#include "core/tablestore/plain_buffer.hpp"
#include "core/tablestore/row_layout.hpp"
#include "core/tablestore/text_arena.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::tablestore {

// Texts are kept until clear().
class RowTexts {
 public:
  // `shard` ends the sequence texts.
  RowTexts(const RowLayout& layout, std::string shard);

  // True if `value` needs change() before it goes into a row. Cheap: asked for each value. A number that is
  // none and has no other form stays: the writer calls the row dirty, and the job's error limit decides.
  bool must_change(const pipeline::Value& value) const {
    if (value.type == pipeline::ValueType::real) {
      return non_finite_ != job::NonFinite::fail && !std::isfinite(value.real);
    }
    return value.type == pipeline::ValueType::binary && binary_ != job::BinaryText::utf8;
  }

  // Makes `value`, which must_change(), what the layout says.
  void change(pipeline::Value& value);

  // The record's place: epoch (10 digits), time in microseconds (20), row index (10) and shard, joined by
  // "_"; with a cell's index behind, ":" and 10 digits.
  pipeline::Value sequence(const pipeline::Sequence& sequence, std::optional<std::uint32_t> cell_index = {});

  TextArena& arena() noexcept { return arena_; }
  void clear() { arena_.clear(); }

  // Moves the count of values that became null into statistics.ignored.
  void report(pipeline::Statistics& statistics);

 private:
  void encode(pipeline::Value& value);

  std::string shard_;
  job::BinaryText binary_;
  job::NonFinite non_finite_;
  TextArena arena_;
  std::uint64_t non_finite_nulls_ = 0;
};

// A string value; `text` must outlive it.
inline pipeline::Value string_value(std::string_view text) {
  pipeline::Value value;
  value.type = pipeline::ValueType::string;
  value.text = text;
  return value;
}

// Moves `count` into statistics.ignored under `reason`; 0 leaves no trace.
void move_count(const char* reason, std::uint64_t& count, pipeline::Statistics& statistics);

}  // namespace sluice::tablestore
