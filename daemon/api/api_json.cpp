#include "daemon/api/api_json.hpp"

#include "core/base/utf8.hpp"
#include "core/job/civil_time.hpp"
#include "core/job/job_limits.hpp"
#include "daemon/api/schedule_json.hpp"
#include "scheduler/reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

json::object values_json(const job::ParameterValues& values) {
  json::object out;
  for (const auto& [name, value] : values) out[name] = value;
  return out;
}

json::object window_json(Instant start, Instant end) {
  return {{"start", utc_text(start)}, {"end", utc_text(end)}};
}

json::value parsed_or_null(const std::string& text) {
  boost::system::error_code ec;
  auto value = json::parse(text, ec);
  if (ec) return nullptr;
  return value;
}

}  // namespace

json::value time_or_null(const std::optional<Instant>& instant) {
  return instant ? json::value(utc_text(*instant)) : json::value(nullptr);
}

json::value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::value(text);
}

std::optional<job::Job> find_job(const Service& service, std::string_view name) {
  const JobList jobs = service.jobs();
  const job::Job* const found = jobs.find(name);
  return found ? std::optional(*found) : std::nullopt;
}

Error no_such_job(std::string_view name) {
  return Error(Errc::not_found, fmt::format("find job {}: no such job", name));
}

awaitable<bool> is_known_job(Service& service, std::string name) {
  if (service.jobs().find(name)) co_return true;
  const auto planned = co_await service.store().last_planned(std::move(name));
  co_return planned.has_value();
}

json::object to_json(const job::Job& job, Instant now) {
  json::array parameters;
  for (const job::Parameter& parameter : job.parameters) {
    parameters.push_back(json::object{{"name", parameter.name}, {"expression", parameter.expression}});
  }
  json::array upstreams;
  for (const job::Upstream& upstream : job.dependencies.jobs) {
    upstreams.push_back(
        json::object{{"job", upstream.job}, {"cycle", upstream.previous_cycle ? "previous" : "same"}});
  }
  return {
      {"name", job.name},
      {"file", job.file},
      {"version", job.version},
      {"zone", job.schedule.zone},
      {"schedule", schedule_json(job.schedule, now)},
      {"timeout_seconds", std::chrono::duration_cast<std::chrono::seconds>(job.timeout).count()},
      {"priority", job.priority},
      {"max_parallel", job.max_parallel == 0 ? json::value(nullptr) : json::value(job.max_parallel)},
      {"rerun", json::object{{"times", job.rerun.times},
                             {"property", job::to_string(job.rerun.property)},
                             {"interval_seconds",
                              std::chrono::duration_cast<std::chrono::seconds>(job.rerun.interval).count()}}},
      {"depends_on", json::object{{"self", job.dependencies.self}, {"jobs", std::move(upstreams)}}},
      {"parameters", std::move(parameters)}};
}

json::object to_json(const scheduler::Instance& instance) {
  json::object out{{"id", scheduler::to_string(instance.id, instance.zone)},
                   {"job", instance.id.job},
                   {"group", instance.id.group},
                   {"scheduled", utc_text(instance.id.scheduled)},
                   {"zone", instance.zone},
                   {"cycle", instance.cycle},
                   {"version", instance.version},
                   {"state", scheduler::to_string(instance.state)},
                   {"reason", instance.reason},
                   {"reason_code", scheduler::to_string(scheduler::reason_code(instance))},
                   {"priority", instance.priority},
                   {"dry_run", instance.dry_run},
                   {"released", instance.released},
                   {"window", window_json(instance.window_start, instance.window_end)},
                   {"values", values_json(instance.values)},
                   {"attempt_count", instance.attempts},
                   {"failures", instance.failures},
                   {"retry_at", time_or_null(instance.retry_at)},
                   {"started", time_or_null(instance.started)},
                   {"finished", time_or_null(instance.finished)},
                   {"rows", instance.rows},
                   {"bytes", instance.bytes},
                   {"objects", pipeline::to_json(instance.objects)}};
  const bool over = instance.started && instance.finished && *instance.finished >= *instance.started;
  out["seconds"] =
      over ? json::value(std::chrono::duration<double>(*instance.finished - *instance.started).count())
           : json::value(nullptr);
  return out;
}

json::object state_json(const scheduler::Instance& instance) {
  return {{"id", scheduler::to_string(instance.id, instance.zone)},
          {"state", scheduler::to_string(instance.state)},
          {"reason", instance.reason},
          {"reason_code", scheduler::to_string(scheduler::reason_code(instance))}};
}

json::object to_json(const scheduler::Attempt& attempt) {
  return {{"number", attempt.number},
          {"result", scheduler::to_string(attempt.result)},
          {"started", utc_text(attempt.started)},
          {"finished", time_or_null(attempt.finished)},
          {"error_code", attempt.error_code},
          {"error", attempt.error},
          {"statistics", parsed_or_null(attempt.statistics)}};
}

json::object to_json(const PlannedInstance& planned) {
  const scheduler::NewInstance& instance = planned.instance;
  return {{"id", scheduler::to_string(instance.id, instance.zone)},
          {"scheduled", utc_text(instance.id.scheduled)},
          {"zone", instance.zone},
          {"cycle", instance.cycle},
          {"window", window_json(instance.window_start, instance.window_end)},
          {"values", values_json(instance.values)},
          {"object", planned.object}};
}

json::object to_json(const LogPart& part) {
  return {{"attempt", part.attempt}, {"offset", part.offset}, {"next", part.next},
          {"at_end", part.at_end},   {"open", part.open},     {"text", as_utf8(part.text)}};
}

json::object to_json(const job::Problem& problem) {
  return {{"severity", problem.severity == job::Severity::error ? "error" : "warning"},
          {"file", as_utf8(problem.file)},
          {"line", problem.line},
          {"column", problem.column},
          {"message", as_utf8(problem.message)}};
}

json::object to_json(const scheduler::BlockedChain& chain) {
  json::array jobs;
  for (const std::string& job : chain.downstream_jobs) jobs.emplace_back(job);
  json::object out{{"cause", cause_of(chain)},
                   {"job", chain.job},
                   {"instance", nullptr},
                   {"state", nullptr},
                   {"zone", chain.zone},
                   {"reason", chain.reason},
                   {"since", utc_text(chain.since)},
                   {"blocked", chain.blocked()},
                   {"blocked_own", chain.blocked_own},
                   {"blocked_downstream", chain.blocked_downstream},
                   {"downstream_jobs", std::move(jobs)},
                   {"data_lag_seconds", nullptr}};
  if (chain.root) {
    out["instance"] = scheduler::to_string(*chain.root, chain.zone);
    out["state"] = scheduler::to_string(chain.state);
  }
  if (chain.data_lag) {
    out["data_lag_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(*chain.data_lag).count();
  }
  return out;
}

json::object to_json(const scheduler::Coverage& coverage, const job::Job& job, Instant now, bool fresh) {
  json::object out{{"job", job.name},
                   {"zone", job.schedule.zone},
                   {"from", time_or_null(coverage.from)},
                   {"until", time_or_null(coverage.until)},
                   {"gaps", pipeline::to_json(coverage.gaps)},
                   {"windows", coverage.windows},
                   {"rows", coverage.rows},
                   {"fresh", fresh}};
  out["lag_seconds"] =
      coverage.until
          ? json::value(std::chrono::duration_cast<std::chrono::seconds>(now - *coverage.until).count())
          : json::value(nullptr);
  return out;
}

Result<std::uint64_t> number_parameter(const HttpRequest& request, std::string_view name,
                                       std::uint64_t fallback, std::uint64_t least, std::uint64_t most) {
  const auto text = request.parameter(name);
  if (!text) return fallback;
  std::uint64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, failure] = std::from_chars(text->data(), end, value);
  if (failure != std::errc() || stop != end || value < least || value > most) {
    return Error(Errc::invalid_argument, fmt::format("read {}: expected a number from {} to {}, got \"{}\"",
                                                     name, least, most, *text));
  }
  return value;
}

HttpResponse json_response(const json::value& value) {
  HttpResponse response;
  response.body = json::serialize(value);
  return response;
}

}  // namespace sluice::daemon
