// The windows of one job as columns: what a grid of a day, a heartbeat or a curve over a week is drawn from.
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/query_parameters.hpp"
#include "daemon/http/etag.hpp"
#include "daemon/http/problem.hpp"

#include <algorithm>
#include <array>

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;
using scheduler::Instance;
using scheduler::InstanceQuery;

// Ten days of a window every five minutes.
constexpr std::size_t kWindowsMax = 3000;
constexpr std::size_t kPage = 1000;

constexpr std::array<std::string_view, 10> kColumns = {
    "id", "scheduled", "state", "attempts", "started", "finished", "rows", "bytes", "seconds", "lag_seconds"};

// Sets the bounds of the query; `last` is 0 unless the newest so many are asked for.
Result<std::size_t> read_bounds(const Service& service, const HttpRequest& request, const std::string& zone,
                                InstanceQuery& query) {
  const auto last = number_parameter(request, "last", 0, 1, kWindowsMax);
  if (!last) return last.error();
  const auto slots = slots_parameter(request, zone);
  if (!slots) return slots.error();
  const bool any = slots->from || slots->to;
  if (*last > 0 ? any : !slots->from || !slots->to) {
    return Error(Errc::invalid_argument, "read the query: expected last, or date, or both from and to");
  }
  query.from = slots->from;
  query.to = *last > 0 ? service.now() + Duration(1) : slots->to;
  return static_cast<std::size_t>(*last);
}

json::value seconds_between(Instant from, Instant to) {
  return std::chrono::duration<double>(to - from).count();
}

void append(json::object& columns, const Instance& instance) {
  const bool over = instance.started && instance.finished && *instance.finished >= *instance.started;
  // What a person set to success, or an off day, was exported by nobody.
  const scheduler::ReasonCode code = scheduler::reason_code(instance);
  const bool exported = instance.state == scheduler::State::success &&
                        code != scheduler::ReasonCode::set_success && code != scheduler::ReasonCode::dry_run;
  const std::array<json::value, kColumns.size()> values = {
      json::value(scheduler::to_string(instance.id, instance.zone)),
      json::value(utc_text(instance.id.scheduled)),
      json::value(scheduler::to_string(instance.state)),
      json::value(instance.attempts),
      time_or_null(instance.started),
      time_or_null(instance.finished),
      json::value(instance.rows),
      json::value(instance.bytes),
      over ? seconds_between(*instance.started, *instance.finished) : json::value(nullptr),
      over && exported ? seconds_between(instance.window_end, *instance.finished) : json::value(nullptr)};
  for (std::size_t n = 0; n < kColumns.size(); ++n) columns[kColumns[n]].as_array().push_back(values[n]);
}

// Newest first, at most `most`.
awaitable<std::vector<Instance>> find_windows(Service& service, InstanceQuery query, std::size_t most) {
  std::vector<Instance> found;
  while (found.size() < most) {
    query.limit = std::min(kPage, most - found.size());
    std::vector<Instance> page = co_await service.store().instances(query);
    const bool full = page.size() == query.limit;
    std::ranges::move(page, std::back_inserter(found));
    if (!full) break;
    query.after = found.back().id;
  }
  co_return co_await service.shown(std::move(found));
}

}  // namespace

awaitable<HttpResponse> windows(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto job = find_job(service, scheduler::parse_chain(values[0]).job);
  if (!job) co_return problem_response(no_such_job(values[0]));
  InstanceQuery query;
  query.job = values[0];
  const auto last = read_bounds(service, request, job->schedule.zone, query);
  if (!last) co_return problem_response(last.error());
  const std::size_t most = *last > 0 ? *last : kWindowsMax;
  const auto found = co_await find_windows(service, query, most);
  json::object columns;
  for (const std::string_view name : kColumns) columns[name] = json::array();
  for (auto instance = found.rbegin(); instance != found.rend(); ++instance) append(columns, *instance);
  co_return with_etag(
      request, json_response(json::object{{"job", values[0]},
                                          {"zone", job->schedule.zone},
                                          {"from", time_or_null(query.from)},
                                          {"to", *last > 0 ? json::value(nullptr) : time_or_null(query.to)},
                                          {"whole", *last > 0 || found.size() < most},
                                          {"windows", std::move(columns)}}));
}

}  // namespace sluice::daemon::api
