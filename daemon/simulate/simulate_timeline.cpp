#include "daemon/simulate/simulate_timeline.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/schedule_text.hpp"
#include "daemon/base/json_view.hpp"
#include "scheduler/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

using namespace std::chrono_literals;
using scheduler::Instance;
using scheduler::State;

// Being a window behind for a moment is what every retry does.
constexpr std::size_t kBehindLeast = 2;
constexpr Duration kBehindLongest = 1h;

std::string reading(std::chrono::sys_seconds local) {
  const auto of_day = local - std::chrono::floor<std::chrono::days>(local);
  return job::time_of_day_text(std::chrono::floor<std::chrono::minutes>(of_day));
}

std::string name_of(const Instance& instance) { return to_string(instance.id, instance.zone); }

// Nearest rank. Sorts.
Duration percentile_99(std::vector<Duration>& values) {
  std::ranges::sort(values);
  return values[(values.size() * 99 + 99) / 100 - 1];
}

void set_delays(SimulatedCounts& counts, std::vector<Duration> delays) {
  if (delays.empty()) return;
  counts.delay_p99 = percentile_99(delays);
  counts.delay_max = delays.back();
}

}  // namespace

std::vector<Instant> expected_slots(const job::Job& job, TimeSpan time) {
  std::vector<Instant> expected;
  const auto calendar = scheduler::Calendar::of(job.schedule);
  if (!calendar) return expected;
  Instant from = time.from;
  const bool next_day = job.schedule.generation == job::Generation::next_day;
  if (next_day) from = calendar->day_start(time.from - Duration(1), 1);
  if (job.schedule.first_slot) from = std::max(time.from, *job.schedule.first_slot);
  if (from >= time.to) return expected;
  for (const scheduler::Slot& slot : calendar->slots(from, time.to)) expected.push_back(slot.at);
  return expected;
}

void Timeline::Gauge::start(Instant now) {
  ++running;
  if (limit == 0 || running < limit) return;
  // A place that is taken again at once was never free.
  if (running == limit && full_until != now) full_since = now;
}

void Timeline::Gauge::end(Instant now) {
  if (limit > 0 && running == limit) full_until = now;
  --running;
}

Duration Timeline::Gauge::waited(Instant ready, Instant now) const {
  if (limit == 0 || full_until != now) return Duration(0);
  return std::max<Duration>(now - std::max(ready, full_since), Duration(0));
}

Timeline::Timeline(const Clock& clock, std::span<const job::Job> jobs, TimeSpan time, std::string zone,
                   std::size_t places)
    : clock_(clock), zone_(std::move(zone)), time_(time) {
  places_.limit = places;
  for (const job::Job& job : jobs) {
    Track& track = tracks_[job.name];
    track.job = &job;
    track.places.limit = job.max_parallel;
    track.days = days_of(job.schedule.zone, time);
    for (const Instant slot : expected_slots(job, time)) {
      Window& window = track.windows.emplace_back();
      window.slot = slot;
      ++day_of(track, slot).due;
    }
    note_clock_changes(track, time);
  }
}

std::vector<Timeline::Day> Timeline::days_of(const std::string& zone, TimeSpan time) {
  std::vector<Day> days;
  const auto first = job::to_civil(time.from, zone);
  const auto last = job::to_civil(time.to - Duration(1), zone);
  if (!first || !last) return days;
  for (auto date = std::chrono::floor<std::chrono::days>(*first); date <= *last;
       date += std::chrono::days(1)) {
    Day& day = days.emplace_back();
    day.begin = *job::to_instant(date, zone);
    day.sums.date = job::date_text(date);
  }
  return days;
}

Timeline::Window* Timeline::find_window(Track& track, Instant slot) {
  const auto found = std::ranges::lower_bound(track.windows, slot, {}, &Window::slot);
  return found == track.windows.end() || found->slot != slot ? nullptr : &*found;
}

// The first day also has what comes before it, the last one what comes after.
SimulatedCounts& Timeline::day_of(Track& track, Instant at) {
  auto next = std::ranges::upper_bound(track.days, at, {}, &Day::begin);
  if (next != track.days.begin()) --next;
  return next->sums.counts;
}

void Timeline::add(const Track& track, std::string_view kind, std::string text) {
  const Instant at = std::max(clock_.now(), time_.from);
  events_.push_back(SimulatedEvent{at, track.job->schedule.zone, track.job->name, kind, std::move(text)});
}

void Timeline::note(std::string_view kind, std::string text) {
  const Instant at = std::max(clock_.now(), time_.from);
  events_.push_back(SimulatedEvent{at, zone_, "", kind, std::move(text)});
}

// For jobs with a slot around the change: the others do not notice it.
void Timeline::note_clock_changes(Track& track, TimeSpan time) {
  const std::string& zone = track.job->schedule.zone;
  auto period = job::zone_period(std::chrono::floor<std::chrono::seconds>(time.from), zone);
  while (period && period->end < time.to) {
    const std::chrono::sys_seconds change = period->end;
    const auto before = period->offset;
    period = job::zone_period(change, zone);
    if (!period || period->offset == before) continue;
    const bool back = period->offset < before;
    const auto length = std::chrono::abs(period->offset - before);
    const auto near = std::ranges::lower_bound(track.windows, change - length, {}, &Window::slot);
    if (near == track.windows.end() || near->slot >= change + length) continue;
    const std::size_t windows = day_of(track, change).due;
    events_.push_back(SimulatedEvent{
        change, zone, track.job->name, event_kind::clocks_change,
        fmt::format("{}: {}-{} {}, {} window{}", zone, reading(change + std::min(before, period->offset)),
                    reading(change + std::max(before, period->offset)), back ? "comes twice" : "is left out",
                    windows, windows == 1 ? "" : "s")});
  }
}

void Timeline::log(pipeline::Level level, std::string_view text) {
  if (level == pipeline::Level::error) note(event_kind::error, std::string(text));
}

void Timeline::attempt_started(const Instance& instance, int attempt, Duration late) {
  const auto found = tracks_.find(instance.id.job);
  if (found == tracks_.end()) return;
  Track& track = found->second;
  if (Window* window = find_window(track, instance.id.scheduled)) ++window->attempts;
  note_wait(track, late);
  places_.start(clock_.now());
  track.places.start(clock_.now());
  at_once_ = std::max(at_once_, places_.running);
  SimulatedCounts& day = day_of(track, clock_.now());
  day.at_once = std::max(day.at_once, track.places.running);
  note_backlog(track, instance, attempt);
}

// Ready since it was due, unless something before it ended later.
void Timeline::note_wait(Track& track, Duration late) {
  const Instant now = clock_.now();
  Instant ready = now - late;
  if (track.job->dependencies.self) ready = std::max(ready, track.last_end);
  for (const job::Upstream& upstream : track.job->dependencies.jobs) {
    const auto other = tracks_.find(upstream.job);
    if (other != tracks_.end()) ready = std::max(ready, other->second.last_end);
  }
  const Duration waited = std::max(places_.waited(ready, now), track.places.waited(ready, now));
  if (waited == Duration(0)) return;
  SimulatedCounts& day = day_of(track, now);
  ++day.for_place;
  day.for_place_max = std::max(day.for_place_max, waited);
}

void Timeline::note_backlog(Track& track, const Instance& instance, int attempt) {
  // Where windows run side by side, only their first attempts tell how far behind the job is.
  if (!track.job->dependencies.self && attempt > 1) return;
  const Instant slot = instance.id.scheduled;
  const Instant now = clock_.now();
  const auto next = std::ranges::upper_bound(track.windows, slot, {}, &Window::slot);
  const auto last = std::ranges::upper_bound(track.windows, now, {}, &Window::slot);
  if (next < last) {
    if (!track.behind_since) track.behind_since = slot;
    track.behind_max = std::max(track.behind_max, static_cast<std::size_t>(last - next));
    return;
  }
  if (!track.behind_since) return;
  const Duration behind = now - *track.behind_since;
  if (track.behind_max >= kBehindLeast || behind >= kBehindLongest) {
    add(track, event_kind::caught_up,
        fmt::format("caught up: {} windows behind at most, since {}", track.behind_max,
                    job::format_local(*track.behind_since, instance.zone)));
  }
  track.behind_since.reset();
  track.behind_max = 0;
}

void Timeline::attempt_ended(const Instance& instance, const scheduler::Attempt& attempt) {
  const auto found = tracks_.find(instance.id.job);
  if (found == tracks_.end()) return;
  Track& track = found->second;
  places_.end(clock_.now());
  track.places.end(clock_.now());
  track.last_end = clock_.now();
  if (attempt.result == scheduler::AttemptResult::lost)
    add(track, event_kind::lost, fmt::format("{} was running and has lost its attempt", name_of(instance)));
  Window* window = find_window(track, instance.id.scheduled);
  if (window != nullptr && instance.state == State::retry_wait) ++window->retries;
}

void Timeline::windows_skipped(const std::string& job, std::size_t count, Instant first, Instant last,
                               const std::string& reason) {
  Track& track = tracks_.find(job)->second;
  for (auto window = std::ranges::lower_bound(track.windows, first, {}, &Window::slot);
       window != track.windows.end() && window->slot <= last; ++window) {
    if (window->outcome == Outcome::open && window->attempts == 0) window->outcome = Outcome::skipped;
  }
  const std::string& zone = track.job->schedule.zone;
  add(track, event_kind::skipped,
      fmt::format("{} windows skipped, slots {} to {}: {}", count, job::format_local(first, zone),
                  job::format_local(last, zone), reason));
}

void Timeline::instance_changed(const Instance& instance) {
  const auto found = tracks_.find(instance.id.job);
  if (found == tracks_.end()) return;
  Track& track = found->second;
  Window* window = find_window(track, instance.id.scheduled);
  if (window == nullptr) return;
  const bool failed = instance.state == State::failure || instance.state == State::lost;
  if (instance.state == State::success) {
    window->outcome = instance.dry_run ? Outcome::dry_run : Outcome::succeeded;
    window->delay = std::max<Duration>(clock_.now() - window->slot, Duration(0));
    const auto cause = blocked_.find(instance.id);
    if (cause == blocked_.end()) return;
    const scheduler::BlockedChain& chain = cause->second;
    add(track, event_kind::unblocked,
        fmt::format("{} is done: {} windows stood still behind it, {} of them of other jobs, since {}",
                    name_of(instance), chain.blocked(), chain.blocked_downstream,
                    job::format_local(chain.since, instance.zone)));
    blocked_.erase(cause);
  } else if (failed) {
    window->outcome = Outcome::failed;
    add(track, event_kind::failed,
        fmt::format("{} {} after {} attempt{}: {}", name_of(instance),
                    instance.state == State::lost ? "may not run again" : "failed", instance.attempts,
                    instance.attempts == 1 ? "" : "s", instance.reason));
  } else {
    window->outcome = Outcome::open;
  }
}

void Timeline::note_blocked(const std::vector<scheduler::BlockedChain>& chains) {
  for (const scheduler::BlockedChain& chain : chains) {
    if (chain.root && chain.blocked() > 0) blocked_.insert_or_assign(*chain.root, chain);
  }
}

void Timeline::count(const Window& window, SimulatedCounts& counts) {
  switch (window.outcome) {
    case Outcome::open:
      ++counts.open;
      break;
    case Outcome::succeeded:
      ++counts.succeeded;
      break;
    case Outcome::dry_run:
      ++counts.dry_runs;
      break;
    case Outcome::skipped:
      ++counts.skipped;
      break;
    case Outcome::failed:
      ++counts.failed;
      break;
  }
  counts.retries += window.retries;
}

// What is not done is late until the end.
void Timeline::note_lag(const Window& window, SimulatedJob& job) const {
  const bool undone = window.outcome == Outcome::open || window.outcome == Outcome::failed;
  const scheduler::InstanceId id{job.name, window.slot};
  if (undone && !job.first_open) job.first_open = id;
  if (!undone && window.outcome != Outcome::succeeded) return;
  const Duration lag = undone ? time_.to - window.slot : window.delay;
  if (job.lag_of && lag <= job.lag_max) return;
  job.lag_max = lag;
  job.lag_of = id;
}

SimulatedJob Timeline::sum_up(Track& track) const {
  SimulatedJob job;
  job.name = track.job->name;
  job.zone = track.job->schedule.zone;
  std::vector<Duration> all;
  auto window = track.windows.begin();
  for (auto day = track.days.begin(); day != track.days.end(); ++day) {
    SimulatedCounts& sums = day->sums.counts;
    const Instant next = std::next(day) == track.days.end() ? Instant::max() : std::next(day)->begin;
    std::vector<Duration> delays;
    for (; window != track.windows.end() && window->slot < next; ++window) {
      count(*window, sums);
      note_lag(*window, job);
      if (window->outcome == Outcome::succeeded) delays.push_back(window->delay);
    }
    all.insert(all.end(), delays.begin(), delays.end());
    set_delays(sums, std::move(delays));
    job.total.add(sums);
    job.days.push_back(day->sums);
  }
  set_delays(job.total, std::move(all));
  return job;
}

void Timeline::sum_up(SimulatedReport& report) {
  for (auto& [name, track] : tracks_) report.jobs.push_back(sum_up(track));
  report.at_once = at_once_;
  std::ranges::stable_sort(events_, {}, &SimulatedEvent::at);
  report.events = std::move(events_);
}

}  // namespace sluice::daemon
