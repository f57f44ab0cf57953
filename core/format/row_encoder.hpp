#pragma once
// What turns rows into the bytes of an object.

#include "core/format/byte_buffer.hpp"
#include "core/pipeline/row.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sluice::format {

// How far an encoder came.
struct Encoded {
  std::size_t rows = 0;    // appended whole
  std::string problem;     // empty, or why the next row cannot be written: "is no finite number"
  std::size_t column = 0;  // of that row, from 1; 0: the row as a whole
};

// Holds no state between calls: the same rows give the same bytes however they are cut into batches.
class RowEncoder {
 public:
  virtual ~RowEncoder() = default;

  // Appends rows [first, first + count) of the batch, each with its line end, up to the first that cannot be
  // written, of which nothing is left in `out`.
  virtual Encoded append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                         ByteBuffer& out) const = 0;

  // What every object begins with, before its header: a byte order mark, or nothing.
  virtual std::string_view object_prefix() const { return ""; }

  // Appends the header line.
  virtual void append_header(std::span<const std::string> names, ByteBuffer& out) const = 0;
};

}  // namespace sluice::format
