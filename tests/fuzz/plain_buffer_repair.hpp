#pragma once
// Random bytes never pass a checksum. Here those of PlainBuffer are set right after each mutation, as far as
// the bytes can be walked, so that the code behind them is reached.

#include <cstddef>
#include <cstdint>

namespace sluice::fuzz {

// Sets the checksums of the cells and rows in data[0, size) right.
void repair_checksums(std::uint8_t* data, std::size_t size);

// Mutates data[0, size), then repairs. One in eight stays broken: `seed` decides.
std::size_t mutate_plain_buffer(std::uint8_t* data, std::size_t size, std::size_t size_max, unsigned seed);

}  // namespace sluice::fuzz
