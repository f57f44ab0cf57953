#pragma once
// Everything about alerts that the daemon runs, put together: store, service, channels, heartbeat.

#include "daemon/alerts/alert_heartbeat.hpp"
#include "daemon/alerts/alert_service.hpp"
#include "daemon/config/job_set.hpp"
#include "storage/async_backfills.hpp"
#include "storage/sqlite_alerts.hpp"

namespace sluice::daemon {

class Alerting {
 public:
  // All outlive this.
  struct Parts {
    Executor executor;
    Clock& clock;
    Random& random;
    storage::AsyncStateStore& store;
    http::Transport& transport;
    scheduler::Scheduler& scheduler;
    const JobSet& jobs;
    std::function<std::vector<job::Problem>()> problems;  // of the latest reading of the files
    const AlertConfig& config;
    Metrics& metrics;
    std::function<void(const scheduler::Incident&)> told;  // as AlertService::Parts has it
  };
  explicit Alerting(Parts parts);

  // Both until cancelled.
  awaitable<void> watch() { return service_.run(); }
  awaitable<void> beat() { return heartbeat_.run(); }
  // After both have ended, before the store is closed.
  awaitable<void> stop(bool in_order) { return service_.stop(in_order); }

  void instance_changed(const scheduler::Instance& instance) { service_.instance_changed(instance); }
  AlertDesk& desk() noexcept { return service_; }

 private:
  AlertWorld world() const;
  std::vector<std::unique_ptr<Channel>> make_channels() const;
  std::string trouble() const;
  std::vector<job::Problem> problems() const;

  Parts parts_;
  storage::AsyncAlertStore store_;
  storage::AsyncBackfills backfills_;
  AlertService service_;
  Heartbeat heartbeat_;
};

}  // namespace sluice::daemon
