#include "daemon/alerts/retention.hpp"
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/audit_json.hpp"
#include "daemon/api/query_parameters.hpp"
#include "daemon/api/readiness.hpp"
#include "daemon/http/etag.hpp"
#include "daemon/http/problem.hpp"

#include <unistd.h>

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;
using scheduler::Instance;

constexpr std::size_t kLogDefault = 64 * 1024;
constexpr std::size_t kLogMax = 1024 * 1024;

awaitable<Result<Instance>> find_instance(Service& service, std::string text) {
  const auto id = scheduler::parse_instance_id(text);
  if (!id) co_return id.error();
  auto found = co_await shown_instance(service, *id);
  if (!found) {
    co_return Error(Errc::not_found, fmt::format("find instance {}: none is planned for that time", text));
  }
  co_return std::move(*found);
}

// What backfills made durable, beside the recurring chain.
awaitable<json::array> backfilled_json(Service& service, const job::Job& job) {
  const auto chains = co_await service.backfills().backfilled(job.name);
  json::array out;
  for (const scheduler::Coverage& covered : chains) {
    out.push_back(json::object{{"chain", covered.job},
                               {"from", utc_text(*covered.from)},
                               {"until", utc_text(*covered.until)},
                               {"windows", covered.windows},
                               {"rows", covered.rows}});
  }
  co_return out;
}

awaitable<json::object> job_with_state(Service& service, const job::Job& job, bool fresh) {
  json::object out = to_json(job, service.now());
  json::object counts;
  const auto counted = co_await service.store().counts(job.name);
  for (const auto& [state, count] : counted) {
    counts[scheduler::to_string(state)] = count;
  }
  out["counts"] = std::move(counts);
  out["paused"] = nullptr;
  for (const scheduler::Pause& pause : service.pauses()) {
    if (pause.job != job.name) continue;
    out["paused"] =
        json::object{{"since", utc_text(pause.since)}, {"actor", pause.actor}, {"reason", pause.reason}};
  }
  const auto coverage = co_await service.store().coverage(job.name);
  json::object covered = to_json(coverage, job, service.now(), fresh);
  const auto retention = co_await retention_of(service.store(), job, service.now());
  covered["retention"] = to_json(retention);
  out["coverage"] = std::move(covered);
  co_return out;
}

template <class T>
bool is_among(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

awaitable<std::optional<Instance>> shown_instance(Service& service, scheduler::InstanceId id) {
  std::optional<Instance> found = co_await service.store().instance(id);
  if (!found) co_return found;
  std::vector<Instance> one;
  one.push_back(std::move(*found));
  one = co_await service.shown(std::move(one));
  co_return std::move(one.front());
}

awaitable<HttpResponse> version(Service& service, const HttpRequest&, const PathValues&) {
  const ServiceStatus status = service.status();
  co_return json_response(json::object{{"name", "sluice"},
                                       {"version", status.version},
                                       {"started", utc_text(status.started)},
                                       {"pid", ::getpid()}});
}

awaitable<HttpResponse> status(Service& service, const HttpRequest&, const PathValues&) {
  const auto readiness = co_await readiness_of(service);
  const ServiceStatus& status = readiness.status;
  json::array jobs;
  for (const job::Job& job : service.jobs()) {
    jobs.push_back(co_await job_with_state(service, job, !readiness.is_late(job.name)));
  }
  json::array blocked;
  const auto chains = co_await service.blocked();
  for (const scheduler::BlockedChain& chain : chains) blocked.push_back(to_json(chain));
  json::object out{{"version", status.version},
                   {"started", utc_text(status.started)},
                   {"now", utc_text(service.now())},
                   {"running", status.running},
                   {"running_max", status.running_max},
                   {"draining", status.draining},
                   {"ready", readiness.is_ready()},
                   {"clock_in_doubt", text_or_null(status.clock_in_doubt)},
                   {"store_failure", text_or_null(status.store_failure)},
                   {"jobs", std::move(jobs)},
                   {"blocked", std::move(blocked)}};
  co_await add_open_incidents(service, out);
  co_return json_response(out);
}

awaitable<HttpResponse> jobs(Service& service, const HttpRequest&, const PathValues&) {
  const auto readiness = co_await readiness_of(service);
  json::array out;
  for (const job::Job& job : service.jobs()) {
    out.push_back(co_await job_with_state(service, job, !readiness.is_late(job.name)));
  }
  co_return json_response(json::object{{"jobs", std::move(out)}});
}

awaitable<HttpResponse> job(Service& service, const HttpRequest&, const PathValues& values) {
  const auto found = find_job(service, values[0]);
  if (!found) co_return problem_response(no_such_job(values[0]));
  const auto readiness = co_await readiness_of(service);
  co_return json_response(co_await job_with_state(service, *found, !readiness.is_late(found->name)));
}

awaitable<HttpResponse> plan(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto found = find_job(service, values[0]);
  if (!found) co_return problem_response(no_such_job(values[0]));
  const auto from = time_from_text(request.parameter("from").value_or(""), found->schedule.zone);
  if (!from) co_return problem_response(from.error().in("from"));
  const auto to = time_from_text(request.parameter("to").value_or(""), found->schedule.zone);
  if (!to) co_return problem_response(to.error().in("to"));
  const auto planned = service.preview(found->name, *from, *to);
  if (!planned) co_return problem_response(planned.error());
  json::array out;
  for (const PlannedInstance& instance : planned->instances) out.push_back(to_json(instance));
  json::object page{{"instances", std::move(out)}, {"next", time_or_null(planned->next)}};
  co_return with_etag(request, json_response(page));
}

awaitable<HttpResponse> instances(Service& service, const HttpRequest& request, const PathValues&) {
  const auto listing = co_await instance_listing(service, request);
  if (!listing) co_return problem_response(listing.error());
  const std::string& job = listing->query.job;
  // The instances of a job whose file is gone can still be listed; a name never heard of is a mistake.
  if (!job.empty()) {
    const bool known = co_await is_known_job(service, job);
    if (!known) co_return problem_response(no_such_job(job));
  }
  auto page = co_await find_instances(service, *listing);
  const auto found = co_await service.shown(std::move(page));
  json::array out;
  for (const Instance& instance : found) {
    if (listing->wanted.empty() || is_among(listing->wanted, instance.state))
      out.push_back(to_json(instance));
  }
  json::value next = nullptr;
  if (found.size() == listing->query.limit) next = scheduler::to_string(found.back().id, found.back().zone);
  co_return with_etag(request,
                      json_response(json::object{{"instances", std::move(out)}, {"next", std::move(next)}}));
}

awaitable<HttpResponse> instance(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto found = co_await find_instance(service, values[0]);
  if (!found) co_return problem_response(found.error());
  json::object out = to_json(*found);
  json::array attempts;
  const auto made = co_await service.store().attempts(found->row);
  for (const scheduler::Attempt& attempt : made) {
    json::object shown = to_json(attempt);
    const std::string file = service.dirty_file(*found, attempt.number);
    shown["dirty_file"] = file.empty() ? json::value(nullptr) : json::value(file);
    attempts.push_back(std::move(shown));
  }
  out["attempts"] = std::move(attempts);
  const auto job = find_job(service, found->id.job);
  out["present_version"] = job ? json::value(job->version) : json::value(nullptr);
  out["audit"] = co_await audit_of(service, *found);
  co_return with_etag(request, json_response(out));
}

awaitable<HttpResponse> logs(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto found = co_await find_instance(service, values[0]);
  if (!found) co_return problem_response(found.error());
  const auto attempt = number_parameter(request, "attempt", 0, 0, 1'000'000);
  if (!attempt) co_return problem_response(attempt.error());
  const auto offset = number_parameter(request, "offset", 0, 0, std::uint64_t{1} << 62);
  if (!offset) co_return problem_response(offset.error());
  const auto limit = number_parameter(request, "limit", kLogDefault, 1, kLogMax);
  if (!limit) co_return problem_response(limit.error());
  const auto part = co_await service.log(*found, static_cast<int>(*attempt), *offset, *limit);
  if (!part) co_return problem_response(part.error());
  co_return with_etag(request, json_response(to_json(*part)));
}

awaitable<HttpResponse> coverage(Service& service, const HttpRequest& request, const PathValues&) {
  const auto wanted = request.parameter("job");
  if (wanted && !service.jobs().find(*wanted)) co_return problem_response(no_such_job(*wanted));
  const auto readiness = co_await readiness_of(service);
  json::array out;
  for (const job::Job& job : service.jobs()) {
    if (wanted && job.name != *wanted) continue;
    const auto coverage = co_await service.store().coverage(job.name);
    json::object covered = to_json(coverage, job, service.now(), !readiness.is_late(job.name));
    const auto retention = co_await retention_of(service.store(), job, service.now());
    covered["retention"] = to_json(retention);
    covered["backfilled"] = co_await backfilled_json(service, job);
    out.push_back(std::move(covered));
  }
  co_return json_response(json::object{{"coverage", std::move(out)}});
}

}  // namespace sluice::daemon::api
