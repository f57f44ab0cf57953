#pragma once
// Turns what happens in the scheduler into metrics and log lines.

#include "core/base/clock.hpp"
#include "daemon/base/job_list.hpp"
#include "daemon/base/metrics.hpp"
#include "scheduler/observer.hpp"
#include "scheduler/state_store.hpp"

#include <functional>
#include <string>

namespace sluice::daemon {

class MetricsObserver final : public scheduler::Observer {
 public:
  explicit MetricsObserver(Metrics& metrics) : metrics_(metrics) {}

  // Also told of every change of state, for the demo's screen. Must not throw.
  void listen(std::function<void(const scheduler::Instance&)> listener) { listener_ = std::move(listener); }

  void log(pipeline::Level level, std::string_view text) override;
  void planned(std::size_t count) override;
  void attempt_started(const scheduler::Instance& instance, int attempt, Duration late) override;
  void attempt_ended(const scheduler::Instance& instance, const scheduler::Attempt& attempt) override;
  void instance_changed(const scheduler::Instance& instance) override;

  // Of an attempt, whatever its result.
  void counted(const std::string& job, const pipeline::Statistics& statistics);

 private:
  Metrics& metrics_;
  std::function<void(const scheduler::Instance&)> listener_;
};

// Prints the counters of the job that have not counted yet as 0. One that appears with its first event hides
// it: Prometheus sees no increase where there was no number before.
void begin_job_counters(Metrics& metrics, const std::string& job);

// The same for the notices of a channel.
void begin_channel_counters(Metrics& metrics, const std::string& channel);

// All metrics as text, with what the store says of `jobs` at `now`. May be asked for again before it has
// answered. `metrics` and `store` must outlive the call.
awaitable<std::string> text_with_jobs(Metrics& metrics, scheduler::StateStore& store, JobList jobs,
                                      Instant now);

}  // namespace sluice::daemon
