#pragma once
// Compresses as a server does that was asked for it.

#include <stdexcept>
#include <string>
#include <string_view>
#include <zlib.h>

namespace sluice::test {

// In zlib format (RFC 1950).
inline std::string deflate(std::string_view text) {
  std::string out(compressBound(text.size()), '\0');
  uLongf length = out.size();
  const auto* bytes = reinterpret_cast<const Bytef*>(text.data());
  if (compress(reinterpret_cast<Bytef*>(out.data()), &length, bytes, text.size()) != Z_OK) {
    throw std::runtime_error("deflate");
  }
  out.resize(length);
  return out;
}

}  // namespace sluice::test
