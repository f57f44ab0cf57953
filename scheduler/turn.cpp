// One look at what is due: which instances may start now, in which order.

#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <utility>

namespace sluice::scheduler {
namespace {

// Of a job whose instances do not wait for each other so many are looked at together, and so many pages in
// one turn: behind 5,000 that wait for other jobs a turn has taken long enough.
constexpr std::size_t kPage = 250;
constexpr int kPagesMax = 20;

}  // namespace

// Sorts out what was just read: nothing may be awaited between the reading and this, for what is stored as
// running and not claimed by then is nobody's.
class Scheduler::Sorted {
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

// Starts what is due; returns when something is due next.
awaitable<std::optional<Instant>> Scheduler::turn() {
  if (catch_up_.undecided()) ready_list_.doubt();
  co_await catch_up_.decide_missed(jobs_,
                                   [this](const std::string& job) { return planner_.is_planned(job); });
  const Instant now = clock_.now();
  bool waiting = false;  // for a place
  if (!must_look_at_all(now)) waiting = co_await look_at_ended(now);
  if (must_look_at_all(now)) waiting = co_await look_at_all(now);
  const std::optional<Instant> opens = co_await start_backfills(waiting);
  due_ = co_await store_.next_due(now);
  co_return opens&& due_ ? std::min(opens, due_) : opens ? opens : due_;
}

// Besides ends of attempts there is the clock, and a failed call whose effect nobody knows.
bool Scheduler::must_look_at_all(Instant now) const {
  return ready_list_.doubted() || counters_.store_failures != failures_before_ || (due_ && now >= *due_) ||
         clock_.monotonic() - looked_at_all_ >= options_.look_again;
}

// Forgets what it knew before it reads: what ends meanwhile is looked at in the next turn.
awaitable<bool> Scheduler::look_at_all(Instant now) {
  ready_list_.clear();
  due_.reset();
  failures_before_ = counters_.store_failures;
  looked_at_all_ = clock_.monotonic();
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
  bool waiting = false;
  for (int page = 0; page < kPagesMax; ++page) {
    std::map<std::string, Instant> more;
    for (const auto& [chain, after] : unordered) {
      std::vector<Instance> found = co_await store_.runnable(chain, after, now, kPage);
      if (found.size() == kPage) ready_list_.cut_short(chain);
      const bool full = found.size() == kPage && situation(found.back(), now).place == Place::free;
      if (full) more.emplace(chain, found.back().id.scheduled);
      for (Instance& instance : found) {
        const Situation present = situation(instance, now);
        sorted.add(std::move(instance), present);
      }
    }
    std::vector<Instance> ready = std::exchange(sorted.ready, {});
    Sorted rest = std::exchange(sorted, Sorted());
    co_await settle(std::move(rest), now);
    const bool left_over = co_await start_in_turn(std::move(ready), now);
    waiting = waiting || left_over;
    if (more.empty() || waiting) break;
    unordered = std::move(more);
  }
  co_return waiting;
}

// Looks into the chains whose attempts have ended, then gives the free places to what has waited.
awaitable<bool> Scheduler::look_at_ended(Instant now) {
  Sorted sorted;
  while (const std::optional<InstanceId> ended = ready_list_.take_ended()) {
    InstanceId id = *ended;
    std::vector<Instance> found = co_await read_again(std::move(id), now);
    for (Instance& instance : found) {
      const Situation present = situation(instance, now);
      sorted.add(std::move(instance), present);
    }
  }
  for (const Instance& instance : sorted.ready) ready_list_.add(instance);
  co_await settle(std::move(sorted), now);
  co_return co_await start_ready(now);
}

// What may have become ready by the end of an attempt of the instance.
awaitable<std::vector<Instance>> Scheduler::read_again(InstanceId id, Instant now) {
  std::string chain = chain_of(id);
  if (ready_list_.cut_short().contains(chain)) {
    co_return co_await store_.runnable(std::move(chain), Instant::min(), now, kPage);
  }
  std::optional<Instance> found;
  if (dependencies_.in_order(id.job)) {
    found = co_await store_.head(std::move(chain));
  } else {
    found = co_await store_.instance(std::move(id));
  }
  std::vector<Instance> one;
  if (found) one.push_back(std::move(*found));
  co_return one;
}

awaitable<void> Scheduler::settle(Sorted sorted, Instant now) {
  for (Instance& orphan : sorted.orphans) co_await close_orphan(std::move(orphan), now);
  for (Instance& dry_run : sorted.dry_runs) co_await finish_dry_run(std::move(dry_run), now);
}

// An older success that is run again is the head while a newer instance of its chain may still be running.
bool Scheduler::may_start(const Instance& instance, Instant now) const {
  if (stopping_ || decide(instance, situation(instance, now)) != Step::start) return false;
  if (must_wait(instance.id)) return false;
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
    if (no_place) {
      ready_list_.add(instance);
    } else {
      co_await start(std::move(instance), now);
    }
  }
  co_return left_over;
}

// The same for what was found before. Each is read again: an answer of then may not be true any more.
awaitable<bool> Scheduler::start_ready(Instant now) {
  for (auto entry = ready_list_.first(); entry && !stopping_; entry = ready_list_.next(*entry)) {
    const Place place = place_for(entry->id, attempts_.running(), limits_);
    if (place == Place::all_taken) co_return true;
    const bool in_order = dependencies_.in_order(entry->id.job);
    if (place != Place::free || must_wait(entry->id) || (in_order && attempts_.busy(entry->id))) continue;
    std::optional<Instance> present;
    if (in_order) {
      std::string chain = chain_of(entry->id);
      present = co_await store_.head(std::move(chain));
    } else {
      present = co_await store_.instance(entry->id);
    }
    ready_list_.remove(*entry);
    const bool same = present && present->row == entry->row && present->priority == entry->priority;
    const Step step = same ? decide(*present, situation(*present, now)) : Step::done;
    if (step != Step::start && step != Step::wait_for_place) {
      // Somebody has changed it, and what is the first of its chain now is not known here.
      ready_list_.doubt();
      co_return false;
    }
    co_await start(std::move(*present), now);
  }
  for (const std::string& chain : ready_list_.cut_short()) {
    InstanceId id;
    id.job = chain;
    if (place_for(id, attempts_.running(), limits_) == Place::free) ready_list_.doubt();
  }
  co_return false;
}

// Keeps it in mind when it has to wait.
awaitable<void> Scheduler::start(Instance instance, Instant now) {
  if (!may_start(instance, now)) {
    ready_list_.add(instance);
    co_return;
  }
  const std::optional<Blocker> blocker = co_await dependencies_.blocker(instance, now);
  if (blocker) {
    ready_list_.block(instance, blocker->job);
    co_return;
  }
  if (!jobs_.contains(instance.id.job)) co_return;
  Definition definition = co_await definitions_.find(instance.id.job, instance.version);
  // Much may have happened while the store was asked.
  if (!may_start(instance, now)) {
    ready_list_.add(instance);
    co_return;
  }
  attempts_.start(std::move(definition.job), std::move(instance), std::move(definition.note));
}

}  // namespace sluice::scheduler
