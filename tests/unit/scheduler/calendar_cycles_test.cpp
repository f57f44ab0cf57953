// Hours, days, weeks, months, years and cron, and what changing clocks do to them. calendar_test.cpp has
// minutes.

#include "core/job/civil_time.hpp"
#include "scheduler/calendar.hpp"
#include "tests/support/catch_result.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using job::Cycle;
using job::DstPolicy;
using job::Schedule;
using std::chrono::sys_days;

Instant local(const std::string& text) { return *job::parse_local(text); }

Schedule cycle_of(Cycle cycle, std::chrono::minutes at = 0min, const std::string& zone = "Asia/Shanghai") {
  Schedule schedule;
  schedule.cycle = cycle;
  schedule.at = at;
  schedule.zone = zone;
  if (cycle == Cycle::hour) schedule.interval = 60min;
  return schedule;
}

Schedule cron(const std::string& text, const std::string& zone = "Asia/Shanghai") {
  Schedule schedule = cycle_of(Cycle::cron, 0min, zone);
  schedule.cron = text;
  return schedule;
}

Schedule in(Schedule schedule, const std::string& zone, DstPolicy dst) {
  schedule.zone = zone;
  schedule.dst = dst;
  return schedule;
}

std::vector<Slot> day_of(const Schedule& schedule, const std::string& noon) {
  const auto calendar = Calendar::of(schedule);
  REQUIRE(calendar);
  return calendar->slots(calendar->day_start(local(noon), 0), calendar->day_start(local(noon), 1));
}

// "2025-03-29T02:30+01:00 ..."; a dry run has its letter d.
std::string texts(const Schedule& schedule, const std::string& from, const std::string& to) {
  std::string found;
  for (const Slot& slot : Calendar::of(schedule).value().slots(local(from), local(to))) {
    if (!found.empty()) found += ' ';
    found += job::format_local(slot.at, schedule.zone) + (slot.dry_run ? "d" : "");
  }
  return found;
}

TEST_CASE("calendar: hours 00:00 to 03:00 by 1 h are 4 instances, the interval is closed") {
  Schedule schedule = cycle_of(Cycle::hour);
  schedule.end = 3h;
  CHECK(day_of(schedule, "2018-10-16T12:00+08:00").size() == 4);
  CHECK(day_of(cycle_of(Cycle::hour), "2018-10-16T12:00+08:00").size() == 24);
}

TEST_CASE("calendar: cron 00-59/10 over the hours 8 to 17 gives 60 a day with the last at 17:50, fields 55") {
  const auto slots = day_of(cron("00 00-59/10 8-17 * * ?"), "2018-10-16T12:00+08:00");
  CHECK(slots.size() == 60);
  CHECK(slots.back().at == local("2018-10-16T17:50+08:00"));
  Schedule fields;
  fields.interval = 10min;
  fields.start = 8h;
  fields.end = 17h;
  const auto continuous = day_of(fields, "2018-10-16T12:00+08:00");
  CHECK(continuous.size() == 55);
  CHECK(continuous.back().at == local("2018-10-16T17:00+08:00"));
}

TEST_CASE("calendar: step 40 is 36 instances when continuous, 48 when cron restarts each hour") {
  Schedule fields;
  fields.interval = 40min;
  CHECK(day_of(fields, "2018-10-16T12:00+08:00").size() == 36);
  CHECK(day_of(cron("0 0/40 * * * ?"), "2018-10-16T12:00+08:00").size() == 48);
}

TEST_CASE("calendar: cron 00 00/10 * * * ? gives 144 a day, 00 30 05 * * ? one, and its second is kept") {
  CHECK(day_of(cron("00 00/10 * * * ?"), "2018-10-16T12:00+08:00").size() == 144);
  CHECK(texts(cron("00 30 05 * * ?"), "2018-10-16T00:00+08:00", "2018-10-18T00:00+08:00") ==
        "2018-10-16T05:30+08:00 2018-10-17T05:30+08:00");
  CHECK(texts(cron("15 30 05 * * ?"), "2018-10-16T00:00+08:00", "2018-10-17T00:00+08:00") ==
        "2018-10-16T05:30:15+08:00");
}

TEST_CASE("calendar: a day has its slot at its time, number 1 of the day") {
  const auto slots = day_of(cycle_of(Cycle::day, 150min), "2018-10-16T12:00+08:00");
  REQUIRE(slots.size() == 1);
  CHECK(slots[0] == Slot{local("2018-10-16T02:30+08:00"), 1});
}

TEST_CASE("calendar: the last slot that ran is found however long ago it was, and dry runs are none") {
  const Instant now = local("2018-10-16T00:07+08:00");
  const auto last = [&](const Schedule& schedule) {
    const auto slot = Calendar::of(schedule).value().last_run_before(now);
    return slot ? job::format_local(*slot, schedule.zone) : "none";
  };
  CHECK(last(Schedule{}) == "2018-10-16T00:05+08:00");
  CHECK(last(cycle_of(Cycle::day, 60min)) == "2018-10-15T01:00+08:00");
  Schedule week = cycle_of(Cycle::week, 60min);
  week.weekdays = {2};  // today, but not yet
  week.off_days_dry_run = true;
  CHECK(last(week) == "2018-10-09T01:00+08:00");
  Schedule month = cycle_of(Cycle::month);
  month.month_days = {31};
  CHECK(last(month) == "2018-08-31T00:00+08:00");
  Schedule year = cycle_of(Cycle::year);
  year.year_days = {std::chrono::February / 29};
  CHECK(last(year) == "2016-02-29T00:00+08:00");
  CHECK(last(cron("0 0 0 29 2 ? 2000")) == "2000-02-29T00:00+08:00");
  year.effective_from = std::chrono::sys_days(std::chrono::year(2017) / 1 / 1);
  CHECK(last(year) == "none");
  Schedule over;
  over.effective_to = std::chrono::sys_days(std::chrono::year(2018) / 3 / 1);
  CHECK(last(over) == "2018-03-01T23:55+08:00");
}

TEST_CASE(
    "calendar: the next slots are those of one range, over days without any and changes of the clocks") {
  Schedule month = cycle_of(Cycle::month, 150min, "Europe/Berlin");
  month.month_days = {-1, 1, 28};
  Schedule half_day = in(cycle_of(Cycle::hour), "Europe/Berlin", DstPolicy::dataworks);
  half_day.interval = 720min;
  for (const Schedule& schedule : {Schedule{}, month, half_day, cron("0 0/7 1-3 * * ?", "Europe/Berlin")}) {
    const Calendar calendar = Calendar::of(schedule).value();
    const Instant from = local("2025-03-28T02:30+01:00");
    const auto range = calendar.slots(from + Duration(1), from + 400 * 24h);
    const auto next = calendar.next_slots(from, 25);
    REQUIRE(next.size() == 25);
    CHECK(std::equal(next.begin(), next.end(), range.begin()));
    const auto before = calendar.next_slots(from, 25, next[7].at);
    REQUIRE(before.size() == 7);
    CHECK(std::equal(before.begin(), before.end(), range.begin()));
  }
}

TEST_CASE("calendar: weeks, months and years have their days only") {
  Schedule week = cycle_of(Cycle::week, 60min);
  week.weekdays = {1, 3};
  CHECK(texts(week, "2018-10-15T00:00+08:00", "2018-10-22T00:00+08:00") ==
        "2018-10-15T01:00+08:00 2018-10-17T01:00+08:00");
  Schedule month = cycle_of(Cycle::month, 60min);
  month.month_days = {-1, 1, 31};
  CHECK(texts(month, "2019-01-15T00:00+08:00", "2019-04-02T00:00+08:00") ==
        "2019-01-31T01:00+08:00 2019-02-01T01:00+08:00 2019-02-28T01:00+08:00 2019-03-01T01:00+08:00 "
        "2019-03-31T01:00+08:00 2019-04-01T01:00+08:00");
  Schedule year = cycle_of(Cycle::year, 60min);
  year.year_days = {std::chrono::February / 29, std::chrono::March / 1};
  CHECK(texts(year, "2018-01-01T00:00+08:00", "2021-01-01T00:00+08:00") ==
        "2018-03-01T01:00+08:00 2019-03-01T01:00+08:00 2020-02-29T01:00+08:00 2020-03-01T01:00+08:00");
}

TEST_CASE("calendar: days off (SKIP_CYCLE) are dry runs with their reason, or have no slot") {
  Schedule week = cycle_of(Cycle::week, 60min);
  week.weekdays = {2};
  CHECK(texts(week, "2018-10-15T00:00+08:00", "2018-10-18T00:00+08:00") == "2018-10-16T01:00+08:00");
  week.off_days_dry_run = true;
  CHECK(texts(week, "2018-10-15T00:00+08:00", "2018-10-18T00:00+08:00") ==
        "2018-10-15T01:00+08:00d 2018-10-16T01:00+08:00 2018-10-17T01:00+08:00d");
  CHECK(day_of(week, "2018-10-15T12:00+08:00").at(0).reason == "dry run: an off day of the schedule");
  CHECK(day_of(week, "2018-10-16T12:00+08:00").at(0).reason.empty());
}

TEST_CASE("calendar: the first slot after an instant is found for every cycle, years away too") {
  const auto after = [](const Schedule& schedule, const std::string& from) {
    const auto found = Calendar::of(schedule).value().first_after(local(from));
    return found ? job::format_local(*found, schedule.zone) : "none";
  };
  Schedule year = cycle_of(Cycle::year, 60min);
  year.year_days = {std::chrono::March / 1};
  CHECK(after(year, "2018-03-01T00:59+08:00") == "2018-03-01T01:00+08:00");
  CHECK(after(year, "2018-03-01T01:00+08:00") == "2019-03-01T01:00+08:00");
  year.year_days = {std::chrono::February / 29};
  CHECK(after(year, "2096-03-01T00:00+08:00") == "2104-02-29T01:00+08:00");
  Schedule month = cycle_of(Cycle::month);
  month.month_days = {31};
  CHECK(after(month, "2018-08-31T00:00+08:00") == "2018-10-31T00:00+08:00");
  CHECK(after(cron("0 0 0 29 2 ? "), "2018-10-16T00:00+08:00") == "2020-02-29T00:00+08:00");
  CHECK(after(cron("0 0 0 1 1 ? 2030"), "2018-10-16T00:00+08:00") == "2030-01-01T00:00+08:00");
  CHECK(after(cron("0 0 0 1 1 ? 2030"), "2030-01-01T00:00+08:00") == "none");
  year.effective_to = sys_days(std::chrono::year(2019) / 12 / 31);
  CHECK(after(year, "2018-10-16T00:00+08:00") == "none");
  Schedule later = cycle_of(Cycle::day, 30min);
  later.effective_from = sys_days(std::chrono::year(2050) / 1 / 1);
  CHECK(after(later, "2018-10-16T00:00+08:00") == "2050-01-01T00:30+08:00");
}

TEST_CASE("calendar: spring day, every_real_minute: 276 at step 5 and 23 hourly; dataworks the same") {
  const auto dst = GENERATE(DstPolicy::every_real_minute, DstPolicy::dataworks);
  CHECK(day_of(in(Schedule(), "Europe/Berlin", dst), "2025-03-30T12:00+02:00").size() == 276);
  CHECK(day_of(in(cycle_of(Cycle::hour), "Europe/Berlin", dst), "2025-03-30T12:00+02:00").size() == 23);
  CHECK(day_of(in(cron("0 0/5 * * * ?"), "Europe/Berlin", dst), "2025-03-30T12:00+02:00").size() == 276);
}

TEST_CASE("calendar: autumn day at step 5: 300 with every_real_minute, 288 with dataworks") {
  const std::string noon = "2025-10-26T12:00+01:00";
  CHECK(day_of(in(Schedule(), "Europe/Berlin", DstPolicy::every_real_minute), noon).size() == 300);
  const auto slots = day_of(in(Schedule(), "Europe/Berlin", DstPolicy::dataworks), noon);
  REQUIRE(slots.size() == 288);
  CHECK(slots[23].at == local("2025-10-26T01:55+02:00"));
  CHECK(slots[24].at == local("2025-10-26T02:00+01:00"));  // of the two 02:00 only the second
  CHECK(slots[24].at - slots[23].at == 65min);
  CHECK(slots.back().cycle == 288);
}

TEST_CASE("calendar: autumn day hourly: 25 with every_real_minute, 24 with dataworks") {
  const std::string noon = "2025-10-26T12:00+01:00";
  CHECK(day_of(in(cycle_of(Cycle::hour), "Europe/Berlin", DstPolicy::every_real_minute), noon).size() == 25);
  CHECK(day_of(in(cycle_of(Cycle::hour), "Europe/Berlin", DstPolicy::dataworks), noon).size() == 24);
}

TEST_CASE("calendar: however a repeated hour is cut, dataworks drops its first pass and nothing else") {
  const auto calendar = Calendar::of(in(Schedule(), "Europe/Berlin", DstPolicy::dataworks)).value();
  const Instant from = local("2025-10-25T22:00+02:00");
  const Instant to = local("2025-10-26T06:00+01:00");
  std::vector<Slot> pieces;
  for (Instant at = from; at < to; at += 7min) {
    for (const Slot& slot : calendar.slots(at, std::min<Instant>(at + 7min, to))) pieces.push_back(slot);
  }
  CHECK(pieces == calendar.slots(from, to));
  CHECK(pieces.size() == 12U * 8U);
}

TEST_CASE(
    "calendar: day, week, month and a cron of one time in the hour left out: at the change, or with "
    "dataworks one hour later as a dry run") {
  Schedule schedule = GENERATE(cycle_of(Cycle::day, 150min), cycle_of(Cycle::week, 150min),
                               cycle_of(Cycle::month, 150min), cron("0 30 2 * * ?"));
  schedule.weekdays = {7};
  schedule.month_days = {30};
  const std::string noon = "2025-03-30T12:00+02:00";
  const auto real = day_of(in(schedule, "Europe/Berlin", DstPolicy::every_real_minute), noon);
  REQUIRE(real.size() == 1);
  CHECK(real[0] == Slot{local("2025-03-30T03:00+02:00"), 1});
  const auto moved = day_of(in(schedule, "Europe/Berlin", DstPolicy::dataworks), noon);
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].at == local("2025-03-30T03:30+02:00"));
  CHECK(moved[0].dry_run);
  CHECK(moved[0].reason == "dry run: its time was left out when the clocks went forward");
}

TEST_CASE(
    "calendar: a day's slot in the repeated hour comes once: the first time, or with dataworks the second") {
  const Schedule schedule = GENERATE(cycle_of(Cycle::day, 150min), cron("0 30 2 * * ?"));
  const std::string noon = "2025-10-26T12:00+01:00";
  CHECK(day_of(in(schedule, "Europe/Berlin", DstPolicy::every_real_minute), noon) ==
        std::vector<Slot>{Slot{local("2025-10-26T02:30+02:00"), 1}});
  CHECK(day_of(in(schedule, "Europe/Berlin", DstPolicy::dataworks), noon) ==
        std::vector<Slot>{Slot{local("2025-10-26T02:30+01:00"), 1}});
}

TEST_CASE("calendar: clocks that change by half an hour, at midnight and over midnight") {
  const auto real = DstPolicy::every_real_minute;
  // Lord Howe goes back from 02:00 to 01:30 and forward from 02:00 to 02:30.
  CHECK(day_of(in(Schedule(), "Australia/Lord_Howe", real), "2025-04-06T12:00+10:30").size() == 288 + 6);
  CHECK(
      day_of(in(Schedule(), "Australia/Lord_Howe", DstPolicy::dataworks), "2025-04-06T12:00+10:30").size() ==
      288);
  CHECK(day_of(in(Schedule(), "Australia/Lord_Howe", real), "2025-10-05T12:00+11:00").size() == 288 - 6);
  // Sao Paulo's midnight did not exist: the day began at 01:00.
  const std::string spring = "2017-10-15T12:00-02:00";
  CHECK(day_of(in(cycle_of(Cycle::day), "America/Sao_Paulo", real), spring) ==
        std::vector<Slot>{Slot{local("2017-10-15T01:00-02:00"), 1}});
  CHECK(day_of(in(cycle_of(Cycle::day), "America/Sao_Paulo", DstPolicy::dataworks), spring).at(0).dry_run);
  CHECK(day_of(in(cycle_of(Cycle::hour), "America/Sao_Paulo", real), spring).size() == 23);
  CHECK(day_of(in(cycle_of(Cycle::hour), "America/Sao_Paulo", real), "2018-02-17T12:00-02:00").size() == 25);
  // Nuuk goes from Saturday 23:00 to Sunday 00:00: the slot of Saturday 23:30 shows Sunday's date.
  CHECK(texts(in(cycle_of(Cycle::day, 23h + 30min), "America/Nuuk", real), "2024-03-30T00:00-02:00",
              "2024-04-01T00:00-01:00") == "2024-03-31T00:00-01:00 2024-03-31T23:30-01:00");
}

TEST_CASE("calendar: a slot at midnight is found from any instant, also where the clocks go back over it") {
  job::Schedule schedule;
  schedule.zone = "America/St_Johns";  // until 2010 at 00:01, back to 23:01 of the day before
  schedule.cycle = job::Cycle::day;
  const Calendar calendar = Calendar::of(schedule).value();
  const Instant midnight = local("2010-11-07T00:00-02:30");
  for (Duration before = 1min; before <= 23h; before += 1min) {
    REQUIRE(calendar.first_after(midnight - before) == midnight);
    const auto found = calendar.slots(midnight - before, midnight + 1min * (before / 1min % 200 + 1));
    REQUIRE(found.size() == 1);
    REQUIRE(found[0].at == midnight);
  }
}

TEST_CASE("calendar: a date that a zone left out as a whole has no slot") {
  CHECK(texts(in(cycle_of(Cycle::day, 150min), "Pacific/Apia", DstPolicy::every_real_minute),
              "2011-12-29T00:00-10:00",
              "2012-01-01T00:00+14:00") == "2011-12-29T02:30-10:00 2011-12-31T02:30+14:00");
}

TEST_CASE("calendar: a cycle without its days, a wrong cron and a time beyond the day are refused") {
  const auto message = [](const Schedule& schedule) { return Calendar::of(schedule).error().message(); };
  CHECK(message(cycle_of(Cycle::week)) == "read schedule: minute 0 of no days does not fit the cycle");
  CHECK(message(cycle_of(Cycle::day, 24h)) ==
        "read schedule: minute 1440 of its days does not fit the cycle");
  CHECK(message(cron("0 0 0 30 2 ?")) ==
        "read schedule: cron: no day of the calendar is meant: the day of month is in none of its months");
}

}  // namespace
