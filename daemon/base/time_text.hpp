#pragma once
// Times as the API, the command line and sluice.yaml write them. Pure.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::daemon {

// "2018-10-15T16:15:00Z", with milliseconds when there are any.
std::string utc_text(Instant instant);

// As job::format_local(), whatever lies below the second left out.
std::string local_second(Instant instant, std::string_view zone);

// Reads the job::parse_local() forms, those with seconds also with a fraction (to the microsecond), and a
// bare date "2018-10-16" or minute "2018-10-16T00:15" in `zone`.
Result<Instant> time_from_text(std::string_view text, std::string_view zone);

// A day of a zone: [from, to), 23 to 25 hours.
struct LocalDay {
  Instant from{};
  Instant to{};
};
// Of "2018-10-16". invalid_argument.
Result<LocalDay> local_day(std::string_view date, std::string_view zone);

// "2026-12-31" as the first instant at which a token with that date is refused: the end of the day, UTC.
// Nothing for other text and for years before 1970.
std::optional<Instant> end_of_date(std::string_view text);

}  // namespace sluice::daemon
