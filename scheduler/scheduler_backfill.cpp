// The scheduler's side of backfills: when they get a place, and what operators ask of them.

#include "scheduler/reason.hpp"
#include "scheduler/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {

// A recurring instance never waits for a place that a backfill has, but for an attempt at its own slot: both
// write the same objects.
bool Scheduler::must_wait(const InstanceId& id) const {
  return catch_up_.undecided(id.job) || attempts_.runs_slot(id.job, id.scheduled);
}

// Backfills take what the recurring instances leave. Returns when run hours begin that one waits for.
awaitable<std::optional<Instant>> Scheduler::start_backfills(bool recurring_waits) {
  const Running& running = attempts_.running();
  const bool full = recurring_waits || stopping_ || running.total >= limits_.total ||
                    running.backfills >= limits_.backfills();
  const std::size_t places =
      full ? 0 : std::min(limits_.total - running.total, limits_.backfills() - running.backfills);
  Backfills::Turn turn = co_await backfills_.turn(places);
  const Instant now = clock_.now();
  for (const Instance& orphan : turn.orphans) co_await close_orphan(orphan, now);
  for (Instance& instance : turn.starts) {
    if (stopping_ || !jobs_.contains(instance.id.job) || attempts_.claimed(instance.row)) continue;
    if (place_for(instance.id, attempts_.running(), limits_) != Place::free) continue;
    Definition definition = co_await definitions_.find(instance.id.job, instance.version);
    const bool kept = co_await leave_lost(*definition.job, instance);
    if (kept || stopping_ || attempts_.runs_slot(instance.id.job, instance.id.scheduled)) continue;
    attempts_.start(std::move(definition.job), std::move(instance), std::move(definition.note));
  }
  co_return turn.opens;
}

template <class T>
awaitable<Result<T>> Scheduler::guarded(std::string doing, awaitable<Result<T>> work) {
  try {
    Result<T> done = co_await std::move(work);
    co_return done;
  } catch (const ErrorException& failure) {
    health_.failed(StoreHealth::Call::write, doing, failure.error());
    throw;
  }
}

awaitable<Result<BackfillPreview>> Scheduler::preview_backfill(BackfillOrder order, std::size_t slots_max) {
  return guarded<BackfillPreview>("preview a backfill", backfills_.preview(std::move(order), slots_max));
}

awaitable<Result<Backfill>> Scheduler::create_backfill(BackfillOrder order, std::string actor) {
  return guarded<Backfill>("store a backfill", backfills_.create(std::move(order), std::move(actor)));
}

awaitable<Result<Backfill>> Scheduler::pause_backfill(std::int64_t id, std::string actor) {
  return guarded<Backfill>("pause a backfill", backfills_.pause(id, std::move(actor)));
}

awaitable<Result<Backfill>> Scheduler::resume_backfill(std::int64_t id, std::string actor) {
  return guarded<Backfill>("resume a backfill", backfills_.resume(id, std::move(actor)));
}

awaitable<Result<Backfill>> Scheduler::cancel_backfill(std::int64_t id, std::string actor, bool kill) {
  Result<Backfill> cancelled = co_await guarded<Backfill>("cancel a backfill", backfills_.cancel(id, actor));
  if (cancelled && kill) co_await kill_all_of(*cancelled, std::move(actor));
  co_return cancelled;
}

awaitable<void> Scheduler::kill_all_of(Backfill backfill, std::string actor) {
  const std::string reason = fmt::format("{}with {} by {}", kKilled, backfill_name(backfill.id), actor);
  for (const BackfillGroup& group : backfill.groups) {
    for (const std::int64_t row : attempts_.rows_of(backfill.order.job, group.id)) {
      // One that does not stop in time stops later.
      const Result<void> stopped = co_await attempts_.kill(row, reason, options_.kill_limit);
      static_cast<void>(stopped);
    }
  }
}

}  // namespace sluice::scheduler
