#pragma once
// How long a server asks us to wait before we repeat a request. Pure.

#include "core/base/random.hpp"
#include "core/http/transport.hpp"

#include <optional>

namespace sluice::http {

// What the Retry-After header of a 429 or 503 asks for, in seconds or as a date; at most 60 s, since a server
// may not put a window off for ever. Dates are seen from the answer's own Date, or from `now`.
std::optional<Duration> asked_pause(const Response& answer, Instant now);

// `asked` and by chance up to an eighth more: those who were asked together must not come back together.
Duration spread(Duration asked, Random& random);

}  // namespace sluice::http
