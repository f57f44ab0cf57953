#pragma once
// The running daemon as the API sees it.

#include "daemon/api/service.hpp"
#include "daemon/base/metrics.hpp"
#include "daemon/config/config.hpp"
#include "daemon/config/job_set.hpp"
#include "daemon/export/verifier.hpp"
#include "scheduler/scheduler.hpp"
#include "storage/async_state_store.hpp"
#include "storage/attempt_log_folder.hpp"

namespace sluice::daemon {

class AppService final : public Service {
 public:
  // What it speaks for; everything outlives the service.
  struct Parts {
    const Config& config;
    Clock& clock;
    storage::AsyncStateStore& store;
    scheduler::BackfillStore& backfills;
    storage::AttemptLogFolder& logs;
    scheduler::Scheduler& scheduler;
    JobSet& jobs;
    Metrics& metrics;
    Verifier& verifier;
    Reloader& reloader;
    EventFeed& events;
    AlertDesk* alerts = nullptr;
    std::function<std::vector<job::Problem>()> renew_certificate{};  // see Doors
  };

  explicit AppService(Parts parts) : parts_(std::move(parts)), started_(parts_.clock.now()) {}

  Instant now() const override { return parts_.clock.now(); }
  ServiceStatus status() const override;
  JobList jobs() const override { return parts_.jobs.jobs(); }
  scheduler::StateStore& store() override { return parts_.store; }
  awaitable<std::string> metrics() override;
  awaitable<Result<scheduler::Why>> why(scheduler::InstanceId id) override {
    return parts_.scheduler.why(std::move(id));
  }
  awaitable<std::vector<scheduler::Instance>> shown(std::vector<scheduler::Instance> instances) override {
    return parts_.scheduler.shown(std::move(instances));
  }
  awaitable<std::vector<scheduler::BlockedChain>> blocked() override { return parts_.scheduler.blocked(); }
  awaitable<Result<void>> act(scheduler::Order order, scheduler::InstanceId id) override;
  awaitable<Result<std::vector<scheduler::Instance>>> downstream(scheduler::InstanceId id) override {
    return parts_.scheduler.downstream(std::move(id));
  }
  awaitable<Result<std::vector<scheduler::Instance>>> rerun_downstream(scheduler::Order order,
                                                                       scheduler::InstanceId id) override {
    return parts_.scheduler.rerun_downstream(std::move(order), std::move(id));
  }
  awaitable<Result<void>> pause(std::string job, std::string actor, std::string reason) override;
  awaitable<Result<scheduler::Resumed>> resume(std::string job, std::optional<scheduler::RunChoice> choice,
                                               std::string actor, std::string reason) override;
  std::vector<scheduler::Pause> pauses() const override;
  awaitable<Result<LogPart>> log(scheduler::Instance instance, int number, std::uint64_t offset,
                                 std::size_t limit) override;
  std::string dirty_file(const scheduler::Instance& instance, int number) const override;
  awaitable<Result<VerifiedPage>> verify(job::Job job, VerifyQuery query) override {
    return parts_.verifier.verify(std::move(job), std::move(query));
  }
  Result<PlannedPage> preview(const std::string& job, Instant from, Instant to) override;
  scheduler::BackfillStore& backfills() override { return parts_.backfills; }
  awaitable<Result<PlannedBackfill>> preview_backfill(scheduler::BackfillOrder order,
                                                      std::size_t slots_max) override;
  awaitable<Result<scheduler::Backfill>> create_backfill(scheduler::BackfillOrder order,
                                                         std::string actor) override {
    return parts_.scheduler.create_backfill(std::move(order), std::move(actor));
  }
  awaitable<Result<scheduler::Backfill>> act_on_backfill(BackfillAction action, std::int64_t id,
                                                         std::string actor, bool kill) override;
  awaitable<Result<std::uint64_t>> backup(std::string file) override;
  awaitable<Result<ReloadReport>> reload(ReloadRequest request) override;
  scheduler::VersionStore& versions() override { return parts_.store; }
  scheduler::AuditLog& audit() override { return parts_.store; }
  const job::DataSources& sources() const override { return parts_.jobs.sources(); }
  awaitable<Result<PlanDifference>> difference(DifferenceRequest request) override;
  EventFeed& events() override { return parts_.events; }
  AlertDesk* alerts() override { return parts_.alerts; }

  void set_draining() noexcept { draining_ = true; }

 private:
  awaitable<void> accept_clock(std::string actor);

  Parts parts_;
  Instant started_;
  bool draining_ = false;
};

}  // namespace sluice::daemon
