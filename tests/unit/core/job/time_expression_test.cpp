#include "core/job/time_expression.hpp"

#include "core/job/yaml_document.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/test_data.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <set>

using namespace sluice;
using namespace sluice::job;

namespace {

constexpr std::string_view kShanghai = "Asia/Shanghai";

Instant at(std::string_view local) { return parse_local(local).value(); }

// The value at a local time with offset, or "E_CODE at character N".
std::string value(std::string_view expression, Instant scheduled, std::string_view zone = kShanghai) {
  const auto parsed = TimeExpression::parse(expression);
  if (!parsed) {
    const std::string text = describe(parsed.error(), expression);
    return text.substr(0, text.find(':'));
  }
  const auto moment = moment_of(scheduled, zone, "orders");
  const auto printed = parsed->evaluate(moment.value());
  return printed ? *printed : printed.error().message();
}

std::string message(std::string_view expression) {
  const auto parsed = TimeExpression::parse(expression);
  return parsed ? "parsed" : describe(parsed.error(), expression);
}

}  // namespace

TEST_CASE("time expressions: every worked example gives its value or its error") {
  const std::string text = read_text_file(sluice::test::test_data("job/time_expressions.json")).value();
  const boost::json::array rows = boost::json::parse(text).as_array();
  REQUIRE(rows.size() == 97);
  for (const auto& row : rows) {
    const std::string expression(row.at("expression").as_string());
    const Instant scheduled = at(std::string(row.at("scheduled").as_string()) + "+08:00");
    INFO("example " << row.at("number").as_int64() << ": " << expression);
    const std::string result = value(expression, scheduled);
    if (const auto* error = row.as_object().if_contains("error")) {
      CHECK(result.substr(0, result.find(' ')) == std::string(error->as_string()));
    } else {
      CHECK(result == std::string(row.at("result").as_string()));
    }
  }
}

TEST_CASE("time expressions: the windows of a day's 288 slots join without a gap") {
  const Instant midnight = at("2025-11-01T00:00+08:00");
  CHECK(value("$[yyyymmddhh24miss-10/24/60]", midnight) == "20251031235000");
  std::string previous_end = "20251031235000";
  for (int slot = 0; slot <= 288; ++slot) {  // 288 is the next day's first
    const Instant scheduled = midnight + slot * std::chrono::minutes(5);
    CHECK(value("$[yyyymmddhh24miss-10/24/60]", scheduled) == previous_end);
    previous_end = value("$[yyyymmddhh24miss-5/24/60]", scheduled);
  }
  CHECK(previous_end == "20251101235500");
}

TEST_CASE("time expressions: fractions of a day are exact at every minute of a year") {
  const auto start = TimeExpression::parse("$[yyyymmddhh24miss-10/24/60]").value();
  const auto end = TimeExpression::parse("$[yyyymmddhh24miss-9/24/60]").value();
  std::string expected;
  int wrong = 0;
  for (Instant slot = at("2024-01-01T00:00Z"); slot < at("2025-01-01T00:00Z");
       slot += std::chrono::minutes(1)) {
    const auto moment = moment_of(slot, "UTC", "orders").value();
    if (!expected.empty() && start.evaluate(moment).value() != expected) ++wrong;
    expected = end.evaluate(moment).value();
  }
  CHECK(wrong == 0);
}

TEST_CASE("time expressions: a fraction of a day is elapsed time across a daylight-saving change") {
  const std::string_view zone = "America/New_York";
  const Instant spring_three = at("2025-03-09T03:00-04:00");
  CHECK(value("$[hh24-1/24]", spring_three, zone) == "01");
  const Instant autumn_three = at("2025-11-02T03:00-05:00");
  CHECK(value("$[hh24-2/24]", autumn_three, "America/New_York") == "01");
  // Where 03:00 falls back to 02:00, as in the documents.
  const Instant berlin_three = at("2025-10-26T03:00+01:00");
  CHECK(value("$[hh24-2/24]", berlin_three, "Europe/Berlin") == "02");
  const Instant berlin_second_two = at("2025-10-26T02:00+01:00");
  CHECK(value("$[hh24-1/24]", berlin_second_two, "Europe/Berlin") == "02");
}

TEST_CASE("time expressions: whole days move the local calendar across a daylight-saving change") {
  const Instant after_change = at("2025-03-09T12:00-04:00");  // 23 hours after yesterday's noon
  CHECK(value("$[yyyymmddhh24miss-1]", after_change, "America/New_York") == "20250308120000");
  CHECK(value("$[yyyymmddhh24miss-24/24]", after_change, "America/New_York") == "20250308110000");
  CHECK(value("$[yyyymmddhh24miss-1-1/24]", after_change, "America/New_York") == "20250308110000");
}

TEST_CASE("time expressions: what is left of a second is cut off") {
  const Instant scheduled = at("2025-11-01T00:00+08:00") + std::chrono::milliseconds(999);
  CHECK(value("$[yyyymmddhh24miss]", scheduled) == "20251101000000");
  CHECK(value("$[hh24miss-1/7]", scheduled) == "203417");  // 12342.857 s before midnight
  CHECK(value("$[hh24miss+1/7]", scheduled) == "032542");
  CHECK(value("$[hh24miss+1/3-1/7-1/7-1/21]", scheduled) == "000000");
}

TEST_CASE("time expressions: builtins and literals stand side by side") {
  const Instant scheduled = at("2018-10-16T00:15+08:00");
  CHECK(value("$bizdate", scheduled) == "20181015");
  CHECK(value("${bdp.system.bizdate}", scheduled) == "20181015");
  CHECK(value("${bdp.system.cyctime}", scheduled) == "20181016001500");
  CHECK(value("$jobid/$nodeid/$taskid", scheduled) == "orders/orders/orders@2018-10-16T00:15+08:00");
  CHECK(value("$bizdate-1", scheduled) == "20181015-1");
  CHECK(value("'abc'{}[]", scheduled) == "'abc'{}[]");
  CHECK(value("$${yyyy}", scheduled) == "${yyyy}");
  CHECK(value("$[yyyy\u5e74mm\u6708]", scheduled) == "2018\u5e7410\u6708");
  CHECK(value("${yyyy-mm-}", scheduled) == "2018-10-");
}

TEST_CASE("time expressions: $bizmonth counts from the scheduled day, also at the turn of a year") {
  CHECK(value("$bizmonth", at("2026-01-01T00:00+08:00")) == "202512");
  CHECK(value("$bizmonth", at("2026-01-02T00:00+08:00")) == "202512");
}

TEST_CASE("time expressions: an error names its place and the way out") {
  CHECK(message("${hh24}") ==
        "E_TOKEN at character 3: \"hh24\" is no part of a date; ${...} takes yyyy, yy, mm, dd in lower case, "
        "and "
        "$[...] also hh24, mi, ss; one parameter cannot use another");
  CHECK(message("$[YYYYMMDD]") ==
        "E_TOKEN at character 3: \"YYYYMMDD\" is no part of a time; $[...] takes yyyy, yy, mm, dd, hh24, "
        "hh12, mi, ss "
        "in lower case");
  CHECK(message("a b") ==
        "E_SPACE_OR_EQ at character 2: white space is not allowed inside a value; define two parameters and "
        "join them "
        "in the script");
  CHECK(message("$[yyyy-1]") ==
        "E_AMBIGUOUS_OFFSET at character 7: a whole number moves days, but the format shows none; for months "
        "write "
        "$[add_months(yyyymm,-1)], for years $[add_months(yyyy,-12)]");
  CHECK(message("${yyyymmdd-1/24}") ==
        "E_BIZ_OFFSET at character 11: ${...} takes one whole number, such as -1 or -7*2; hours and minutes "
        "need "
        "$[...]");
  CHECK(message("$[add_months(yyyymmdd,-1/24)]") ==
        "E_MONTHS at character 23: add_months needs one whole number of months, such as -1 or -12*2, without "
        "fractions");
  CHECK(message("\u5e74$[yyyy") == "E_UNTERMINATED at character 2: \"]\" is missing");
  CHECK(message("$[yyyymmdd-1/0]") == "E_DIV0 at character 14: division by 0");
  CHECK(message("$start") ==
        "E_UNKNOWN_BUILTIN at character 1: $start is not known; known are $bizdate, $cyctime, $gmtdate, "
        "$bizmonth, "
        "$jobid, $nodeid, $taskid");
  CHECK(message("${workflow.x}") ==
        "E_UNKNOWN_BUILTIN at character 3: workflow.x is not known here; known are bdp.system.bizdate and "
        "bdp.system.cyctime");
}

TEST_CASE("time expressions: broken offsets are errors") {
  const std::set<std::string> broken{"$[yyyymmdd-1x]",   "$[yyyymmdd-1/]",       "$[yyyymmdd-1*]",
                                     "$[yyyymmdd-1-mm]", "$[yyyymmdd-1/24/60y]", "$[yyyymmdd-1+]"};
  for (const std::string& expression : broken) {
    INFO(expression);
    CHECK(message(expression).starts_with("E_OFFSET at character "));
  }
  CHECK(message("$[add_months(yyyymmdd)]").starts_with("E_MONTHS"));
  CHECK(message("$[add_months(yyyymmdd,-1)-1]").starts_with("E_MONTHS at character 26"));
  CHECK(message("$[add_months(yyyymmdd,-1]").starts_with("E_UNTERMINATED"));
  CHECK(message("${yyyymmdd-1-1}").starts_with("E_BIZ_OFFSET"));
  CHECK(message("${}").starts_with("E_TOKEN"));
  CHECK(message("$[-1]").starts_with("E_TOKEN"));
  CHECK(message("$").starts_with("E_UNKNOWN_BUILTIN"));
}

TEST_CASE("time expressions: what cannot be computed is an error, not another date") {
  CHECK(message("$[yyyymmdd-99999999999999999999]").starts_with("E_RANGE"));
  CHECK(message("$[yyyymmdd-9223372036854775807*2]").starts_with("E_RANGE"));
  CHECK(message("$[yyyymmdd-1/9223372036854775807/2]").starts_with("E_RANGE"));
  CHECK(message("$[yyyymmdd-1/9223372036854775807-1/9223372036854775783]").starts_with("E_RANGE"));
  CHECK(message("$[yyyymmdd-4000000]").starts_with("E_RANGE"));
  CHECK(message("$[yyyymmdd-4000000000/24]").starts_with("E_RANGE"));
  CHECK(message("${yyyy-9999999}").starts_with("E_RANGE"));
  const Instant scheduled = at("2018-10-16T00:15+08:00");
  const std::string outside = "E_RANGE: the result lies outside the years 1 to 9999";
  CHECK(value("$[yyyymmdd-1000000]", scheduled) == outside);
  CHECK(value("${yyyy-2018}", scheduled) == outside);
  CHECK(value("$[add_months(yyyy,3660000)]", scheduled) == outside);
  CHECK(value("$[add_months(yyyy,-24216)]", scheduled) == outside);
  CHECK(value("$[yyyymmdd+80000000/24]", scheduled) == outside);
}

TEST_CASE("time expressions: the least number, which has no opposite, is too large as well") {
  for (const std::string offset :
       {"-4611686018427387904*2", "-4611686018427387904*2/1", "+1-4611686018427387904*2/3",
        "-4611686018427387904/1-4611686018427387904/1", "-9223372036854775808", "-9223372036854775807/1-1/1",
        "+9223372036854775807/1+1/1", "-9223372036854775807-9"}) {
    INFO(offset);
    CHECK(message("$[yyyymmdd" + offset + "]").starts_with("E_RANGE"));
    CHECK(message("$[add_months(yyyymm," + offset + ")]") != "parsed");
    CHECK(message("${yyyymmdd" + offset + "}") != "parsed");
  }
  CHECK(message("${yyyymmdd-99999999999999999999}").starts_with("E_RANGE"));
}

TEST_CASE("time expressions: a whole number of ${...} and of months may be a product, and nothing else") {
  const Instant scheduled = at("2018-10-16T00:15+08:00");
  CHECK(value("${yyyymmdd-7*2}", scheduled) == "20181001");
  CHECK(value("${yyyymmdd+1}", scheduled) == "20181016");
  CHECK(value("$[add_months(yyyymm,12)]", scheduled) == "201910");
  CHECK(value("$[add_months(yyyymm,-1*0)]", scheduled) == "201810");
  for (const std::string wrong :
       {"${yyyymmdd-7*}", "${yyyymmdd-7*x}", "${yyyymmdd-7*2*2}", "${yyyymmdd-7/2}"}) {
    INFO(wrong);
    CHECK(message(wrong).starts_with("E_BIZ_OFFSET"));
  }
  for (const std::string wrong : {"x", "", "-", "1*", "1.5"}) {
    INFO(wrong);
    CHECK(message("$[add_months(yyyymm," + wrong + ")]").starts_with("E_MONTHS"));
  }
}

TEST_CASE("time expressions: what stands inside a format is printed, but for brackets, blanks and \"=\"") {
  const Instant scheduled = at("2018-10-16T12:05:09+08:00");
  CHECK(value("$[yyyy/mm/dd_hh24.mi~ss]", scheduled) == "2018/10/16_12.05~09");
  CHECK(value("$[hh12:mi]", scheduled) == "12:05");
  CHECK(value("$[hh12]", at("2018-10-16T00:05+08:00")) == "12");
  CHECK(value("$[hh12]", at("2018-10-16T13:05+08:00")) == "01");
  CHECK(value("$[yy]", scheduled) == "18");
  CHECK(message("$[yyyy{mm]") == "E_TOKEN at character 7: \"{\" cannot stand inside a format");
  CHECK(message("${yyyy[mm}") == "E_TOKEN at character 7: \"[\" cannot stand inside a format");
  CHECK(message("$[//]") ==
        "E_TOKEN at character 3: the format names no part of a date or time, such as yyyymmdd");
  for (const std::string wrong : {"a=b", "a\tb", "a\x7f", "\n"}) {
    INFO(wrong);
    CHECK(message(wrong).starts_with("E_SPACE_OR_EQ at character "));
  }
}

TEST_CASE(
    "time expressions: the instant whose hour or minute one prints is known where its text could be two") {
  using Clock = TimeExpression::Clock;
  const Instant slot = at("2025-10-26T02:10+01:00");  // the second pass of Berlin's hour
  const Moment moment = moment_of(slot, "Europe/Berlin", "orders").value();
  const auto meant = [&](std::string_view expression, Clock part = Clock::hour) {
    return TimeExpression::parse(expression).value().instant(moment, part);
  };
  CHECK(meant("$cyctime") == slot);
  CHECK(meant("$[yyyymmddhh24miss]") == slot);
  CHECK(meant("$[yyyymmddhh24miss-10/24/60]") == slot - std::chrono::minutes(10));
  CHECK(meant("$[yyyymmddhh24miss-1]") == at("2025-10-25T02:10+02:00"));
  CHECK(meant("$[yyyymmddhh24mi-75/24/60]00") == slot - std::chrono::minutes(75));
  CHECK(meant("$[yyyymmdd]$[hh24-1/24]0000") == slot - std::chrono::hours(1));
  CHECK(meant("$[add_months(yyyymmddhh24,-1)]0000") == at("2025-09-26T02:10+02:00"));
  CHECK(meant("$[yyyymmdd]02$[mi-5/24/60]00", Clock::minute) == slot - std::chrono::minutes(5));
  CHECK_FALSE(meant("$[yyyymmdd]02$[mi-5/24/60]00"));
  for (const std::string none :
       {"$bizdate", "${yyyymmdd}", "$[add_months(yyyymmdd,-1)]", "20251026", "$[yyyymmdd]000000", "$jobid"}) {
    INFO(none);
    CHECK_FALSE(meant(none));
    CHECK_FALSE(meant(none, Clock::minute));
  }
  Moment far = moment;
  far.civil = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);
  CHECK_FALSE(TimeExpression::parse("$cyctime").value().instant(far, Clock::hour));
  CHECK(TimeExpression::parse("$cyctime").value().evaluate(far).error().message() ==
        "E_RANGE: the result lies outside the years 1 to 9999");
}

TEST_CASE("time expressions: the business date is known in each of its forms") {
  for (const std::string yes : {"$bizdate", "${bdp.system.bizdate}", "${yyyymmdd}", "${yyyymmdd-0}"}) {
    INFO(yes);
    CHECK(TimeExpression::parse(yes).value().is_business_date());
  }
  for (const std::string no : {"$cyctime", "${yyyymmdd-1}", "${yyyymm}", "${yyyyddmm}", "${yyyy-mm-dd}",
                               "${yyyy/mm}", "$[yyyymmdd]", "x", "$bizdate/"}) {
    INFO(no);
    CHECK_FALSE(TimeExpression::parse(no).value().is_business_date());
  }
}

TEST_CASE("time expressions: each end of the years is found by every kind of piece") {
  const std::string outside = "E_RANGE: the result lies outside the years 1 to 9999";
  const Instant first = at("0001-01-01T00:00Z");
  const Instant last = at("9999-12-31T23:59Z");
  CHECK(value("$cyctime", first, "UTC") == "00010101000000");
  CHECK(value("$bizdate", first, "UTC") == outside);
  CHECK(value("$bizmonth", first, "UTC") == outside);
  CHECK(value("${yyyymmdd}", first, "UTC") == outside);
  CHECK(value("$[yyyymmdd-1/24]", first, "UTC") == outside);
  CHECK(value("$[add_months(yyyymm,-1)]", first, "UTC") == outside);
  CHECK(value("$[yyyymmdd+1]", last, "UTC") == outside);
  CHECK(value("$[yyyymmdd+1/24]", last, "UTC") == outside);
  CHECK(value("$gmtdate", last, "UTC") == "99991231");
  CHECK_FALSE(moment_of(last, "Mars/Base", "orders"));
}
