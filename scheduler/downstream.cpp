// An instance and all that follows from it: found, and run again together.

#include "core/job/civil_time.hpp"
#include "scheduler/reason.hpp"
#include "scheduler/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace sluice::scheduler {
namespace {

// A day's instance may depend on slots of the same day that come after its own. Within a day on which a
// definition changed, what is depended on need not ascend either.
constexpr Duration kSameDay = std::chrono::days(2);

// What an instance by the minute depends on takes a while to find, so the loop goes on between small pages.
constexpr std::size_t kCandidatesPage = 250;

using Chosen = std::map<std::string, std::set<Instant>>;  // slots by job
using Needs = std::vector<std::pair<std::string, SlotRange>>;

bool touches(const Chosen& chosen, const Needs& needs) {
  return std::ranges::any_of(needs, [&](const auto& need) {
    const auto slots = chosen.find(need.first);
    if (slots == chosen.end()) return false;
    const auto first = slots->second.lower_bound(need.second.first);
    return first != slots->second.end() && *first <= need.second.last;
  });
}

// The instances of a job that may follow from chosen ones of others, as far as they were read: oldest first,
// so that none is passed over however many lie between them and now.
class Candidates {
 public:
  Candidates(const std::string& job, Instant from, Instant until) {
    next_page_.job = job;
    next_page_.from = from;
    next_page_.to = until;
    next_page_.limit = kCandidatesPage;
    next_page_.ascending = true;
  }

  const InstanceQuery& next_page() const noexcept { return next_page_; }

  void add(std::vector<Instance> page, DependencyCheck& dependencies) {
    all_read_ = page.empty();
    if (!all_read_) next_page_.after = page.back().id;
    for (Instance& instance : page) {
      Needs needs = dependencies.needs(instance);
      for (const auto& [job, range] : needs)
        farthest_.insert_or_assign(job, Far{instance.id.scheduled, range});
      if (!needs.empty()) left_.emplace_back(std::move(instance), std::move(needs));
    }
  }

  // Takes out those that depend on a chosen one.
  std::vector<Instance> take(const Chosen& chosen) {
    std::vector<Instance> taken;
    std::erase_if(left_, [&](auto& candidate) {
      const bool follows = touches(chosen, candidate.second);
      if (follows) taken.push_back(std::move(candidate.first));
      return follows;
    });
    return taken;
  }

  // True when none that is not read yet can depend on a chosen one: the later it is, the later is what it
  // depends on.
  bool reaches(const Chosen& chosen, const std::vector<job::Upstream>& upstreams) const {
    return all_read_ || std::ranges::all_of(upstreams, [&](const job::Upstream& upstream) {
             const auto slots = chosen.find(upstream.job);
             if (slots == chosen.end()) return true;
             const Instant last = *slots->second.rbegin();
             const auto far = farthest_.find(upstream.job);
             return far != farthest_.end() && far->second.needed.first > last &&
                    far->second.slot > last + kSameDay;
           });
  }

 private:
  struct Far {
    Instant slot{};
    SlotRange needed;
  };
  InstanceQuery next_page_;
  bool all_read_ = false;
  std::vector<std::pair<Instance, Needs>> left_;
  std::map<std::string, Far> farthest_;  // what the last one read depends on, by its job
};

Error too_many(const InstanceId& id) {
  return Error(Errc::invalid_argument,
               fmt::format("rerun downstream of {}: more than {} instances follow from it; run a backfill",
                           to_string(id, "UTC"), kDownstreamMax));
}

bool is_plain(State state) noexcept {
  return is_done(state) || state == State::failure || state == State::lost || state == State::not_run ||
         state == State::wait_time || state == State::wait_resource;
}

class Flag {
 public:
  explicit Flag(bool& flag) : flag_(flag) { flag = true; }
  ~Flag() { flag_ = false; }
  Flag(const Flag&) = delete;
  Flag& operator=(const Flag&) = delete;

 private:
  bool& flag_;
};

}  // namespace

// Of its chain, oldest first; some more than may be taken at once at most.
awaitable<std::vector<Instance>> Scheduler::due_from(InstanceId id) {
  InstanceQuery query;
  query.job = chain_of(id);
  query.from = id.scheduled;
  query.to = clock_.now() + Duration(1);
  query.limit = 1000;
  query.ascending = true;
  std::vector<Instance> found;
  while (found.size() <= kDownstreamMax) {
    std::vector<Instance> page = co_await store_.instances(query);
    if (page.empty()) break;
    query.after = page.back().id;
    for (Instance& instance : page) found.push_back(std::move(instance));
  }
  co_return found;
}

awaitable<Result<std::vector<Instance>>> Scheduler::downstream(InstanceId id) {
  std::optional<Instance> root = co_await store_.instance(id);
  if (!root) co_return none_planned(id);
  std::vector<Instance> found;
  if (dependencies_.in_order(id.job, clock_.now())) found = co_await due_from(id);
  if (found.empty()) found.push_back(std::move(*root));
  Chosen chosen;
  for (const Instance& instance : found) chosen[id.job].insert(instance.id.scheduled);
  const Jobs jobs = jobs_;  // a reload may come while the store is asked
  const Instant until = clock_.now() + Duration(1);
  std::map<std::string, Candidates> candidates;
  // A job that is chosen from already may follow from another one as well, with other slots of it.
  bool more = id.group == 0;
  while (more && found.size() <= kDownstreamMax) {
    more = false;
    for (const auto& [name, job] : jobs) {
      const std::vector<job::Upstream>& upstreams = job->dependencies.jobs;
      const bool depends = std::ranges::any_of(
          upstreams, [&](const job::Upstream& upstream) { return chosen.contains(upstream.job); });
      if (!depends) continue;
      Candidates& of_job = candidates.try_emplace(name, name, id.scheduled - kSameDay, until).first->second;
      while (found.size() <= kDownstreamMax) {
        for (Instance& follower : of_job.take(chosen)) {
          const bool is_new = chosen[name].insert(follower.id.scheduled).second;
          if (!is_new) continue;
          found.push_back(std::move(follower));
          more = true;
        }
        if (of_job.reaches(chosen, upstreams)) break;
        std::vector<Instance> page = co_await store_.instances(of_job.next_page());
        of_job.add(std::move(page), dependencies_);
      }
    }
  }
  if (found.size() > kDownstreamMax) co_return too_many(id);
  co_return found;
}

Result<void> Scheduler::check_forced(const Order& order, const Instance& root) const {
  if (!order.force) return {};
  const std::string name = to_string(root.id, root.zone);
  const bool ended = is_done(root.state) || root.state == State::failure || root.state == State::lost;
  if (!ended) {
    return Error(Errc::refused_by_state,
                 fmt::format("force the rerun downstream of {}: it is {}; it must have ended", name,
                             to_string(root.state)));
  }
  const auto now = job::to_civil(clock_.now(), root.zone);
  const auto slot = job::to_civil(root.id.scheduled, root.zone);
  if (!now) return now.error();
  if (!slot) return slot.error();
  const auto days =
      std::chrono::floor<std::chrono::days>(*now) - std::chrono::floor<std::chrono::days>(*slot);
  if (days > std::chrono::days(1)) {
    return Error(
        Errc::refused_by_state,
        fmt::format("force the rerun downstream of {}: only instances of today and yesterday can be; "
                    "run a backfill",
                    name));
  }
  if (!forcing_) return {};
  return Error(Errc::refused_by_state,
               fmt::format("force the rerun downstream of {}: another one is under way; try again", name));
}

// Nothing for what stays as it is: it waits already, or its records came with another window.
awaitable<Result<std::optional<Change>>> Scheduler::downstream_change(Order order, Instance instance) {
  const std::string name = to_string(instance.id, instance.zone);
  if (order.force && attempts_.claimed(instance.row)) {
    const std::string reason = fmt::format("{}by {} for a rerun downstream", kKilled, order.actor);
    const Result<void> killed = co_await attempts_.kill(instance.row, reason, options_.kill_limit);
    if (!killed && killed.error().code() == Errc::timeout) co_return killed.error().in("stop " + name);
    const std::optional<Instance> after = co_await store_.instance(instance.id);
    if (after) instance = *after;
  }
  std::optional<Change> change;
  if (!order.force && !is_plain(instance.state)) {
    co_return Error(Errc::refused_by_state,
                    fmt::format("rerun downstream: {} is {}; all that follows must wait or be done; --force "
                                "runs it again in any state",
                                name, to_string(instance.state)));
  }
  const bool stuck = instance.state == State::frozen || instance.state == State::retry_wait;
  const bool ended =
      is_done(instance.state) || instance.state == State::failure || instance.state == State::lost;
  if (!ended && !(order.force && stuck)) co_return change;
  WindowRecord record = co_await read_window(order, instance);
  if (comes_with_another(instance, record)) co_return change;
  const State present = instance.state;
  if (stuck) instance.state = State::failure;  // as if it had been stopped
  Result<Change> made = co_await make_change(std::move(order), std::move(instance), std::move(record));
  if (!made) co_return made.error();
  made->from.assign(1, present);
  if (stuck) made->entry.detail = fmt::format("was {}, forced", to_string(present));
  change = std::move(*made);
  co_return change;
}

awaitable<Result<std::vector<Instance>>> Scheduler::rerun_set(Order order, InstanceId id) {
  Result<std::vector<Instance>> all = co_await downstream(id);
  if (!all) co_return all.error();
  const auto root = std::ranges::find(*all, id, &Instance::id);
  const Result<void> allowed = check_forced(order, *root);
  if (!allowed) co_return allowed.error();
  std::optional<Flag> forcing;
  if (order.force) forcing.emplace(forcing_);
  std::vector<Change> changes;
  std::vector<Instance> again;
  for (const Instance& instance : *all) {
    Result<std::optional<Change>> change = co_await downstream_change(order, instance);
    if (!change) co_return change.error();
    if (!*change) continue;
    Instance after = instance;
    after.state = (*change)->to;
    after.reason = (*change)->reason;
    after.failures = 0;
    after.retry_at.reset();
    again.push_back(std::move(after));
    changes.push_back(std::move(**change));
  }
  const Result<void> open = co_await backfills_.before_action(order.action, id);
  if (!open) co_return open.error();
  const Result<void> done = co_await store_.operate_all(std::move(changes));
  health_.worked(StoreHealth::Call::write);
  if (!done) {
    if (done.error().code() == Errc::refused_by_state) co_return done.error();
    co_return Error(
        Errc::conflict,
        fmt::format("rerun downstream of {}: an instance changed meanwhile; nothing runs again; try "
                    "again",
                    to_string(id, root->zone)));
  }
  const Result<void> still_open = co_await backfills_.before_action(order.action, id);  // as in act_once()
  static_cast<void>(still_open);
  for (const Instance& instance : again) observer_.instance_changed(instance);
  co_return again;
}

awaitable<Result<std::vector<Instance>>> Scheduler::rerun_downstream(Order order, InstanceId id) {
  order.action = Action::rerun;
  try {
    Result<std::vector<Instance>> done = co_await rerun_set(std::move(order), std::move(id));
    wake();
    co_return done;
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::write, "rerun downstream", failure.error());
    throw;
  }
}

}  // namespace sluice::scheduler
