#include "core/tablestore/page_decoder.hpp"

#include "core/base/utf8.hpp"
#include "core/tablestore/wire_reader.hpp"

#include <fmt/format.h>

namespace sluice::tablestore {
namespace {

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
        // It is kept in state, which is JSON.
        if (!is_bytes || !is_utf8_text(field.bytes)) reader.fail("an iterator that is not text");
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
