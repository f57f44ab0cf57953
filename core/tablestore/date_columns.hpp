#pragma once
// Columns of `type: date`.

#include "core/pipeline/row.hpp"
#include "core/tablestore/row_layout.hpp"

#include <cstddef>
#include <vector>

namespace sluice::tablestore {

class DateColumns {
 public:
  explicit DateColumns(const RowLayout& layout) {
    for (std::size_t place = 0; place < layout.columns.size(); ++place) {
      if (layout.columns[place].is_date) places_.push_back(place);
    }
  }

  // Makes dates of the integers there; a value of another type stays what it is.
  void mark(pipeline::Value* row) const {
    for (const std::size_t place : places_) {
      if (row[place].type == pipeline::ValueType::integer) row[place].type = pipeline::ValueType::date;
    }
  }

 private:
  std::vector<std::size_t> places_;
};

}  // namespace sluice::tablestore
