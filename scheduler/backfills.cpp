#include "scheduler/backfills.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

constexpr std::size_t kFrontMax = 64;  // open instances of a date looked at, when they may run side by side

Error no_backfill(std::int64_t id) {
  return Error(Errc::not_found,
               fmt::format("find backfill {}: there is none; list them with sluice backfills", id));
}

// The recurring instance of the same slot.
InstanceId twin_of(const Instance& instance) {
  InstanceId id = instance.id;
  id.group = 0;
  return id;
}

}  // namespace

Backfills::Backfills(const Clock& clock, StateStore& instances, BackfillStore* store, const Jobs& jobs,
                     Definitions& definitions, const Attempts& attempts, Observer& observer,
                     Counters& counters, Freezer freezer, std::function<void()> on_change)
    : clock_(clock),
      instances_(instances),
      store_(store),
      jobs_(jobs),
      definitions_(definitions),
      attempts_(attempts),
      observer_(observer),
      counters_(counters),
      freezer_(std::move(freezer)),
      on_change_(std::move(on_change)),
      unfinished_(store != nullptr),
      wants_instances_(store != nullptr) {}

// Conditions for the change are the store's to check: it alone knows what is closed.
awaitable<Result<Backfill>> Backfills::change(std::int64_t id, std::vector<BackfillState> from,
                                              BackfillState to, std::string action, std::string actor,
                                              std::string detail) {
  if (store_ == nullptr) co_return no_backfill(id);
  AuditEntry entry;
  entry.at = clock_.now();
  entry.actor = std::move(actor);
  entry.action = std::move(action);
  entry.target = backfill_name(id);
  entry.detail = std::move(detail);
  unfinished_ = wants_instances_ = true;
  const Result<void> changed = co_await store_->change_backfill(id, std::move(from), to, std::move(entry));
  if (!changed && changed.error().code() == Errc::not_found) co_return no_backfill(id);
  if (!changed) co_return changed.error();
  ++changes_;
  std::optional<Backfill> now = co_await store_->backfill(id);
  if (!now) co_return no_backfill(id);
  unfinished_ = wants_instances_ = true;
  observer_.backfill_changed(*now);
  on_change_();
  co_return std::move(*now);
}

awaitable<Result<Backfill>> Backfills::pause(std::int64_t id, std::string actor) {
  std::vector<BackfillState> from(1, BackfillState::running);
  return change(id, std::move(from), BackfillState::paused, "backfill pause", std::move(actor), "");
}

awaitable<Result<Backfill>> Backfills::resume(std::int64_t id, std::string actor) {
  std::vector<BackfillState> from(1, BackfillState::paused);
  return change(id, std::move(from), BackfillState::running, "backfill resume", std::move(actor), "");
}

// The sweep of the next turn does the skipping, also after a crash in between.
awaitable<Result<Backfill>> Backfills::cancel(std::int64_t id, std::string actor) {
  std::vector<BackfillState> from = {BackfillState::running, BackfillState::paused};
  std::string detail = fmt::format("{} cancelled by {}", backfill_name(id), actor);
  Result<Backfill> cancelled = co_await change(id, std::move(from), BackfillState::cancelled,
                                               "backfill cancel", std::move(actor), detail);
  if (cancelled) co_await skip_waiting(*cancelled, std::move(detail));
  co_return cancelled;
}

awaitable<void> Backfills::skip_waiting(Backfill backfill, std::string reason) {
  const std::size_t skipped = co_await store_->skip_waiting(backfill.id, std::move(reason));
  if (skipped > 0) observer_.backfill_skipped(backfill);
}

awaitable<bool> Backfills::is_cancelled(std::int64_t group) {
  if (group == 0 || store_ == nullptr) co_return false;
  const std::optional<Backfill> backfill = co_await store_->backfill_of_group(group);
  co_return backfill && backfill->state == BackfillState::cancelled;
}

awaitable<Result<void>> Backfills::before_action(Action action, InstanceId id) {
  if (id.group == 0 || store_ == nullptr) co_return Result<void>();
  const std::optional<Backfill> backfill = co_await store_->backfill_of_group(id.group);
  if (!backfill) co_return Result<void>();
  if (backfill->state == BackfillState::cancelled) {
    if (action == Action::skip || action == Action::set_success) co_return Result<void>();
    co_return Error(
        Errc::refused_by_state,
        fmt::format("{} {}: {} was cancelled; skip the instance, or ask for a new backfill",
                    to_string(action), to_string(id, backfill->zone), backfill_name(backfill->id)));
  }
  unfinished_ = true;
  co_await store_->reopen_backfill(id.group);
  unfinished_ = true;
  co_return Result<void>();
}

awaitable<Backfills::Turn> Backfills::turn(std::size_t places) {
  Turn turn;
  if (!unfinished_ || store_ == nullptr) co_return turn;
  const std::uint64_t changes = changes_;
  unfinished_ = false;
  std::vector<Backfill> unfinished;
  try {
    unfinished = co_await store_->unfinished_backfills();
  } catch (...) {
    unfinished_ = true;
    throw;
  }
  unfinished_ = unfinished_ || !unfinished.empty();
  std::ranges::stable_sort(
      unfinished, [](const Backfill& a, const Backfill& b) { return a.order.priority > b.order.priority; });
  for (const Backfill& backfill : unfinished) {
    if (backfill.state == BackfillState::cancelled) {
      co_await sweep(backfill);
    } else if (backfill.planned) {
      co_await take_turn(backfill, places, turn);
    }
  }
  // Whoever paused or cancelled one meanwhile was told that nothing of it starts any more.
  if (changes != changes_) turn.starts.clear();
  co_return turn;
}

// Skips what came to wait after the cancellation: an attempt that failed or was lost, rows still being made.
awaitable<void> Backfills::sweep(Backfill backfill) {
  bool waits = false;
  for (const BackfillGroup& group : backfill.groups) {
    std::string chain = chain_of(backfill.order.job, group.id);
    const std::vector<Instance> open = co_await store_->open_instances(std::move(chain), false, kFrontMax);
    for (const Instance& instance : open) {
      waits = waits || (has_still_to_run(instance.state) && instance.state != State::running);
    }
  }
  if (waits) co_await skip_waiting(backfill, backfill_name(backfill.id) + " was cancelled");
  if (!backfill.planned) co_return;
  co_await close(std::move(backfill));
}

// Whether that makes it done is the store's to say: an attempt that just ended may have left it open.
awaitable<void> Backfills::close(Backfill backfill) {
  co_await store_->close_backfill(backfill.id);
  const std::optional<Backfill> now = co_await store_->backfill(backfill.id);
  if (now && now->state == BackfillState::done) observer_.backfill_changed(*now);
}

awaitable<void> Backfills::take_turn(Backfill backfill, std::size_t places, Turn& turn) {
  const auto found = jobs_.find(backfill.order.job);
  const bool self = found == jobs_.end() || found->second->dependencies.self;
  const Instant now = clock_.now();
  std::size_t running = 0;
  bool open_ones = false;
  std::vector<Instance> candidates;
  for (const BackfillGroup& group : backfill.groups) {
    std::string chain = chain_of(backfill.order.job, group.id);
    const std::size_t limit = self ? 1 : kFrontMax;
    const std::vector<Instance> open =
        co_await store_->open_instances(std::move(chain), backfill.order.descending, limit);
    open_ones = open_ones || !open.empty();
    running += attempts_.running_of(backfill.order.job, group.id);
    for (const Instance& instance : open) {
      if (instance.state == State::running && !attempts_.claimed(instance.row))
        turn.orphans.push_back(instance);
    }
    for (Instance& instance : startable(open, backfill.order, self, now)) {
      // An older success that is run again waits for what runs in its chain.
      if (!(self ? attempts_.busy(instance.id) : attempts_.claimed(instance.row)))
        candidates.push_back(std::move(instance));
    }
  }
  if (!open_ones) co_await close(backfill);
  if (backfill.state != BackfillState::running || found == jobs_.end()) co_return;
  const Instant opens = next_start(backfill.order.run_hours, now, backfill.zone);
  if (opens > now) {
    if (!candidates.empty()) turn.opens = std::min(turn.opens.value_or(opens), opens);
    co_return;
  }
  const auto parallel = static_cast<std::size_t>(backfill.order.parallel);
  for (Instance& candidate : candidates) {
    if (turn.starts.size() >= places || running >= parallel) break;
    if (co_await twin_has_to_run(candidate)) continue;
    turn.starts.push_back(std::move(candidate));
    ++running;
  }
}

awaitable<bool> Backfills::twin_has_to_run(Instance instance) {
  if (attempts_.runs_slot(instance.id.job, instance.id.scheduled)) co_return true;
  const std::optional<Instance> twin = co_await instances_.instance(twin_of(instance));
  co_return twin&& has_still_to_run(twin->state);
}

awaitable<std::optional<std::string>> Backfills::why(Instance instance) {
  if (store_ == nullptr || !has_still_to_run(instance.state) || instance.state == State::running)
    co_return std::nullopt;
  const std::optional<Backfill> backfill = co_await store_->backfill_of_group(instance.id.group);
  if (!backfill) co_return std::nullopt;
  const std::string name = backfill_name(backfill->id);
  if (backfill->state == BackfillState::paused)
    co_return fmt::format("waits: {} is paused; sluice backfill resume {}", name, backfill->id);
  if (!backfill->planned) co_return fmt::format("waits until all instances of {} are made", name);
  const Instant opens = next_start(backfill->order.run_hours, clock_.now(), backfill->zone);
  if (opens > clock_.now()) {
    co_return fmt::format("waits: {} starts instances {}, next at {}", name,
                          to_string(backfill->order.run_hours), job::format_local(opens, backfill->zone));
  }
  std::string chain = chain_of(instance.id);
  const std::vector<Instance> open =
      co_await store_->open_instances(std::move(chain), backfill->order.descending, std::size_t{1});
  if (!open.empty() && business_date(open.front().id.scheduled, instance.zone) !=
                           business_date(instance.id.scheduled, instance.zone)) {
    co_return fmt::format("waits for {}: its business date comes first",
                          to_string(open.front().id, open.front().zone));
  }
  const std::optional<Instance> twin = co_await instances_.instance(twin_of(instance));
  if (twin && has_still_to_run(twin->state)) {
    const std::string twin_name = to_string(twin->id, twin->zone);
    co_return fmt::format(
        "waits for {}, the recurring instance of the same slot, which has still to run; sluice why {}",
        twin_name, twin_name);
  }
  std::size_t running = 0;
  for (const BackfillGroup& group : backfill->groups)
    running += attempts_.running_of(instance.id.job, group.id);
  if (running >= static_cast<std::size_t>(backfill->order.parallel)) {
    co_return fmt::format("waits for a free place: {} runs {} attempts at once, and they are running", name,
                          backfill->order.parallel);
  }
  co_return std::nullopt;
}

}  // namespace sluice::scheduler
