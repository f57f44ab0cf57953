#include "tests/sandbox/plain_buffer.hpp"
#include "tests/sandbox/refusal.hpp"

#include <fmt/format.h>

#include <cstring>

namespace sluice::sandbox::plain_buffer {
namespace {

enum Tag : std::uint8_t {
  kRowKey = 1,
  kRowData = 2,
  kCell = 3,
  kCellName = 4,
  kCellValue = 5,
  kCellType = 6,
  kCellTimestamp = 7,
  kDeleteMarker = 8,
  kRowChecksum = 9,
  kCellChecksum = 10
};

Refusal broken(std::string_view what) { return invalid(fmt::format("Cell data broken, {}", what)); }

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  bool only_zeros_left() const { return rest_.find_first_not_of('\0') == std::string_view::npos; }
  int peek() const { return rest_.empty() ? -1 : static_cast<unsigned char>(rest_.front()); }

  bool take_tag(Tag tag) {
    if (peek() != tag) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect_tag(Tag tag) {
    if (!take_tag(tag))
      throw broken(fmt::format("mismatch tag, actual tag({}), expect({}).", peek(), static_cast<int>(tag)));
  }

  template <class T>
  T number() {
    T out;
    std::memcpy(&out, take(sizeof(T)).data(), sizeof(T));
    return out;
  }

  std::string_view take(std::size_t length) {
    if (length > rest_.size()) throw broken(fmt::format("wrong string format, size: {}.", length));
    const std::string_view out = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return out;
  }

  // A length that precedes bytes; negative on the wire is over any limit here.
  std::string_view take_prefixed() { return take(number<std::uint32_t>()); }

 private:
  std::string_view rest_;
};

Value read_variant(Reader& in) {
  Value out;
  out.type = static_cast<ValueType>(in.number<std::uint8_t>());
  switch (out.type) {
    case ValueType::integer:
      out.integer = in.number<std::int64_t>();
      break;
    case ValueType::real:
      out.real = in.number<double>();
      break;
    case ValueType::boolean:
      out.integer = in.number<std::uint8_t>();
      if (out.integer > 1) throw invalid("Invalid boolean real value, value length: 1.");
      break;
    case ValueType::string:
    case ValueType::blob:
      out.text = std::string(in.take_prefixed());
      break;
    case ValueType::inf_min:
    case ValueType::inf_max:
    case ValueType::auto_increment:
      break;
    default:
      throw invalid("data format is invalid, unknown variant type occured.");
  }
  return out;
}

void check(std::uint8_t expected, std::uint8_t actual) {
  if (expected != actual)
    throw broken(
        fmt::format("checksum is mismatch, {} :{}", static_cast<int>(actual), static_cast<int>(expected)));
}

CellOp read_op(Reader& in) {
  const auto raw = in.number<std::uint8_t>();
  if (raw != 1 && raw != 3 && raw != 4) throw invalid("data format is invalid.");
  return static_cast<CellOp>(raw);
}

Cell read_cell(Reader& in, std::uint8_t& row_crc) {
  Cell cell;
  if (!in.take_tag(kCellName)) throw broken("attr has no name.");
  cell.name = std::string(in.take_prefixed());
  std::uint8_t crc = crc8(0, cell.name);
  if (in.take_tag(kCellValue)) {
    const std::string_view variant = in.take_prefixed();
    Reader inner(variant);
    cell.value = read_variant(inner);
    if (!inner.at_end()) throw broken("has more data in cell, but they can't be parsed.");
    crc = crc8(crc, variant);
  }
  if (in.take_tag(kCellType)) cell.op = read_op(in);
  if (in.take_tag(kCellTimestamp)) {
    cell.timestamp = in.number<std::int64_t>();
    char raw[8];
    std::memcpy(raw, &*cell.timestamp, sizeof raw);
    crc = crc8(crc, std::string_view(raw, sizeof raw));
  }
  if (cell.op != CellOp::put) {
    const char raw = static_cast<char>(cell.op);
    crc = crc8(crc, std::string_view(&raw, 1));
  }
  if (!in.take_tag(kCellChecksum)) throw broken("cell is not end with checksum[0x0A] tag.");
  check(crc, in.number<std::uint8_t>());
  const char raw = static_cast<char>(crc);
  row_crc = crc8(row_crc, std::string_view(&raw, 1));
  return cell;
}

void check_key_cell(const Cell& cell) {
  if (!cell.value) throw broken(fmt::format("PK value cannot be NULL, name: {}.", cell.name));
  if (cell.op != CellOp::put)
    throw invalid(fmt::format("OpType cannot be given for primary key name :{}.", cell.name));
  if (cell.timestamp)
    throw invalid(fmt::format("Timestamp cannot be given for primary key name:{}.", cell.name));
  const ValueType type = cell.value->type;
  if (type == ValueType::real || type == ValueType::boolean)
    throw invalid(fmt::format("Unknown or unsupported CellType in primary key: {}.", cell.name));
}

std::vector<Cell> read_key(Reader& in, std::uint8_t& crc) {
  const auto header = in.number<std::uint32_t>();
  if (header != 0x75) throw broken(fmt::format("mismatch header, actual: {} , expect: {}.", header, 0x75));
  std::vector<Cell> key;
  in.expect_tag(kRowKey);
  while (in.take_tag(kCell)) {
    key.push_back(read_cell(in, crc));
    check_key_cell(key.back());
  }
  if (key.empty()) throw broken("PK is empty.");
  return key;
}

}  // namespace

WireRow decode_row(std::string_view bytes) {
  Reader in(bytes);
  WireRow row;
  std::uint8_t crc = 0;
  row.key = read_key(in, crc);
  if (in.take_tag(kRowData)) {
    while (in.take_tag(kCell)) row.cells.push_back(read_cell(in, crc));
    if (row.cells.empty()) throw broken("no Cells follow CellTag.");
  }
  row.delete_marker = in.take_tag(kDeleteMarker);
  if (!in.take_tag(kRowChecksum)) throw broken("row is not end with checksum tag.");
  const char marker = row.delete_marker ? '\1' : '\0';
  check(crc8(crc, std::string_view(&marker, 1)), in.number<std::uint8_t>());
  // The Node SDK makes some buffers too long and leaves zeros at their end; the service takes them.
  if (!in.only_zeros_left()) throw invalid("data format is invalid.");
  return row;
}

Key decode_key(std::string_view bytes) {
  Reader in(bytes);
  std::uint8_t crc = 0;
  Key key;
  for (const Cell& cell : read_key(in, crc)) key.push_back(*cell.value);
  return key;
}

Value decode_variant(std::string_view bytes) {
  Reader in(bytes);
  const Value value = read_variant(in);
  if (!in.at_end()) throw invalid("data format is invalid.");
  return value;
}

}  // namespace sluice::sandbox::plain_buffer
