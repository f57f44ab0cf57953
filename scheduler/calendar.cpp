#include "scheduler/calendar.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

#include <map>

namespace sluice::scheduler {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

// [from, to) in UTC; local reading = UTC + offset throughout.
struct Calendar::Segment {
  sys_seconds from;
  sys_seconds to;
  seconds offset;
};

Result<Calendar> Calendar::of(const job::Schedule& schedule) {
  if (!job::zone_exists(schedule.zone)) {
    return Error(Errc::invalid_argument, fmt::format("find time zone {}: unknown name", schedule.zone));
  }
  const minutes last(24 * 60 - 1);
  const bool valid = schedule.start >= minutes(0) && schedule.start <= schedule.end && schedule.end <= last &&
                     schedule.interval >= minutes(1) && schedule.interval <= minutes(24 * 60);
  if (!valid) {
    return Error(Errc::invalid_argument,
                 fmt::format("read schedule: from minute {} to {} every {} min does not fit a day",
                             schedule.start.count(), schedule.end.count(), schedule.interval.count()));
  }
  return Calendar(schedule);
}

seconds Calendar::offset(sys_seconds at) const { return *job::to_civil(at, schedule_.zone) - at; }

sys_days Calendar::local_date(Instant at) const {
  return std::chrono::floor<days>(*job::to_civil(at, schedule_.zone));
}

Instant Calendar::day_start(Instant instant, int later) const {
  return *job::to_instant(local_date(instant) + days(later), schedule_.zone);
}

std::vector<Calendar::Segment> Calendar::segments(Instant from, Instant to) const {
  std::vector<Segment> found;
  const sys_seconds last = std::chrono::ceil<seconds>(to);
  sys_seconds at = std::chrono::ceil<seconds>(from);
  while (at < last) {
    // A day is short enough that two changes never hide in it by cancelling each other.
    const sys_seconds probe = std::min<sys_seconds>(at + days(1), last);
    const seconds present = offset(at);
    sys_seconds same = at;
    sys_seconds other = probe;
    if (offset(probe) == present) {
      same = probe;
    } else {
      while (other - same > seconds(1)) {
        const sys_seconds middle = same + (other - same) / 2;
        (offset(middle) == present ? same : other) = middle;
      }
      same = other;
    }
    if (!found.empty() && found.back().offset == present) {
      found.back().to = same;
    } else {
      found.push_back(Segment{at, same, present});
    }
    at = same;
  }
  return found;
}

void Calendar::append(const Segment& segment, std::vector<Instant>& found) const {
  const sys_seconds local_from = segment.from + segment.offset;
  const sys_seconds local_to = segment.to + segment.offset;
  const sys_days first_day = std::max(std::chrono::floor<days>(local_from), schedule_.effective_from);
  for (sys_days day = first_day; day <= schedule_.effective_to && day < local_to; day += days(1)) {
    for (minutes at = schedule_.start; at <= schedule_.end; at += schedule_.interval) {
      const sys_seconds reading = day + at;
      if (reading >= local_to) return;
      if (reading >= local_from) found.emplace_back(reading - segment.offset);
    }
  }
}

std::vector<Slot> Calendar::slots(Instant from, Instant to) const {
  // Counting a day's slots starts with the day: 27 hours back covers the longest one.
  const Instant count_from = from - hours(27);
  std::vector<Slot> found;
  std::vector<Instant> instants;
  std::map<sys_days, int> counted;  // slots so far by local date
  for (const Segment& segment : segments(count_from, to)) {
    instants.clear();
    append(segment, instants);
    for (const Instant at : instants) {
      const sys_days date = std::chrono::floor<days>(at + segment.offset);
      found.push_back(Slot{at, ++counted[date]});
    }
  }
  std::erase_if(found, [from](const Slot& slot) { return slot.at < from; });
  return found;
}

std::optional<Instant> Calendar::first_after(Instant instant) const {
  const Instant effective = *job::to_instant(schedule_.effective_from, schedule_.zone);
  const Instant from = std::max<Instant>(instant + Duration(1), effective);
  // A change of the clocks can leave out a day's only slot, so look a few days on.
  const std::vector<Slot> found = slots(from, from + days(4));
  if (found.empty()) return std::nullopt;
  return found.front().at;
}

}  // namespace sluice::scheduler
