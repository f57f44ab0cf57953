#pragma once
// Tells the feed what happens in the scheduler, and passes it on.

#include "core/base/random.hpp"
#include "daemon/app/coverage_watch.hpp"
#include "scheduler/observer.hpp"

#include <fmt/format.h>

namespace sluice::daemon {

class EventObserver final : public scheduler::Observer {
 public:
  // All outlive this; `next` hears everything too.
  struct Parts {
    Executor executor;
    Clock& clock;
    Random& random;  // names this start of the daemon
    scheduler::StateStore& store;
    scheduler::Observer& next;
    std::function<awaitable<Readiness>()> readiness;
  };
  explicit EventObserver(Parts parts)
      : feed_(parts.executor, parts.clock, fmt::format("{:016x}", parts.random.next())),
        coverage_(CoverageWatch::Parts{parts.clock, parts.store, feed_, std::move(parts.readiness)}),
        next_(parts.next) {}

  EventFeed& feed() noexcept { return feed_; }
  // Until cancelled.
  awaitable<void> watch_coverage() { return coverage_.run(); }

  void log(pipeline::Level level, std::string_view text) override { next_.log(level, text); }
  void planned(std::size_t count) override {
    feed_.instances_changed("", "planned");
    next_.planned(count);
  }
  void attempt_started(const scheduler::Instance& instance, int attempt, Duration late) override {
    next_.attempt_started(instance, attempt, late);
  }
  void attempt_ended(const scheduler::Instance& instance, const scheduler::Attempt& attempt) override {
    next_.attempt_ended(instance, attempt);
  }
  void windows_skipped(const std::string& job, std::size_t count, Instant first, Instant last,
                       const std::string& reason) override {
    feed_.instances_changed(job, "skipped");
    next_.windows_skipped(job, count, first, last, reason);
  }
  void instance_changed(const scheduler::Instance& instance) override {
    coverage_.instance_changed(instance);
    feed_.instance_changed(instance);
    next_.instance_changed(instance);
  }
  void backfill_changed(const scheduler::Backfill& backfill) override {
    feed_.backfill_changed(backfill);
    next_.backfill_changed(backfill);
  }
  void backfill_planned(const scheduler::Backfill& backfill) override {
    feed_.instances_changed(backfill.order.job, "planned");
    next_.backfill_planned(backfill);
  }
  void backfill_skipped(const scheduler::Backfill& backfill) override {
    feed_.instances_changed(backfill.order.job, "skipped");
    next_.backfill_skipped(backfill);
  }

 private:
  EventFeed feed_;
  CoverageWatch coverage_;
  scheduler::Observer& next_;
};

}  // namespace sluice::daemon
