// Why something is not done, and what stands still.
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/http/etag.hpp"
#include "daemon/http/problem.hpp"
#include "scheduler/reason.hpp"

#include <fmt/format.h>

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;

// A job that is paused keeps its instances back without a word in them.
scheduler::ReasonCode code_of(const scheduler::WhyStep& step) {
  using scheduler::State;
  const scheduler::Instance& instance = *step.instance;
  if (step.state == State::frozen && instance.state != State::frozen)
    return scheduler::ReasonCode::job_paused;
  return scheduler::reason_code(step.state, instance.dry_run, instance.reason);
}

json::object step_json(const scheduler::WhyStep& step) {
  json::object out{{"relation", scheduler::to_string(step.relation)},
                   {"job", step.job},
                   {"name", name_of(step)},
                   {"state", nullptr},
                   {"reason", step.reason},
                   {"reason_code", nullptr},
                   {"open", step.open}};
  if (step.instance) {
    out["state"] = scheduler::to_string(step.state);
    out["reason_code"] = scheduler::to_string(code_of(step));
  }
  out["id"] = step.instance ? out["name"] : json::value(nullptr);
  return out;
}

}  // namespace

awaitable<HttpResponse> why(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto id = scheduler::parse_instance_id(values[0]);
  if (!id) co_return problem_response(id.error());
  const auto found = co_await service.why(*id);
  if (!found) co_return problem_response(found.error());
  json::array path;
  for (const scheduler::WhyStep& step : found->steps) path.push_back(step_json(step));
  const scheduler::WhyStep& asked = found->steps.front();
  co_return with_etag(request, json_response(json::object{{"id", name_of(asked)},
                                                          {"state", scheduler::to_string(asked.state)},
                                                          {"why", sentence(*found)},
                                                          {"path", std::move(path)}}));
}

awaitable<HttpResponse> blocked(Service& service, const HttpRequest&, const PathValues&) {
  const auto chains = co_await service.blocked();
  json::array out;
  for (const scheduler::BlockedChain& chain : chains) out.push_back(to_json(chain));
  co_return json_response(json::object{{"blocked", std::move(out)}});
}

}  // namespace sluice::daemon::api
