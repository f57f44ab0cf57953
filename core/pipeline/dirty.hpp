#pragma once
// Rows that cannot be written as the job wants them.

#include "core/base/error.hpp"
#include "core/pipeline/row.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::pipeline {

// Everything is valid during the call only.
struct DirtyRow {
  std::uint32_t shard = 0;   // its place in the plan, from 0
  std::uint64_t row = 0;     // its place among the rows of the shard in this window, from 1
  std::size_t column = 0;    // the one at fault, from 1; 0: the row as a whole
  std::string_view problem;  // "has no GBK for U+1F600"
  std::span<const Value> values;
};

// Told of each dirty row, which is then left out. An attempt has one.
class DirtyRows {
 public:
  virtual ~DirtyRows() = default;

  // dirty_limit: there are more than the job allows (setting.errorLimit); the attempt fails.
  virtual Result<void> add(const DirtyRow& row) = 0;
};

}  // namespace sluice::pipeline
