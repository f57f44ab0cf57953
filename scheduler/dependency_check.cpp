#include "scheduler/dependency_check.hpp"

namespace sluice::scheduler {
namespace {

// Instances whose ranges are remembered: those that wait are asked about at every turn.
constexpr std::size_t kRangesKept = 20'000;

}  // namespace

void DependencyCheck::set_jobs(const Jobs& jobs, const Handovers& handovers) {
  KnownJobs known;
  for (const auto& [name, job] : jobs) {
    Result<Calendar> calendar = Calendar::of(job->schedule);
    // The planner has said what is wrong with it; such a job has no instances, as if it were not there.
    if (!calendar) continue;
    KnownJob& added = known.emplace(name, KnownJob{Known{job, std::move(*calendar)}}).first->second;
    const auto handover = handovers.find(name);
    if (handover == handovers.end() || !handover->second.before) continue;
    Result<Calendar> earlier = Calendar::of(handover->second.before->schedule);
    if (!earlier) continue;
    added.before.emplace(Known{handover->second.before, std::move(*earlier)});
    added.from = handover->second.from;
  }
  known_ = std::make_shared<const KnownJobs>(std::move(known));
  wanted_.clear();
}

bool DependencyCheck::in_order(const std::string& job, Instant now) const {
  const auto found = known_->find(job);
  return found == known_->end() || found->second.at(now).job->dependencies.self;
}

// The upstream's slots are those of the definition that it has at them.
std::optional<SlotRange> DependencyCheck::range_of(const Known& mine, const Slot& slot,
                                                   const KnownJob& upstream, bool previous_cycle) {
  const Party downstream{*mine.job, mine.calendar};
  const auto slots_by = [&](const Known& known) {
    const Party party{*known.job, known.calendar};
    return upstream_slots(downstream, slot, party, previous_cycle);
  };
  const std::optional<SlotRange> range = slots_by(upstream.present);
  const Known& then = upstream.at(range ? range->first : slot.at);
  return &then == &upstream.present ? range : slots_by(then);
}

DependencyCheck::Wanted DependencyCheck::wanted(const KnownJobs& known, const Known& mine,
                                                const Instance& instance) {
  std::pair<std::string, Instant> key(instance.id.job, instance.id.scheduled);
  const auto remembered = wanted_.find(key);
  if (remembered != wanted_.end()) return remembered->second;
  Wanted found;
  const Slot slot{instance.id.scheduled, instance.cycle};
  for (const job::Upstream& upstream_wanted : mine.job->dependencies.jobs) {
    const auto upstream = known.find(upstream_wanted.job);
    std::optional<SlotRange> range;
    std::optional<SlotRange> as_first;
    if (upstream != known.end()) {
      const bool previous_cycle = upstream_wanted.previous_cycle;
      range = as_first = range_of(mine, slot, upstream->second, previous_cycle);
      const Known& then = upstream->second.at(slot.at);
      if (pace_of(Party{*then.job, then.calendar}, slot.at) == Pace::day)
        as_first = range_of(mine, Slot{slot.at, 1}, upstream->second, previous_cycle);
    }
    found.usual.push_back(range);
    found.as_first.push_back(as_first);
  }
  if (wanted_.size() >= kRangesKept) wanted_.clear();
  wanted_.emplace(std::move(key), found);
  return found;
}

// Where the earlier ones of the day were skipped or never planned, none of them has waited in its place.
awaitable<bool> DependencyCheck::is_first_of_day(const Known& mine, const Instance& instance) {
  InstanceQuery query;
  query.job = instance.id.job;
  query.from = mine.calendar.day_start(instance.id.scheduled, 0);
  query.to = instance.id.scheduled;
  query.states = {State::not_run, State::wait_time, State::wait_resource, State::running, State::success,
                  State::failure, State::frozen,    State::retry_wait,    State::killing, State::lost};
  query.limit = 1;
  const std::vector<Instance> earlier = co_await store_.instances(query);
  const bool none = earlier.empty();
  co_return none;
}

std::vector<std::pair<std::string, SlotRange>> DependencyCheck::needs(const Instance& instance) {
  std::vector<std::pair<std::string, SlotRange>> found;
  const auto job = known_->find(instance.id.job);
  if (job == known_->end() || instance.id.group != 0) return found;
  const Known& mine = job->second.at(instance.id.scheduled);
  const Ranges slots = wanted(*known_, mine, instance).usual;
  const std::vector<job::Upstream>& upstreams = mine.job->dependencies.jobs;
  for (std::size_t at = 0; at < upstreams.size(); ++at) {
    if (slots[at]) found.emplace_back(upstreams[at].job, *slots[at]);
  }
  return found;
}

awaitable<std::optional<Blocker>> DependencyCheck::blocker(Instance instance, Instant now) {
  const std::shared_ptr<const KnownJobs> known = known_;  // a reload may come while the store is asked
  const auto job = known->find(instance.id.job);
  if (job == known->end() || instance.released || instance.id.group != 0) co_return std::nullopt;
  const Known& mine = job->second.at(instance.id.scheduled);
  const std::vector<job::Upstream>& upstreams = mine.job->dependencies.jobs;
  if (upstreams.empty()) co_return std::nullopt;
  const Wanted slots = wanted(*known, mine, instance);
  bool first = false;
  if (slots.usual != slots.as_first) first = co_await is_first_of_day(mine, instance);
  const Ranges& ranges = first ? slots.as_first : slots.usual;
  for (std::size_t at = 0; at < upstreams.size(); ++at) {
    Blocker missing;
    missing.job = upstreams[at].job;
    missing.kind = Blocker::Kind::not_loaded;
    if (!known->contains(missing.job)) co_return missing;
    missing.kind = Blocker::Kind::not_planned;
    if (!is_planned_(missing.job)) co_return missing;
    if (!ranges[at]) continue;
    std::optional<Blocker> open = co_await open_slots(missing.job, *ranges[at], now);
    if (open) co_return open;
  }
  co_return std::nullopt;
}

awaitable<std::optional<Blocker>> DependencyCheck::open_slots(std::string job, SlotRange range, Instant now) {
  SlotProgress progress = co_await store_.progress(job, range.first, range.last);
  Blocker blocker;
  blocker.job = job;
  const bool behind_plan = progress.last_planned ? range.last > *progress.last_planned : range.last > now;
  // What lies before the upstream's first instance will never be.
  const bool before_first = progress.first_planned && range.last < *progress.first_planned;
  if (before_first || (!progress.last_planned && !behind_plan)) co_return std::nullopt;
  if (progress.open > 0) {
    blocker.instance = std::move(progress.first_open);
    blocker.open = progress.open;
    co_return blocker;
  }
  if (behind_plan) {
    blocker.kind = Blocker::Kind::not_planned;
    co_return blocker;
  }
  if (progress.planned > 0) co_return std::nullopt;
  // The slot is none of those that were planned for its day, since the schedule changed: the instance before
  // it stands for it.
  InstanceId slot;
  slot.job = std::move(job);
  slot.scheduled = range.first;
  blocker.instance = co_await store_.predecessor(slot);
  if (!blocker.instance || is_done(blocker.instance->state)) co_return std::nullopt;
  co_return blocker;
}

}  // namespace sluice::scheduler
