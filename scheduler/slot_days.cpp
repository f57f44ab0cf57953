#include "scheduler/slot_days.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

using job::Cycle;
using std::chrono::days;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr minutes kDayLength(24 * 60);
// The rarest date is 29 February, with eight years between two of them around 1900 and 2100.
constexpr days kRarest(8 * 366);
// A 29 February that has to be a Monday, or a cron that names years: after so long the calendar repeats.
constexpr days kRarestOfCron(146'097);

Result<std::vector<std::chrono::seconds>> interval_times(const job::Schedule& schedule) {
  const bool valid = schedule.start >= minutes(0) && schedule.start <= schedule.end &&
                     schedule.end < kDayLength && schedule.interval >= minutes(1) &&
                     schedule.interval <= kDayLength;
  if (!valid) {
    return Error(Errc::invalid_argument,
                 fmt::format("read schedule: from minute {} to {} every {} min does not fit a day",
                             schedule.start.count(), schedule.end.count(), schedule.interval.count()));
  }
  std::vector<std::chrono::seconds> times;
  for (minutes at = schedule.start; at <= schedule.end; at += schedule.interval) times.emplace_back(at);
  return times;
}

template <class Values, class Value>
bool has(const Values& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

Result<SlotDays> SlotDays::of(const job::Schedule& schedule) {
  SlotDays found(schedule);
  if (schedule.cycle == Cycle::minute || schedule.cycle == Cycle::hour) {
    auto times = interval_times(schedule);
    if (!times) return times.error();
    found.times_ = std::move(*times);
    return found;
  }
  if (schedule.cycle == Cycle::cron) {
    auto cron = job::Cron::parse(schedule.cron);
    if (!cron) return cron.error().in("read schedule: cron");
    found.times_ = cron->times();
    found.cron_ = std::move(*cron);
    found.once_a_date_ = found.times_.size() == 1;
    return found;
  }
  const bool no_day = (schedule.cycle == Cycle::week && schedule.weekdays.empty()) ||
                      (schedule.cycle == Cycle::month && schedule.month_days.empty()) ||
                      (schedule.cycle == Cycle::year && schedule.year_days.empty());
  if (no_day || schedule.at < minutes(0) || schedule.at >= kDayLength) {
    return Error(Errc::invalid_argument,
                 fmt::format("read schedule: minute {} of {} days does not fit the cycle",
                             schedule.at.count(), no_day ? "no" : "its"));
  }
  found.times_.emplace_back(schedule.at);
  found.once_a_date_ = true;
  return found;
}

bool SlotDays::runs(sys_days date) const {
  const year_month_day civil(date);
  switch (schedule_.cycle) {
    case Cycle::minute:
    case Cycle::hour:
    case Cycle::day:
      return true;
    case Cycle::week:
      return has(schedule_.weekdays, static_cast<int>(std::chrono::weekday(date).iso_encoding()));
    case Cycle::month: {
      const bool last = civil == civil.year() / civil.month() / std::chrono::last;
      return has(schedule_.month_days, static_cast<int>(static_cast<unsigned>(civil.day()))) ||
             (last && has(schedule_.month_days, -1));
    }
    case Cycle::year:
      return has(schedule_.year_days, civil.month() / civil.day());
    case Cycle::cron:
      return cron_->on(date);
  }
  return false;
}

SlotDays::Kind SlotDays::kind(sys_days date) const {
  if (date < schedule_.effective_from || date > schedule_.effective_to) return Kind::none;
  if (runs(date)) return Kind::run;
  return schedule_.off_days_dry_run ? Kind::off : Kind::none;
}

std::optional<sys_days> SlotDays::next(sys_days from) const {
  sys_days date = std::max(from, schedule_.effective_from);
  if (cron_) {
    const auto found = cron_->first_day(date);
    return found && *found <= schedule_.effective_to ? found : std::nullopt;
  }
  const sys_days end = std::min(date + kRarest, schedule_.effective_to);
  for (; date <= end; date += days(1)) {
    if (kind(date) != Kind::none) return date;
  }
  return std::nullopt;
}

std::optional<sys_days> SlotDays::last_run(sys_days until) const {
  sys_days date = std::min(until, schedule_.effective_to);
  const sys_days first = std::max(date - (cron_ ? kRarestOfCron : kRarest), schedule_.effective_from);
  for (; date >= first; date -= days(1)) {
    if (runs(date)) return date;
  }
  return std::nullopt;
}

}  // namespace sluice::scheduler
