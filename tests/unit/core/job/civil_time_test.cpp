#include "core/job/civil_time.hpp"

#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::job;

namespace {

CivilTime civil(int year, unsigned month, unsigned day, int hour, int minute, int second = 0) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  return std::chrono::sys_days(date) + std::chrono::seconds(hour * 3600 + minute * 60 + second);
}

}  // namespace

TEST_CASE("civil time: Shanghai is eight hours ahead") {
  const auto instant = to_instant(civil(2018, 10, 16, 0, 15), "Asia/Shanghai");
  REQUIRE(instant);
  CHECK(instant->time_since_epoch() == std::chrono::seconds(1539620100));
  CHECK(to_civil(*instant, "Asia/Shanghai").value() == civil(2018, 10, 16, 0, 15));
  CHECK(format_local(*instant, "Asia/Shanghai") == "2018-10-16T00:15+08:00");
}

TEST_CASE("civil time: fractions of a second are cut off, also before 1970") {
  const Instant before(std::chrono::microseconds(-1));
  CHECK(to_civil(before, "UTC").value() == civil(1969, 12, 31, 23, 59, 59));
  CHECK(format_local(before, "UTC") == "1969-12-31T23:59:59+00:00");
}

TEST_CASE("civil time: a reading in the hour that spring leaves out is the instant of the change") {
  const Instant change = parse_local("2025-03-30T03:00+02:00").value();
  CHECK(to_instant(civil(2025, 3, 30, 2, 0), "Europe/Berlin").value() == change);
  CHECK(to_instant(civil(2025, 3, 30, 2, 59), "Europe/Berlin").value() == change);
  CHECK(to_instant(civil(2025, 3, 30, 3, 0), "Europe/Berlin").value() == change);
}

TEST_CASE("civil time: a reading in the hour that autumn repeats is the earlier one") {
  CHECK(to_instant(civil(2025, 10, 26, 2, 30), "Europe/Berlin").value() ==
        parse_local("2025-10-26T02:30+02:00").value());
}

TEST_CASE("civil time: an unknown zone is an error that names it") {
  CHECK(zone_exists("Asia/Shanghai"));
  CHECK_FALSE(zone_exists("Asia/Shanghei"));
  CHECK_FALSE(zone_exists(""));
  CHECK_FALSE(zone_exists("../../etc/passwd"));
  const auto failed = to_instant(civil(2018, 10, 16, 0, 0), "Asia/Shanghei");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == Errc::invalid_argument);
  CHECK(failed.error().message() ==
        "find time zone Asia/Shanghei: unknown name; use one of the IANA list, such as Asia/Shanghai");
}

TEST_CASE("civil time: local times read back as they were written") {
  for (const char* text :
       {"2018-10-16T00:15+08:00", "2018-10-16T00:15:07+08:00", "1969-07-20T16:17:40-04:00"}) {
    const std::string zone = std::string(text).ends_with("+08:00") ? "Asia/Shanghai" : "America/New_York";
    CHECK(format_local(parse_local(text).value(), zone) == text);
  }
  CHECK(parse_local("2018-10-16T00:15Z").value() == parse_local("2018-10-16T08:15+08:00").value());
  CHECK(format_local(parse_local("1890-01-01T00:00+08:05:43").value(), "Asia/Shanghai") ==
        "1890-01-01T00:00+08:05:43");
}

TEST_CASE("civil time: other forms of a local time are refused") {
  for (const char* text :
       {"", "2018-10-16", "2018-10-16T00:15", "2018-10-16 00:15+08:00", "2018-13-16T00:15+08:00",
        "2018-02-29T00:15+08:00", "2018-10-16T24:00+08:00", "2018-10-16T00:60+08:00", "2018-10-16T00:15+8:00",
        "2018-10-16T00:15+08:00x", "2018-10-16T00:15:61Z", "20181016T001500Z"}) {
    INFO(text);
    CHECK_FALSE(parse_local(text));
  }
}

TEST_CASE("civil time: a period of a zone lasts from one change of its clocks to the next", "[civil_time]") {
  const std::chrono::sys_seconds change{std::chrono::seconds(1541311200)};  // 2018-11-04 06:00 UTC
  const auto summer = job::zone_period(change - std::chrono::seconds(1), "America/New_York");
  const auto winter = job::zone_period(change, "America/New_York");
  REQUIRE(summer.has_value());
  REQUIRE(winter.has_value());
  CHECK(summer->end == change);
  CHECK(winter->begin == change);
  CHECK(summer->summer);
  CHECK_FALSE(winter->summer);
  CHECK(summer->offset == std::chrono::hours(-4));
  CHECK(winter->offset == std::chrono::hours(-5));
  CHECK(winter->abbreviation == "EST");
  CHECK(job::zone_period(change, "Nowhere").error().code() == Errc::invalid_argument);
}

TEST_CASE("civil time: a form that is only nearly one is refused, each part of it") {
  for (const char* text :
       {"2018/10-16T00:15Z",         "2018-10/16T00:15Z",         "2018-10-16t00:15Z",
        "2018-10-16T00.15Z",         "x018-10-16T00:15Z",         "2018-x0-16T00:15Z",
        "2018-10-x6T00:15Z",         "2018-10-16Tx0:15Z",         "2018-10-16T00:x5Z",
        "2018-10-16T00:15:x1Z",      "2018-10-16T00:15:0",        "2018-10-16T00:15=08:00",
        "2018-10-16T00:15+08.00",    "2018-10-16T00:15+24:00",    "2018-10-16T00:15+08:60",
        "2018-10-16T00:15+x8:00",    "2018-10-16T00:15+08:x0",    "2018-10-16T00:15+08:00:60",
        "2018-10-16T00:15+08:00.00", "2018-10-16T00:15+08:00:x0", "2018-10-16T00:15z",
        "2018-10-16T00:15+08:00:0"}) {
    INFO(text);
    CHECK_FALSE(parse_local(text));
  }
  CHECK(parse_local("2018-10-16T00:15-00:30").value() == parse_local("2018-10-16T00:45Z").value());
  CHECK(parse_local("2018-10-16T00:15:59+23:59").value() == parse_local("2018-10-15T00:16:59Z").value());
}

TEST_CASE("civil time: every question about an unknown zone is answered by its name") {
  const auto told = [](const auto& result) { return result.error().message(); };
  const std::string expected =
      "find time zone Mars/Base: unknown name; use one of the IANA list, such as Asia/Shanghai";
  CHECK(told(to_civil(Instant(), "Mars/Base")) == expected);
  CHECK(told(zone_period(std::chrono::sys_seconds(), "Mars/Base")) == expected);
  CHECK(told(read_local(CivilTime(), "Mars/Base")) == expected);
  CHECK(told(to_instant(CivilTime(), "Mars/Base")) == expected);
}
