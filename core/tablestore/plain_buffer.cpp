#include "core/tablestore/plain_buffer.hpp"

#include "core/tablestore/crc8.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

namespace sluice::tablestore {
namespace {

enum Tag : std::uint8_t {
  kRowKey = 0x01,
  kRowData = 0x02,
  kCell = 0x03,
  kCellName = 0x04,
  kCellValue = 0x05,
  kCellOp = 0x06,
  kCellTimestamp = 0x07,
  kDeleteMarker = 0x08,
  kRowChecksum = 0x09,
  kCellChecksum = 0x0a,
  kExtension = 0x0b,
  kSequence = 0x0c,
  kEpoch = 0x0d,
  kTime = 0x0e,
  kRowIndex = 0x0f,
};

enum Variant : std::uint8_t {
  kInteger = 0,
  kDouble = 1,
  kBoolean = 2,
  kString = 3,
  kBlob = 7,
  kInfMin = 9,
  kInfMax = 10,
};

constexpr std::uint32_t kHeader = 0x75;
constexpr std::size_t kSequenceBytes = 19;
// Cell timestamps are milliseconds that still fit when counted in microseconds.
constexpr std::int64_t kTimestampMax = std::numeric_limits<std::int64_t>::max() / 1000;

// What is decoded: a stream's record, one row of a read's page, a bare key. Compiled for each, so that none
// pays for the others.
enum class Shape : std::uint8_t { record, row, key };

// Walks over one row. Steps return false after fail(), and the caller then returns false as well.
template <Shape shape>
class Decoder {
 public:
  // Begins at offset `at` of `bytes`.
  Decoder(std::string_view bytes, std::size_t at, DecodedRecord& record)
      : begin_(bytes.data()), at_(bytes.data() + at), end_(bytes.data() + bytes.size()), record_(record) {}

  Result<void> run() {
    record_.cells.clear();
    record_.key_cells = 0;
    record_.delete_marker = false;
    if (shape != Shape::record) record_.sequence = {};
    if (header() && key() && attributes() && tail()) return {};
    return Error(Errc::corrupt, kDoing + failure_);
  }

  // After run(): the offset behind what was decoded.
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  // The rows of a page share one header.
  bool header() {
    if (shape != Shape::row || at_ == begin_) {
      std::uint32_t value = 0;
      if (!number(value, "the header")) return false;
      if (value != kHeader) return fail(at_ - 4, "header 0x00000075", fmt::format("{:#010x}", value));
    }
    return tag(kRowKey, "the key part (tag 0x01)");
  }

  bool key() {
    while (next_is(kCell)) {
      if (record_.cells.size() == kKeyCellsMax) return fail(at_, "at most 16 key cells", "one more");
      if (!cell(true)) return false;
    }
    record_.key_cells = record_.cells.size();
    return record_.key_cells > 0 || fail_here("a key cell (tag 0x03)");
  }

  bool attributes() {
    if (shape == Shape::key || !next_is(kRowData)) return true;
    ++at_;
    constexpr std::size_t kMax = shape == Shape::row ? kRowAttributeCellsMax : kAttributeCellsMax;
    const std::size_t cells_max = record_.key_cells + kMax;
    while (next_is(kCell)) {
      if (record_.cells.size() == cells_max) {
        return fail(at_, fmt::format("at most {} attribute cells", kMax), "one more");
      }
      if (!cell(false)) return false;
    }
    return true;
  }

  // Delete marker and extension of a record, row checksum, and nothing behind unless it is a page's row.
  bool tail() {
    if (shape == Shape::record && next_is(kDeleteMarker)) {
      record_.delete_marker = true;
      ++at_;
    }
    row_crc_ = crc8(row_crc_, std::uint8_t{record_.delete_marker});
    if (shape == Shape::record && !extension()) return false;
    if (!tag(kRowChecksum, "the row checksum (tag 0x09)") || !checksum(row_crc_, "row checksum"))
      return false;
    if (shape == Shape::row || at_ == end_) return true;
    return fail(at_, kEnd, fmt::format("{} more bytes", end_ - at_));
  }

  bool cell(bool is_key) {
    ++at_;  // the tag, seen by the caller
    Cell& cell = record_.cells.emplace_back();
    if (!tag(kCellName, "a cell name (tag 0x04)") || !name(cell.name)) return false;
    std::uint8_t crc = crc8(0, cell.name);
    const bool has_value = next_is(kCellValue);
    if (has_value && !value(cell.value, crc)) return false;
    if (is_key) {
      if (!has_value) return fail_here("a value of the key cell (tag 0x05)");
      if (cell.value.type == pipeline::ValueType::real || cell.value.type == pipeline::ValueType::boolean) {
        return fail(at_, "a key value that is an integer, a string or binary", "another type");
      }
    } else if (!op_and_timestamp(cell, has_value, crc)) {
      return false;
    }
    if (!tag(kCellChecksum, "the cell checksum (tag 0x0a)")) return false;
    row_crc_ = crc8(row_crc_, crc);
    return checksum(crc, "cell checksum");
  }

  bool name(std::string_view& out) {
    std::uint32_t size = 0;
    if (!number(size, "the length of a cell name")) return false;
    if (size == 0 || size > kNameBytesMax) {
      return fail(at_ - 4, "a cell name of 1 to 255 bytes", fmt::format("{}", size));
    }
    return bytes(out, size, "a cell name");
  }

  // The value and everything the checksum covers of it: type byte and payload.
  bool value(pipeline::Value& out, std::uint8_t& crc) {
    ++at_;  // the tag, seen by the caller
    std::uint32_t total = 0;
    if (!number(total, "the length of a value")) return false;
    if (total == 0 || total > left()) {
      return fail(at_ - 4, fmt::format("a value of 1 to {} bytes", left()), fmt::format("{}", total));
    }
    const char* const start = at_;
    const auto type = static_cast<std::uint8_t>(*at_++);
    if (!payload(out, type, total - 1)) return false;
    crc = crc8(crc, std::string_view(start, total));
    return true;
  }

  // `size` bytes are there.
  bool payload(pipeline::Value& out, std::uint8_t type, std::uint32_t size) {
    switch (type) {
      case kInteger:
        out.type = pipeline::ValueType::integer;
        return fixed(size, 8, "an integer") && number(out.integer, "an integer");
      case kDouble:
        return fixed(size, 8, "a double") && real(out);
      case kBoolean:
        return fixed(size, 1, "a boolean") && boolean(out);
      case kString:
      case kBlob:
        out.type = type == kString ? pipeline::ValueType::string : pipeline::ValueType::binary;
        return text(out.text, size);
      default:
        return shape == Shape::key ? bound(out, type, size) : fail_variant(type);
    }
  }

  bool bound(pipeline::Value& out, std::uint8_t type, std::uint32_t size) {
    if (type != kInfMin && type != kInfMax) return fail_variant(type);
    out.integer = type == kInfMin ? -1 : 1;
    return fixed(size, 0, "a bound");
  }

  bool real(pipeline::Value& out) {
    std::uint64_t bits = 0;
    if (!number(bits, "a double")) return false;
    out.type = pipeline::ValueType::real;
    out.real = std::bit_cast<double>(bits);
    return true;
  }

  bool boolean(pipeline::Value& out) {
    const auto byte = static_cast<std::uint8_t>(*at_);
    if (byte > 1) return fail(at_, "a boolean of 0 or 1", fmt::format("{}", byte));
    ++at_;
    out.type = pipeline::ValueType::boolean;
    out.boolean = byte == 1;
    return true;
  }

  bool text(std::string_view& out, std::uint32_t size) {
    if (size < 4) return fail(at_ - 1, "a text of at least 5 bytes in all", fmt::format("{}", size + 1));
    std::uint32_t length = 0;
    if (!number(length, "the length of a text")) return false;
    if (length != size - 4) {
      return fail(at_ - 4, fmt::format("text length {}", size - 4), fmt::format("{}", length));
    }
    return bytes(out, length, "a text");
  }

  // What a read returns was put; the version may be left out.
  bool version(Cell& cell, bool has_value, std::uint8_t& crc) {
    if (!has_value) return fail_here("a value of the cell (tag 0x05)");
    return !next_is(kCellTimestamp) || timestamp(cell.timestamp_ms, crc);
  }

  // In the bytes the operation comes first, in the checksum the timestamp.
  bool op_and_timestamp(Cell& cell, bool has_value, std::uint8_t& crc) {
    if constexpr (shape == Shape::row) return version(cell, has_value, crc);
    std::optional<std::uint8_t> op;
    if (next_is(kCellOp)) {
      ++at_;
      if (left() < 1) return fail(at_, "a cell operation", kEnd);
      op = static_cast<std::uint8_t>(*at_++);
      if (*op != 1 && *op != 3) {
        return fail(at_ - 1, "a cell operation of the change log (0x01 or 0x03)",
                    fmt::format("{:#04x}", *op));
      }
    }
    const bool has_timestamp = next_is(kCellTimestamp);
    if (has_timestamp && !timestamp(cell.timestamp_ms, crc)) return false;
    if (!op) return (has_value && has_timestamp) || fail_here("a put cell with value and timestamp");
    crc = crc8(crc, *op);
    cell.op = *op == 1 ? CellOp::delete_all_versions : CellOp::delete_one_version;
    if (has_value) return fail(at_, "a delete cell without value", "a value");
    if (has_timestamp != (*op == 3)) {
      return fail(at_, *op == 3 ? "the version to delete (tag 0x07)" : "a delete of all versions without one",
                  has_timestamp ? "a timestamp" : found());
    }
    return true;
  }

  bool timestamp(std::int64_t& out, std::uint8_t& crc) {
    ++at_;  // the tag, seen by the caller
    if (!number(out, "a timestamp")) return false;
    if (out < 0 || out > kTimestampMax) {
      return fail(at_ - 8, "a timestamp of 0 to 9223372036854775 ms", fmt::format("{}", out));
    }
    crc = crc8_word(crc, static_cast<std::uint64_t>(out));
    return true;
  }

  // Unknown entries are skipped; the sequence information must be there, once.
  bool extension() {
    if (!tag(kExtension, "the extension with the sequence information (tag 0x0b)")) return false;
    const char* const start = at_ - 1;
    std::uint32_t size = 0;
    if (!number(size, "the length of the extension")) return false;
    if (size > left()) return fail(at_ - 4, fmt::format("at most {} bytes", left()), fmt::format("{}", size));
    const char* const extension_end = at_ + size;
    bool have_sequence = false;
    while (at_ != extension_end) {
      const auto entry = static_cast<std::uint8_t>(*at_++);
      std::uint32_t length = 0;
      if (extension_end - at_ < 4)
        return fail(at_, "the length of an extension entry", "the extension's end");
      if (!number(length, "the length of an extension entry")) return false;
      if (length > extension_end - at_) {
        return fail(at_ - 4, fmt::format("at most {} bytes", extension_end - at_), fmt::format("{}", length));
      }
      if (entry != kSequence) {
        at_ += length;
        continue;
      }
      if (have_sequence) return fail(at_ - 5, "one sequence information", "a second one");
      have_sequence = true;
      if (!sequence(length)) return false;
    }
    return have_sequence || fail(start, "sequence information (tag 0x0c)", "an extension without it");
  }

  bool sequence(std::uint32_t length) {
    if (length != kSequenceBytes) {
      return fail(at_ - 4, "19 bytes of sequence information", fmt::format("{}", length));
    }
    pipeline::Sequence& out = record_.sequence;
    if (!tag(kEpoch, "the epoch (tag 0x0d)") || !number(out.epoch, "the epoch")) return false;
    if (!tag(kTime, "the record time (tag 0x0e)") || !number(out.time_us, "the record time")) return false;
    if (out.time_us < kRecordTimeMin || out.time_us > kRecordTimeMax) {
      return fail(at_ - 8, fmt::format("a record time of {} to {} us", kRecordTimeMin, kRecordTimeMax),
                  fmt::format("{}", out.time_us));
    }
    return tag(kRowIndex, "the row index (tag 0x0f)") && number(out.row_index, "the row index");
  }

  bool next_is(Tag tag) const { return at_ != end_ && static_cast<std::uint8_t>(*at_) == tag; }

  bool tag(Tag tag, const char* expected) {
    if (!next_is(tag)) return fail_here(expected);
    ++at_;
    return true;
  }

  template <class Number>
  bool number(Number& out, const char* expected) {
    if (left() < sizeof out) return fail_short(expected, sizeof out);
    std::memcpy(&out, at_, sizeof out);
    at_ += sizeof out;
    return true;
  }

  bool bytes(std::string_view& out, std::uint32_t size, const char* expected) {
    if (size > left()) return fail_short(expected, size);
    out = std::string_view(at_, size);
    at_ += size;
    return true;
  }

  bool fixed(std::uint32_t size, std::uint32_t wanted, const char* what) {
    return size == wanted || fail(at_, fmt::format("{} of {} bytes", what, wanted), fmt::format("{}", size));
  }

  bool checksum(std::uint8_t wanted, const char* what) {
    if (left() < 1) return fail(at_, what, kEnd);
    const auto byte = static_cast<std::uint8_t>(*at_++);
    return byte == wanted || fail_checksum(what, wanted, byte);
  }

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  std::string found() const {
    return at_ == end_ ? kEnd : fmt::format("byte {:#04x}", static_cast<std::uint8_t>(*at_));
  }

  [[gnu::noinline, gnu::cold]] bool fail_here(const char* expected) { return fail(at_, expected, found()); }

  [[gnu::noinline, gnu::cold]] bool fail_variant(std::uint8_t type) {
    constexpr std::string_view kTypes =
        shape == Shape::key ? "0x00, 0x03, 0x07, 0x09 or 0x0a" : "0x00, 0x01, 0x02, 0x03 or 0x07";
    return fail(at_ - 1, fmt::format("a value type ({})", kTypes), fmt::format("{:#04x}", type));
  }

  [[gnu::noinline, gnu::cold]] bool fail_short(const char* expected, std::size_t size) {
    return fail(at_, fmt::format("{} of {} bytes", expected, size), fmt::format("only {} bytes", left()));
  }

  [[gnu::noinline, gnu::cold]] bool fail_checksum(const char* what, std::uint8_t wanted, std::uint8_t byte) {
    return fail(at_ - 1, fmt::format("{} {:#04x}", what, wanted), fmt::format("{:#04x}", byte));
  }

  // Failures are out of line: their texts must not weigh on the loop.
  [[gnu::noinline, gnu::cold]] bool fail(const char* where, std::string_view expected, std::string_view got) {
    failure_ = fmt::format("at offset {}: expected {}, got {}", where - begin_, expected, got);
    return false;
  }

  static constexpr const char* kDoing = shape == Shape::record ? "decode stream record: "
                                        : shape == Shape::row  ? "decode row: "
                                                               : "decode key: ";
  static constexpr const char* kEnd = shape == Shape::record ? "the end of the record"
                                      : shape == Shape::row  ? "the end of the page"
                                                             : "the end of the key";

  const char* begin_;
  const char* at_;
  const char* end_;
  DecodedRecord& record_;
  std::string failure_;
  std::uint8_t row_crc_ = 0;
};

static_assert(std::endian::native == std::endian::little, "numbers of the wire are copied as they are");

}  // namespace

Result<void> decode_record(std::string_view bytes, DecodedRecord& record) {
  return Decoder<Shape::record>(bytes, 0, record).run();
}

Result<std::size_t> decode_row(std::string_view page, std::size_t at, DecodedRecord& record) {
  Decoder<Shape::row> decoder(page, at, record);
  if (const auto decoded = decoder.run(); decoded.has_error()) return decoded.error();
  return decoder.position();
}

Result<void> decode_bare_key(std::string_view bytes, DecodedRecord& record) {
  return Decoder<Shape::key>(bytes, 0, record).run();
}

}  // namespace sluice::tablestore
