#include "daemon/app/metrics_observer.hpp"

#include <spdlog/spdlog.h>

namespace sluice::daemon {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

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

}  // namespace sluice::daemon
