#pragma once
// Rows in an encoding other than UTF-8.

#include "core/format/charset.hpp"
#include "core/format/row_encoder.hpp"

#include <memory>

namespace sluice::format {

// Lets another encoder write UTF-8 and turns that into `charset`, so delimiters, quotes and line ends are
// there before the bytes are. A row with a character that the set does not have is dirty. Serves one thread,
// because it keeps its buffer.
class TranscodingEncoder final : public RowEncoder {
 public:
  // What `encoder` puts in of its own (delimiters, header, null text) must be in the set.
  TranscodingEncoder(std::unique_ptr<RowEncoder> encoder, const Charset& charset)
      : encoder_(std::move(encoder)), charset_(charset) {}

  Encoded append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                 ByteBuffer& out) const override;
  void append_header(std::span<const std::string> names, ByteBuffer& out) const override;
  std::string_view object_prefix() const override { return charset_.object_prefix(); }

 private:
  Encoded append_few(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                     ByteBuffer& out) const;
  std::size_t column_at_fault(std::span<const pipeline::Value> row) const;

  std::unique_ptr<RowEncoder> encoder_;
  const Charset& charset_;
  mutable ByteBuffer utf8_;
};

}  // namespace sluice::format
