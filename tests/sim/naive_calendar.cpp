#include "tests/sim/naive_calendar.hpp"

#include "core/job/civil_time.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <string>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using HalfHours = std::chrono::duration<std::int64_t, std::ratio<1800>>;
using FiveMinutes = std::chrono::duration<std::int64_t, std::ratio<300>>;

// East of UTC. Zones change at full half hours.
seconds offset_at(const std::string& zone, Instant at) {
  static std::map<std::pair<std::string, Instant>, seconds> known;
  const Instant half_hour = std::chrono::floor<HalfHours>(at);
  const auto [found, is_new] = known.try_emplace({zone, half_hour}, 0s);
  if (is_new)
    found->second = *job::to_civil(half_hour, zone) - std::chrono::time_point_cast<seconds>(half_hour);
  return found->second;
}

sys_seconds reading(const std::string& zone, Instant at) {
  return std::chrono::time_point_cast<seconds>(at + offset_at(zone, at));
}

bool in_field(const std::string& field, unsigned value) {
  std::stringstream parts(field);
  std::string part;
  while (std::getline(parts, part, ',')) {
    unsigned step = 1;
    if (const auto slash = part.find('/'); slash != std::string::npos) {
      step = static_cast<unsigned>(std::stoul(part.substr(slash + 1)));
      part.resize(slash);
    }
    unsigned first = 0;
    unsigned last = 1000;
    if (part != "*") {
      first = static_cast<unsigned>(std::stoul(part));
      const auto dash = part.find('-');
      last = dash == std::string::npos ? first : static_cast<unsigned>(std::stoul(part.substr(dash + 1)));
    }
    if (value >= first && value <= last && (value - first) % step == 0) return true;
  }
  return false;
}

bool date_counts(const job::Schedule& schedule, sys_days date) {
  if (date < schedule.effective_from || date > schedule.effective_to) return false;
  if (schedule.cycle != job::Cycle::week) return true;
  const auto day = static_cast<int>(std::chrono::weekday(date).iso_encoding());
  return std::ranges::count(schedule.weekdays, day) > 0;
}

// Which times of a day, in steps of five minutes, and which days are on a schedule.
class Readings {
 public:
  explicit Readings(const job::Schedule& schedule) : schedule_(schedule) {
    std::string minute_field = "*";
    std::string hour_field = "*";
    std::string week_day_field = "*";
    if (schedule.cycle == job::Cycle::cron) {
      std::stringstream words(schedule.cron);
      std::string skipped;
      words >> minute_field >> hour_field >> skipped >> skipped >> week_day_field;
    }
    for (unsigned n = 0; n < times_.size(); ++n) {
      const minutes time(5 * n);
      times_.at(n) = schedule.cycle == job::Cycle::cron
                         ? in_field(minute_field, 5 * n % 60) && in_field(hour_field, 5 * n / 60)
                         : time >= schedule.start && time <= schedule.end &&
                               (time - schedule.start) % schedule.interval == 0min;
    }
    for (unsigned n = 0; n < week_days_.size(); ++n) week_days_.at(n) = in_field(week_day_field, n);
  }
  bool has(sys_seconds civil) const {
    const auto date = std::chrono::floor<std::chrono::days>(civil);
    return times_.at(static_cast<std::size_t>((civil - date) / 5min)) &&
           week_days_.at(std::chrono::weekday(date).c_encoding()) && date_counts(schedule_, date);
  }

 private:
  const job::Schedule& schedule_;
  std::array<bool, 288> times_{};
  std::array<bool, 7> week_days_{};
};

// The same reading comes once more.
bool comes_again(const std::string& zone, Instant at) {
  const seconds back = offset_at(zone, at) - offset_at(zone, at + 3h);
  return back > 0s && reading(zone, at) == reading(zone, at + back);
}

Instant once_on(const job::Schedule& schedule, sys_days date) {
  const std::string& zone = schedule.zone;
  const sys_seconds wanted = date + schedule.at;
  const Instant as_utc = wanted;
  const seconds before = offset_at(zone, as_utc - 26h);
  const seconds after = offset_at(zone, as_utc + 26h);
  const bool late = schedule.dst == job::DstPolicy::dataworks;
  const Instant by_before = as_utc - before;
  const Instant by_after = as_utc - after;
  const bool before_shows = reading(zone, by_before) == wanted;
  const bool after_shows = reading(zone, by_after) == wanted;
  if (before_shows && after_shows)
    return late ? std::max(by_before, by_after) : std::min(by_before, by_after);
  if (before_shows || after_shows) return before_shows ? by_before : by_after;
  if (late) return by_before;
  Instant change = std::chrono::floor<HalfHours>(as_utc - 30h);
  while (offset_at(zone, change) == before) change += 30min;
  return change;
}

}  // namespace

std::vector<Instant> naive_slots(const job::Schedule& schedule, Instant from, Instant to) {
  std::vector<Instant> slots;
  const bool fine = schedule.cycle == job::Cycle::minute || schedule.cycle == job::Cycle::hour ||
                    schedule.cycle == job::Cycle::cron;
  if (!fine) {
    for (auto date = std::chrono::floor<std::chrono::days>(from) - std::chrono::days(2);
         date <= std::chrono::floor<std::chrono::days>(to) + std::chrono::days(2);
         date += std::chrono::days(1)) {
      if (!date_counts(schedule, date)) continue;
      const Instant slot = once_on(schedule, date);
      if (slot >= from && slot < to) slots.push_back(slot);
    }
    return slots;
  }
  const Readings readings(schedule);
  Instant at = std::chrono::ceil<FiveMinutes>(from);
  for (; at < to; at += 5min) {
    if (!readings.has(reading(schedule.zone, at))) continue;
    if (schedule.dst == job::DstPolicy::dataworks && comes_again(schedule.zone, at)) continue;
    slots.push_back(at);
  }
  return slots;
}

Instant naive_day_start(const std::string& zone, Instant at) {
  const auto today = std::chrono::floor<std::chrono::days>(reading(zone, at));
  Instant start = std::chrono::floor<HalfHours>(at);
  while (std::chrono::floor<std::chrono::days>(reading(zone, start - 1s)) == today) start -= 30min;
  return start;
}

}  // namespace sluice::test
