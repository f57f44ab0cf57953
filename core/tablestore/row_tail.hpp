#pragma once
// What follows the configured columns of a row: the operation and the record's place, each if asked for.

#include "core/tablestore/page_decoder.hpp"
#include "core/tablestore/row_texts.hpp"

namespace sluice::tablestore {

class RowTail {
 public:
  explicit RowTail(const RowLayout& layout)
      : first_(layout.columns.size()), op_type_(layout.export_op_type), sequence_(layout.export_sequence) {}

  // Values of a whole row.
  std::size_t width() const { return first_ + std::size_t{op_type_} + std::size_t{sequence_}; }

  void write(Action action, const pipeline::Sequence& sequence, RowTexts& texts, pipeline::Value* row) const {
    if (op_type_) row[first_] = string_value(name_of(action));
    if (sequence_) row[first_ + std::size_t{op_type_}] = texts.sequence(sequence);
  }

 private:
  static std::string_view name_of(Action action) {
    switch (action) {
      case Action::put_row:
        return "PUT";
      case Action::update_row:
        return "UPDATE";
      case Action::delete_row:
        break;
    }
    return "DELETE";
  }

  std::size_t first_;
  bool op_type_;
  bool sequence_;
};

}  // namespace sluice::tablestore
