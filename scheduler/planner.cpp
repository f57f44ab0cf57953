#include "scheduler/planner.hpp"

#include "core/base/run_all.hpp"
#include "core/job/civil_time.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::scheduler {
namespace {

// Jobs are planned anew some time after midnight, not at it: slots are due then.
constexpr Duration kSpread = std::chrono::minutes(10);
// Enumerated at once; bounds the memory after a long downtime.
constexpr Duration kStride = std::chrono::days(7);

void append(std::vector<NewInstance>& rows, std::vector<NewInstance> more) {
  std::ranges::move(more, std::back_inserter(rows));
}

}  // namespace

Jobs to_jobs(std::vector<job::Job> jobs) {
  Jobs named;
  for (job::Job& job : jobs) {
    auto shared = std::make_shared<const job::Job>(std::move(job));
    named.insert_or_assign(shared->name, std::move(shared));
  }
  return named;
}

std::vector<NewInstance> make_instances(const job::Job& job, const std::vector<Slot>& slots,
                                        const Freezer& freezer, FreezeFailures& failures) {
  std::vector<NewInstance> made;
  made.reserve(slots.size());
  for (const Slot& slot : slots) {
    Result<Frozen> frozen = freezer(job, slot.at);
    if (!frozen) {
      if (failures.count++ == 0) {
        const InstanceId id{job.name, slot.at};
        failures.first = fmt::format("{}: {}", to_string(id, job.schedule.zone), frozen.error().message());
      }
      continue;
    }
    NewInstance& instance = made.emplace_back();
    instance.id.job = job.name;
    instance.id.scheduled = slot.at;
    instance.zone = job.schedule.zone;
    instance.cycle = slot.cycle;
    instance.values = std::move(frozen->values);
    instance.window_start = frozen->window.start;
    instance.window_end = frozen->window.end;
    instance.version = job.version;
    instance.dry_run = slot.dry_run;
    instance.reason = slot.reason;
    instance.priority = job.priority;
  }
  return made;
}

Planner::Planner(const Clock& clock, StateStore& store, Random& random, Observer& observer,
                 Counters& counters, Freezer freezer, DefinitionFinder find)
    : clock_(clock),
      store_(store),
      random_(random),
      observer_(observer),
      counters_(counters),
      freezer_(std::move(freezer)),
      find_(std::move(find)) {}

void Planner::set_jobs(const Jobs& jobs, const Handovers& handovers) {
  std::map<std::string, PlanPointer> plans;
  for (const auto& [name, job] : jobs) {
    const auto known = plans_.find(name);
    const auto handover = handovers.find(name);
    const bool same_slot = handover == handovers.end() ||
                           (known != plans_.end() && known->second->from == handover->second.from);
    if (known != plans_.end() && same_slot && known->second->job->version == job->version) {
      plans.emplace(name, known->second);
      continue;
    }
    const Result<Calendar> calendar = Calendar::of(job->schedule);
    if (!calendar) {
      observer_.log(pipeline::Level::error, fmt::format("plan job {}: {}", name, calendar.error().message()));
      continue;
    }
    auto plan = std::make_shared<Plan>(Plan{job, *calendar});
    if (handover != handovers.end() && !handover->second.before && handover->second.from <= clock_.now()) {
      plan->edited = handover->second.from - Duration(1);
    } else if (handover != handovers.end()) {
      plan->from = handover->second.from;
      plan->before = handover->second.before;
      const auto before = plan->before ? Calendar::of(plan->before->schedule) : Result<Calendar>(Error());
      if (before) plan->calendar_before = *before;
    }
    plans.emplace(name, std::move(plan));
  }
  plans_ = std::move(plans);
}

bool Planner::has_planned(const std::string& job) const {
  const auto found = plans_.find(job);
  return found != plans_.end() && found->second->planned_to.has_value();
}

Instant Planner::next() const {
  Instant least = Instant::max();
  for (const auto& [name, plan] : plans_) least = std::min(least, plan->replan_at);
  return least;
}

bool Planner::is_planned(const std::string& job) const {
  const auto plan = plans_.find(job);
  return plan != plans_.end() && plan->second->replan_at > clock_.now();
}

Instant Planner::begins(const std::string& job) const {
  const auto found = plans_.find(job);
  return found == plans_.end() ? Instant() : found->second->from;
}

awaitable<void> Planner::plan_due() {
  const Instant now = clock_.now();
  std::vector<PlanPointer> due;
  for (const auto& [name, plan] : plans_) {
    if (plan->replan_at <= now) due.push_back(plan);
  }
  // All questions come first: each would wait behind the rows that are being written.
  std::deque<Work> works;
  for (const PlanPointer& plan : due) {
    const Instant known = co_await plan_from(plan, now);
    works.push_back(Work{plan, known, known + Duration(1)});
  }
  Batch next;
  co_await make_batch(works, now, next);
  while (!next.planned.empty() || !next.rows.empty()) {
    Batch full = std::exchange(next, {});
    std::vector<awaitable<Result<void>>> both;
    both.push_back(store(std::move(full)));
    both.push_back(make_batch(works, now, next));
    if (const Result<void> done = co_await run_all(std::move(both)); !done)
      throw ErrorException(done.error());
  }
}

// The slots after the returned instant are to be planned.
awaitable<Instant> Planner::plan_from(PlanPointer plan, Instant now) {
  const std::string name = plan->job->name;
  const job::Schedule& schedule = plan->job->schedule;
  // A planning that failed is not the edit: what became due since then is the new definition's.
  plan->edited = std::min(plan->edited.value_or(now), now);
  const std::optional<Instant> last = co_await store_.last_planned(name);
  const bool next_day = schedule.generation == job::Generation::next_day;
  const Instant first = next_day ? plan->calendar.day_start(*plan->edited, 1) - Duration(1) : *plan->edited;
  if (!last) co_return schedule.first_slot ? *schedule.first_slot - Duration(1) : first;
  // The newest row may lie years ahead, and be frozen there: it does not hide what is between.
  if (plan->planned_to) co_return std::min(*last, *plan->planned_to);
  InstanceQuery newest;
  newest.job = name;
  newest.limit = 1;
  const std::vector<Instance> rows = co_await store_.instances(newest);
  if (rows.empty() || rows.front().version == plan->job->version) co_return *last;
  co_return co_await plan_anew(std::move(plan), first, *last, rows.front().version);
}

// The newest row, at `last`, was planned by another `version`: what it planned from `first` on is replaced.
awaitable<Instant> Planner::plan_anew(PlanPointer plan, Instant first, Instant last, std::string version) {
  const Instant now = clock_.now();
  const std::string name = plan->job->name;
  const Instant begun = co_await last_begun(name);
  const Instant begin = std::max({first, begun, plan->from - Duration(1)});
  std::size_t removed = 0;
  Instant from = begin;
  if (plan->from > now) {
    // An edit that waits for its slot itself never comes into force: what it planned gives way to the
    // definition before.
    from = std::max(first, begun);
    std::string keep = plan->before ? plan->before->version : "";
    removed = co_await store_.remove_unstarted(name, from, std::move(keep));
  }
  // What is due by now keeps the version it was planned with.
  std::string own = plan->job->version;
  removed += co_await store_.remove_unstarted(name, std::max(begin, now), std::move(own));
  observer_.log(pipeline::Level::info,
                fmt::format("plan job {} anew: its definition changed from {} to {}, {} "
                            "instances after {} that had not started are replaced",
                            name, version, plan->job->version, removed,
                            job::format_local(begin, plan->job->schedule.zone)));
  if (!plan->calendar_before && last < begin && plan->from <= now)
    co_await find_before(plan, std::move(version), begin);
  // Slots of the past keep the rows they had; a change of schedule adds none there. Those that were missed
  // are the definition's before, where it is known.
  const bool next_day = plan->job->schedule.generation == job::Generation::next_day;
  if (next_day && plan->calendar_before) plan->from = std::max(plan->from, begin + Duration(1));
  co_return plan->calendar_before ? std::min(last, from) : from;
}

// The definition that was in force until `begin`.
awaitable<void> Planner::find_before(PlanPointer plan, std::string version, Instant begin) {
  if (!find_) co_return;
  const std::shared_ptr<const job::Job> before = co_await find_(plan->job->name, std::move(version));
  if (!before) co_return;
  const Result<Calendar> calendar = Calendar::of(before->schedule);
  if (!calendar) co_return;
  plan->before = before;
  plan->calendar_before = *calendar;
  plan->from = begin + Duration(1);
}

// What has begun is past, though the clock was set back since: its window may have brought the records of a
// slot before it. One set to success by hand has not begun.
awaitable<Instant> Planner::last_begun(std::string job) {
  Instant latest = Instant::min();
  const std::optional<CommittedEnd> committed = co_await store_.committed_before(job, Instant::max());
  if (committed) latest = committed->slot;
  InstanceQuery running;
  running.job = std::move(job);
  running.states = {State::running};
  running.limit = 1;
  const std::vector<Instance> found = co_await store_.instances(running);
  if (!found.empty()) latest = std::max(latest, found.front().id.scheduled);
  co_return latest;
}

void Planner::make_rows(Work& work, Instant to, Batch& batch) const {
  const Plan& plan = *work.plan;
  const std::size_t before = batch.rows.size();
  const Instant split = std::clamp(plan.from, work.from, to);
  if (plan.calendar_before) {
    const std::vector<Slot> slots = plan.calendar_before->slots(work.from, split);
    append(batch.rows, make_instances(*plan.before, slots, freezer_, work.failures));
  }
  append(batch.rows, make_instances(*plan.job, plan.calendar.slots(split, to), freezer_, work.failures));
  work.from = to;
  work.rows += batch.rows.size() - before;
}

// A stride at a time, so that the loop goes on between two of them.
awaitable<Result<void>> Planner::make_batch(std::deque<Work>& works, Instant now, Batch& batch) {
  while (!works.empty() && batch.rows.size() < kBatchRows) {
    Work& work = works.front();
    const Instant horizon = work.plan->calendar.day_start(now, 2);
    const auto has_more = [&] { return work.from < horizon && work.rows < kRowsOfOneGo; };
    if (has_more()) make_rows(work, std::min<Instant>(work.from + kStride, horizon), batch);
    if (!has_more()) {
      finish(work, now, horizon, batch);
      works.pop_front();
    }
    co_await boost::asio::post(boost::asio::use_awaitable);
  }
  co_return Result<void>();
}

void Planner::finish(Work& work, Instant now, Instant horizon, Batch& batch) {
  const Plan& plan = *work.plan;
  const bool complete = work.from >= horizon;
  // Whoever is planned beyond the horizon has nothing there to be found.
  if (complete && work.known < horizon) append(batch.rows, make_next(plan, now, horizon, work.failures));
  report(*plan.job, work.failures);
  const Duration spread(
      static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(kSpread.count()))));
  Planned& planned = batch.planned.emplace_back();
  planned.plan = work.plan;
  planned.to = work.from - Duration(1);
  planned.replan_at = complete ? plan.calendar.day_start(now, 1) + spread : now;
}

// The next slot of a job that has none from now to the horizon: it is planned, and so seen, at any distance,
// as long as the definition that it would follow is in force until then.
std::vector<NewInstance> Planner::make_next(const Plan& plan, Instant now, Instant horizon,
                                            FreezeFailures& failures) const {
  const bool waits = plan.from >= horizon;
  if (waits && !plan.calendar_before) return {};
  const Calendar& calendar = waits ? *plan.calendar_before : plan.calendar;
  const std::optional<Instant> next = calendar.first_after(now);
  if (!next || *next < horizon || (waits && *next >= plan.from)) return {};
  const job::Job& job = waits ? *plan.before : *plan.job;
  return make_instances(job, calendar.slots(*next, *next + Duration(1)), freezer_, failures);
}

awaitable<Result<void>> Planner::store(Batch batch) {
  if (!batch.rows.empty()) {
    const std::size_t added = co_await store_.add_instances(std::move(batch.rows));
    counters_.planned += added;
    observer_.planned(added);
  }
  for (const Planned& planned : batch.planned) {
    planned.plan->replan_at = planned.replan_at;
    planned.plan->planned_to = planned.to;
  }
  co_return Result<void>();
}

void Planner::report(const job::Job& job, const FreezeFailures& failures) {
  if (failures.count == 0 || !reported_.insert(job.name + "@" + job.version).second) return;
  observer_.log(pipeline::Level::error, fmt::format("plan job {}: {} slots have no instance, the first is {}",
                                                    job.name, failures.count, failures.first));
}

}  // namespace sluice::scheduler
