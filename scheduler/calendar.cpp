#include "scheduler/calendar.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

using job::DstPolicy;
using job::LocalReading;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::string_view kOffDay = "dry run: an off day of the schedule";
constexpr std::string_view kMovedOn = "dry run: its time was left out when the clocks went forward";

// By the local dates that the slots show.
void number_cycles(std::vector<Slot>& slots, std::string_view zone) {
  struct Counted {
    sys_days date;
    int slots = 0;
  };
  std::vector<Counted>
      counted;  // a clock that goes back over midnight returns to a date, so the last few count
  sys_seconds period_end = sys_seconds::min();
  seconds offset{0};
  for (Slot& slot : slots) {
    const sys_seconds at = std::chrono::floor<seconds>(slot.at);
    if (at >= period_end) {
      const job::ZonePeriod period = *job::zone_period(at, zone);
      period_end = period.end;
      offset = period.offset;
    }
    const sys_days date = std::chrono::floor<days>(at + offset);
    auto known = std::find_if(counted.rbegin(), counted.rend(),
                              [date](const Counted& day) { return day.date <= date; });
    if (known == counted.rend() || known->date != date) {
      counted.insert(known.base(), Counted{date, 1});
      slot.cycle = 1;
    } else {
      slot.cycle = ++known->slots;
    }
  }
}

}  // namespace

// [from, to) in UTC; local reading = UTC + offset throughout. Readings from `repeated_from` on come once more
// after the segment.
struct Calendar::Segment {
  sys_seconds from;
  sys_seconds to;
  seconds offset{0};
  sys_seconds repeated_from;
};

Result<Calendar> Calendar::of(const job::Schedule& schedule) {
  if (!job::zone_exists(schedule.zone)) {
    return Error(Errc::invalid_argument, fmt::format("find time zone {}: unknown name", schedule.zone));
  }
  auto slot_days = SlotDays::of(schedule);
  if (!slot_days) return slot_days.error();
  return Calendar(schedule, std::move(*slot_days));
}

sys_days Calendar::local_date(Instant at) const {
  return std::chrono::floor<days>(*job::to_civil(at, schedule_.zone));
}

Instant Calendar::day_start(Instant instant, int days_later) const {
  return *job::to_instant(local_date(instant) + days(days_later), schedule_.zone);
}

std::vector<Calendar::Segment> Calendar::segments(Instant from, Instant to) const {
  std::vector<Segment> found;
  const sys_seconds last = std::chrono::ceil<seconds>(to);
  sys_seconds at = std::chrono::ceil<seconds>(from);
  while (at < last) {
    const job::ZonePeriod period = *job::zone_period(at, schedule_.zone);
    Segment& segment = found.emplace_back();
    segment.from = at;
    segment.to = std::min(period.end, last);
    segment.offset = period.offset;
    segment.repeated_from = sys_seconds::max();
    if (segment.to == period.end || period.end - last < days(2)) {
      const seconds next = job::zone_period(period.end, schedule_.zone)->offset;
      segment.repeated_from = period.end + std::min(period.offset, next);
    }
    at = segment.to;
  }
  return found;
}

void Calendar::append(const Segment& segment, std::vector<Slot>& found) const {
  const sys_seconds local_from = segment.from + segment.offset;
  sys_seconds local_to = segment.to + segment.offset;
  if (schedule_.dst == DstPolicy::dataworks) local_to = std::min(local_to, segment.repeated_from);
  const auto& times = days_.times();
  sys_days day = std::max(std::chrono::floor<days>(local_from), schedule_.effective_from);
  for (; day <= schedule_.effective_to && day < local_to; day += days(1)) {
    if (days_.kind(day) == SlotDays::Kind::none) continue;
    auto time = std::lower_bound(times.begin(), times.end(), local_from - day);
    for (; time != times.end() && day + *time < local_to; ++time) {
      found.push_back(Slot{day + *time - segment.offset});
    }
  }
}

std::vector<Slot> Calendar::slots_by_reading(Instant from, Instant to) const {
  std::vector<Slot> found;
  for (const Segment& segment : segments(from, to)) append(segment, found);
  return found;
}

std::optional<Slot> Calendar::slot_of(sys_days date, SlotDays::Kind kind) const {
  const LocalReading reading = *job::read_local(date + days_.times().front(), schedule_.zone);
  const bool dataworks = schedule_.dst == DstPolicy::dataworks;
  const bool left_out = reading.kind == LocalReading::Kind::left_out;
  if (left_out && reading.gap_begin <= date && reading.gap_end >= date + days(1)) return std::nullopt;
  Slot slot;
  slot.at = dataworks ? reading.second : reading.first;
  if (kind == SlotDays::Kind::off) {
    slot.reason = kOffDay;
  } else if (dataworks && left_out) {
    slot.reason = kMovedOn;
  }
  slot.dry_run = !slot.reason.empty();
  return slot;
}

std::vector<Slot> Calendar::slots_by_date(Instant from, Instant to) const {
  std::vector<Slot> found;
  if (from >= to) return found;
  // A slot that moves on with the clocks may end up on the day after its own, and `to` on the day before that
  // of a slot, where the clocks go back over midnight.
  const sys_days last = local_date(to) + days(1);
  for (sys_days date = local_date(from) - days(1); date <= last; date += days(1)) {
    const SlotDays::Kind kind = days_.kind(date);
    if (kind == SlotDays::Kind::none) continue;
    const std::optional<Slot> slot = slot_of(date, kind);
    if (slot && slot->at >= from && slot->at < to) found.push_back(*slot);
  }
  return found;
}

std::vector<Slot> Calendar::uncounted(Instant from, Instant to) const {
  return days_.once_a_date() ? slots_by_date(from, to) : slots_by_reading(from, to);
}

std::vector<Slot> Calendar::slots(Instant from, Instant to) const {
  // Counting a day's slots starts with the day: 27 hours back covers the longest one.
  const Instant count_from = from - hours(27);
  std::vector<Slot> found = uncounted(count_from, to);
  number_cycles(found, schedule_.zone);
  std::erase_if(found, [from](const Slot& slot) { return slot.at < from; });
  return found;
}

std::optional<Instant> Calendar::first_after(Instant instant) const {
  std::optional<sys_days> date = days_.next(local_date(instant) - days(1));
  Instant from = instant + Duration(1);
  while (date) {
    from = std::max<Instant>(from, *date - days(1));
    const Instant end = *date + days(3);
    // Most schedules have one soon.
    for (Duration span = hours(1); from < end; span *= 4) {
      const Instant to = std::min<Instant>(end, from + span);
      const std::vector<Slot> found = uncounted(from, to);
      if (!found.empty()) return found.front().at;
      from = to;
    }
    date = days_.next(*date + days(1));
  }
  return std::nullopt;
}

std::vector<Slot> Calendar::next_slots(Instant instant, std::size_t count, Instant before) const {
  std::vector<Slot> found;
  // A change of the clocks can take the slots of a date away, so the next dates are tried too.
  std::optional<sys_days> date = days_.next(local_date(instant) - days(1));
  Instant from = instant + Duration(1);
  while (date && found.size() < count && from < before) {
    const Instant to = std::min<Instant>(*date + days(3), before);
    const std::vector<Slot> more = slots(std::max<Instant>(from, *date - days(1)), to);
    found.insert(found.end(), more.begin(), more.end());
    from = to;
    date = days_.next(*date + days(1));
  }
  if (found.size() > count) found.resize(count);
  return found;
}

std::optional<Instant> Calendar::last_run_before(Instant instant) const {
  std::optional<sys_days> date = days_.last_run(local_date(instant) + days(1));
  while (date) {
    std::vector<Slot> found = slots(*date - days(2), std::min<Instant>(instant, *date + days(3)));
    std::erase_if(found, [](const Slot& slot) { return slot.dry_run; });
    if (!found.empty()) return found.back().at;
    date = days_.last_run(*date - days(1));
  }
  return std::nullopt;
}

}  // namespace sluice::scheduler
