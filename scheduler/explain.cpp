// What stands still, and why: questions to the scheduler that change nothing.

#include "scheduler/scheduler.hpp"

#include <fmt/format.h>

#include <set>

namespace sluice::scheduler {
namespace {

// Longer ways than this end where they are; jobs that wait for each other in a circle are refused when they
// are loaded.
constexpr std::size_t kStepsMax = 100;
// Of a job whose instances do not wait for each other so many of the oldest due ones are looked at.
constexpr std::size_t kUnorderedMax = 250;

bool may_wait(State state) noexcept {
  return state == State::not_run || state == State::wait_time || state == State::wait_resource ||
         state == State::retry_wait;
}

WhyStep step_of(Relation relation, Instance instance) {
  WhyStep step;
  step.relation = relation;
  step.job = instance.id.job;
  step.state = instance.state;
  step.instance = std::move(instance);
  return step;
}

std::string reason_of(const Blocker& blocker) {
  if (blocker.kind == Blocker::Kind::not_loaded)
    return "is not loaded; put its file back, or take it out of dependsOn.jobs";
  return "has no instances planned for that time yet; they come with the next planning";
}

}  // namespace

awaitable<Result<Why>> Scheduler::why(InstanceId id) {
  std::optional<Instance> instance = co_await store_.instance(id);
  if (!instance) co_return none_planned(id);
  const Instant now = clock_.now();
  Heads heads;
  co_return co_await explain(std::move(*instance), heads, now);
}

// The head of the instance's chain, when the instance has to wait for it.
awaitable<std::optional<Instance>> Scheduler::head_before(Instance instance, Heads& heads, Instant now) {
  if (!dependencies_.in_order(instance.id.job, now)) co_return std::nullopt;
  const std::string chain = chain_of(instance.id);
  if (!heads.contains(chain)) heads[chain] = co_await store_.head(chain);
  const std::optional<Instance>& head = heads[chain];
  if (!head || head->id.scheduled >= instance.id.scheduled) co_return std::nullopt;
  co_return head;
}

awaitable<std::vector<Instance>> Scheduler::shown(std::vector<Instance> instances) {
  const Instant now = clock_.now();
  Heads heads;
  for (Instance& instance : instances) {
    bool behind = false;
    if (may_wait(instance.state)) {
      const std::optional<Instance> head = co_await head_before(instance, heads, now);
      std::optional<Blocker> blocker;
      if (!head) blocker = co_await dependencies_.blocker(instance, now);
      behind = head || blocker;
    }
    const Situation present = situation(instance, now);
    const State state = shown_state(instance, shown_state(instance, behind, now), present);
    const bool kept_back = state == State::frozen && instance.state != State::frozen;
    if (kept_back) instance.reason = scheduler::explain(*present.pause, instance.zone);
    instance.state = state;
  }
  co_return instances;
}

// Follows what waits for what, in the order in which the scheduler asks: own chain, other jobs, then the
// instance itself (time, place, attempt).
awaitable<Why> Scheduler::explain(Instance instance, Heads& heads, Instant now) {
  Why why;
  std::set<std::int64_t> seen;
  why.steps.push_back(step_of(Relation::itself, std::move(instance)));
  while (why.steps.back().instance && why.steps.size() < kStepsMax) {
    const Instance present = *why.steps.back().instance;
    if (!may_wait(present.state)) break;
    if (!seen.insert(present.row).second) {
      why.steps.back().reason =
          "waits for itself: the jobs depend on each other in a circle; take one out of dependsOn.jobs";
      break;
    }
    std::vector<WhyStep> next = co_await next_steps(present, heads, now);
    if (next.empty()) break;
    if (present.state != State::retry_wait) why.steps.back().state = State::not_run;
    why.steps.back().reason = fmt::format("waits for {}", name_of(next.front()));
    for (WhyStep& step : next) why.steps.push_back(std::move(step));
  }
  WhyStep& last = why.steps.back();
  if (last.instance && last.reason.empty()) {
    const Situation present = situation(*last.instance, now);
    last.state = shown_state(*last.instance, shown_state(*last.instance, false, now), present);
    last.reason = describe(*last.instance, present);
    const bool ready = decide(*last.instance, present) == Step::start;
    if (ready && store_failure())
      last.reason =
          fmt::format("is kept back: {}", scheduler::explain(*store_failure(), last.instance->zone));
    if (ready && dependencies_.in_order(last.job, now) && attempts_.busy(last.instance->id))
      last.reason = "waits for the attempt of its job that is in progress; one of them runs at a time";
    if (last.instance->id.group != 0) {
      std::optional<std::string> waits = co_await backfills_.why(*last.instance);
      if (waits) last.reason = std::move(*waits);
    }
  }
  co_return why;
}

// What the instance waits for among others; two steps where the head of its chain is not the one before it.
awaitable<std::vector<WhyStep>> Scheduler::next_steps(Instance instance, Heads& heads, Instant now) {
  std::vector<WhyStep> steps;
  std::optional<Instance> head = co_await head_before(instance, heads, now);
  if (head) {
    std::optional<Instance> previous = co_await store_.predecessor(instance.id);
    if (previous && !is_done(previous->state) && previous->row != head->row) {
      WhyStep step = step_of(Relation::previous, std::move(*previous));
      if (may_wait(step.state) && step.state != State::retry_wait) step.state = State::not_run;
      step.reason = fmt::format("waits for {}", to_string(head->id, head->zone));
      steps.push_back(std::move(step));
    }
    steps.push_back(step_of(Relation::previous, std::move(*head)));
    co_return steps;
  }
  std::optional<Blocker> blocker = co_await dependencies_.blocker(instance, now);
  if (!blocker) co_return steps;
  WhyStep step;
  if (blocker->instance) {
    step = step_of(Relation::upstream, std::move(*blocker->instance));
  } else {
    step.reason = reason_of(*blocker);
  }
  step.relation = Relation::upstream;
  step.job = blocker->job;
  step.open = blocker->open;
  steps.push_back(std::move(step));
  co_return steps;
}

// The cause at the end of the way, when only a person can take it away.
std::optional<BlockedChain> Scheduler::cause_at_end(const Why& why, Instant now) const {
  const WhyStep& last = why.steps.back();
  const WhyStep& waiting = last.instance ? last : why.steps[why.steps.size() - 2];
  BlockedChain cause;
  cause.job = last.job;
  cause.reason = last.reason;
  cause.state = last.state;
  cause.zone = waiting.instance->zone;
  cause.since = waiting.instance->id.scheduled;
  if (!last.instance) {
    if (jobs_.contains(last.job)) return std::nullopt;  // its planning is under way
    return cause;
  }
  const Step step = decide(*last.instance, situation(*last.instance, now));
  // A job that is paused or not loaded is one cause, not one for each of its instances.
  if (step == Step::wait_for_job || step == Step::wait_for_resume) return cause;
  if (step != Step::wait_for_person) return std::nullopt;
  cause.root = last.instance->id;
  if (last.instance->finished) cause.since = std::max(cause.since, *last.instance->finished);
  return cause;
}

awaitable<std::vector<BlockedChain>> Scheduler::blocked() {
  const Instant now = clock_.now();
  const std::vector<Instance> due = co_await store_.heads(now);
  Heads heads;
  for (const Instance& head : due) heads.emplace(chain_of(head.id), head);
  std::vector<Blockage> blockages;
  for (const Instance& head : due) {
    // What failed of a cancelled backfill waits for nobody.
    if (co_await backfills_.is_cancelled(head.id.group)) continue;
    const std::string chain = chain_of(head.id);
    std::vector<Instance> standing(1, head);
    const bool in_order = dependencies_.in_order(head.id.job, now);
    if (!in_order) standing = co_await store_.runnable(chain, Instant::min(), now, kUnorderedMax);
    for (const Instance& instance : standing) {
      const Why why = co_await explain(instance, heads, now);
      std::optional<BlockedChain> cause = cause_at_end(why, now);
      if (!cause) continue;
      const bool is_cause = cause->root == instance.id;
      Blockage blockage;
      blockage.job = instance.id.job;
      blockage.own_chain = cause->root ? chain_of(*cause->root) == chain : cause->job == instance.id.job;
      blockage.cause = std::move(*cause);
      blockage.due = 1;
      if (in_order) {
        const SlotProgress progress = co_await store_.progress(chain, instance.id.scheduled, now);
        blockage.due = progress.open - (is_cause && progress.open > 0 ? 1 : 0);
      }
      blockages.push_back(std::move(blockage));
    }
  }
  std::vector<BlockedChain> chains = group_by_cause(blockages);
  for (BlockedChain& chain : chains) {
    const Coverage coverage = co_await store_.coverage(chain.job);
    if (coverage.until) chain.data_lag = now - *coverage.until;
  }
  co_return chains;
}

}  // namespace sluice::scheduler
