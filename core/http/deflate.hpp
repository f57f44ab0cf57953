#pragma once
// Compresses whole values. Pure.

#include <string>
#include <string_view>

namespace sluice::http {

// In zlib format (RFC 1950). The same bytes always give the same result.
std::string deflate_zlib(std::string_view bytes);

}  // namespace sluice::http
