#include "core/base/crc64.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sluice {
namespace {

constexpr std::uint64_t kPolynomial = 0xC96C5795D7870F42;  // reflected

constexpr std::size_t kSlices = 8;
using Tables = std::array<std::array<std::uint64_t, 256>, kSlices>;

// tables[k][b]: what byte b does to the register once k more bytes have passed.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = value;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t value = tables[slice - 1][byte];
      tables[slice][byte] = (value >> 8) ^ tables[0][value & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

static_assert(std::endian::native == std::endian::little,
              "the eight-byte step reads words in little-endian order");

// Product of two polynomials modulo the CRC's, bits reflected (bit 63 is x^0).
constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 63; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kPolynomial : 0);
  }
  return product;
}

// x^(8 * 2^k): the effect of 2^k zero bytes.
constexpr std::array<std::uint64_t, 64> make_powers() {
  std::array<std::uint64_t, 64> powers{};
  powers[0] = std::uint64_t{1} << 55;
  for (std::size_t k = 1; k < powers.size(); ++k) powers[k] = multiply(powers[k - 1], powers[k - 1]);
  return powers;
}

constexpr std::array<std::uint64_t, 64> kPowers = make_powers();

// Takes the bytes into the register; 8 at a time.
std::uint64_t take_by_table(std::uint64_t crc, const char* at, std::size_t left) {
  for (; left >= kSlices; left -= kSlices, at += kSlices) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    word ^= crc;
    crc = kTables[7][word & 0xff] ^ kTables[6][(word >> 8) & 0xff] ^ kTables[5][(word >> 16) & 0xff] ^
          kTables[4][(word >> 24) & 0xff] ^ kTables[3][(word >> 32) & 0xff] ^
          kTables[2][(word >> 40) & 0xff] ^ kTables[1][(word >> 48) & 0xff] ^ kTables[0][word >> 56];
  }
  for (; left > 0; --left, ++at) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff];
  }
  return crc;
}

using Take = std::uint64_t (*)(std::uint64_t crc, const char* at, std::size_t left);

#if defined(__x86_64__)
// x^exponent modulo the CRC's polynomial.
constexpr std::uint64_t power_of_x(unsigned exponent) {
  std::uint64_t power = std::uint64_t{1} << 63;
  for (; exponent > 0; --exponent) power = (power >> 1) ^ ((power & 1) != 0 ? kPolynomial : 0);
  return power;
}

// Factors that carry 16 bytes over `bits` others: those of the first 8 bytes and of the last. A carry-less
// product of reflected numbers comes out multiplied by x, which the exponents make good.
template <unsigned bits>
__attribute__((target("pclmul"))) __m128i carry(__m128i block, __m128i onto) {
  constexpr auto kFirst = static_cast<long long>(power_of_x(bits + 63));
  constexpr auto kLast = static_cast<long long>(power_of_x(bits - 1));
  const __m128i factors = _mm_set_epi64x(kLast, kFirst);
  const __m128i first = _mm_clmulepi64_si128(block, factors, 0x00);
  const __m128i last = _mm_clmulepi64_si128(block, factors, 0x11);
  return _mm_xor_si128(onto, _mm_xor_si128(first, last));
}

constexpr std::size_t kLane = 16;
constexpr std::size_t kStride = 4 * kLane;  // four lanes hide the delay of a product

// Folds whole strides into 16 bytes that leave the same remainder, and those go through the table.
__attribute__((target("pclmul"))) std::uint64_t take_by_folding(std::uint64_t crc, const char* at,
                                                                std::size_t left) {
  if (left < 2 * kStride) return take_by_table(crc, at, left);
  const auto load = [](const char* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); };
  __m128i a = _mm_xor_si128(load(at), _mm_set_epi64x(0, static_cast<long long>(crc)));
  __m128i b = load(at + kLane);
  __m128i c = load(at + 2 * kLane);
  __m128i d = load(at + 3 * kLane);
  for (at += kStride, left -= kStride; left >= kStride; at += kStride, left -= kStride) {
    a = carry<8 * kStride>(a, load(at));
    b = carry<8 * kStride>(b, load(at + kLane));
    c = carry<8 * kStride>(c, load(at + 2 * kLane));
    d = carry<8 * kStride>(d, load(at + 3 * kLane));
  }
  b = carry<8 * kLane>(a, b);
  c = carry<8 * kLane>(b, c);
  d = carry<8 * kLane>(c, d);
  char folded[kLane];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(folded), d);
  return take_by_table(take_by_table(0, folded, sizeof folded), at, left);
}

Take choose() { return __builtin_cpu_supports("pclmul") ? take_by_folding : take_by_table; }
#else
Take choose() { return take_by_table; }
#endif

}  // namespace

std::uint64_t crc64(std::uint64_t crc, std::string_view bytes) {
  static const Take take = choose();
  return ~take(~crc, bytes.data(), bytes.size());
}

std::uint64_t crc64_by_table(std::uint64_t crc, std::string_view bytes) {
  return ~take_by_table(~crc, bytes.data(), bytes.size());
}

std::uint64_t crc64_combine(std::uint64_t crc_a, std::uint64_t crc_b, std::uint64_t length_b) {
  for (std::size_t k = 0; length_b != 0; ++k, length_b >>= 1) {
    if ((length_b & 1) != 0) crc_a = multiply(kPowers[k], crc_a);
  }
  return crc_a ^ crc_b;
}

}  // namespace sluice
