#include "scheduler/calendar.hpp"

#include "core/job/civil_time.hpp"
#include "tests/support/catch_result.hpp"

#include <map>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

Instant local(const std::string& text) { return *job::parse_local(text); }

job::Schedule every(std::chrono::minutes interval, const std::string& zone = "Asia/Shanghai") {
  job::Schedule schedule;
  schedule.interval = interval;
  schedule.zone = zone;
  return schedule;
}

std::vector<Slot> day_of(const job::Schedule& schedule, const std::string& noon) {
  const auto calendar = Calendar::of(schedule);
  REQUIRE(calendar);
  return calendar->slots(calendar->day_start(local(noon), 0), calendar->day_start(local(noon), 1));
}

TEST_CASE("calendar: the number of slots of a day follows start, end and interval") {
  struct Row {
    int start, end, interval;
    std::size_t count;
  };
  const Row row =
      GENERATE(Row{0, 1439, 1, 1440}, Row{0, 1439, 5, 288}, Row{0, 1439, 10, 144}, Row{0, 1439, 15, 96},
               Row{0, 1439, 30, 48}, Row{0, 23 * 60, 30, 47}, Row{480, 1020, 10, 55}, Row{0, 1439, 40, 36},
               Row{0, 1439, 1440, 1}, Row{90, 90, 5, 1});
  job::Schedule schedule = every(std::chrono::minutes(row.interval));
  schedule.start = std::chrono::minutes(row.start);
  schedule.end = std::chrono::minutes(row.end);
  const auto slots = day_of(schedule, "2018-10-16T12:00+08:00");
  REQUIRE(slots.size() == row.count);
  CHECK(slots.front().at == local("2018-10-16T00:00+08:00") + std::chrono::minutes(row.start));
  CHECK(slots.back().at <= local("2018-10-16T00:00+08:00") + std::chrono::minutes(row.end));
  CHECK(slots.front().cycle == 1);
  CHECK(slots.back().cycle == static_cast<int>(row.count));
}

TEST_CASE("calendar: a range takes its first instant in and leaves its last one out") {
  const auto calendar = *Calendar::of(every(5min));
  const auto slots = calendar.slots(local("2018-10-16T23:55+08:00"), local("2018-10-17T00:05+08:00"));
  REQUIRE(slots.size() == 2);
  CHECK(slots[0] == Slot{local("2018-10-16T23:55+08:00"), 288});
  CHECK(slots[1] == Slot{local("2018-10-17T00:00+08:00"), 1});
  CHECK(calendar.slots(local("2018-10-16T23:56+08:00"), local("2018-10-17T00:00+08:00")).empty());
  CHECK(calendar.slots(local("2018-10-17T00:00+08:00"), local("2018-10-16T00:00+08:00")).empty());
}

TEST_CASE("calendar: the first slot after an instant is later than it") {
  const auto calendar = *Calendar::of(every(5min));
  CHECK(calendar.first_after(local("2018-10-16T00:05+08:00")) == local("2018-10-16T00:10+08:00"));
  CHECK(calendar.first_after(local("2018-10-16T00:05+08:00") - 1us) == local("2018-10-16T00:05+08:00"));
  CHECK(calendar.first_after(local("2018-10-16T23:55+08:00")) == local("2018-10-17T00:00+08:00"));
  job::Schedule morning = every(10min);
  morning.start = 8h;
  morning.end = 9h;
  CHECK(Calendar::of(morning)->first_after(local("2018-10-16T09:00+08:00")) ==
        local("2018-10-17T08:00+08:00"));
}

TEST_CASE("calendar: outside the effective dates there are no slots") {
  job::Schedule schedule = every(60min);
  schedule.effective_from = sys_days(std::chrono::year(2018) / 10 / 16);
  schedule.effective_to = sys_days(std::chrono::year(2018) / 10 / 17);
  const auto calendar = *Calendar::of(schedule);
  const auto slots = calendar.slots(local("2018-10-01T00:00+08:00"), local("2018-11-01T00:00+08:00"));
  REQUIRE(slots.size() == 48);
  CHECK(slots.front().at == local("2018-10-16T00:00+08:00"));
  CHECK(slots.back().at == local("2018-10-17T23:00+08:00"));
  CHECK(calendar.first_after(local("2010-01-01T00:00+08:00")) == local("2018-10-16T00:00+08:00"));
  CHECK_FALSE(calendar.first_after(local("2018-10-17T23:00+08:00")));
}

TEST_CASE("calendar: a spring day has no slots in the hour that is left out") {
  const auto slots = day_of(every(5min, "Europe/Berlin"), "2025-03-30T12:00+02:00");
  CHECK(slots.size() == 276);
  CHECK(slots.back().cycle == 276);
  CHECK(slots[23].at == local("2025-03-30T01:55+01:00"));
  CHECK(slots[24].at == local("2025-03-30T03:00+02:00"));
  CHECK(slots[24].at - slots[23].at == 5min);
}

TEST_CASE("calendar: an autumn day has the repeated hour's slots twice") {
  const auto slots = day_of(every(5min, "Europe/Berlin"), "2025-10-26T12:00+01:00");
  CHECK(slots.size() == 300);
  CHECK(slots.back().cycle == 300);
  CHECK(slots[24].at == local("2025-10-26T02:00+02:00"));
  CHECK(slots[36].at == local("2025-10-26T02:00+01:00"));
}

TEST_CASE("calendar: a day's only slot that the clocks leave out is missing, and the next day has it") {
  job::Schedule schedule = every(1440min, "Europe/Berlin");
  schedule.start = 150min;
  const auto calendar = *Calendar::of(schedule);
  CHECK(calendar.first_after(local("2025-03-29T02:30+01:00")) == local("2025-03-31T02:30+02:00"));
}

TEST_CASE("calendar: over a year every zone's slots ascend without repetition and cycles restart each day") {
  const std::string zone = GENERATE(as<std::string>(), "Asia/Shanghai", "UTC", "Europe/Berlin",
                                    "America/New_York", "Australia/Lord_Howe", "America/St_Johns",
                                    "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca");
  const int year = GENERATE(2006, 2011, 2025);
  const auto calendar = *Calendar::of(every(15min, zone));
  const Instant from = sys_days(std::chrono::year(year) / 1 / 1);
  const Instant to = sys_days(std::chrono::year(year + 1) / 1 / 1);
  const auto slots = calendar.slots(from, to);
  bool ascending = true;
  bool counted = true;
  bool on_grid = true;
  std::map<sys_days, int> cycles;
  for (std::size_t i = 1; i < slots.size(); ++i) {
    ascending = ascending && slots[i - 1].at < slots[i].at;
    const auto reading = *job::to_civil(slots[i].at, zone);
    int& last = cycles[std::chrono::floor<std::chrono::days>(reading)];
    counted = counted && (last == 0 || slots[i].cycle == last + 1);
    last = slots[i].cycle;
    on_grid = on_grid && reading.time_since_epoch() % 15min == 0s;
  }
  CHECK(ascending);
  CHECK(counted);
  CHECK(on_grid);
  // Quarter-hour offsets keep every slot exactly a quarter of an hour after the one before.
  CHECK(slots.size() >= 364U * 96U);
  CHECK(slots.size() <= 366U * 96U);
  // The same slots come out however the year is cut.
  std::vector<Slot> pieces;
  for (Instant at = from; at < to; at += 37h) {
    for (const Slot& slot : calendar.slots(at, std::min<Instant>(at + 37h, to))) pieces.push_back(slot);
  }
  CHECK(pieces == slots);
}

TEST_CASE("calendar: an unknown zone and an impossible schedule are refused") {
  CHECK(Calendar::of(every(5min, "Mars/Olympus")).error().code() == Errc::invalid_argument);
  CHECK(Calendar::of(every(0min)).error().code() == Errc::invalid_argument);
  job::Schedule backwards = every(5min);
  backwards.start = 10min;
  backwards.end = 5min;
  CHECK(Calendar::of(backwards).error().message() ==
        "read schedule: from minute 10 to 5 every 5 min does not fit a day");
}

}  // namespace
