#pragma once
// UTF-8, a sequence at a time.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::format {

// Bytes of the sequence at the head of a text: whole and valid, or broken (then its longest valid beginning,
// at least 1). Surrogates in three bytes count as one broken sequence, as the original's decoder has it.
struct Sequence {
  std::size_t length;
  bool valid;
};

inline bool continues_sequence(unsigned char byte) { return (byte & 0xc0) == 0x80; }

// `bytes` is not empty.
inline Sequence sequence_at(std::string_view bytes) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(bytes[index]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  if (bytes.size() < 2 || !continues_sequence(byte(1))) return {1, false};
  if (lead < 0xe0) return {2, true};
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90) ||
      (lead == 0xf4 && byte(1) > 0x8f)) {
    return {1, false};
  }
  if (bytes.size() < 3 || !continues_sequence(byte(2))) return {2, false};
  if (lead < 0xf0) return {3, !(lead == 0xed && byte(1) > 0x9f)};
  if (bytes.size() < 4 || !continues_sequence(byte(3))) return {3, false};
  return {4, true};
}

// The code point of a valid sequence of `length` bytes.
inline std::uint32_t code_point_at(const char* bytes, std::size_t length) {
  const auto byte = [&](std::size_t index) {
    return std::uint32_t{static_cast<unsigned char>(bytes[index])};
  };
  switch (length) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
    case 3:
      return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    default:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
  }
}

// The sequence at the head of `bytes` (not empty) and its code point, the frequent three bytes first.
struct Decoded {
  std::uint32_t code_point;
  std::size_t length;  // 0: not UTF-8
};

inline Decoded decode_at(std::string_view bytes) {
  const auto byte = [&](std::size_t index) {
    return std::uint32_t{static_cast<unsigned char>(bytes[index])};
  };
  if (bytes.size() >= 3 && (byte(0) & 0xf0) == 0xe0) {
    const std::uint32_t code = (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    const bool continued = ((byte(1) ^ 0x80) | (byte(2) ^ 0x80)) < 0x40;
    if (continued && code >= 0x800 && (code & 0xf800) != 0xd800) return {code, 3};
    return {0, 0};
  }
  const Sequence sequence = sequence_at(bytes);
  if (!sequence.valid) return {0, 0};
  return {code_point_at(bytes.data(), sequence.length), sequence.length};
}

inline bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = decode_at(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace sluice::format
