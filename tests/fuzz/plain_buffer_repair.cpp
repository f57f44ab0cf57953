#include "tests/fuzz/plain_buffer_repair.hpp"

#include <cstring>
#include <string_view>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

namespace sluice::fuzz {
namespace {

// Bit by bit, unlike the table of the decoder: an error in one of them shows.
std::uint8_t crc_of(std::uint8_t crc, const std::uint8_t* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    unsigned value = crc ^ bytes[i];
    for (int bit = 0; bit < 8; ++bit) value = (value & 0x80U) != 0 ? (value << 1U) ^ 0x07U : value << 1U;
    crc = static_cast<std::uint8_t>(value);
  }
  return crc;
}

class Walk {
 public:
  Walk(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  // One row from the key's tag on. False where the bytes cannot be walked any further.
  bool row() {
    std::uint8_t row_crc = 0;
    if (!skip_tag(1)) return false;
    while (is(3) || is(2)) {
      if (skip_tag(2)) continue;
      if (!cell(row_crc)) return false;
    }
    const std::uint8_t deleted = skip_tag(8) ? 1 : 0;
    row_crc = crc_of(row_crc, &deleted, 1);
    if (skip_tag(0x0b)) {
      std::size_t length = 0;
      if (!prefix(length)) return false;
      at_ += length;
    }
    return set_checksum(9, row_crc);
  }

  bool at_end() const { return at_ >= size_; }
  void skip(std::size_t bytes) { at_ += bytes; }

 private:
  bool is(std::uint8_t tag) const { return at_ < size_ && data_[at_] == tag; }
  bool skip_tag(std::uint8_t tag) {
    if (!is(tag)) return false;
    ++at_;
    return true;
  }

  // A length whose bytes are all there.
  bool prefix(std::size_t& length) {
    std::uint32_t value = 0;
    if (size_ - at_ < sizeof value) return false;
    std::memcpy(&value, data_ + at_, sizeof value);
    at_ += sizeof value;
    length = value;
    return length <= size_ - at_;
  }

  bool cell(std::uint8_t& row_crc) {
    std::uint8_t crc = 0;
    std::size_t length = 0;
    ++at_;
    if (!skip_tag(4) || !prefix(length)) return false;
    crc = crc_of(crc, data_ + at_, length);
    at_ += length;
    if (skip_tag(5)) {
      if (!prefix(length)) return false;
      crc = crc_of(crc, data_ + at_, length);
      at_ += length;
    }
    const std::uint8_t* op = nullptr;
    if (skip_tag(6)) {
      if (at_end()) return false;
      op = data_ + at_++;
    }
    if (skip_tag(7)) {
      if (size_ - at_ < 8) return false;
      crc = crc_of(crc, data_ + at_, 8);
      at_ += 8;
    }
    if (op != nullptr) crc = crc_of(crc, op, 1);
    row_crc = crc_of(row_crc, &crc, 1);
    return set_checksum(0x0a, crc);
  }

  bool set_checksum(std::uint8_t tag, std::uint8_t crc) {
    if (!skip_tag(tag) || at_end()) return false;
    data_[at_++] = crc;
    return true;
  }

  std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

}  // namespace

void repair_checksums(std::uint8_t* data, std::size_t size) {
  // Wherever a row's header stands: inside a page it is not at the beginning.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kStart("\x75\0\0\0\1", 5);
  for (std::size_t at = text.find(kStart); at != std::string_view::npos; at = text.find(kStart, at + 1)) {
    Walk walk(data + at + 4, size - at - 4);
    while (!walk.at_end() && walk.row()) {
    }
  }
}

std::size_t mutate_plain_buffer(std::uint8_t* data, std::size_t size, std::size_t size_max, unsigned seed) {
  const std::size_t mutated = LLVMFuzzerMutate(data, size, size_max);
  if (seed % 8 != 0) repair_checksums(data, mutated);
  return mutated;
}

}  // namespace sluice::fuzz
