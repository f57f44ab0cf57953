#pragma once
// The zlib format (RFC 1950) for whole values in memory.

#include "core/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::http {

// The same bytes always give the same result.
std::string deflate(std::string_view bytes);

// `bytes` must be exactly one zlib stream. Memory stays within `limit` (bytes of the result), whatever the
// stream promises. Errors: corrupt ("inflate: ..."), also for a result beyond `limit`.
Result<std::string> inflate(std::string_view bytes, std::size_t limit);

}  // namespace sluice::http
