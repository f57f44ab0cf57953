// What operators did.
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/audit_json.hpp"
#include "daemon/api/query_parameters.hpp"
#include "daemon/http/etag.hpp"
#include "daemon/http/problem.hpp"

namespace sluice::daemon {

boost::json::array to_json(const std::vector<scheduler::AuditRecord>& records) {
  boost::json::array entries;
  for (const scheduler::AuditRecord& record : records) {
    entries.push_back(boost::json::object{{"number", record.number},
                                          {"at", utc_text(record.entry.at)},
                                          {"actor", record.entry.actor},
                                          {"action", record.entry.action},
                                          {"target", record.entry.target},
                                          {"detail", record.entry.detail}});
  }
  return entries;
}

awaitable<boost::json::array> audit_of(Service& service, scheduler::Instance instance) {
  scheduler::AuditQuery query;
  query.target = scheduler::to_string(instance.id, instance.zone);
  const auto records = co_await service.audit().find_audit(std::move(query));
  co_return to_json(records);
}

}  // namespace sluice::daemon

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kAuditDefault = 100;
constexpr std::size_t kAuditMost = 1000;

// As the entries name it, whatever offset it was asked for with.
awaitable<std::string> target_of(Service& service, std::string text) {
  const auto id = scheduler::parse_instance_id(text);
  if (!id) co_return text;
  const auto instance = co_await service.store().instance(*id);
  co_return instance ? scheduler::to_string(instance->id, instance->zone) : text;
}

}  // namespace

awaitable<HttpResponse> audit(Service& service, const HttpRequest& request, const PathValues&) {
  scheduler::AuditQuery query;
  query.job = request.parameter("job").value_or("");
  query.actor = request.parameter("actor").value_or("");
  query.action = request.parameter("action").value_or("");
  if (const auto instance = request.parameter("instance"))
    query.target = co_await target_of(service, *instance);
  const std::string zone = zone_of_chain(service, query.job);
  const auto from = time_parameter(request, "from", zone);
  if (!from) co_return problem_response(from.error());
  query.from = *from;
  const auto to = time_parameter(request, "to", zone);
  if (!to) co_return problem_response(to.error());
  query.to = *to;
  const auto limit = number_parameter(request, "limit", kAuditDefault, 1, kAuditMost);
  if (!limit) co_return problem_response(limit.error());
  query.limit = *limit;
  const auto before = number_parameter(request, "before", 0, 0, std::uint64_t{1} << 62U);
  if (!before) co_return problem_response(before.error());
  if (*before > 0) query.before = static_cast<std::int64_t>(*before);
  const std::size_t wanted = query.limit;
  const std::string job = query.job;
  const auto records = co_await service.audit().find_audit(std::move(query));
  if (records.empty() && !job.empty()) {
    const bool known = co_await is_known_job(service, job);
    if (!known) co_return problem_response(no_such_job(job));
  }
  json::object out{{"entries", to_json(records)}, {"next", nullptr}};
  if (records.size() == wanted) out["next"] = records.back().number;
  co_return with_etag(request, json_response(out));
}

}  // namespace sluice::daemon::api
