#include "core/tablestore/page_decoder.hpp"

#include <fmt/format.h>

namespace sluice::tablestore {
namespace {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
  std::uint64_t number = 0;
  WireType type = WireType::varint;
  std::uint64_t varint = 0;  // of a varint
  std::string_view bytes;    // of a length-delimited field; points into the message
};

// Walks over the fields of one serialized message.
class WireReader {
 public:
  explicit WireReader(std::string_view message) : message_(message) {}

  // The next field. False at the end, and when the message is broken: then problem() is set.
  bool next(Field& field) {
    if (at_ == message_.size()) return false;
    std::uint64_t tag = 0;
    if (!read_varint(tag)) return false;
    if (tag > 0xffffffffU || tag >> 3 == 0) return fail("invalid field number");
    field.number = tag >> 3;
    switch (tag & 7U) {
      case 0:
        field.type = WireType::varint;
        return read_varint(field.varint);
      case 1:
        field.type = WireType::fixed64;
        return take(8, field.bytes);
      case 2: {
        field.type = WireType::bytes;
        std::uint64_t length = 0;
        return read_varint(length) && take(length, field.bytes);
      }
      case 5:
        field.type = WireType::fixed32;
        return take(4, field.bytes);
      default:  // groups were given up before this protocol was made
        return fail("invalid wire type");
    }
  }

  const char* problem() const noexcept { return problem_; }
  const char* position() const noexcept { return message_.data() + at_; }
  bool fail(const char* problem) {
    problem_ = problem;
    return false;
  }

 private:
  bool read_varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == message_.size()) return fail("ends inside a number");
      const auto byte = static_cast<unsigned char>(message_[at_++]);
      if (shift == 63 && byte > 1) return fail("a number of more than 64 bits");
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return true;
    }
    return fail("a number of more than 64 bits");
  }

  bool take(std::uint64_t length, std::string_view& bytes) {
    if (length > message_.size() - at_) return fail("a length beyond the end");
    bytes = message_.substr(at_, length);
    at_ += length;
    return true;
  }

  std::string_view message_;
  std::size_t at_ = 0;
  const char* problem_ = nullptr;
};

// Field numbers of GetStreamRecordResponse and its StreamRecord (ots.proto).
namespace page_field {
constexpr std::uint64_t kRecord = 1;
constexpr std::uint64_t kNextIterator = 2;
constexpr std::uint64_t kConsumed = 3;
constexpr std::uint64_t kMayMore = 4;
}  // namespace page_field
namespace record_field {
constexpr std::uint64_t kAction = 1;
constexpr std::uint64_t kRow = 2;
constexpr std::uint64_t kOriginRow = 3;
}  // namespace record_field

bool read_record(WireReader& reader, StreamRecord& record) {
  Field field;
  bool has_action = false;
  bool has_row = false;
  while (reader.next(field)) {
    if (field.number == record_field::kAction) {
      if (field.type != WireType::varint) return reader.fail("an action that is not a number");
      if (field.varint < 1 || field.varint > 3) return reader.fail("an unknown action");
      record.action = static_cast<Action>(field.varint);
      has_action = true;
    } else if (field.number == record_field::kRow) {
      if (field.type != WireType::bytes) return reader.fail("a row that is not bytes");
      record.record = field.bytes;
      has_row = true;
    } else if (field.number == record_field::kOriginRow && field.type != WireType::bytes) {
      return reader.fail("an origin row that is not bytes");
    }
  }
  if (reader.problem() != nullptr) return false;
  if (!has_action) return reader.fail("a record without action");
  if (!has_row) return reader.fail("a record without row");
  return true;
}

Error broken(const std::string& body, const WireReader& reader) {
  return Error(Errc::corrupt, fmt::format("decode stream page of {} bytes: {} at byte {}", body.size(),
                                          reader.problem(), reader.position() - body.data()));
}

}  // namespace

Result<StreamPage> decode_page(std::string body) {
  StreamPage page;
  page.body = std::move(body);
  // Longer than any short-string buffer, so that moving the page moves a pointer and not the bytes.
  page.body.reserve(64);
  WireReader reader(page.body);
  Field field;
  while (reader.next(field)) {
    const bool is_bytes = field.type == WireType::bytes;
    switch (field.number) {
      case page_field::kRecord: {
        if (!is_bytes) reader.fail("a record that is not a message");
        if (page.records.size() == kPageRecordsMax) reader.fail("too many records");
        if (reader.problem() != nullptr) return broken(page.body, reader);
        WireReader inner(field.bytes);
        if (!read_record(inner, page.records.emplace_back())) return broken(page.body, inner);
        break;
      }
      case page_field::kNextIterator:
        if (!is_bytes) reader.fail("an iterator that is not text");
        page.next_iterator.emplace(field.bytes);
        break;
      case page_field::kConsumed:
        if (!is_bytes) reader.fail("capacity that is not a message");
        break;
      case page_field::kMayMore:
        if (field.type != WireType::varint) reader.fail("may_more_record is not a number");
        page.may_more = field.varint != 0;
        break;
      default:
        break;
    }
    if (reader.problem() != nullptr) break;
  }
  if (reader.problem() != nullptr) return broken(page.body, reader);
  return page;
}

}  // namespace sluice::tablestore
