#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/query_parameters.hpp"
#include "daemon/http/problem.hpp"

#include <spdlog/spdlog.h>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t kWindowsDefault = 100;
constexpr std::size_t kWindowsMax = 1000;

json::object to_json(const VerifiedWindow& window) {
  json::array differences;
  for (const objects::Difference& difference : window.check.differences) {
    differences.push_back(json::object{{"kind", objects::to_string(difference.kind)},
                                       {"object", difference.object},
                                       {"detail", difference.detail}});
  }
  const scheduler::Instance& instance = window.instance;
  return {{"id", scheduler::to_string(instance.id, instance.zone)},
          {"window",
           json::object{{"start", utc_text(instance.window_start)}, {"end", utc_text(instance.window_end)}}},
          {"zone", instance.zone},
          {"objects", window.check.objects},
          {"rows", window.check.rows},
          {"bytes", window.check.bytes},
          {"without_checksum", window.check.without_checksum},
          {"differences", std::move(differences)}};
}

Result<VerifyQuery> verify_query_of(const HttpRequest& request, const std::string& zone) {
  VerifyQuery query;
  const auto from = time_parameter(request, "from", zone);
  if (!from) return from.error();
  query.from = *from;
  const auto to = time_parameter(request, "to", zone);
  if (!to) return to.error();
  query.to = *to;
  if (query.from && query.to && *query.to <= *query.from)
    return Error(Errc::invalid_argument, "to: it must be after from: the range ends before it");
  const auto after = instance_parameter(request, "after");
  if (!after) return after.error();
  query.after = *after;
  const auto limit = number_parameter(request, "limit", kWindowsDefault, 1, kWindowsMax);
  if (!limit) return limit.error();
  query.limit = *limit;
  return query;
}

Error no_such_group(std::string_view chain, std::string_view job) {
  return Error(Errc::not_found,
               fmt::format("find {}: no such group; sluice backfills {} lists them", chain, job));
}

}  // namespace

namespace api {

awaitable<HttpResponse> verify(Service& service, const HttpRequest& request, const PathValues& values) {
  const scheduler::Chain chain = scheduler::parse_chain(values[0]);
  const auto found = find_job(service, chain.job);
  if (!found) co_return problem_response(no_such_job(values[0]));
  if (chain.group != 0) {
    const bool planned = co_await is_known_job(service, values[0]);
    if (!planned) co_return problem_response(no_such_group(values[0], chain.job));
  }
  auto query = verify_query_of(request, found->schedule.zone);
  if (!query) co_return problem_response(query.error());
  query->group = chain.group;
  const auto page = co_await service.verify(*found, std::move(*query));
  if (!page) co_return problem_response(page.error());
  json::array windows;
  std::size_t differences = 0;
  for (const VerifiedWindow& window : page->windows) {
    differences += window.check.differences.size();
    windows.push_back(to_json(window));
  }
  if (differences > 0) spdlog::warn("verify job={} differences={}", found->name, differences);
  json::value next = nullptr;
  if (page->next) next = scheduler::to_string(*page->next, found->schedule.zone);
  co_return json_response(json::object{{"windows", std::move(windows)}, {"next", std::move(next)}});
}

}  // namespace api
}  // namespace sluice::daemon
