#include "daemon/api/api_json.hpp"
#include "daemon/simulate/simulate_report.hpp"

namespace sluice::daemon {
namespace {

namespace json = boost::json;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

json::value seconds_or_null(const std::optional<Duration>& duration) {
  return duration ? json::value(seconds(*duration)) : json::value();
}

json::value id_or_null(const std::optional<scheduler::InstanceId>& id, const std::string& zone) {
  return id ? json::value(to_string(*id, zone)) : json::value();
}

json::object counts_json(const SimulatedCounts& counts) {
  json::object out;
  out["due"] = counts.due;
  out["succeeded"] = counts.succeeded;
  out["dry_runs"] = counts.dry_runs;
  out["skipped"] = counts.skipped;
  out["failed"] = counts.failed;
  out["not_done"] = counts.open;
  out["repeats"] = counts.retries;
  out["waited_for_place"] = counts.for_place;
  out["waited_for_place_max_seconds"] = seconds(counts.for_place_max);
  out["at_once"] = counts.at_once;
  out["delay_p99_seconds"] = seconds_or_null(counts.delay_p99);
  out["delay_max_seconds"] = seconds_or_null(counts.delay_max);
  return out;
}

json::object job_json(const SimulatedJob& job) {
  json::object out;
  out["name"] = job.name;
  out["zone"] = job.zone;
  out["total"] = counts_json(job.total);
  json::object coverage;
  coverage["from"] = time_or_null(job.coverage.from);
  coverage["until"] = time_or_null(job.coverage.until);
  coverage["gaps"] = job.coverage.gaps.size();
  out["coverage"] = std::move(coverage);
  out["longest_lag_seconds"] = seconds(job.lag_max);
  out["longest_lag_of"] = id_or_null(job.lag_of, job.zone);
  out["first_not_done"] = id_or_null(job.first_open, job.zone);
  out["why"] = job.why;
  json::array days;
  for (const SimulatedDay& day : job.days) {
    json::object& entry = days.emplace_back(json::object()).as_object();
    entry["date"] = day.date;
    for (json::key_value_pair& pair : counts_json(day.counts))
      entry.emplace(pair.key(), std::move(pair.value()));
  }
  out["days"] = std::move(days);
  return out;
}

json::object event_json(const SimulatedEvent& event) {
  json::object out;
  out["at"] = utc_text(event.at);
  out["zone"] = event.zone;
  out["job"] = event.job.empty() ? json::value() : json::value(event.job);
  out["kind"] = event.kind;
  out["text"] = event.text;
  return out;
}

}  // namespace

json::value to_json(const SimulatedReport& report) {
  json::object out;
  out["from"] = utc_text(report.from);
  out["to"] = utc_text(report.to);
  out["zone"] = report.zone;
  out["seed"] = report.seed;
  out["run_time_seconds"] = seconds(report.run_time);
  json::array faults;
  for (const std::string& fault : report.faults) faults.emplace_back(fault);
  out["faults"] = std::move(faults);
  out["max_concurrent"] = report.places;
  out["at_once"] = report.at_once;
  out["all_done"] = report.all_done();
  json::array jobs;
  for (const SimulatedJob& job : report.jobs) jobs.emplace_back(job_json(job));
  out["jobs"] = std::move(jobs);
  json::array events;
  for (const SimulatedEvent& event : report.events) events.emplace_back(event_json(event));
  out["events"] = std::move(events);
  json::array blocked;
  for (const scheduler::BlockedChain& chain : report.blocked) blocked.emplace_back(to_json(chain));
  out["blocked"] = std::move(blocked);
  return out;
}

}  // namespace sluice::daemon
