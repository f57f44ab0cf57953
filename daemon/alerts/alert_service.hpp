#pragma once
// Watches the scheduler and tells people: looks at how everything stands, lets scheduler/alerts decide,
// stores what came of it, and leaves the sending to the outbox. Decisions are none of its business.

#include "daemon/alerts/alert_desk.hpp"
#include "daemon/base/job_list.hpp"
#include "scheduler/alert_conditions.hpp"
#include "scheduler/backfill_store.hpp"
#include "scheduler/operation_store.hpp"
#include "scheduler/scheduler.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sluice::daemon {

// What it looks at beside the store. Called on the loop's thread.
struct AlertWorld {
  std::function<JobList()> jobs;
  // The first slot that follows the job's present definition. May be empty: all do.
  std::function<Instant(const std::string& job)> begins{};
  std::function<awaitable<std::vector<scheduler::Pause>>()> pauses;  // may be empty: none is
  std::function<awaitable<std::vector<scheduler::BlockedChain>>()>
      blocked;                  // may be empty: no jobs wait for others
  std::function<bool()> ready;  // what a crash left is closed, planning is done
  std::function<std::optional<scheduler::StoreFailure>()> store_failure;
  std::function<std::uint64_t()> lost_attempts;                    // since this process began
  std::function<std::vector<job::Problem>()> definition_problems;  // of the latest reading of the files
  std::function<bool()> clock_in_doubt{};                          // may be empty: it never is
};

class AlertService final : public AlertDesk {
 public:
  static constexpr Duration kLookEvery = std::chrono::seconds(15);
  static constexpr Duration kLookPause = std::chrono::seconds(1);  // at least, however much happens
  static constexpr Duration kStoreFailsFor = std::chrono::seconds(30);
  static constexpr Duration kChannelFailsFor = std::chrono::minutes(10);

  // All outlive this.
  struct Parts {
    Executor executor;
    Clock& clock;
    Random& random;
    scheduler::StateStore& states;
    scheduler::AlertStore& store;
    scheduler::BackfillStore& backfills;
    const AlertConfig& config;
    Metrics& metrics;
    AlertWorld world;
    // Told of each incident that opened, became another kind, or is over, once that is stored. May be empty.
    std::function<void(const scheduler::Incident&)> told{};
  };
  AlertService(Parts parts, std::vector<std::unique_ptr<Channel>> channels);

  // Looks every kLookEvery, and soon after wake(), until cancelled.
  awaitable<void> run();
  // Stops sending. After an ordered stop of the daemon the next start knows that there was one.
  awaitable<void> stop(bool in_order);

  // Also told of every change of an instance.
  void instance_changed(const scheduler::Instance& instance);

  // One look; for run() and tests. Never throws for a store that fails.
  awaitable<void> look();
  // False when the last look could not be stored.
  bool healthy() const noexcept { return healthy_; }

  scheduler::AlertStore& alert_store() override { return parts_.store; }
  std::vector<scheduler::Incident> unstored_incidents() const override;
  std::vector<ChannelStatus> channels() const override { return outbox_.channels(); }
  awaitable<Result<std::int64_t>> test(std::string channel) override;
  void wake() override;

 private:
  struct Look;

  awaitable<void> look_at_store();
  void look_at_failing_store();
  awaitable<void> keep_store_incidents();
  awaitable<void> observe_jobs(Look& look);
  awaitable<std::set<std::string>> paused_jobs() const;
  awaitable<void> add_downstream(const Look& look, std::vector<scheduler::ChainFacts>& chains) const;
  awaitable<void> observe_retention(Look& look, const scheduler::JobWatch& watch);
  awaitable<void> observe_cycles(Look& look, const scheduler::JobWatch& watch);
  void observe_skips(Look& look, const scheduler::ChainFacts& facts, const scheduler::JobWatch& watch);
  awaitable<void> observe_backfills(Look& look);
  awaitable<std::vector<scheduler::Backfill>> ended_backfills(
      Look& look, const std::vector<scheduler::Backfill>& unfinished);
  awaitable<std::optional<scheduler::Instance>> failure_of(scheduler::Backfill backfill);
  std::vector<std::string> channels_of(Look& look, const std::string& job) const;
  bool tells_failures_of(const scheduler::Backfill& backfill) const;
  void observe_restart(Look& look);
  void observe_definitions(Look& look);
  void observe_channels(Look& look);
  awaitable<void> settle_known(Look& look);
  awaitable<bool> is_unresolved(const scheduler::Incident& incident);
  static void leave_to_failure(Look& look, const std::string& chain);
  void add(Look& look, scheduler::AlertKind kind, std::string key, scheduler::AlertFacts facts, bool event);
  std::vector<std::string> channels_of(const job::Job& job) const;
  std::vector<std::string> default_channels() const;
  scheduler::Forget forget() const;
  void count_open(const std::vector<scheduler::Incident>& incidents);
  void count_unstored();
  awaitable<Result<bool>> woken();

  Parts parts_;
  AlertOutbox outbox_;
  Signal signal_;
  bool pending_ = false;
  bool healthy_ = true;
  bool restart_told_ = false;                             // the mark of this process is stored
  std::map<std::string, std::uint64_t> skips_last_look_;  // told of when they do not grow any more
  std::map<std::string, std::optional<scheduler::RetentionLeft>> retention_;
  Instant retention_at_{};
  std::vector<scheduler::Incident> store_incidents_;  // of a store that fails; kept there once it works
  std::set<Instant> unkept_;  // when those of them opened that have changed since, or were never kept
  std::optional<Instant> own_failure_since_;
  std::string own_failure_;
  std::int64_t unstored_ = 0;
};

}  // namespace sluice::daemon
