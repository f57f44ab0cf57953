// Inflating what a server sent never writes beyond what was announced, and gives exactly that or an error.

#include "core/http/inflate.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

// The first two bytes are the announced length.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto announced = static_cast<std::size_t>(data[0] * 256 + data[1]);
  const std::string_view compressed(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto body = sluice::http::inflate_zlib(compressed, announced);
  if (body ? body->size() != announced : body.error().code() != sluice::Errc::corrupt) __builtin_trap();
  return 0;
}
