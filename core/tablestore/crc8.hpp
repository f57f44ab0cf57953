#pragma once
// The checksum of PlainBuffer cells and rows: CRC-8 with polynomial x^8+x^2+x+1, most significant bit first,
// no reflection, no final xor. Eight bytes a step, because every byte of a change stream goes through it.

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::tablestore {

namespace detail {

using Crc8Tables = std::array<std::array<std::uint8_t, 256>, 8>;

// tables[k][b] is the checksum of byte b followed by k zero bytes. Checksums of bytes at different places of
// a word add up by xor, so a word needs eight independent look-ups instead of a chain of eight.
constexpr Crc8Tables make_crc8_tables() {
  Crc8Tables tables{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x80U) != 0 ? (crc << 1U) ^ 0x07U : crc << 1U;
    tables[0][byte] = static_cast<std::uint8_t>(crc & 0xffU);
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) tables[k][byte] = tables[0][tables[k - 1][byte]];
  }
  return tables;
}

inline constexpr Crc8Tables kCrc8Tables = make_crc8_tables();

}  // namespace detail

// Feeds one byte.
inline std::uint8_t crc8(std::uint8_t crc, std::uint8_t byte) noexcept {
  return detail::kCrc8Tables[0][static_cast<std::uint8_t>(crc ^ byte)];
}

// Feeds eight bytes given as a little-endian number.
inline std::uint8_t crc8_word(std::uint8_t crc, std::uint64_t word) noexcept {
  const auto& table = detail::kCrc8Tables;
  const std::uint64_t x = word ^ crc;
  const unsigned low = table[7][x & 0xff] ^ table[6][(x >> 8) & 0xff] ^ table[5][(x >> 16) & 0xff] ^
                       table[4][(x >> 24) & 0xff];
  const unsigned high = table[3][(x >> 32) & 0xff] ^ table[2][(x >> 40) & 0xff] ^ table[1][(x >> 48) & 0xff] ^
                        table[0][x >> 56];
  return static_cast<std::uint8_t>(low ^ high);
}

// Feeds `bytes`. The 8 bytes before their end must be readable, also where `bytes` is shorter: the rest of a
// last, incomplete word is fed in one step as well, with what stands in front of it masked out. Inline,
// because a call costs as much as a short name.
[[gnu::always_inline]] inline std::uint8_t crc8(std::uint8_t crc, std::string_view bytes) noexcept {
  static_assert(std::endian::native == std::endian::little, "the byte order of crc8_word()");
  const char* data = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t word = 0;
  for (; left >= 8; left -= 8, data += 8) {
    std::memcpy(&word, data, sizeof word);
    crc = crc8_word(crc, word);
  }
  if (left == 0) return crc;
  std::memcpy(&word, data + left - sizeof word, sizeof word);
  // Leading zeros leave a checksum of 0 as it is, so `crc` joins at the first byte that counts.
  const std::size_t foreign_bits = 8 * (8 - left);
  return crc8_word(0, ((word >> foreign_bits) ^ crc) << foreign_bits);
}

}  // namespace sluice::tablestore
