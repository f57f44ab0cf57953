#pragma once
// Reads values that came compressed. Pure.

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace sluice::http {

// The `bytes` bytes that `compressed` (zlib format, RFC 1950) holds. `bytes` is what the sender announced and
// the caller allows: nothing is written beyond it. corrupt, with the place: not zlib, damaged, cut, followed
// by something else, or of another length. An announced length that no compression of this kind can reach
// (more than 1032 to 1) is refused before any memory is taken.
Result<std::string> inflate_zlib(std::string_view compressed, std::size_t bytes);

// The same where nothing was announced: as many bytes as there are, at most `bytes_max`.
Result<std::string> inflate_zlib_within(std::string_view compressed, std::size_t bytes_max);

}  // namespace sluice::http
