#pragma once
// Counts an attempt's dirty rows against what the job allows, and keeps them.

#include "core/pipeline/dirty.hpp"
#include "core/pipeline/dirty_file.hpp"
#include "core/pipeline/log.hpp"
#include "core/pipeline/window.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::pipeline {

// So many dirty rows get a line in the attempt's log.
inline constexpr std::uint64_t kDirtyLinesMax = 100;

class DirtyLimit final : public DirtyRows {
 public:
  struct Allowed {
    // A number alone is one of rows.  NOLINTNEXTLINE(google-explicit-constructor)
    Allowed(std::optional<std::uint64_t> rows_max, std::optional<double> percentage_max = {})
        : rows(rows_max), percentage(percentage_max) {}
    std::optional<std::uint64_t> rows;  // nothing: any number
    std::optional<double> percentage;   // of all rows, 0 .. 100
  };

  // `columns` are names for messages, in order; none where they are not known. `statistics` and `log` outlive
  // it. Without a `file` the rows are counted and told only.
  DirtyLimit(Allowed allowed, std::vector<std::string> columns, Statistics& statistics, Log& log,
             std::unique_ptr<DirtyFile> file = nullptr)
      : allowed_(allowed),
        columns_(std::move(columns)),
        statistics_(statistics),
        log_(log),
        file_(std::move(file)),
        table_(*this) {}

  Result<void> add(const DirtyRow& row) override { return add(row, false); }

  // Takes the rows of the whole table that fullTableFirst loads; lives as long as the limit.
  DirtyRows& table() noexcept { return table_; }

  // When all rows are read: dirty_limit if they are too large a part of them.
  Result<void> check_percentage() const;

  // Once, at the attempt's end, whatever became of it: tells how many rows were left out and where they are.
  void close();

 private:
  class TableRows final : public DirtyRows {
   public:
    explicit TableRows(DirtyLimit& limit) : limit_(limit) {}
    Result<void> add(const DirtyRow& row) override { return limit_.add(row, true); }

   private:
    DirtyLimit& limit_;
  };

  Result<void> add(const DirtyRow& row, bool of_table);
  void keep(const DirtyRow& row, bool of_table);
  std::string_view name_of(std::size_t column) const;
  std::string describe(const DirtyRow& row, bool of_table) const;

  Allowed allowed_;
  std::vector<std::string> columns_;
  Statistics& statistics_;
  Log& log_;
  std::unique_ptr<DirtyFile> file_;
  TableRows table_;
  std::uint64_t kept_ = 0;
  bool file_full_ = false;
  std::optional<Error> file_failure_;  // nothing is kept any more
};

}  // namespace sluice::pipeline
