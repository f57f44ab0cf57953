#pragma once
// What turns rows into the bytes of an object.

#include "core/base/error.hpp"
#include "core/format/byte_buffer.hpp"
#include "core/pipeline/row.hpp"

#include <span>
#include <string>

namespace sluice::format {

// Holds no state between calls: the same rows give the same bytes however they are cut into batches.
class RowEncoder {
 public:
  virtual ~RowEncoder() = default;

  // Appends rows [first, first + count) of the batch, each with its line end. On error (corrupt: a number
  // that has no text, with row and column) `out` is as it was.
  virtual Result<void> append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                              ByteBuffer& out) const = 0;

  // Appends the header line.
  virtual void append_header(std::span<const std::string> names, ByteBuffer& out) const = 0;
};

}  // namespace sluice::format
