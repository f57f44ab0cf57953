#include "core/job/schedule_text.hpp"

#include <catch2/catch.hpp>

using namespace sluice::job;
using namespace std::chrono_literals;

namespace {

Schedule schedule_of(Cycle cycle, std::chrono::minutes at) {
  Schedule schedule;
  schedule.cycle = cycle;
  schedule.at = at;
  return schedule;
}

}  // namespace

TEST_CASE("schedule text: minutes and hours tell interval, first and last time") {
  Schedule schedule;
  CHECK(schedule_text(schedule) == "every 5 min 00:00-23:59");
  schedule.start = 8h;
  schedule.end = 17h + 30min;
  schedule.interval = 60min;
  CHECK(schedule_text(schedule) == "every 60 min 08:00-17:30");
  schedule.cycle = Cycle::hour;
  schedule.interval = 120min;
  CHECK(schedule_text(schedule) == "every 2 h 08:00-17:30");
  CHECK(day_words(schedule).empty());
}

TEST_CASE("schedule text: a day tells its time") {
  CHECK(schedule_text(schedule_of(Cycle::day, 150min)) == "daily at 02:30");
}

TEST_CASE("schedule text: a week tells its days, and what is on the others") {
  Schedule week = schedule_of(Cycle::week, 3h);
  week.weekdays = {1, 4};
  CHECK(schedule_text(week) == "Mon, Thu at 03:00");
  CHECK(day_words(week) == std::vector<std::string>{"mon", "thu"});
  week.weekdays = {7};
  week.off_days_dry_run = true;
  CHECK(schedule_text(week) == "Sun at 03:00, other days as dry runs");
}

TEST_CASE("schedule text: a month tells its days, the last one last") {
  Schedule month = schedule_of(Cycle::month, 30min);
  month.month_days = {-1, 1};
  CHECK(schedule_text(month) == "day 1 and last of the month at 00:30");
  CHECK(day_words(month) == std::vector<std::string>{"1", "last"});
  month.month_days = {-1, 1, 15};
  CHECK(schedule_text(month) == "days 1, 15 and last of the month at 00:30");
  month.month_days = {-1};
  CHECK(schedule_text(month) == "last day of the month at 00:30");
  month.month_days = {31};
  CHECK(schedule_text(month) == "day 31 of the month at 00:30");
}

TEST_CASE("schedule text: a year tells months and days") {
  Schedule year = schedule_of(Cycle::year, 23h + 59min);
  year.year_days = {std::chrono::March / 1, std::chrono::December / 31};
  CHECK(schedule_text(year) == "03-01 and 12-31 of the year at 23:59");
  CHECK(day_words(year) == std::vector<std::string>{"03-01", "12-31"});
}

TEST_CASE("schedule text: a cron is shown as it was written") {
  Schedule cron = schedule_of(Cycle::cron, 0min);
  cron.cron = "00 30 05 * * ?";
  CHECK(schedule_text(cron) == "cron 00 30 05 * * ?");
}

TEST_CASE("schedule text: every cycle, policy and generation has the word of a job file") {
  CHECK(to_string(Cycle::minute) == "minute");
  CHECK(to_string(Cycle::hour) == "hour");
  CHECK(to_string(Cycle::day) == "day");
  CHECK(to_string(Cycle::week) == "week");
  CHECK(to_string(Cycle::month) == "month");
  CHECK(to_string(Cycle::year) == "year");
  CHECK(to_string(Cycle::cron) == "cron");
  CHECK(to_string(DstPolicy::every_real_minute) == "every_real_minute");
  CHECK(to_string(DstPolicy::dataworks) == "dataworks");
  CHECK(to_string(Generation::immediate) == "immediate");
  CHECK(to_string(Generation::next_day) == "next_day");
}
