#pragma once
// Reads a serialized protobuf message field by field, in place. For the answers whose rows or records are not
// to be copied; generated code reads the others.

#include <cstdint>
#include <string_view>

namespace sluice::tablestore {

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

}  // namespace sluice::tablestore
