// One look at what is due: which instances may start now, in which order.

#include "scheduler/scheduler.hpp"

#include <algorithm>

namespace sluice::scheduler {
namespace {

// Of a job whose instances do not wait for each other so many are looked at together, and so many pages in
// one turn: behind 5,000 that wait for other jobs a turn has taken long enough.
constexpr std::size_t kPage = 250;
constexpr int kPagesMax = 20;

// Sorts out what was just read: nothing may be awaited between the reading and this, for what is stored as
// running and not claimed by then is nobody's.
class Sorted {
 public:
  std::vector<Instance> ready;    // may start, as far as it and the places are concerned
  std::vector<Instance> orphans;  // see close_orphan()
  std::vector<Instance> dry_runs;

  void add(Instance instance, const Situation& situation) {
    const Step step = decide(instance, situation);
    if (step == Step::orphaned) orphans.push_back(std::move(instance));
    if (step == Step::finish_dry_run) dry_runs.push_back(std::move(instance));
    if (step == Step::start || step == Step::wait_for_place) ready.push_back(std::move(instance));
  }
};

}  // namespace

// Starts what is due; returns when something is due next.
awaitable<std::optional<Instant>> Scheduler::turn() {
  co_await catch_up_.decide_missed(jobs_,
                                   [this](const std::string& job) { return planner_.is_planned(job); });
  const Instant now = clock_.now();
  std::map<std::string, Instant> unordered;  // chains to look into, and behind which slot
  Sorted sorted;
  std::vector<Instance> heads = co_await store_.heads(now);
  for (Instance& head : heads) {
    if (head.id.group != 0) continue;  // start_backfills() asks for these
    if (dependencies_.in_order(head.id.job)) {
      const Situation present = situation(head, now);
      sorted.add(std::move(head), present);
    } else {
      unordered.emplace(chain_of(head.id), Instant::min());
    }
  }
  bool waiting = false;  // for a place
  for (int page = 0; page < kPagesMax; ++page) {
    std::map<std::string, Instant> more;
    for (const auto& [chain, after] : unordered) {
      std::vector<Instance> found = co_await store_.runnable(chain, after, now, kPage);
      const bool full = found.size() == kPage && situation(found.back(), now).place == Place::free;
      if (full) more.emplace(chain, found.back().id.scheduled);
      for (Instance& instance : found) {
        const Situation present = situation(instance, now);
        sorted.add(std::move(instance), present);
      }
    }
    for (Instance& orphan : sorted.orphans) co_await close_orphan(std::move(orphan), now);
    for (Instance& dry_run : sorted.dry_runs) co_await finish_dry_run(std::move(dry_run), now);
    std::vector<Instance> ready = std::move(sorted.ready);
    sorted = Sorted();
    const bool left_over = co_await start_in_turn(std::move(ready), now);
    waiting = waiting || left_over;
    if (more.empty() || waiting) break;
    unordered = std::move(more);
  }
  const std::optional<Instant> opens = co_await start_backfills(waiting);
  const std::optional<Instant> due = co_await store_.next_due(now);
  co_return opens&& due ? std::min(opens, due) : opens ? opens : due;
}

// An older success that is run again is the head while a newer instance of its chain may still be running.
bool Scheduler::may_start(const Instance& instance, Instant now) const {
  if (stopping_ || decide(instance, situation(instance, now)) != Step::start) return false;
  if (must_wait(instance)) return false;
  return !dependencies_.in_order(instance.id.job) || !attempts_.busy(instance.id);
}

// Other jobs are asked about only while there are places: the answer may be another one when there are.
// True when one is left without a place.
awaitable<bool> Scheduler::start_in_turn(std::vector<Instance> ready, Instant now) {
  bool left_over = false;
  sort_by_turn(ready);
  for (Instance& instance : ready) {
    const Situation present = situation(instance, now);
    const bool no_place = decide(instance, present) == Step::wait_for_place;
    left_over = left_over || (no_place && present.place == Place::all_taken);
    if (!may_start(instance, now)) continue;
    const std::optional<Blocker> blocker = co_await dependencies_.blocker(instance, now);
    if (blocker || !jobs_.contains(instance.id.job)) continue;
    Definition definition = co_await definitions_.find(instance.id.job, instance.version);
    // Much may have happened while the store was asked.
    if (!may_start(instance, now)) continue;
    attempts_.start(std::move(definition.job), std::move(instance), std::move(definition.note));
  }
  co_return left_over;
}

}  // namespace sluice::scheduler
