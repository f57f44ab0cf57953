#pragma once
// Small parts of HTTP text: names in any letter case, and dates.

#include "core/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

// Compares ASCII letters without regard to case.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

std::string to_lower(std::string_view text);

// Without leading and trailing spaces and tabs.
std::string_view trim(std::string_view text) noexcept;

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 1123); fractions of the second are dropped. Years 0 to 9999.
std::string format_date(Instant time);

// The same form back, nothing else: the obsolete forms of RFC 7231 give nothing. The day of the week is not
// compared with the date.
std::optional<Instant> parse_date(std::string_view text);

// "2024-05-17T08:09:10.123Z" (ISO 8601 in UTC) with 0 to 9 digits of fraction, cut to microseconds.
std::optional<Instant> parse_iso_date(std::string_view text);

// "20231203T121212Z" (ISO 8601, basic form, in UTC): the date of signatures of version 4.
std::string format_basic_date(Instant time);

}  // namespace sluice::http
