#pragma once
// Turns the records of one shard into rows (the rules are in docs/formats.md). Hot path: no allocation per
// record.

#include "core/base/error.hpp"
#include "core/pipeline/row.hpp"
#include "core/pipeline/window.hpp"
#include "core/tablestore/page_decoder.hpp"
#include "core/tablestore/plain_buffer.hpp"
#include "core/tablestore/row_layout.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace sluice::tablestore {

// One per shard walk, because it learns the usual order of the cells.
class RecordMapper {
 public:
  virtual ~RecordMapper() = default;

  // Values of a row.
  virtual std::size_t width() const = 0;

  // Appends the record's rows to `batch` (of width() columns), or counts why it has none. The rows' views
  // point into the record's bytes, or are kept until clear_texts(). Errors name the record's place, and the
  // batch is then worthless: invalid_argument (a NaN or infinity that must not be written), corrupt (a record
  // that is not of this table).
  virtual Result<void> append(Action action, const DecodedRecord& record, pipeline::RowBatch& batch) = 0;

  // To be called when the batch is cleared.
  virtual void clear_texts() = 0;

  // Moves what was left out or changed since the last call into statistics.ignored.
  virtual void report(pipeline::Statistics& statistics) = 0;

  // True once a put or update had the configured column with this place in layout.columns.
  virtual bool seen(std::size_t column) const = 0;
};

// The mapper for `layout`. `shard` appears in the rows' sequence texts.
std::unique_ptr<RecordMapper> make_mapper(const RowLayout& layout, std::string shard);

}  // namespace sluice::tablestore
