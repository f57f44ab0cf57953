#pragma once
// Rows of a time series table: the configured columns, whose names are those the writer of the table knows.

#include "core/tablestore/column_places.hpp"
#include "core/tablestore/date_columns.hpp"
#include "core/tablestore/record_mapper.hpp"
#include "core/tablestore/row_tail.hpp"
#include "core/tablestore/row_texts.hpp"
#include "core/tablestore/series_tags.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tablestore {

// In the stream, a field's name has its type behind a colon, and the key begins with a hidden column.
class SeriesMapper final : public RecordMapper {
 public:
  SeriesMapper(const RowLayout& layout, std::string shard);

  std::size_t width() const override { return tail_.width(); }
  Result<void> append(Action action, const DecodedRecord& record, pipeline::RowBatch& batch) override;
  void clear_texts() override { texts_.clear(); }
  // As RowMapper; "tag_malformed" counts records, "field_collision" cells that another one has replaced.
  void report(pipeline::Statistics& statistics) override;
  bool seen(std::size_t column) const override;

 private:
  // What shows the cell at one index of a record: remembered, because the next record mostly has the same.
  struct Target {
    std::string cell_name;
    bool is_key = false;
    std::uint32_t whole = ColumnPlaces::kNone;  // configured by the name as it is in the stream
    std::uint32_t field = ColumnPlaces::kNone;  // configured by the field's name alone
  };
  struct TagColumn {
    std::string name;
    std::size_t place;
    bool seen = false;
  };

  const Target& target_of(const Cell& cell, std::size_t index, bool is_key);
  void learn(const Cell& cell, bool is_key, Target& target);
  void show(const Target& target, const Cell& cell, const pipeline::Value& value, pipeline::Value* row);
  bool show_tags(const Cell& cell, pipeline::Value* row);

  const RowLayout layout_;
  ColumnPlaces places_;
  RowTexts texts_;
  RowTail tail_;
  DateColumns dates_;
  std::vector<TagColumn> tag_columns_;
  std::vector<Target> targets_;      // by cell index
  std::vector<const Cell*> fields_;  // by slot: the field of the present record that is shown there
  std::vector<SeriesTag> tags_;      // of the present record
  std::uint64_t delete_rows_ = 0;
  std::uint64_t delete_cells_ = 0;
  std::uint64_t without_column_ = 0;
  std::uint64_t malformed_tags_ = 0;
  std::uint64_t collisions_ = 0;
};

}  // namespace sluice::tablestore
