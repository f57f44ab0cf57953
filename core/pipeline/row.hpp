#pragma once
// What flows from a reader to a writer: rows of values, a batch at a time, without copying the bytes.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::pipeline {

enum class ValueType : std::uint8_t { null, integer, real, boolean, string, binary, date };

// One value. `text` (string and binary) points into the page it was decoded from.
struct Value {
  std::string_view text;
  union {
    std::int64_t integer = 0;  // date: milliseconds since 1970-01-01 UTC
    double real;
    bool boolean;
  };
  ValueType type = ValueType::null;
};

// Rows of equal width. The views inside are valid until the writer's write() has returned; the batch is
// reused.
class RowBatch {
 public:
  explicit RowBatch(std::size_t columns) : columns_(columns) {}

  // A new row of nulls to fill in. The pointer is valid until the next call.
  Value* append_row() {
    values_.resize(values_.size() + columns_);
    ++rows_;
    return values_.data() + (rows_ - 1) * columns_;
  }
  // Takes back the row appended last.
  void drop_last_row() {
    --rows_;
    values_.resize(rows_ * columns_);
  }
  void clear() {
    values_.clear();
    rows_ = 0;
  }
  std::span<const Value> row(std::size_t index) const {
    return std::span<const Value>(values_.data() + index * columns_, columns_);
  }
  std::size_t rows() const noexcept { return rows_; }
  std::size_t columns() const noexcept { return columns_; }

 private:
  std::size_t columns_;
  std::size_t rows_ = 0;
  std::vector<Value> values_;
};

}  // namespace sluice::pipeline
