#pragma once
// Counts an attempt's dirty rows against what the job allows.

#include "core/pipeline/dirty.hpp"
#include "core/pipeline/log.hpp"
#include "core/pipeline/window.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::pipeline {

class DirtyLimit final : public DirtyRows {
 public:
  // `rows_max`: nothing: no limit. `columns` are names for messages, in order. `statistics` and `log` outlive
  // it.
  DirtyLimit(std::optional<std::uint64_t> rows_max, std::vector<std::string> columns, Statistics& statistics,
             Log& log)
      : rows_max_(rows_max), columns_(std::move(columns)), statistics_(statistics), log_(log) {}

  Result<void> add(const DirtyRow& row) override;

 private:
  std::string describe(const DirtyRow& row) const;

  std::optional<std::uint64_t> rows_max_;
  std::vector<std::string> columns_;
  Statistics& statistics_;
  Log& log_;
};

}  // namespace sluice::pipeline
