#include "core/format/transcoding.hpp"

#include <algorithm>
#include <stdexcept>

namespace sluice::format {
namespace {

constexpr std::size_t kRowsAtOnce = 64;  // as UTF-8 they are still in the cache when they are turned

}  // namespace

Encoded TranscodingEncoder::append(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                                   ByteBuffer& out) const {
  Encoded whole;
  while (whole.rows < count) {
    const std::size_t few = std::min(count - whole.rows, kRowsAtOnce);
    const Encoded part = append_few(rows, first + whole.rows, few, out);
    whole.rows += part.rows;
    if (part.problem.empty()) continue;
    whole.problem = part.problem;
    whole.column = part.column;
    break;
  }
  return whole;
}

Encoded TranscodingEncoder::append_few(const pipeline::RowBatch& rows, std::size_t first, std::size_t count,
                                       ByteBuffer& out) const {
  utf8_.truncate(0);
  const Encoded encoded = encoder_->append(rows, first, count, utf8_);
  const std::size_t before = out.size();
  std::optional<Unmapped> unmapped = charset_.append(utf8_.view(), out);
  if (!unmapped) return encoded;
  out.truncate(before);
  for (std::size_t index = 0; index < encoded.rows; ++index) {
    utf8_.truncate(0);
    encoder_->append(rows, first + index, 1, utf8_);
    const std::size_t row_start = out.size();
    unmapped = charset_.append(utf8_.view(), out);
    if (!unmapped) continue;
    out.truncate(row_start);
    return {index, describe(*unmapped, charset_), column_at_fault(rows.row(first + index))};
  }
  throw std::logic_error("a row that could not be written is gone");
}

// The first column that cannot be written alone.
std::size_t TranscodingEncoder::column_at_fault(std::span<const pipeline::Value> row) const {
  pipeline::RowBatch batch(1);
  ByteBuffer bytes;
  for (std::size_t column = 0; column < row.size(); ++column) {
    batch.clear();
    *batch.append_row() = row[column];
    utf8_.truncate(0);
    encoder_->append(batch, 0, 1, utf8_);
    if (charset_.append(utf8_.view(), bytes)) return column + 1;
  }
  return 0;
}

void TranscodingEncoder::append_header(std::span<const std::string> names, ByteBuffer& out) const {
  utf8_.truncate(0);
  encoder_->append_header(names, utf8_);
  if (charset_.append(utf8_.view(), out)) throw std::logic_error("a header that its encoding does not have");
}

}  // namespace sluice::format
