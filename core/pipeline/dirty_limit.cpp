#include "core/pipeline/dirty_limit.hpp"

#include "core/pipeline/dirty_text.hpp"

#include <fmt/format.h>

namespace sluice::pipeline {

Result<void> DirtyLimit::add(const DirtyRow& row, bool of_table) {
  ++statistics_.dirty_rows;
  const std::string text = describe(row, of_table);
  if (statistics_.dirty_rows <= kDirtyLinesMax) log_.line(Level::warning, text);
  if (statistics_.dirty_rows == kDirtyLinesMax + 1) {
    log_.line(Level::warning, "further dirty rows have no line of their own here");
  }
  keep(row, of_table);
  if (!allowed_.rows || statistics_.dirty_rows <= *allowed_.rows) return {};
  return Error(Errc::dirty_limit, fmt::format("{}; {} dirty rows, setting.errorLimit.record allows {}", text,
                                              statistics_.dirty_rows, *allowed_.rows));
}

// A file that cannot be written stops no window that may leave rows out, but it is told.
void DirtyLimit::keep(const DirtyRow& row, bool of_table) {
  if (file_ == nullptr || file_full_ || file_failure_) return;
  const auto kept = file_->keep(dirty_json(row, name_of(row.column), of_table));
  if (!kept) {
    file_failure_ = kept.error();
    log_.line(Level::error, fmt::format("keep a dirty row: {}; it and those that follow are counted only",
                                        kept.error().message()));
  } else if (*kept) {
    ++kept_;
  } else {
    file_full_ = true;
  }
}

Result<void> DirtyLimit::check_percentage() const {
  if (!allowed_.percentage || statistics_.dirty_rows == 0) return {};
  const double part =
      100.0 * static_cast<double>(statistics_.dirty_rows) / static_cast<double>(statistics_.rows);
  if (part <= *allowed_.percentage) return {};
  return Error(Errc::dirty_limit,
               fmt::format("{} of {} rows are dirty, {:.4g} %; setting.errorLimit.percentage allows {:.4g} %",
                           statistics_.dirty_rows, statistics_.rows, part, *allowed_.percentage));
}

void DirtyLimit::close() {
  if (statistics_.dirty_rows == 0) return;
  const std::uint64_t left_out = statistics_.dirty_rows - kept_;
  std::string where;
  if (file_ != nullptr && kept_ > 0) {
    const std::string which = left_out == 0 ? "" : fmt::format(" the first {} of them", kept_);
    where = fmt::format(",{} kept in {}", which, file_->path());
  }
  if (file_full_) {
    const auto finished = file_->finish(fmt::format(R"({{"left_out":{}}})", left_out));
    if (!finished) log_.line(Level::error, "count the dirty rows: " + finished.error().message());
  }
  log_.line(Level::warning, fmt::format("{} dirty rows left out{}", statistics_.dirty_rows, where));
}

std::string_view DirtyLimit::name_of(std::size_t column) const {
  if (column == 0 || column > columns_.size()) return "";
  return columns_[column - 1];
}

std::string DirtyLimit::describe(const DirtyRow& row, bool of_table) const {
  std::string where = of_table ? fmt::format("dirty row {} of range {} of the table: ", row.row, row.shard)
                               : fmt::format("dirty row {} of shard {}: ", row.row, row.shard);
  if (const std::string_view name = name_of(row.column); !name.empty()) {
    where += fmt::format("column {} ", name);
  } else if (row.column > 0) {
    where += fmt::format("column {} ", row.column);
  }
  return where.append(row.problem);
}

}  // namespace sluice::pipeline
