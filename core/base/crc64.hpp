#pragma once
// CRC-64/XZ, the checksum that OSS keeps of every object and part.

#include <cstdint>
#include <string_view>

namespace sluice {

// Goes on from `crc`, the value of the bytes before; 0 at the start. With the processor's carry-less
// multiplication where there is one.
std::uint64_t crc64(std::uint64_t crc, std::string_view bytes);

// The same with tables alone, what crc64() falls back to.
std::uint64_t crc64_by_table(std::uint64_t crc, std::string_view bytes);

// The value of A followed by B, from those of A and B and the length of B.
std::uint64_t crc64_combine(std::uint64_t crc_a, std::uint64_t crc_b, std::uint64_t length_b);

}  // namespace sluice
