#pragma once
// Reads one range of a table's keys to its end and hands its rows, in the order of their keys, to the range's
// sink.

#include "core/base/byte_budget.hpp"
#include "core/pipeline/writer.hpp"
#include "core/tablestore/record_mapper.hpp"
#include "core/tablestore/shard_read.hpp"
#include "core/tablestore/table_api.hpp"
#include "core/tablestore/table_ranges.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tablestore {

// What the ranges of one scan share. All of it outlives them.
struct ScanParts {
  TableApi& api;
  ByteBudget& budget;  // of received pages
  PageSizer& sizer;
  pipeline::WindowWriter& writer;
  pipeline::Statistics& statistics;
  const std::string& table;
  const RowLayout& layout;
  const std::vector<std::string>& asked;  // columns the server is asked for; empty: all
  std::size_t batch_rows;
};

class RangeRead {
 public:
  // `index`: the range's place in the table.
  RangeRead(const ScanParts& parts, KeyRange range, std::uint32_t index);

  // Once. On error the rows handed over so far are worthless.
  awaitable<Result<void>> run();

  std::uint64_t rows() const noexcept { return rows_; }    // read
  std::uint64_t pages() const noexcept { return pages_; }  // read
  // Of layout.columns, by place.
  bool seen(std::size_t column) const { return mapper_->seen(column); }

 private:
  awaitable<Result<RowPage>> fetch(Key begin, ByteBudget::Grant& grant);
  awaitable<Result<RowPage>> next_page();
  Result<void> check_progress(const RowPage& page) const;
  awaitable<Result<void>> convert(const RowPage& page);
  awaitable<Result<void>> convert_and_fetch(const RowPage& page);
  awaitable<Result<void>> flush();
  std::string doing() const;

  const ScanParts& parts_;
  KeyRange range_;  // begins where the next page does
  std::uint32_t index_;
  std::unique_ptr<RecordMapper> mapper_;
  pipeline::RowBatch batch_;
  DecodedRecord record_;
  pipeline::ShardSink* sink_ = nullptr;  // opened with the first row
  std::uint64_t rows_ = 0;
  std::uint64_t pages_ = 0;
  ByteBudget::Grant grant_;  // of the page that is converted

  // The answer to the request that was made while the page before was converted.
  std::optional<Result<RowPage>> ahead_;
  ByteBudget::Grant ahead_grant_;
};

}  // namespace sluice::tablestore
