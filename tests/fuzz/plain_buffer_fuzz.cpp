// Fuzz target of the stream record decoder: what decodes keeps the documented limits, and the sandbox's own
// codec writes the same bytes from it and reads the same key.

#include "core/tablestore/plain_buffer.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/plain_buffer_repair.hpp"
#include "tests/sandbox/plain_buffer.hpp"

#include <bit>
#include <string>

namespace {

using namespace sluice;
using namespace sluice::tablestore;
using pipeline::ValueType;

sandbox::Value value_of(const pipeline::Value& value) {
  sandbox::Value out;
  switch (value.type) {
    case ValueType::integer:
      out.type = sandbox::ValueType::integer;
      out.integer = value.integer;
      break;
    case ValueType::real:
      out.type = sandbox::ValueType::real;
      out.real = value.real;
      break;
    case ValueType::boolean:
      out.type = sandbox::ValueType::boolean;
      out.integer = value.boolean ? 1 : 0;
      break;
    default:
      out.type = value.type == ValueType::string ? sandbox::ValueType::string : sandbox::ValueType::blob;
      out.text = value.text;
  }
  return out;
}

sandbox::WireRow row_of(const DecodedRecord& record) {
  sandbox::WireRow row;
  row.delete_marker = record.delete_marker;
  for (const Cell& cell : record.key()) {
    sandbox::Cell& out = row.key.emplace_back();
    out.name = cell.name;
    out.value = value_of(cell.value);
  }
  for (const Cell& cell : record.attributes()) {
    sandbox::Cell& out = row.cells.emplace_back();
    out.name = cell.name;
    out.op = cell.op == CellOp::put                   ? sandbox::CellOp::put
             : cell.op == CellOp::delete_all_versions ? sandbox::CellOp::delete_all
                                                      : sandbox::CellOp::delete_one;
    if (cell.op == CellOp::put) out.value = value_of(cell.value);
    if (cell.op != CellOp::delete_all_versions) out.timestamp = cell.timestamp_ms;
  }
  return row;
}

void check_limits(std::string_view input, const DecodedRecord& record) {
  fuzz::check(record.key_cells > 0 && record.key_cells <= kKeyCellsMax);
  fuzz::check(record.cells.size() <= record.key_cells + kAttributeCellsMax);
  for (const Cell& cell : record.cells) {
    fuzz::check(!cell.name.empty() && fuzz::inside(input, cell.name) && fuzz::inside(input, cell.value.text));
  }
  fuzz::check(record.sequence.time_us >= kRecordTimeMin && record.sequence.time_us <= kRecordTimeMax);
}

bool same(const DecodedRecord& a, const DecodedRecord& b) {
  const auto same_cell = [](const Cell& x, const Cell& y) {
    return x.name == y.name && x.op == y.op && x.timestamp_ms == y.timestamp_ms &&
           x.value.type == y.value.type && x.value.text == y.value.text &&
           (x.value.type != ValueType::integer || x.value.integer == y.value.integer) &&
           (x.value.type != ValueType::boolean || x.value.boolean == y.value.boolean) &&
           (x.value.type != ValueType::real ||
            std::bit_cast<std::uint64_t>(x.value.real) == std::bit_cast<std::uint64_t>(y.value.real));
  };
  return a.key_cells == b.key_cells && a.delete_marker == b.delete_marker && a.sequence == b.sequence &&
         std::equal(a.cells.begin(), a.cells.end(), b.cells.begin(), b.cells.end(), same_cell);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned seed) {
  return fuzz::mutate_plain_buffer(data, size, size_max, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static DecodedRecord record;
  static DecodedRecord again;
  const std::string_view input = fuzz::text_of(data, size);
  if (const auto decoded = decode_record(input, record); decoded.has_error()) {
    fuzz::check(decoded.error().code() == Errc::corrupt);
    fuzz::check_message(decoded.error(), 300);
    return 0;
  }
  check_limits(input, record);

  // The other codec's bytes of the same record decode to the same, and are the input's, unless that has
  // entries in its extension which we skip, or an empty attribute part.
  std::string written;
  sandbox::plain_buffer::append_header(written);
  const pipeline::Sequence& sequence = record.sequence;
  sandbox::plain_buffer::append_row(
      row_of(record),
      sandbox::plain_buffer::SequenceInfo{sequence.epoch, sequence.time_us, sequence.row_index}, written);
  fuzz::check(decode_record(written, again).has_value() && same(record, again));
  if (written.size() == input.size()) fuzz::check(written == input);
  fuzz::check(sandbox::plain_buffer::decode_key(input).size() == record.key_cells);
  return 0;
}
