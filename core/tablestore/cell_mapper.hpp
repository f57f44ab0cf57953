#pragma once
// A row for each cell (mode multi_version): key, colName, version, value, opType.

#include "core/tablestore/record_mapper.hpp"
#include "core/tablestore/row_texts.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tablestore {

class CellMapper final : public RecordMapper {
 public:
  CellMapper(const RowLayout& layout, std::string shard);

  std::size_t width() const override;
  Result<void> append(Action action, const DecodedRecord& record, pipeline::RowBatch& batch) override;
  void clear_texts() override { texts_.clear(); }
  // "empty_update" counts records, "non_finite_null" cells.
  void report(pipeline::Statistics& statistics) override;
  // There are no configured columns.
  bool seen(std::size_t) const override { return true; }

 private:
  // What stands behind the key; null where not set.
  struct CellRow {
    pipeline::Value name{};
    pipeline::Value version{};
    pipeline::Value value{};
    std::string_view op;
  };

  Result<void> take_key(const DecodedRecord& record);
  CellRow row_of(const Cell& cell);
  void add(const CellRow& row, const pipeline::Sequence& sequence, std::uint32_t cell_index,
           pipeline::RowBatch& batch);

  const RowLayout layout_;
  RowTexts texts_;
  std::vector<pipeline::Value> key_;  // of the present record
  std::uint64_t empty_updates_ = 0;
};

}  // namespace sluice::tablestore
