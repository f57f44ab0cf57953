#include "core/tablestore/row_codec.hpp"

#include "core/tablestore/crc8.hpp"
#include "core/tablestore/wire_reader.hpp"

#include <fmt/format.h>

#include <cassert>

namespace sluice::tablestore {
namespace {

// Writes a header and one row. Tags and value types are those of plain_buffer.cpp.
class RowWriter {
 public:
  RowWriter() { number(std::uint32_t{0x75}); }

  void key(const Key& key) {
    out_ += '\x01';
    for (const KeyCell& cell : key) {
      begin_cell(cell.name);
      switch (cell.kind) {
        case KeyCell::Kind::integer:
          integer(cell.integer);
          break;
        case KeyCell::Kind::string:
          text('\x03', cell.text);
          break;
        case KeyCell::Kind::binary:
          text('\x07', cell.text);
          break;
        case KeyCell::Kind::least:
          bound('\x09');
          break;
        case KeyCell::Kind::greatest:
          bound('\x0a');
          break;
      }
      end_cell();
    }
  }

  void attributes(const std::vector<AttributeCell>& cells) {
    if (!cells.empty()) out_ += '\x02';
    for (const AttributeCell& cell : cells) {
      begin_cell(cell.name);
      switch (cell.kind) {
        case AttributeCell::Kind::integer:
          integer(cell.integer);
          break;
        case AttributeCell::Kind::string:
          text('\x03', cell.text);
          break;
        case AttributeCell::Kind::binary:
          text('\x07', cell.text);
          break;
      }
      end_cell();
    }
  }

  std::string finish(bool deletion) {
    if (deletion) out_ += '\x08';
    out_ += {'\x09', static_cast<char>(crc8(row_crc_, std::uint8_t{deletion}))};
    return std::move(out_);
  }

 private:
  void begin_cell(const std::string& name) {
    assert(!name.empty());
    out_ += "\x03\x04";
    number(static_cast<std::uint32_t>(name.size()));
    out_ += name;
    crc_ = crc8(0, std::string_view(out_).substr(out_.size() - name.size()));
  }

  void end_cell() {
    out_ += {'\x0a', static_cast<char>(crc_)};
    row_crc_ = crc8(row_crc_, crc_);
  }

  // The length of a value of `payload` bytes, and its type.
  void begin_value(char type, std::size_t payload) {
    out_ += '\x05';
    number(static_cast<std::uint32_t>(payload + 1));
    value_at_ = out_.size();
    out_ += type;
  }
  void end_value() { crc_ = crc8(crc_, std::string_view(out_).substr(value_at_)); }

  void integer(std::int64_t value) {
    begin_value('\x00', sizeof value);
    number(value);
    end_value();
  }

  void text(char type, const std::string& value) {
    begin_value(type, sizeof(std::uint32_t) + value.size());
    number(static_cast<std::uint32_t>(value.size()));
    out_ += value;
    end_value();
  }

  void bound(char type) {
    begin_value(type, 0);
    end_value();
  }

  template <class Number>
  void number(Number value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string out_;
  std::size_t value_at_ = 0;
  std::uint8_t crc_ = 0;
  std::uint8_t row_crc_ = 0;
};

KeyCell key_cell(const Cell& cell) {
  KeyCell out;
  out.name = cell.name;
  switch (cell.value.type) {
    case pipeline::ValueType::integer:
      out.kind = KeyCell::Kind::integer;
      out.integer = cell.value.integer;
      break;
    case pipeline::ValueType::null:
      out.kind = cell.value.integer < 0 ? KeyCell::Kind::least : KeyCell::Kind::greatest;
      break;
    case pipeline::ValueType::binary:
      out.kind = KeyCell::Kind::binary;
      out.text = cell.value.text;
      break;
    default:
      out.kind = KeyCell::Kind::string;
      out.text = cell.value.text;
  }
  return out;
}

// Field numbers of GetRangeResponse (ots.proto).
namespace range_field {
constexpr std::uint64_t kConsumed = 1;
constexpr std::uint64_t kRows = 2;
constexpr std::uint64_t kNextKey = 3;
constexpr std::uint64_t kNextToken = 4;
constexpr std::uint64_t kBlockType = 5;
constexpr std::uint64_t kCompression = 6;
}  // namespace range_field

// False after reader.fail().
bool read_range_field(WireReader& reader, const Field& field, std::string_view& rows,
                      std::string_view& next) {
  const bool is_bytes = field.type == WireType::bytes;
  switch (field.number) {
    case range_field::kConsumed:
      return is_bytes || reader.fail("capacity that is not a message");
    case range_field::kRows:
      rows = field.bytes;
      return is_bytes || reader.fail("rows that are not bytes");
    case range_field::kNextKey:
      next = field.bytes;
      return is_bytes || reader.fail("a next key that is not bytes");
    case range_field::kNextToken:
      // Only reads of a row's columns by name and limit are cut inside a row. Going on behind it would lose
      // the rest.
      return field.bytes.empty() || reader.fail("a row that is cut");
    case range_field::kBlockType:
      return field.varint == 0 || reader.fail("rows that are not plain buffers");
    case range_field::kCompression:
      return field.varint == 0 || reader.fail("rows that are compressed");
    default:
      return true;
  }
}

}  // namespace

std::string encode_key(const Key& key) {
  RowWriter writer;
  writer.key(key);
  return writer.finish(false);
}

std::string encode_row(const Key& key, const std::vector<AttributeCell>& cells) {
  RowWriter writer;
  writer.key(key);
  writer.attributes(cells);
  return writer.finish(false);
}

std::string encode_deletion(const Key& key) {
  RowWriter writer;
  writer.key(key);
  return writer.finish(true);
}

Result<Key> decode_key(std::string_view bytes) {
  DecodedRecord record;
  if (const auto decoded = decode_bare_key(bytes, record); decoded.has_error()) return decoded.error();
  Key key;
  for (const Cell& cell : record.cells) key.push_back(key_cell(cell));
  return key;
}

Result<bool> RowReader::next(DecodedRecord& record) {
  if (at_ == rows_.size()) return false;
  const auto end = decode_row(rows_, at_, record);
  if (end.has_error()) return end.error();
  at_ = *end;
  return true;
}

Result<RowPage> decode_row_page(std::string body) {
  RowPage page;
  page.body = std::move(body);
  // Longer than any short-string buffer, so that moving the page moves a pointer and not the bytes.
  page.body.reserve(64);
  WireReader reader(page.body);
  std::string_view next;
  Field field;
  bool has_rows = false;
  while (reader.next(field) && read_range_field(reader, field, page.rows, next)) {
    has_rows = has_rows || field.number == range_field::kRows;
  }
  if (reader.problem() == nullptr && !has_rows) reader.fail("no rows");
  if (reader.problem() != nullptr) {
    return Error(Errc::corrupt, fmt::format("decode page of {} bytes: {} at byte {}", page.body.size(),
                                            reader.problem(), reader.position() - page.body.data()));
  }
  if (next.empty()) return page;
  auto key = decode_key(next);
  if (key.has_error()) return key.error().in(fmt::format("decode page of {} bytes", page.body.size()));
  page.next = *std::move(key);
  return page;
}

}  // namespace sluice::tablestore
