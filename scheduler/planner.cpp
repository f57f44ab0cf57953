#include "scheduler/planner.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

namespace sluice::scheduler {
namespace {

// Jobs are planned anew some time after midnight, not at it: slots are due then.
constexpr Duration kSpread = std::chrono::minutes(10);
// Enumerated at once; bounds the memory after a long downtime.
constexpr Duration kStride = std::chrono::days(7);

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
                 Counters& counters, Freezer freezer)
    : clock_(clock),
      store_(store),
      random_(random),
      observer_(observer),
      counters_(counters),
      freezer_(std::move(freezer)) {}

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
    if (handover != handovers.end()) {
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

awaitable<void> Planner::plan_due() {
  pending_.clear();
  pending_plans_.clear();
  std::vector<PlanPointer> due;
  for (const auto& [name, plan] : plans_) {
    if (plan->replan_at <= clock_.now()) due.push_back(plan);
  }
  for (const PlanPointer& plan : due) co_await this->plan(plan);
  co_await flush();
}

// The slots after the returned instant are to be planned.
awaitable<Instant> Planner::plan_from(PlanPointer plan, Instant now) {
  const std::string name = plan->job->name;
  const job::Schedule& schedule = plan->job->schedule;
  const std::optional<Instant> last = co_await store_.last_planned(name);
  const bool next_day = schedule.generation == job::Generation::next_day;
  const Instant first = next_day ? plan->calendar.day_start(now, 1) - Duration(1) : now;
  if (!last) co_return schedule.first_slot ? *schedule.first_slot - Duration(1) : first;
  // The newest row may lie years ahead, and be frozen there: it does not hide what is between.
  if (plan->planned_to) co_return std::min(*last, *plan->planned_to);
  InstanceQuery newest;
  newest.job = name;
  newest.limit = 1;
  const std::vector<Instance> rows = co_await store_.instances(newest);
  if (rows.empty() || rows.front().version == plan->job->version) co_return *last;
  // What has begun is past, though the clock was set back since: its window may have brought the records of
  // a slot before it.
  InstanceQuery begun;
  begun.job = name;
  begun.states = {State::success, State::running};
  begun.limit = 1;
  const std::vector<Instance> latest = co_await store_.instances(begun);
  Instant begin = std::max<Instant>(first, plan->from - Duration(1));
  if (!latest.empty()) begin = std::max(begin, latest.front().id.scheduled);
  const std::size_t removed = co_await store_.remove_unstarted(name, begin);
  observer_.log(pipeline::Level::info,
                fmt::format("plan job {} anew: its definition changed from {} to {}, {} "
                            "instances after {} that had not started are replaced",
                            name, rows.front().version, plan->job->version, removed,
                            job::format_local(begin, schedule.zone)));
  // Slots of the past keep the rows they had; a change of schedule adds none there.
  co_return std::min(*last, begin);
}

std::vector<NewInstance> Planner::make_rows(const Plan& plan, Instant from, Instant to,
                                            FreezeFailures& failures) const {
  const Instant split = std::clamp(plan.from, from, to);
  std::vector<NewInstance> made;
  if (plan.calendar_before)
    made = make_instances(*plan.before, plan.calendar_before->slots(from, split), freezer_, failures);
  for (NewInstance& row : make_instances(*plan.job, plan.calendar.slots(split, to), freezer_, failures))
    made.push_back(std::move(row));
  return made;
}

awaitable<void> Planner::plan(PlanPointer plan) {
  const Instant now = clock_.now();
  const Instant horizon = plan->calendar.day_start(now, 2);
  const Instant known = co_await plan_from(plan, now);
  Instant from = known + Duration(1);
  FreezeFailures failures;
  std::size_t rows = 0;
  while (from < horizon && rows < kRowsOfOneGo) {
    const Instant to = std::min<Instant>(from + kStride, horizon);
    std::vector<NewInstance> made = make_rows(*plan, from, to, failures);
    from = to;
    rows += made.size();
    co_await add(std::move(made));
  }
  const bool complete = from >= horizon;
  // Whoever begins, or is planned, beyond the horizon has nothing there to be found.
  if (complete && known < horizon && plan->from < horizon) {
    std::vector<NewInstance> made = make_next(*plan, now, horizon, failures);
    co_await add(std::move(made));
  }
  report(*plan->job, failures);
  const Duration spread(
      static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(kSpread.count()))));
  Planned planned;
  planned.plan = plan;
  planned.to = from - Duration(1);
  planned.replan_at = complete ? plan->calendar.day_start(now, 1) + spread : now;
  pending_plans_.push_back(std::move(planned));
}

// The next slot of a job that has none from now to the horizon: it is planned, and so seen, at any distance.
std::vector<NewInstance> Planner::make_next(const Plan& plan, Instant now, Instant horizon,
                                            FreezeFailures& failures) const {
  const std::optional<Instant> next = plan.calendar.first_after(now);
  if (!next || *next < horizon) return {};
  return make_instances(*plan.job, plan.calendar.slots(*next, *next + Duration(1)), freezer_, failures);
}

awaitable<void> Planner::add(std::vector<NewInstance> made) {
  for (NewInstance& instance : made) {
    pending_.push_back(std::move(instance));
    if (pending_.size() >= kBatchRows) co_await flush();
  }
}

awaitable<void> Planner::flush() {
  std::vector<NewInstance> batch;
  batch.swap(pending_);
  if (!batch.empty()) {
    const std::size_t added = co_await store_.add_instances(std::move(batch));
    counters_.planned += added;
    observer_.planned(added);
  }
  for (const Planned& planned : pending_plans_) {
    planned.plan->replan_at = planned.replan_at;
    planned.plan->planned_to = planned.to;
  }
  pending_plans_.clear();
}

void Planner::report(const job::Job& job, const FreezeFailures& failures) {
  if (failures.count == 0 || !reported_.insert(job.name + "@" + job.version).second) return;
  observer_.log(pipeline::Level::error, fmt::format("plan job {}: {} slots have no instance, the first is {}",
                                                    job.name, failures.count, failures.first));
}

}  // namespace sluice::scheduler
