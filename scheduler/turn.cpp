// One look at what is due: which instances may start now, in which order.

#include "core/base/run_all.hpp"
#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace sluice::scheduler {
namespace {

// Of a job whose instances do not wait for each other so many are looked at together, and so many pages in
// one turn: behind 5,000 that wait for other jobs a turn has taken long enough.
constexpr std::size_t kPage = 250;
constexpr int kPagesMax = 20;

// Called with what was just read: nothing may be awaited in between, for what is stored as running and not
// claimed by then is nobody's.
using Sort = std::function<void(Instance)>;

// Side by side, readings wait for one commit of the store instead of one each.
awaitable<Result<void>> read_and_sort(awaitable<std::vector<Instance>> reading, Sort sort) {
  std::vector<Instance> found = co_await std::move(reading);
  for (Instance& instance : found) sort(std::move(instance));
  co_return Result<void>();
}

awaitable<std::vector<Instance>> as_list(awaitable<std::optional<Instance>> reading) {
  std::optional<Instance> found = co_await std::move(reading);
  std::vector<Instance> list;
  if (found) list.push_back(std::move(*found));
  co_return list;
}

}  // namespace

// What was just read, sorted out.
class Scheduler::Sorted {
 public:
  std::vector<Instance> ready;    // may start, as far as it and the places are concerned
  std::vector<Instance> orphans;  // see close_orphan()
  std::vector<Instance> dry_runs;

  void add(Instance instance, const Situation& situation) {
    const Step step = decide(instance, situation);
    if (step == Step::orphaned) {
      orphans.push_back(std::move(instance));
    } else if (step == Step::finish_dry_run) {
      dry_runs.push_back(std::move(instance));
    } else if (step == Step::start || step == Step::wait_for_place) {
      ready.push_back(std::move(instance));
    }
  }
};

// Starts what is due; returns when something is due next.
awaitable<std::optional<Instant>> Scheduler::turn() {
  if (catch_up_.undecided()) ready_list_.doubt();
  co_await catch_up_.decide_missed(jobs_,
                                   [this](const std::string& job) { return planner_.is_planned(job); });
  const Instant now = clock_.now();
  bool waiting = false;  // for a place
  bool all = must_look_at_all(now);
  if (!all) {
    waiting = co_await look_at_ended(now);
    all = must_look_at_all(now);
  }
  if (all) waiting = co_await look_at_all(now);
  const std::optional<Instant> opens = co_await start_backfills(waiting);
  if (all || !due_) due_ = co_await store_.next_due(now);
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
    if (dependencies_.in_order(head.id.job, now)) {
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

// Looks into the chains whose attempts have ended, then gives the free places to what has waited. Nothing but
// a retry of these can be due sooner than what was known.
awaitable<bool> Scheduler::look_at_ended(Instant now) {
  Sorted sorted;
  const Sort sort = [&](Instance instance) {
    const Situation present = situation(instance, now);
    // Where nothing is known the store is asked, which knows of retries too.
    if (due_ && decide(instance, present) == Step::wait_for_retry) due_ = std::min(*due_, due_at(instance));
    sorted.add(std::move(instance), present);
  };
  std::vector<awaitable<Result<void>>> readings;
  while (const std::optional<InstanceId> ended = ready_list_.take_ended()) {
    readings.push_back(read_and_sort(read_again(*ended, now), sort));
  }
  const Result<void> read = co_await run_all(std::move(readings));
  if (!read) throw ErrorException(read.error());
  for (const Instance& instance : sorted.ready) ready_list_.add(instance);
  co_await settle(std::move(sorted), now);
  co_return co_await start_ready(now);
}

// What may have become ready by the end of an attempt of the instance.
awaitable<std::vector<Instance>> Scheduler::read_again(InstanceId id, Instant now) {
  std::string chain = chain_of(id);
  if (ready_list_.cut_short().contains(chain))
    return store_.runnable(std::move(chain), Instant::min(), now, kPage);
  return as_list(dependencies_.in_order(id.job, now) ? store_.head(std::move(chain))
                                                     : store_.instance(std::move(id)));
}

awaitable<void> Scheduler::settle(Sorted sorted, Instant now) {
  for (Instance& orphan : sorted.orphans) co_await close_orphan(std::move(orphan), now);
  for (Instance& dry_run : sorted.dry_runs) co_await finish_dry_run(std::move(dry_run), now);
}

// An older success that is run again is the head while a newer instance of its chain may still be running.
bool Scheduler::may_start(const Instance& instance, Instant now) const {
  if (stopping_ || decide(instance, situation(instance, now)) != Step::start) return false;
  if (must_wait(instance.id)) return false;
  return !dependencies_.in_order(instance.id.job, now) || !attempts_.busy(instance.id);
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

// The same for what was found before. Each is read again, as many as there are places: an answer of then may
// not be true any more.
awaitable<bool> Scheduler::start_ready(Instant now) {
  std::optional<ReadyList::Entry> last;  // of those that were picked
  while (!stopping_) {
    const std::size_t taken = attempts_.running().total - attempts_.running().backfills;
    if (taken >= limits_.total) co_return ready_list_.first().has_value();
    const std::size_t most = std::min(limits_.total - taken, ReadyList::kEndsMax);
    std::vector<ReadyList::Entry> picked;
    for (auto entry = last ? ready_list_.next(*last) : ready_list_.first(); entry && picked.size() < most;
         entry = ready_list_.next(*entry)) {
      last = entry;
      const InstanceId& id = entry->id;
      const bool free = place_for(id, attempts_.running(), limits_) == Place::free && !must_wait(id);
      if (free && !(dependencies_.in_order(id.job, now) && attempts_.busy(id))) picked.push_back(*entry);
    }
    if (picked.empty()) break;
    std::vector<Instance> ready;
    const Sort sort = [&](Instance instance) {
      const bool same = std::ranges::any_of(picked, [&](const ReadyList::Entry& entry) {
        return entry.row == instance.row && entry.priority == instance.priority;
      });
      const Step step = decide(instance, situation(instance, now));
      if (same && (step == Step::start || step == Step::wait_for_place)) ready.push_back(std::move(instance));
    };
    std::vector<awaitable<Result<void>>> readings;
    for (const ReadyList::Entry& entry : picked) {
      std::string chain = chain_of(entry.id);
      auto reading = dependencies_.in_order(entry.id.job, now) ? store_.head(std::move(chain))
                                                               : store_.instance(entry.id);
      readings.push_back(read_and_sort(as_list(std::move(reading)), sort));
      ready_list_.remove(entry);
    }
    const Result<void> read = co_await run_all(std::move(readings));
    if (!read) throw ErrorException(read.error());
    if (ready.size() != picked.size()) {
      // Somebody has changed one, and what is the first of its chain now is not known here.
      ready_list_.doubt();
      co_return false;
    }
    co_await start_in_turn(std::move(ready), now);
  }
  for (const std::string& chain : ready_list_.cut_short()) {
    InstanceId id;
    id.job = chain;
    if (place_for(id, attempts_.running(), limits_) == Place::free) ready_list_.doubt();
  }
  co_return false;
}

// An edit may have taken the order from the job, but each window of a stream that was planned before begins
// where the one before it ends.
awaitable<bool> Scheduler::is_its_turn(const job::Job& job, const Instance& instance, Instant now) {
  const bool free = instance.id.group != 0 || !follows_positions(job);
  if (free || dependencies_.in_order(instance.id.job, now)) co_return true;
  const std::int64_t row = instance.row;
  const std::optional<Instance> head = co_await store_.head(chain_of(instance.id));
  co_return head && head->row == row && !attempts_.busy(head->id);
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
  const bool its_turn = co_await is_its_turn(*definition.job, instance, now);
  // Much may have happened while the store was asked.
  if (!its_turn || !may_start(instance, now)) {
    ready_list_.add(instance);
    co_return;
  }
  const bool kept = co_await leave_lost(*definition.job, instance);
  if (kept) co_return;
  attempts_.start(std::move(definition.job), std::move(instance), std::move(definition.note));
}

}  // namespace sluice::scheduler
