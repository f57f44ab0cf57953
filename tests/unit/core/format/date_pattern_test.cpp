#include "core/format/date_pattern.hpp"

#include "tests/unit/core/format/rows.hpp"

#include <boost/json.hpp>

using namespace sluice;
using format::ByteBuffer;
using format::DatePattern;

namespace {

std::string text_of(std::string_view pattern, std::int64_t ms, std::string_view zone = "Asia/Shanghai") {
  const auto parsed = DatePattern::parse(pattern, zone);
  if (!parsed) return parsed.error().message();
  ByteBuffer out;
  if (!parsed->append(ms, out)) return "none";
  return std::string(out.view());
}

}  // namespace

TEST_CASE("date pattern: every letter gives what Java gives, in zones with and without summer time",
          "[date]") {
  const boost::json::value json = boost::json::parse(sluice::test::file_of("format/dates.json"));
  const auto& times = json.at("ms").as_array();
  std::size_t compared = 0;
  for (const auto& entry : json.at("patterns").as_array()) {
    const std::string pattern(entry.at("pattern").as_string());
    const std::string zone(entry.at("zone").as_string());
    for (std::size_t i = 0; i < times.size(); ++i) {
      CAPTURE(pattern, zone, times[i].as_int64());
      CHECK(text_of(pattern, times[i].as_int64(), zone) == entry.at("texts").at(i).as_string());
      ++compared;
    }
  }
  CHECK(compared > 900);
}

// Java knows letters ("GST") that the time-zone database does not.
TEST_CASE("date pattern: a zone without letters is named by its offset", "[date]") {
  CHECK(text_of("z", 0, "Asia/Dubai") == "GMT+04:00");
}

TEST_CASE("date pattern: a letter that is none is refused with its place", "[date]") {
  CHECK(text_of("yyyy-MM-ddTHH", 0) ==
        "read date pattern \"yyyy-MM-ddTHH\": the letter T at 11 is not known; put text in single quotes");
  CHECK(text_of("YYYY", 0) == "read date pattern \"YYYY\": the letter Y at 1 is not known; y is the year");
  CHECK(text_of("HH 'Uhr", 0) == "read date pattern \"HH 'Uhr\": the quote at 4 has no end");
  CHECK(text_of("XXXX", 0) ==
        "read date pattern \"XXXX\": the letter X at 1 stands there 4 times, at most 3 are meant");
  CHECK(text_of(std::string(65, 'S'), 0).find("at most 64 are meant") != std::string::npos);
  CHECK(text_of("yyyy", 0, "Asia/Nowhere").find("Asia/Nowhere") != std::string::npos);
}

TEST_CASE("date pattern: only the years 1 to 9999 have a text", "[date]") {
  constexpr std::int64_t kFirst = -62'135'596'800'000;
  constexpr std::int64_t kEnd = 253'402'300'800'000;
  CHECK(text_of("yyyy-MM-dd HH:mm:ss.SSS", kFirst, "UTC") == "0001-01-01 00:00:00.000");
  CHECK(text_of("yyyy-MM-dd HH:mm:ss.SSS", kEnd - 1, "UTC") == "9999-12-31 23:59:59.999");
  CHECK(text_of("yyyy", kFirst - 1, "UTC") == "none");
  CHECK(text_of("yyyy", kEnd, "UTC") == "none");
  CHECK(text_of("yyyy", kEnd - 1, "Asia/Shanghai") == "none");
  CHECK(text_of("yyyy", INT64_MIN) == "none");
  CHECK(text_of("yyyy", INT64_MAX) == "none");
}

TEST_CASE("date pattern: without a pattern it is the usual one", "[date]") {
  ByteBuffer out;
  REQUIRE(DatePattern().append(1'539'648'000'123, out));
  CHECK(out.view() == "2018-10-16 00:00:00");
}

TEST_CASE("date pattern: one pattern follows the clocks to and fro", "[date]") {
  const auto pattern = DatePattern::parse("MM-dd HH:mm z", "America/New_York");
  REQUIRE(pattern.has_value());
  ByteBuffer out;
  for (const std::int64_t ms : {1541311199999, 1541311200000, 1541311199999}) {
    REQUIRE(pattern->append(ms, out));
    out.append('|');
  }
  CHECK(out.view() == "11-04 01:59 EDT|11-04 01:00 EST|11-04 01:59 EDT|");
}
