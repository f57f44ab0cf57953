#include "core/http/headers.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono;

TEST_CASE("headers: a date is written and read in RFC 1123 form", "[http]") {
  const Instant time = sys_days(year(1994) / 11 / 6) + hours(8) + minutes(49) + seconds(37);
  CHECK(http::format_date(time + microseconds(999'999)) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http::format_basic_date(time + microseconds(999'999)) == "19941106T084937Z");
  CHECK(http::parse_date("Sun, 06 Nov 1994 08:49:37 GMT") == time);
}

TEST_CASE("headers: dates before 1970 and on leap days keep their day", "[http]") {
  for (const Instant time : {Instant(sys_days(year(1969) / 12 / 31)) + hours(23) + microseconds(1),
                             Instant(sys_days(year(2024) / 2 / 29)), Instant(sys_days(year(2000) / 1 / 1))}) {
    CHECK(http::parse_date(http::format_date(time)) == floor<seconds>(time));
  }
}

TEST_CASE("headers: what is not an RFC 1123 date gives nothing", "[http]") {
  for (const char* text :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, -6 Nov 1994 08:49:37 GMT", "Xxx, 06 Nov 1994 08:49:37 GMT",
        "Sun, x6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 19x4 08:49:37 GMT", "Sun, 06 Nov 1994 x8:49:37 GMT",
        "Sun, 06 Nov 1994 08:x9:37 GMT", "Sun, 06 Nov 1994 08:49:x7 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    INFO(text);
    CHECK_FALSE(http::parse_date(text).has_value());
  }
}

TEST_CASE("headers: names compare without regard to case", "[http]") {
  CHECK(http::equals_ignoring_case("X-Ots-Date", "x-ots-date"));
  CHECK_FALSE(http::equals_ignoring_case("x-ots-date", "x-ots-dat"));
  CHECK_FALSE(http::equals_ignoring_case("[", "{"));
  CHECK(http::to_lower("X-OTS-\xc3\x84") == "x-ots-\xc3\x84");
  CHECK(http::trim(" \ta b\t ") == "a b");
  CHECK(http::trim(" \t").empty());
}

TEST_CASE("headers: ISO dates are read with any fraction", "[http]") {
  const Instant second = sys_days(year(2024) / 5 / 17) + hours(8) + minutes(9) + seconds(10);
  CHECK(http::parse_iso_date("2024-05-17T08:09:10.123Z") == second + milliseconds(123));
  CHECK(http::parse_iso_date("2024-05-17T08:09:10.654321Z") == second + microseconds(654'321));
  CHECK(http::parse_iso_date("2024-05-17T08:09:10.11234Z") == second + microseconds(112'340));
  CHECK(http::parse_iso_date("2024-05-17T08:09:10.123456789Z") == second + microseconds(123'456));
  CHECK(http::parse_iso_date("2024-05-17T08:09:10Z") == second);
}

TEST_CASE("headers: what is no ISO date gives nothing", "[http]") {
  for (const char* text : {"",
                           "Z",
                           "2024-05-17T08:09:10",
                           "2024-05-17 08:09:10Z",
                           "2024-13-17T08:09:10Z",
                           "2024-02-30T08:09:10Z",
                           "2024-05-17T24:09:10Z",
                           "2024-05-17T08:09:10.Z",
                           "2024-05-17T08:09:10,1Z",
                           "2024-05-17T08:09:10.12x4Z",
                           "2024-05-17T08:09:10.1234567890Z",
                           "2024-05-17T08:09:10+08:00Z",
                           "20x4-05-17T08:09:10Z",
                           "2024-x5-17T08:09:10Z",
                           "2024-05-x7T08:09:10Z",
                           "2024-05-17Tx8:09:10Z",
                           "2024-05-17T08:x9:10Z",
                           "2024-05-17T08:09:x0Z",
                           "2024-05-17T08:60:10Z",
                           "2024-05-17T08:09:61Z",
                           "2024-00-17T08:09:10Z",
                           "2024-05-00T08:09:10Z",
                           "-024-05-17T08:09:10Z"}) {
    INFO(text);
    CHECK_FALSE(http::parse_iso_date(text).has_value());
  }
}
