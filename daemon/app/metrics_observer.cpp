#include "daemon/app/metrics_observer.hpp"

#include "daemon/alerts/retention.hpp"
#include "daemon/api/readiness.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Of one job, as the store has them.
struct JobGauges {
  std::string job;
  bool late = false;
  scheduler::Coverage coverage;
  std::optional<RetentionState> retention;
};

awaitable<std::vector<JobGauges>> read_gauges(scheduler::StateStore& store, JobList jobs, Instant now) {
  const auto late = co_await late_instances(store, jobs, now);
  std::vector<JobGauges> read;
  for (const job::Job& job : jobs) {
    JobGauges gauges;
    gauges.job = job.name;
    gauges.late =
        std::ranges::any_of(late, [&](const scheduler::Instance& one) { return one.id.job == job.name; });
    gauges.coverage = co_await store.coverage(job.name);
    if (gauges.coverage.until) gauges.retention = co_await retention_of(store, job, now);
    read.push_back(std::move(gauges));
  }
  co_return read;
}

void set_gauges(Metrics& metrics, const JobGauges& gauges, Instant now) {
  const Labels labels = {{"job", gauges.job}};
  metrics.set("sluice_job_late", labels, gauges.late ? 1 : 0);
  metrics.set("sluice_coverage_gaps", labels, static_cast<double>(gauges.coverage.gaps.size()));
  if (!gauges.coverage.until) return;
  const Instant until = *gauges.coverage.until;
  metrics.set("sluice_coverage_until_timestamp_seconds", labels, seconds(until.time_since_epoch()));
  metrics.set("sluice_coverage_lag_seconds", labels, seconds(now - until));
  if (!gauges.retention) return;
  metrics.set("sluice_retention_left_seconds", labels, seconds(gauges.retention->clock.left));
  metrics.set("sluice_retention_low", labels, gauges.retention->is_low() ? 1 : 0);
}

}  // namespace

void MetricsObserver::log(pipeline::Level level, std::string_view text) {
  switch (level) {
    case pipeline::Level::info:
      spdlog::info("{}", text);
      break;
    case pipeline::Level::warning:
      spdlog::warn("{}", text);
      break;
    case pipeline::Level::error:
      spdlog::error("{}", text);
      break;
  }
}

void MetricsObserver::planned(std::size_t count) { spdlog::info("planned instances count={}", count); }

void MetricsObserver::attempt_started(const scheduler::Instance& instance, int attempt, Duration late) {
  metrics_.observe("sluice_start_latency_seconds", {}, seconds(late));
  spdlog::info("attempt started instance={} attempt={} late_seconds={:.3f}",
               scheduler::to_string(instance.id, instance.zone), attempt, seconds(late));
}

void MetricsObserver::attempt_ended(const scheduler::Instance& instance, const scheduler::Attempt& attempt) {
  const std::string id = scheduler::to_string(instance.id, instance.zone);
  const Duration taken =
      attempt.finished ? std::max(*attempt.finished - attempt.started, Duration(0)) : Duration(0);
  metrics_.add("sluice_attempts_total",
               {{"job", instance.id.job}, {"result", std::string(scheduler::to_string(attempt.result))}});
  if (attempt.result != scheduler::AttemptResult::success) {
    spdlog::warn("attempt ended instance={} attempt={} result={} error_code={} error=\"{}\"", id,
                 attempt.number, scheduler::to_string(attempt.result), attempt.error_code, attempt.error);
    return;
  }
  metrics_.observe("sluice_window_duration_seconds", {{"job", instance.id.job}}, seconds(taken));
  metrics_.add("sluice_window_rows_total", {{"job", instance.id.job}}, static_cast<double>(instance.rows));
  metrics_.add("sluice_window_written_bytes_total", {{"job", instance.id.job}},
               static_cast<double>(instance.bytes));
  spdlog::info("attempt ended instance={} attempt={} result=success rows={} bytes={} seconds={:.3f}", id,
               attempt.number, instance.rows, instance.bytes, seconds(taken));
}

void MetricsObserver::instance_changed(const scheduler::Instance& instance) {
  metrics_.add("sluice_instances_total",
               {{"job", instance.id.job}, {"state", std::string(scheduler::to_string(instance.state))}});
  if (listener_) listener_(instance);
}

void MetricsObserver::counted(const std::string& job, const pipeline::Statistics& statistics) {
  const Labels labels = {{"job", job}};
  metrics_.add("sluice_source_records_total", labels, static_cast<double>(statistics.records));
  metrics_.add("sluice_source_late_records_total", labels, static_cast<double>(statistics.late));
  metrics_.add("sluice_source_ahead_records_total", labels, static_cast<double>(statistics.ahead));
  metrics_.add("sluice_dirty_rows_total", labels, static_cast<double>(statistics.dirty_rows));
  metrics_.add("sluice_source_read_bytes_total", labels, static_cast<double>(statistics.read_bytes));
  metrics_.add("sluice_source_requests_total", labels, static_cast<double>(statistics.requests));
  metrics_.add("sluice_retries_total", labels, static_cast<double>(statistics.retries));
  metrics_.add("sluice_hand_over_failures_total", labels, static_cast<double>(statistics.hand_over_failures));
}

void begin_job_counters(Metrics& metrics, const std::string& job) {
  using scheduler::AttemptResult;
  for (const AttemptResult result : {AttemptResult::success, AttemptResult::failed, AttemptResult::lost,
                                     AttemptResult::killed, AttemptResult::timed_out}) {
    metrics.add("sluice_attempts_total",
                {{"job", job}, {"result", std::string(scheduler::to_string(result))}}, 0);
  }
  metrics.add("sluice_window_rows_total", {{"job", job}}, 0);
  metrics.add("sluice_window_written_bytes_total", {{"job", job}}, 0);
  MetricsObserver(metrics).counted(job, {});
}

void begin_channel_counters(Metrics& metrics, const std::string& channel) {
  for (const std::string result : {"sent", "failed", "given_up"})
    metrics.add("sluice_alert_deliveries_total", {{"channel", channel}, {"result", result}}, 0);
}

// The gauges are everybody's: between forgetting the series before and printing there is no wait, in which
// another call would forget ours.
awaitable<std::string> text_with_jobs(Metrics& metrics, scheduler::StateStore& store, JobList jobs,
                                      Instant now) {
  const auto read = co_await read_gauges(store, std::move(jobs), now);
  for (const std::string_view gauge :
       {"sluice_job_late", "sluice_coverage_lag_seconds", "sluice_coverage_gaps",
        "sluice_coverage_until_timestamp_seconds", "sluice_retention_left_seconds", "sluice_retention_low"}) {
    metrics.clear(gauge);
  }
  for (const JobGauges& gauges : read) set_gauges(metrics, gauges, now);
  co_return metrics.text();
}

}  // namespace sluice::daemon
