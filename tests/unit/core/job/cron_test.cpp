#include "core/job/cron.hpp"

#include "tests/support/catch_result.hpp"

#include <fmt/format.h>

#include <array>

using namespace sluice;
using namespace sluice::job;

namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr auto day = [](int year, unsigned month, unsigned date) {
  return sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(date));
};

std::size_t times_of(const char* text) { return Cron::parse(text).value().times().size(); }

std::string refusal(const char* text) {
  const auto cron = Cron::parse(text);
  return cron ? "accepted" : cron.error().message();
}

// The days of 2018 that it is on, as "1-15 1-31".
std::string days_of_2018(const char* text, int months = 12) {
  const Cron cron = Cron::parse(text).value();
  std::string found;
  for (sys_days date = day(2018, 1, 1); date < day(2019, 1, 1); date += std::chrono::days(1)) {
    const std::chrono::year_month_day civil(date);
    if (!cron.on(date) || static_cast<int>(static_cast<unsigned>(civil.month())) > months) continue;
    if (!found.empty()) found += ' ';
    found += std::to_string(static_cast<unsigned>(civil.month())) + "-" +
             std::to_string(static_cast<unsigned>(civil.day()));
  }
  return found;
}

TEST_CASE("cron: the expressions that scheduling.md section 3 prints are read") {
  CHECK(times_of("00 00/10 * * * ?") == 144);
  CHECK(times_of("00 00-59/10 8-17 * * * ?") == 60);  // printed with seven fields: ? as the year
  CHECK(times_of("00 00-59/10 8-17 * * ?") == 60);
  const Cron daily = Cron::parse("00 30 05 * * ?").value();
  CHECK(daily.times() == std::vector<std::chrono::seconds>{5h + 30min});
  CHECK(daily.on(day(2018, 10, 16)));
}

TEST_CASE("cron: each hour begins its minutes anew, so a step of 40 has 48 times a day") {
  CHECK(times_of("0 0/40 * * * ?") == 48);
  const auto times = Cron::parse("0 0/40 * * * ?").value().times();
  CHECK(times[1] == 40min);
  CHECK(times[2] == 60min);
}

TEST_CASE("cron: five fields are those of Unix, six have a second, seven a year") {
  CHECK(Cron::parse("30 5 * * *").value().times() == std::vector<std::chrono::seconds>{5h + 30min});
  CHECK(Cron::parse("15 30 5 * * ?").value().times() == std::vector<std::chrono::seconds>{5h + 30min + 15s});
  const Cron once = Cron::parse("0 0 0 1 1 ? 2020-2024/2").value();
  CHECK(once.on(day(2022, 1, 1)));
  CHECK_FALSE(once.on(day(2021, 1, 1)));
  CHECK(once.first_day(day(2020, 1, 2)) == day(2022, 1, 1));
  CHECK_FALSE(once.first_day(day(2024, 1, 2)));
}

TEST_CASE("cron: lists, ranges, steps, names and ranges that go round") {
  CHECK(times_of("0 0,15,30-32 1 * * ?") == 5);
  CHECK(times_of("0 */7 0 * * ?") == 9);
  CHECK(times_of("0 5/20 22-2 * * ?") == 15);
  CHECK(days_of_2018("0 0 0 29-2 1 ?") == "1-1 1-2 1-29 1-30 1-31");
  CHECK(days_of_2018("0 0 0 1 JAN,mar ?") == "1-1 3-1");
  CHECK(days_of_2018("0 0 0 ? 1 FRI-MON") ==
        "1-1 1-5 1-6 1-7 1-8 1-12 1-13 1-14 1-15 1-19 1-20 1-21 1-22 1-26 1-27 1-28 1-29");
}

TEST_CASE("cron: a number of a weekday is Quartz's with six fields and Unix's with five") {
  CHECK(days_of_2018("0 0 0 ? 1 2") == "1-1 1-8 1-15 1-22 1-29");     // Monday
  CHECK(days_of_2018("0 0 * 1 1") == days_of_2018("0 0 0 ? 1 MON"));  // Monday
  CHECK(days_of_2018("0 0 * 1 0") == days_of_2018("0 0 0 ? 1 SUN"));
  CHECK(days_of_2018("0 0 * 1 7") == days_of_2018("0 0 0 ? 1 1"));
  CHECK(days_of_2018("0 0 * 1 5-7") == days_of_2018("0 0 0 ? 1 FRI-SUN"));
  CHECK(days_of_2018("0 0 * 1 */2") == days_of_2018("0 0 0 ? 1 SUN,TUE,THU,SAT"));
}

TEST_CASE("cron: a range of weekdays that goes round has seven days with five fields too") {
  CHECK(days_of_2018("0 0 * 1 FRI-MON/2") == days_of_2018("0 0 0 ? 1 FRI,SUN"));
  CHECK(days_of_2018("0 0 * 1 5-1/2") == days_of_2018("0 0 0 ? 1 FRI,SUN"));
  CHECK(days_of_2018("0 0 * 1 TUE-MON/3") == days_of_2018("0 0 0 ? 1 TUE,FRI,MON"));
  CHECK(days_of_2018("0 0 * 1 7-2/2") == days_of_2018("0 0 0 ? 1 SUN,TUE"));
  CHECK(days_of_2018("0 0 * 1 6-0") == days_of_2018("0 0 0 ? 1 SAT,SUN"));
  constexpr std::array<const char*, 7> kNames{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
  for (int first = 0; first <= 7; ++first) {
    for (int last = 0; last <= 7; ++last) {
      for (int step = 1; step <= 7; ++step) {
        // 0-7 has Sunday at both ends, as with every cron of Unix.
        if (first == 0 && last == 7) continue;
        const std::string numbers = fmt::format("0 0 * 1 {}-{}/{}", first, last, step);
        const std::string names =
            fmt::format("0 0 0 ? 1 {}-{}/{}", kNames[static_cast<std::size_t>(first % 7)],
                        kNames[static_cast<std::size_t>(last % 7)], step);
        INFO(numbers);
        CHECK(days_of_2018(numbers.c_str()) == days_of_2018(names.c_str()));
      }
    }
  }
}

TEST_CASE("cron: L is the last day of a month, and behind a weekday the last such one") {
  CHECK(days_of_2018("0 0 0 L * ?", 4) == "1-31 2-28 3-31 4-30");
  CHECK(days_of_2018("0 0 0 1,L * ?", 2) == "1-1 1-31 2-1 2-28");
  CHECK(days_of_2018("0 0 0 ? * FRIL", 3) == "1-26 2-23 3-30");
  CHECK(days_of_2018("0 0 0 ? * 6L", 3) == "1-26 2-23 3-30");
  CHECK(Cron::parse("0 0 0 L 2 ?").value().on(day(2020, 2, 29)));
}

TEST_CASE("cron: what cannot be is refused with the way out") {
  CHECK(refusal("* * *") ==
        "expected 5 to 7 fields (second minute hour day-of-month month day-of-week [year], or without the "
        "second), got 3");
  CHECK(refusal("") ==
        "expected 5 to 7 fields (second minute hour day-of-month month day-of-week [year], or without the "
        "second), got 0");
  CHECK(refusal("0/10 * * * * ?") ==
        "second: expected one number from 0 to 59, got \"0/10\"; a job starts at most once a minute");
  CHECK(refusal("0 60 * * * ?") ==
        "minute: \"60\" is none; write *, or 0 .. 59, a range a-b, a step a/n or */n, or a list of these");
  CHECK(refusal("0 0 24 * * ?").substr(0, 19) == "hour: \"24\" is none;");
  CHECK(refusal("0 0 0/+5 * * ?").substr(0, 21) == "hour: \"0/+5\" is none;");
  CHECK(refusal("0 0 0 0 * ?") ==
        "day of month: \"0\" is none; write *, or 1 .. 31, a range a-b, a step a/n or */n, or a list of "
        "these, or L for the last day");
  CHECK(refusal("0 0 0 1 FOO ?") ==
        "month: \"FOO\" is none; write *, or 1 .. 12 or JAN .. DEC, a range a-b, a step a/n or */n, or a "
        "list of these");
  CHECK(refusal("0 0 0 ? * 0").find("day of week: \"0\" is none; write *, or 1 .. 7 or SUN .. SAT") == 0);
  CHECK(refusal("0 0 0 ? * MON#2").find("or FRIL for the last one") != std::string::npos);
  CHECK(refusal("0 0 0 15W * ?").find("day of month: \"15W\" is none") == 0);
  CHECK(refusal("0 1- * * * ?").find("minute: \"1-\" is none") == 0);
  CHECK(refusal("0 1,,2 * * * ?").find("minute: \"\" is none") == 0);
  CHECK(refusal("0 */0 * * * ?").find("minute: \"*/0\" is none") == 0);
  CHECK(refusal("0 1-2-3 * * * ?").find("minute: \"1-2-3\" is none") == 0);
  CHECK(refusal("0 1/2/3 * * * ?").find("minute: \"1/2/3\" is none") == 0);
  CHECK(refusal("0 0 0 1 * MON") ==
        "day of month and day of week are both given; put ? for one of them, or make two jobs");
  CHECK(refusal("0 0 0 30 2 ?") ==
        "no day of the calendar is meant: the day of month is in none of its months");
  CHECK(refusal("0 0 0 1 1 ? 1969").find("year: \"1969\" is none; write *, or 1970 .. 2099") == 0);
  CHECK(refusal("0 0 0 29 2 ? 2021") ==
        "no day of the calendar is meant: the day of month is in none of its months");
}

TEST_CASE("cron: 29 February comes across the years that are none") {
  const Cron leap = Cron::parse("0 0 0 29 2 ?").value();
  CHECK(leap.first_day(day(2096, 3, 1)) == day(2104, 2, 29));
}

}  // namespace

TEST_CASE("cron: a step is at most the length of its field, and any year is * or ?") {
  CHECK(refusal("0 */61 * * * ?").find("minute: \"*/61\" is none") == 0);
  CHECK(refusal("0 */ * * * ?").find("minute: \"*/\" is none") == 0);
  CHECK(times_of("0 */60 * * * ?") == 24);
  CHECK(times_of("0 0/59 0 * * ? *") == 2);
  CHECK(Cron::parse("0 0 0 1 1 ? ?").value().on(day(2200, 1, 1)));
  CHECK(refusal("* * * * * * * *").find("got 8") != std::string::npos);
  CHECK(refusal("* * * *").find("got 4") != std::string::npos);
  const Cron years = Cron::parse("0 0 0 1 1 ? 2018-2019").value();
  CHECK(years.on(day(2018, 1, 1)));
  CHECK_FALSE(years.on(day(2020, 1, 1)));
  CHECK_FALSE(years.on(day(1969, 1, 1)));
  CHECK_FALSE(years.on(day(2100, 1, 1)));
  CHECK_FALSE(years.first_day(day(2019, 1, 2)));
}
