// The calendar against an oracle that looks at every minute, over random schedules, zones and changes of
// clocks.

#include "core/base/random.hpp"
#include "core/job/civil_time.hpp"
#include "scheduler/calendar.hpp"
#include "tests/support/catch_result.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using job::Cycle;
using job::DstPolicy;
using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

const std::vector<std::string> kZones{"Asia/Shanghai",     "UTC",
                                      "Europe/Berlin",     "Europe/Dublin",
                                      "America/New_York",  "America/St_Johns",
                                      "America/Sao_Paulo", "America/Nuuk",
                                      "Asia/Kolkata",      "Asia/Tehran",
                                      "Asia/Gaza",         "Africa/Cairo",
                                      "Africa/Casablanca", "Australia/Lord_Howe",
                                      "Pacific/Apia",      "Pacific/Chatham"};

// A schedule, and what it means said once more in the plainest way.
struct Sample {
  job::Schedule schedule;
  std::set<int> hours;       // cron
  std::set<int> minutes;     // cron
  std::set<int> month_days;  // cron; none: every day
  bool once_a_date = false;

  bool on_date(sys_days date) const {
    const year_month_day civil(date);
    const int day = static_cast<int>(static_cast<unsigned>(civil.day()));
    const bool last = year_month_day(date + days(1)).day() == std::chrono::day(1);
    switch (schedule.cycle) {
      case Cycle::week: {
        const int weekday = static_cast<int>(std::chrono::weekday(date).c_encoding());
        return std::set<int>(schedule.weekdays.begin(), schedule.weekdays.end())
            .contains(weekday == 0 ? 7 : weekday);
      }
      case Cycle::month: {
        const std::set<int> on(schedule.month_days.begin(), schedule.month_days.end());
        return on.contains(day) || (last && on.contains(-1));
      }
      case Cycle::year:
        for (const auto& on : schedule.year_days) {
          if (on.month() == civil.month() && on.day() == civil.day()) return true;
        }
        return false;
      case Cycle::cron:
        return month_days.empty() || month_days.contains(day);
      case Cycle::minute:
      case Cycle::hour:
      case Cycle::day:
        return true;
    }
    return true;
  }
  bool at_time(std::chrono::minutes time) const {
    const int minute = static_cast<int>(time.count());
    if (schedule.cycle == Cycle::cron) return hours.contains(minute / 60) && minutes.contains(minute % 60);
    if (schedule.cycle != Cycle::minute && schedule.cycle != Cycle::hour) return time == schedule.at;
    return time >= schedule.start && time <= schedule.end &&
           (time - schedule.start) % schedule.interval == 0min;
  }
};

int below(Random& random, int limit) {
  return static_cast<int>(random.below(static_cast<std::uint64_t>(limit)));
}

std::set<int> some(Random& random, int first, int last, int most) {
  std::set<int> found;
  const int count = 1 + below(random, most);
  for (int i = 0; i < count; ++i) found.insert(first + below(random, last - first + 1));
  return found;
}

Sample make_sample(Random& random) {
  Sample sample;
  job::Schedule& schedule = sample.schedule;
  schedule.cycle = static_cast<Cycle>(below(random, 7));
  schedule.zone = kZones[static_cast<std::size_t>(below(random, static_cast<int>(kZones.size())))];
  schedule.dst = below(random, 2) == 0 ? DstPolicy::every_real_minute : DstPolicy::dataworks;
  // Most changes of clocks are at 00:00 to 03:00.
  schedule.at = std::chrono::minutes(below(random, 2) == 0 ? below(random, 240) : below(random, 1440));
  const bool several = schedule.cycle == Cycle::minute || schedule.cycle == Cycle::hour;
  sample.once_a_date = !several;
  if (several) {
    schedule.start = std::chrono::minutes(below(random, 200));
    schedule.end = std::chrono::minutes(static_cast<int>(schedule.start.count()) + below(random, 1440 - 200));
    schedule.interval = schedule.cycle == Cycle::hour ? std::chrono::minutes(60 * (1 + below(random, 5)))
                                                      : std::chrono::minutes(1 + below(random, 90));
    schedule.at = 0min;
  } else if (schedule.cycle == Cycle::week) {
    const auto on = some(random, 1, 7, 4);
    schedule.weekdays.assign(on.begin(), on.end());
  } else if (schedule.cycle == Cycle::month) {
    auto on = some(random, 1, 31, 20);
    if (below(random, 2) == 0) on.insert(-1);
    schedule.month_days.assign(on.begin(), on.end());
  } else if (schedule.cycle == Cycle::year) {
    for (const int day : some(random, 1, 28, 20)) schedule.year_days.push_back(std::chrono::October / day);
    for (const int day : some(random, 1, 31, 20)) schedule.year_days.push_back(std::chrono::March / day);
  } else if (schedule.cycle == Cycle::cron) {
    schedule.at = 0min;
    sample.hours = some(random, 0, 23, 8);
    sample.minutes = some(random, 0, 59, 8);
    sample.once_a_date = sample.hours.size() * sample.minutes.size() == 1;
    if (below(random, 2) == 0) sample.month_days = some(random, 1, 31, 20);
    schedule.cron =
        fmt::format("0 {} {} {} * ?", fmt::join(sample.minutes, ","), fmt::join(sample.hours, ","),
                    sample.month_days.empty() ? "*" : fmt::format("{}", fmt::join(sample.month_days, ",")));
  }
  const bool has_off_days =
      schedule.cycle == Cycle::week || schedule.cycle == Cycle::month || schedule.cycle == Cycle::year;
  schedule.off_days_dry_run = has_off_days && below(random, 2) == 0;
  return sample;
}

struct Reading {
  Instant at{};
  job::CivilTime civil{};
};

struct Expected {
  Instant at{};
  int cycle = 0;
  bool dry_run = false;
  friend bool operator==(const Expected&, const Expected&) = default;
};

bool effective(const Sample& sample, sys_days date) {
  return date >= sample.schedule.effective_from && date <= sample.schedule.effective_to;
}

void expect_readings(const Sample& sample, const std::vector<Reading>& readings,
                     std::vector<Expected>& found) {
  std::map<job::CivilTime, Instant> last;
  for (const Reading& reading : readings) last[reading.civil] = reading.at;
  for (const Reading& reading : readings) {
    const sys_days date = std::chrono::floor<days>(reading.civil);
    const auto time = std::chrono::duration_cast<std::chrono::minutes>(reading.civil - date);
    if (!effective(sample, date) || !sample.on_date(date) || !sample.at_time(time)) continue;
    if (sample.schedule.dst == DstPolicy::dataworks && last[reading.civil] != reading.at) continue;
    found.push_back(Expected{reading.at, 0, false});
  }
}

void expect_date(const Sample& sample, sys_days date, const std::vector<Reading>& readings,
                 std::vector<Expected>& found) {
  const bool on = sample.on_date(date);
  if (!effective(sample, date) || (!on && !sample.schedule.off_days_dry_run)) return;
  const std::chrono::minutes time =
      sample.schedule.cycle == Cycle::cron
          ? std::chrono::minutes(*sample.hours.begin() * 60 + *sample.minutes.begin())
          : sample.schedule.at;
  const bool dataworks = sample.schedule.dst == DstPolicy::dataworks;
  std::vector<Instant> shown;
  bool date_exists = false;
  std::optional<Expected> moved;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    date_exists = date_exists || std::chrono::floor<days>(readings[i].civil) == date;
    if (readings[i].civil == date + time) shown.push_back(readings[i].at);
    if (i == 0 || readings[i - 1].civil >= date + time || readings[i].civil <= date + time) continue;
    const Instant as_before = readings[i - 1].at + (date + time - readings[i - 1].civil);
    moved = dataworks ? Expected{as_before, 0, true} : Expected{readings[i].at, 0, false};
  }
  if (!shown.empty()) {
    found.push_back(Expected{dataworks ? shown.back() : shown.front(), 0, false});
  } else if (date_exists && moved) {
    found.push_back(*moved);
  } else {
    return;
  }
  found.back().dry_run = found.back().dry_run || !on;
}

std::vector<Expected> expected_slots(const Sample& sample, Instant from, Instant to) {
  std::vector<Reading> readings;
  for (Instant at = from - 54h; at < to + 54h; at += 1min) {
    readings.push_back(Reading{at, *job::to_civil(at, sample.schedule.zone)});
  }
  std::vector<Expected> found;
  if (sample.once_a_date) {
    const sys_days last = std::chrono::floor<days>(readings.back().civil) - days(1);
    for (sys_days date = std::chrono::floor<days>(readings.front().civil) + days(1); date <= last;
         date += days(1)) {
      expect_date(sample, date, readings, found);
    }
  } else {
    expect_readings(sample, readings, found);
  }
  std::map<sys_days, int> counted;
  for (Expected& slot : found) {
    slot.cycle = ++counted[std::chrono::floor<days>(*job::to_civil(slot.at, sample.schedule.zone))];
  }
  std::erase_if(found, [&](const Expected& slot) { return slot.at < from || slot.at >= to; });
  return found;
}

// Some days around a change of the zone's clocks, where it has one.
Instant middle_of_range(const Sample& sample, Random& random) {
  const sys_days begin(std::chrono::year(2004 + below(random, 26)) / 1 / 1);
  const std::chrono::sys_seconds at = begin + days(below(random, 365));
  const job::ZonePeriod period = *job::zone_period(at, sample.schedule.zone);
  if (period.end - at > days(366)) return at;
  return period.end + std::chrono::minutes(below(random, 600) - 300);
}

TEST_CASE("calendar: random schedules in random zones have the slots that a look at every minute finds") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SeededRandom random(seed);
    Sample sample = make_sample(random);
    const Instant middle = middle_of_range(sample, random);
    const Instant from = middle - 20h - std::chrono::minutes(below(random, 60 * 24));
    const Instant to = middle + 20h + std::chrono::minutes(below(random, 60 * 24));
    if (below(random, 4) == 0) sample.schedule.effective_from = std::chrono::floor<days>(middle);
    if (below(random, 4) == 0) sample.schedule.effective_to = std::chrono::floor<days>(middle);
    INFO("seed " << seed << ", cycle " << static_cast<int>(sample.schedule.cycle) << ", "
                 << sample.schedule.zone << ", dst " << static_cast<int>(sample.schedule.dst) << ", "
                 << sample.schedule.cron << ", at " << sample.schedule.at.count() << ", from "
                 << job::format_local(from, sample.schedule.zone) << " to "
                 << job::format_local(to, sample.schedule.zone));
    const auto calendar = Calendar::of(sample.schedule).value();
    std::vector<Expected> found;
    for (const Slot& slot : calendar.slots(from, to))
      found.push_back(Expected{slot.at, slot.cycle, slot.dry_run});
    const std::vector<Expected> expected = expected_slots(sample, from, to);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      INFO(job::format_local(found[i].at, sample.schedule.zone)
           << " for " << job::format_local(expected[i].at, sample.schedule.zone) << ", cycle "
           << found[i].cycle << " for " << expected[i].cycle);
      REQUIRE(found[i] == expected[i]);
    }
    // Asked for one after the other they are the same.
    Instant at = from - Duration(1);
    for (const Expected& slot : expected) {
      const auto next = calendar.first_after(at);
      REQUIRE(next == slot.at);
      at = *next;
    }
  }
}

}  // namespace
