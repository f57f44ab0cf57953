// What operators do to instances and jobs: docs/api.md, "Actions".
#include "core/base/utf8.hpp"
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/query_parameters.hpp"
#include "daemon/http/etag.hpp"
#include "daemon/http/problem.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <set>

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;
using scheduler::InstanceId;
using scheduler::Order;

// As many as the original takes at a time.
constexpr std::size_t kBatchMax = 2000;
constexpr std::size_t kReasonBytesMax = 1000;

constexpr std::array kActions = {Action::rerun,       Action::kill, Action::freeze,   Action::unfreeze,
                                 Action::set_success, Action::skip, Action::priority, Action::release};

Error bad_body(std::string_view what) {
  return Error(Errc::invalid_argument, fmt::format("read the body: {}", what));
}

Result<std::string> text_in(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return bad_body(fmt::format("\"{}\" must be a text", name));
  return std::string(value->get_string());
}

// It is stored with each instance that it is given for, and stands in log lines and tables.
Result<std::string> reason_in(const json::object& body) {
  auto reason = text_in(body, "reason");
  if (!reason) return reason.error();
  if (reason->size() > kReasonBytesMax)
    return bad_body(fmt::format("\"reason\" must be at most {} bytes", kReasonBytesMax));
  return foreign_line(*reason, kReasonBytesMax);
}

Result<bool> flag_in(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return false;
  if (!value->is_bool()) return bad_body(fmt::format("\"{}\" must be true or false", name));
  return value->get_bool();
}

Result<int> priority_in(const json::object& body) {
  const json::value* value = body.if_contains("priority");
  const auto* number = value == nullptr ? nullptr : value->if_int64();
  if (number == nullptr || *number < 1 || *number > 9)
    return bad_body("\"priority\" must be a whole number from 1 to 9");
  return static_cast<int>(*number);
}

Result<Order> read_order(Action action, const std::string& actor, const json::object& body) {
  Order order;
  order.action = action;
  order.actor = actor;
  const auto reason = reason_in(body);
  if (!reason) return reason.error();
  order.reason = *reason;
  if (action == Action::skip && order.reason.empty()) return bad_body("a skip needs a \"reason\"");
  const auto latest = flag_in(body, "latest");
  if (!latest) return latest.error();
  const auto force = flag_in(body, "force");
  if (!force) return force.error();
  if (*latest && action != Action::rerun && action != Action::unfreeze)
    return bad_body("\"latest\" is for rerun and unfreeze");
  if (*force && action != Action::rerun) return bad_body("\"force\" is for rerun");
  order.latest = *latest;
  order.force = *force;
  if (action == Action::priority) {
    const auto priority = priority_in(body);
    if (!priority) return priority.error();
    order.priority = *priority;
  }
  return order;
}

void log_action(const Order& order, const std::string& target) {
  spdlog::info("{} instance={} by=\"{}\" reason=\"{}\"", scheduler::to_string(order.action), target,
               order.actor, order.reason);
}

json::object listing_of(const std::vector<scheduler::Instance>& instances) {
  json::array list;
  for (const scheduler::Instance& instance : instances) {
    list.push_back(state_json(instance));
  }
  return {{"count", instances.size()}, {"instances", std::move(list)}};
}

awaitable<HttpResponse> act_downstream(Service& service, Order order, InstanceId id, std::string text) {
  Result<std::vector<scheduler::Instance>> again = co_await service.rerun_downstream(order, id);
  if (!again) co_return problem_response(again.error());
  log_action(order, text + " and downstream");
  const auto shown = co_await service.shown(std::move(*again));
  co_return json_response(listing_of(shown));
}

awaitable<HttpResponse> act_on_one(Service& service, Action action, const HttpRequest& request,
                                   std::string text) {
  const auto id = scheduler::parse_instance_id(text);
  if (!id) co_return problem_response(id.error());
  const auto body = body_object(request);
  if (!body) co_return problem_response(body.error());
  Result<Order> order = read_order(action, request.actor, *body);
  if (!order) co_return problem_response(order.error());
  const auto downstream = flag_in(*body, "downstream");
  if (!downstream) co_return problem_response(downstream.error());
  if (*downstream) co_return co_await act_downstream(service, *order, *id, text);
  const auto done = co_await service.act(*order, *id);
  if (!done) co_return problem_response(done.error());
  log_action(*order, text);
  const auto now = co_await shown_instance(service, *id);
  if (!now) co_return problem_response(Error(Errc::not_found, fmt::format("find instance {}", text)));
  co_return json_response(to_json(*now));
}

Result<std::vector<InstanceId>> listed_ids(const json::value& list) {
  if (!list.is_array()) return bad_body("\"ids\" must be a list of instance ids");
  std::vector<InstanceId> ids;
  std::set<std::string> seen;
  for (const json::value& item : list.get_array()) {
    if (!item.is_string()) return bad_body("\"ids\" must be a list of instance ids");
    const std::string text(item.get_string());
    const auto id = scheduler::parse_instance_id(text);
    if (!id) return id.error();
    if (seen.insert(scheduler::to_string(*id, "UTC")).second) ids.push_back(*id);
  }
  return ids;
}

// A job whose file is gone has instances still, which have to be skipped for it to be over.
awaitable<std::optional<std::string>> zone_of_job(Service& service, std::string name) {
  if (const auto job = find_job(service, name)) co_return job->schedule.zone;
  scheduler::InstanceQuery newest;
  newest.job = std::move(name);
  newest.limit = 1;
  if (newest.job.empty()) co_return std::nullopt;
  const auto found = co_await service.store().instances(std::move(newest));
  if (found.empty()) co_return std::nullopt;
  co_return found.front().zone;
}

Result<scheduler::InstanceQuery> batch_query(const json::object& body, const std::string& job,
                                             const std::string& zone) {
  scheduler::InstanceQuery query;
  query.job = job;
  for (const std::string_view bound : {"from", "to"}) {
    const auto text = text_in(body, bound);
    if (!text) return text.error();
    if (text->empty()) return bad_body("give \"ids\", or \"job\" with \"from\" and \"to\"");
    const auto at = time_from_text(*text, zone);
    if (!at) return at.error();
    (bound == "from" ? query.from : query.to) = *at;
  }
  if (query.to <= query.from) {
    return bad_body(
        "\"to\" must be after \"from\": the range ends before it, so for one day give the day after");
  }
  const json::value* states = body.if_contains("state");
  // An empty one would be all of them.
  if (states != nullptr && (!states->is_array() || states->get_array().empty()))
    return bad_body("\"state\" must be a list of states");
  for (const json::value& item : states == nullptr ? json::array() : states->get_array()) {
    const auto state = item.is_string() ? state_from_word(std::string(item.get_string())) : std::nullopt;
    if (!state) return bad_body(fmt::format("{} is no state", json::serialize(item)));
    query.states.push_back(*state);
  }
  query.limit = 1000;
  return query;
}

// Oldest first; in the states that listings show.
awaitable<std::vector<InstanceId>> found_ids(Service& service, scheduler::InstanceQuery query) {
  const std::vector<scheduler::State> wanted = query.states;
  query.states = stored_states(wanted);
  std::vector<InstanceId> ids;
  while (ids.size() <= kBatchMax) {
    std::vector<scheduler::Instance> page = co_await service.store().instances(query);
    if (page.empty()) break;
    query.after = page.back().id;
    page = co_await service.shown(std::move(page));
    for (const scheduler::Instance& instance : page) {
      if (wanted.empty() || std::ranges::find(wanted, instance.state) != wanted.end())
        ids.push_back(instance.id);
    }
  }
  std::ranges::reverse(ids);
  co_return ids;
}

awaitable<Result<std::vector<InstanceId>>> ids_of(Service& service, json::object body) {
  if (const json::value* list = body.if_contains("ids")) {
    for (const std::string_view other : {"job", "from", "to", "state"}) {
      if (body.contains(other))
        co_return bad_body(fmt::format("\"ids\" does not go with \"{}\"; leave one out", other));
    }
    co_return listed_ids(*list);
  }
  const auto name = text_in(body, "job");
  if (!name) co_return name.error();
  const auto zone = co_await zone_of_job(service, *name);
  if (!zone) co_return no_such_job(*name);
  Result<scheduler::InstanceQuery> query = batch_query(body, *name, *zone);
  if (!query) co_return query.error();
  co_return co_await found_ids(service, std::move(*query));
}

Result<Action> action_in(const json::object& body) {
  const auto name = text_in(body, "action");
  if (!name) return name.error();
  for (const Action action : kActions) {
    if (scheduler::to_string(action) == *name) return action;
  }
  return bad_body(fmt::format("\"{}\" is no action", *name));
}

awaitable<json::object> result_of(Service& service, Order order, InstanceId id) {
  const auto before = co_await service.store().instance(id);
  const std::string name = to_string(id, before ? before->zone : "UTC");
  const auto done = co_await service.act(order, id);
  json::object out{{"id", name}};
  if (!done) {
    out["error"] = json::object{{"code", to_string(done.error().code())}, {"detail", done.error().message()}};
    co_return out;
  }
  log_action(order, name);
  const auto now = co_await shown_instance(service, id);
  if (now) out["state"] = scheduler::to_string(now->state);
  if (now) out["reason"] = now->reason;
  co_return out;
}

}  // namespace

awaitable<HttpResponse> rerun(Service& service, const HttpRequest& request, const PathValues& values) {
  return act_on_one(service, Action::rerun, request, values[0]);
}
awaitable<HttpResponse> kill(Service& service, const HttpRequest& request, const PathValues& values) {
  return act_on_one(service, Action::kill, request, values[0]);
}
awaitable<HttpResponse> freeze(Service& service, const HttpRequest& request, const PathValues& values) {
  return act_on_one(service, Action::freeze, request, values[0]);
}
awaitable<HttpResponse> unfreeze(Service& service, const HttpRequest& request, const PathValues& values) {
  return act_on_one(service, Action::unfreeze, request, values[0]);
}
awaitable<HttpResponse> set_success(Service& service, const HttpRequest& request, const PathValues& values) {
  return act_on_one(service, Action::set_success, request, values[0]);
}
awaitable<HttpResponse> skip(Service& service, const HttpRequest& request, const PathValues& values) {
  return act_on_one(service, Action::skip, request, values[0]);
}
awaitable<HttpResponse> priority(Service& service, const HttpRequest& request, const PathValues& values) {
  return act_on_one(service, Action::priority, request, values[0]);
}
awaitable<HttpResponse> release(Service& service, const HttpRequest& request, const PathValues& values) {
  return act_on_one(service, Action::release, request, values[0]);
}

awaitable<HttpResponse> downstream(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto id = scheduler::parse_instance_id(values[0]);
  if (!id) co_return problem_response(id.error());
  Result<std::vector<scheduler::Instance>> found = co_await service.downstream(*id);
  if (!found) co_return problem_response(found.error());
  const auto shown = co_await service.shown(std::move(*found));
  co_return with_etag(request, json_response(listing_of(shown)));
}

awaitable<HttpResponse> batch(Service& service, const HttpRequest& request, const PathValues&) {
  const auto body = body_object(request);
  if (!body) co_return problem_response(body.error());
  const auto action = action_in(*body);
  if (!action) co_return problem_response(action.error());
  const Result<Order> order = read_order(*action, request.actor, *body);
  if (!order) co_return problem_response(order.error());
  const Result<std::vector<InstanceId>> ids = co_await ids_of(service, *body);
  if (!ids) co_return problem_response(ids.error());
  if (ids->size() > kBatchMax) {
    co_return problem_response(
        bad_body(fmt::format("more than {} instances at once; choose fewer, or use a backfill", kBatchMax)));
  }
  json::array results;
  std::size_t refused = 0;
  for (const InstanceId& id : *ids) {
    json::object result = co_await result_of(service, *order, id);
    refused += result.contains("error") ? 1U : 0U;
    results.emplace_back(std::move(result));
  }
  co_return json_response(json::object{{"action", scheduler::to_string(*action)},
                                       {"done", ids->size() - refused},
                                       {"refused", refused},
                                       {"results", std::move(results)}});
}

awaitable<HttpResponse> pause(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto body = body_object(request);
  if (!body) co_return problem_response(body.error());
  const auto reason = reason_in(*body);
  if (!reason) co_return problem_response(reason.error());
  const auto done = co_await service.pause(values[0], request.actor, *reason);
  if (!done) co_return problem_response(done.error());
  spdlog::info("pause job={} by=\"{}\" reason=\"{}\"", values[0], request.actor, *reason);
  co_return json_response(json::object{{"job", values[0]}, {"paused", true}});
}

awaitable<HttpResponse> resume(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto body = body_object(request);
  if (!body) co_return problem_response(body.error());
  const auto run = text_in(*body, "run");
  if (!run) co_return problem_response(run.error());
  const auto reason = reason_in(*body);
  if (!reason) co_return problem_response(reason.error());
  const std::optional<scheduler::RunChoice> choice = scheduler::run_choice_from(*run);
  if (!choice && !run->empty()) co_return problem_response(bad_body("\"run\" must be all, latest or none"));
  const auto done = co_await service.resume(values[0], choice, request.actor, *reason);
  if (!done) co_return problem_response(done.error());
  spdlog::info("resume job={} run={} due={} skipped={} by=\"{}\"", values[0], *run, done->due, done->skipped,
               request.actor);
  co_return json_response(json::object{{"job", values[0]},
                                       {"paused", false},
                                       {"due", done->due},
                                       {"skipped", done->skipped},
                                       {"text", done->text}});
}

}  // namespace sluice::daemon::api
