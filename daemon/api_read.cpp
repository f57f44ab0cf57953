#include "daemon/api.hpp"
#include "daemon/api_json.hpp"
#include "daemon/audit_json.hpp"
#include "daemon/etag.hpp"
#include "daemon/problem.hpp"
#include "daemon/retention.hpp"

#include <unistd.h>

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;
using scheduler::Instance;
using scheduler::InstanceQuery;

constexpr std::size_t kPageDefault = 100;
constexpr std::size_t kPageMax = 1000;
constexpr std::size_t kLogDefault = 64 * 1024;
constexpr std::size_t kLogMax = 1024 * 1024;

awaitable<Result<Instance>> find_instance(Service& service, std::string text) {
  const auto id = scheduler::parse_instance_id(text);
  if (!id) co_return id.error();
  auto found = co_await service.store().instance(*id);
  if (!found) {
    co_return Error(Errc::not_found, fmt::format("find instance {}: none is planned for that time", text));
  }
  std::vector<Instance> one(1, std::move(*found));
  one = co_await service.shown(std::move(one));
  co_return std::move(one.front());
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

// Names of the jobs that are stale now.
awaitable<std::vector<std::string>> late_jobs(Service& service) {
  const auto late_ones = co_await late_instances(service.store(), service.now());
  std::vector<std::string> names;
  for (const Instance& late : late_ones) names.push_back(late.id.job);
  co_return names;
}

template <class T>
bool is_among(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// Which of the waiting states an instance is in is not stored; a page of them may come out shorter for it.
void widen_to_stored(std::vector<scheduler::State>& states) {
  using scheduler::State;
  const std::vector<State> waiting = {State::not_run, State::wait_time, State::wait_resource};
  const bool any =
      std::any_of(states.begin(), states.end(), [&](State state) { return is_among(waiting, state); });
  const bool paused = is_among(states, State::frozen);
  for (const State state : waiting) {
    if ((any || paused) && !is_among(states, state)) states.push_back(state);
  }
  if (paused && !is_among(states, State::retry_wait)) states.push_back(State::retry_wait);
  if (is_among(states, State::killing) && !is_among(states, State::running)) states.push_back(State::running);
}

Result<std::vector<scheduler::State>> states_of(std::string_view text) {
  std::vector<scheduler::State> states;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string name(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const auto state = scheduler::state_from_string(name);
    if (!state) {
      return Error(
          Errc::invalid_argument,
          fmt::format("read state: no state {}; there are NOT_RUN, WAIT_TIME, WAIT_RESOURCE, RUNNING, "
                      "RETRY_WAIT, SUCCESS, FAILURE, FROZEN",
                      name));
    }
    states.push_back(*state);
  }
  return states;
}

// The day `date` of the job's zone, or of the first job's when none is named.
Result<void> add_date(InstanceQuery& query, const Service& service, const std::string& date) {
  std::string zone = "Asia/Shanghai";
  const auto jobs = service.jobs();
  for (const job::Job& job : jobs) {
    if (query.job.empty() || job.name == query.job) {
      zone = job.schedule.zone;
      break;
    }
  }
  const auto day = local_day(date, zone);
  if (!day) return day.error();
  query.from = day->from;
  query.to = day->to;
  return {};
}

Result<InstanceQuery> query_of(const Service& service, const HttpRequest& request) {
  InstanceQuery query;
  query.job = request.parameter("job").value_or("");
  const auto limit = number_parameter(request, "limit", kPageDefault, 1, kPageMax);
  if (!limit) return limit.error();
  query.limit = *limit;
  if (const auto date = request.parameter("date")) {
    const auto added = add_date(query, service, *date);
    if (!added) return added.error();
  }
  if (request.parameter("due").value_or("") == "true") query.to = service.now() + Duration(1);
  if (const auto text = request.parameter("state")) {
    auto states = states_of(*text);
    if (!states) return states.error();
    query.states = std::move(*states);
  }
  if (const auto text = request.parameter("after")) {
    const auto after = scheduler::parse_instance_id(*text);
    if (!after) return after.error();
    query.after = *after;
  }
  return query;
}

}  // namespace

awaitable<HttpResponse> version(Service& service, const HttpRequest&, const PathValues&) {
  const ServiceStatus status = service.status();
  co_return json_response(json::object{{"name", "sluice"},
                                       {"version", status.version},
                                       {"started", utc_text(status.started)},
                                       {"pid", ::getpid()}});
}

awaitable<HttpResponse> status(Service& service, const HttpRequest&, const PathValues&) {
  const ServiceStatus status = service.status();
  const auto late = co_await late_jobs(service);
  json::array jobs;
  for (const job::Job& job : service.jobs()) {
    jobs.push_back(co_await job_with_state(service, job, !is_among(late, job.name)));
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
                   {"ready", late.empty() && !status.draining && status.clock_in_doubt.empty()},
                   {"clock_in_doubt", nullptr},
                   {"jobs", std::move(jobs)},
                   {"blocked", std::move(blocked)}};
  if (!status.clock_in_doubt.empty()) out["clock_in_doubt"] = status.clock_in_doubt;
  co_await add_open_incidents(service, out);
  co_return json_response(out);
}

awaitable<HttpResponse> jobs(Service& service, const HttpRequest&, const PathValues&) {
  const auto late = co_await late_jobs(service);
  json::array out;
  for (const job::Job& job : service.jobs()) {
    out.push_back(co_await job_with_state(service, job, !is_among(late, job.name)));
  }
  co_return json_response(json::object{{"jobs", std::move(out)}});
}

awaitable<HttpResponse> job(Service& service, const HttpRequest&, const PathValues& values) {
  const auto found = find_job(service, values[0]);
  if (!found) co_return problem_response(no_such_job(values[0]));
  const auto late = co_await late_jobs(service);
  co_return json_response(co_await job_with_state(service, *found, !is_among(late, found->name)));
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
  for (const PlannedInstance& instance : *planned) out.push_back(to_json(instance));
  co_return with_etag(request, json_response(json::object{{"instances", std::move(out)}}));
}

awaitable<HttpResponse> instances(Service& service, const HttpRequest& request, const PathValues&) {
  auto query = query_of(service, request);
  if (!query) co_return problem_response(query.error());
  if (!query->job.empty() && !find_job(service, query->job)) {
    // The instances of a job whose file is gone can still be listed; a name never heard of is a mistake.
    const auto planned = co_await service.store().last_planned(query->job);
    if (!planned) co_return problem_response(no_such_job(query->job));
  }
  const std::size_t limit = query->limit;
  const std::vector<scheduler::State> wanted = query->states;
  widen_to_stored(query->states);
  auto found = co_await service.store().instances(std::move(*query));
  found = co_await service.shown(std::move(found));
  json::array out;
  for (const Instance& instance : found) {
    if (wanted.empty() || is_among(wanted, instance.state)) out.push_back(to_json(instance));
  }
  json::value next = nullptr;
  if (found.size() == limit) next = scheduler::to_string(found.back().id, found.back().zone);
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
  if (wanted && !find_job(service, *wanted)) co_return problem_response(no_such_job(*wanted));
  const auto late = co_await late_jobs(service);
  json::array out;
  for (const job::Job& job : service.jobs()) {
    if (wanted && job.name != *wanted) continue;
    const auto coverage = co_await service.store().coverage(job.name);
    json::object covered = to_json(coverage, job, service.now(), !is_among(late, job.name));
    const auto retention = co_await retention_of(service.store(), job, service.now());
    covered["retention"] = to_json(retention);
    covered["backfilled"] = co_await backfilled_json(service, job);
    out.push_back(std::move(covered));
  }
  co_return json_response(json::object{{"coverage", std::move(out)}});
}

}  // namespace sluice::daemon::api
