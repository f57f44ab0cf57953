#include "scheduler/dependencies.hpp"

#include "core/job/civil_time.hpp"

#include <algorithm>
#include <vector>

namespace sluice::scheduler {
namespace {

using Slots = std::vector<Slot>;

// The previous cycle of a job by year may lie so far back, that of 29 February aside.
constexpr int kLookBackDays = 400;

Slots slots_of_day(const Party& party, Instant at, int days_later) {
  return party.calendar.slots(party.calendar.day_start(at, days_later),
                              party.calendar.day_start(at, days_later + 1));
}

// Of the clock hour that `at` lies in, or of one before it.
Slots slots_of_hour(const Party& party, Instant at, int hours_later) {
  const auto civil = job::to_civil(at, party.job.schedule.zone);
  if (!civil) return {};
  const auto past = *civil - std::chrono::floor<std::chrono::hours>(*civil);
  const Instant start = std::chrono::floor<std::chrono::seconds>(at) - past + std::chrono::hours(hours_later);
  return party.calendar.slots(start, start + std::chrono::hours(1));
}

std::optional<SlotRange> all_of(const Slots& slots) {
  if (slots.empty()) return std::nullopt;
  return SlotRange{slots.front().at, slots.back().at};
}

std::optional<SlotRange> last_of(const Slots& slots) {
  if (slots.empty()) return std::nullopt;
  return SlotRange{slots.back().at, slots.back().at};
}

// The latest one that is not later than `at`; none: the first.
std::optional<SlotRange> nearest(const Slots& slots, Instant at) {
  if (slots.empty()) return std::nullopt;
  Instant found = slots.front().at;
  for (const Slot& slot : slots) {
    if (slot.at <= at) found = slot.at;
  }
  return SlotRange{found, found};
}

// The k-th waits for the k-th where both have as many on the day; slots of different zones have no common
// count.
std::optional<SlotRange> counterpart(const Party& downstream, const Slot& slot, const Party& upstream) {
  const Slots theirs = slots_of_day(upstream, slot.at, 0);
  const bool same_zone = downstream.job.schedule.zone == upstream.job.schedule.zone;
  const auto k = static_cast<std::size_t>(std::max(slot.cycle, 1)) - 1;
  if (!same_zone || k >= theirs.size() || slots_of_day(downstream, slot.at, 0).size() != theirs.size()) {
    return nearest(theirs, slot.at);
  }
  return SlotRange{theirs[k].at, theirs[k].at};
}

std::optional<SlotRange> slot_before(const Party& party, const std::optional<SlotRange>& one) {
  if (!one) return std::nullopt;
  return last_of(party.calendar.slots(party.calendar.day_start(one->first, -1), one->first));
}

std::optional<SlotRange> of_day_job(const Slot& slot, const Party& upstream, bool previous_cycle) {
  if (!previous_cycle) return all_of(slots_of_day(upstream, slot.at, 0));
  const Instant today = upstream.calendar.day_start(slot.at, 0);
  return last_of(upstream.calendar.slots(upstream.calendar.day_start(today, -kLookBackDays), today));
}

}  // namespace

Pace pace_of(const Party& party, Instant day) {
  switch (party.job.schedule.cycle) {
    case job::Cycle::minute:
      return Pace::minute;
    case job::Cycle::hour:
      return Pace::hour;
    case job::Cycle::day:
    case job::Cycle::week:
    case job::Cycle::month:
    case job::Cycle::year:
      return Pace::day;
    case job::Cycle::cron:
      break;
  }
  const std::size_t count = slots_of_day(party, day, 0).size();
  if (count <= 1) return Pace::day;
  return count <= 24 ? Pace::hour : Pace::minute;
}

std::optional<SlotRange> upstream_slots(const Party& downstream, const Slot& slot, const Party& upstream,
                                        bool previous_cycle) {
  const Pace mine = pace_of(downstream, slot.at);
  const Pace theirs = pace_of(upstream, slot.at);
  const bool in_order = upstream.job.dependencies.self;
  if (theirs == Pace::day) {
    // The later ones of the day follow the first.
    if (mine != Pace::day && downstream.job.dependencies.self && slot.cycle > 1) return std::nullopt;
    return of_day_job(slot, upstream, previous_cycle);
  }
  if (mine == Pace::day) {
    const Slots day = slots_of_day(upstream, slot.at, previous_cycle ? -1 : 0);
    if (!in_order) return all_of(day);
    return previous_cycle ? last_of(day) : nearest(day, slot.at);
  }
  if (mine == Pace::hour && theirs == Pace::minute) {
    const Slots hour = slots_of_hour(upstream, slot.at, previous_cycle ? -1 : 0);
    if (!in_order) return all_of(hour);
    return previous_cycle ? last_of(hour) : nearest(hour, slot.at);
  }
  const auto one = mine == theirs ? counterpart(downstream, slot, upstream)
                                  : nearest(slots_of_day(upstream, slot.at, 0), slot.at);
  return previous_cycle ? slot_before(upstream, one) : one;
}

}  // namespace sluice::scheduler
