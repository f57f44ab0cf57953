#include "core/pipeline/dirty_limit.hpp"

#include <fmt/format.h>

namespace sluice::pipeline {

Result<void> DirtyLimit::add(const DirtyRow& row) {
  ++statistics_.dirty_rows;
  log_.line(Level::warning, describe(row));
  if (!rows_max_ || statistics_.dirty_rows <= *rows_max_) return {};
  return Error(Errc::refused_by_state, fmt::format("{}; {} dirty rows, setting.errorLimit.record allows {}",
                                                   describe(row), statistics_.dirty_rows, *rows_max_));
}

std::string DirtyLimit::describe(const DirtyRow& row) const {
  std::string where = fmt::format("dirty row {} of shard {}: ", row.row, row.shard);
  if (row.column > 0 && row.column <= columns_.size()) {
    where += fmt::format("column {} ", columns_[row.column - 1]);
  } else if (row.column > 0) {
    where += fmt::format("column {} ", row.column);
  }
  return where.append(row.problem);
}

}  // namespace sluice::pipeline
