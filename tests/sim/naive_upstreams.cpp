#include "tests/sim/naive_upstreams.hpp"

#include "core/job/civil_time.hpp"
#include "tests/sim/naive_calendar.hpp"

#include <algorithm>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using Slots = std::vector<Instant>;

Instant next_day(const std::string& zone, Instant day) { return naive_day_start(zone, day + 26h); }
Instant day_before(const std::string& zone, Instant day) { return naive_day_start(zone, day - 1s); }

Slots last_of(const Slots& slots) { return slots.empty() ? Slots() : Slots(1, slots.back()); }

// The latest that is not later than `at`; none: the first.
Slots nearest_of(const Slots& slots, Instant at) {
  if (slots.empty()) return {};
  const auto later = std::ranges::upper_bound(slots, at);
  return Slots(1, later == slots.begin() ? slots.front() : *std::prev(later));
}

}  // namespace

const Slots& NaiveUpstreams::day(const job::Job& job, Instant at) {
  const std::string& zone = job.schedule.zone;
  const Instant begin = naive_day_start(zone, at);
  const auto [known, is_new] = days_.try_emplace({job.name + " " + job.version, begin});
  if (is_new) known->second = naive_slots(job.schedule, begin, next_day(zone, begin));
  return known->second;
}

NaiveUpstreams::Pace NaiveUpstreams::pace(const job::Job& job, Instant at) {
  if (job.schedule.cycle == job::Cycle::minute) return Pace::minute;
  if (job.schedule.cycle == job::Cycle::hour) return Pace::hour;
  if (job.schedule.cycle != job::Cycle::cron) return Pace::day;
  const std::size_t count = day(job, at).size();
  if (count <= 1) return Pace::day;
  return count <= 24 ? Pace::hour : Pace::minute;
}

Slots NaiveUpstreams::of_day_job(const job::Job& upstream, Instant slot, bool previous_cycle) {
  if (!previous_cycle) return day(upstream, slot);
  const Instant today = naive_day_start(upstream.schedule.zone, slot);
  return last_of(naive_slots(upstream.schedule, today - 24h * 30, today));
}

Slots NaiveUpstreams::of_hour(const job::Job& upstream, Instant slot, bool previous_cycle) {
  const auto civil = *job::to_civil(slot, upstream.schedule.zone);
  const auto past = civil - std::chrono::floor<std::chrono::hours>(civil);
  const Instant begin = slot - past - (previous_cycle ? 1h : 0h);
  const Slots hour = naive_slots(upstream.schedule, begin, begin + 1h);
  if (!upstream.dependencies.self) return hour;
  return previous_cycle ? last_of(hour) : nearest_of(hour, slot);
}

Slots NaiveUpstreams::one_before(const job::Job& upstream, Instant slot) {
  const Slots& today = day(upstream, slot);
  const auto here = std::ranges::lower_bound(today, slot);
  if (here != today.begin()) return Slots(1, *std::prev(here));
  return last_of(
      day(upstream, day_before(upstream.schedule.zone, naive_day_start(upstream.schedule.zone, slot))));
}

Slots NaiveUpstreams::find(const job::Job& downstream, Instant slot, const job::Job& upstream,
                           bool previous_cycle) {
  const Pace mine = pace(downstream, slot);
  const Pace theirs = pace(upstream, slot);
  const bool all = !upstream.dependencies.self;
  if (theirs == Pace::day) {
    const bool follows =
        mine != Pace::day && downstream.dependencies.self && day(downstream, slot).front() < slot;
    return follows ? Slots() : of_day_job(upstream, slot, previous_cycle);
  }
  const std::string& zone = upstream.schedule.zone;
  if (mine == Pace::day) {
    const Slots& slots =
        previous_cycle ? day(upstream, day_before(zone, naive_day_start(zone, slot))) : day(upstream, slot);
    if (all) return slots;
    return previous_cycle ? last_of(slots) : nearest_of(slots, slot);
  }
  if (mine == Pace::hour && theirs == Pace::minute) return of_hour(upstream, slot, previous_cycle);
  const Slots& today = day(upstream, slot);
  const Slots& own = day(downstream, slot);
  Slots one = nearest_of(today, slot);
  if (mine == theirs && zone == downstream.schedule.zone && own.size() == today.size())
    one.assign(1, today.at(static_cast<std::size_t>(std::ranges::find(own, slot) - own.begin())));
  return previous_cycle && !one.empty() ? one_before(upstream, one.front()) : one;
}

}  // namespace sluice::test
