#include "daemon/api/api_backfill.hpp"

#include "core/job/schedule_text.hpp"
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/backfill_json.hpp"
#include "daemon/api/query_parameters.hpp"
#include "daemon/http/etag.hpp"
#include "daemon/http/problem.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <map>

namespace sluice::daemon {
namespace {

namespace json = boost::json;
using scheduler::Backfill;
using scheduler::BackfillOrder;
using scheduler::State;

constexpr std::size_t kListDefault = 100;
constexpr std::size_t kPreviewSlots = 1000;
constexpr std::size_t kPreviewSlotsMax = 10'000;

json::object group_json(const scheduler::BackfillGroup& group, const std::string& job) {
  return {{"group", group.id},
          {"chain", group.id == 0 ? job : scheduler::chain_of(job, group.id)},
          {"first_date", job::date_text(group.first_date)},
          {"last_date", job::date_text(group.last_date)},
          {"from", utc_text(group.from)},
          {"to", utc_text(group.to)}};
}

json::object counts_json(const std::map<State, std::uint64_t>& counts) {
  json::object out;
  for (const auto& [state, count] : counts) out[scheduler::to_string(state)] = count;
  return out;
}

// The instances of a group that wait for a person, the first few.
awaitable<json::array> stuck_of(Service& service, std::string chain) {
  scheduler::InstanceQuery query;
  query.job = std::move(chain);
  query.states = {State::failure, State::lost, State::frozen};
  query.limit = 10;
  const auto found = co_await service.store().instances(query);
  json::array out;
  for (const scheduler::Instance& instance : found) {
    out.push_back(state_json(instance));
  }
  co_return out;
}

Result<BackfillOrder> order_of(const Service& service, const HttpRequest& request) {
  const auto body = api::body_object(request, true);
  if (!body) return body.error();
  const auto name = body_text(*body, "job", "");
  if (!name) return name.error();
  const auto job = find_job(service, *name);
  if (!job) return no_such_job(*name);
  return backfill_order_from(*body, job->schedule.zone);
}

Result<std::int64_t> id_of(const std::string& text) {
  std::int64_t id = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), id);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || id < 1) {
    return Error(Errc::invalid_argument,
                 fmt::format("read the backfill's number: expected one such as 7, got \"{}\"", text));
  }
  return id;
}

awaitable<HttpResponse> act_on(Service& service, const HttpRequest& request, const std::string& text,
                               BackfillAction action) {
  const auto id = id_of(text);
  if (!id) co_return problem_response(id.error());
  const auto body = api::body_object(request);
  if (!body) co_return problem_response(body.error());
  const auto kill = body_flag(*body, "kill");
  if (!kill) co_return problem_response(kill.error());
  auto changed = co_await service.act_on_backfill(action, *id, request.actor, *kill);
  if (!changed) co_return problem_response(changed.error());
  spdlog::info("backfill {} id={} by=\"{}\"", to_string(action), *id, request.actor);
  co_return json_response(co_await backfill_with_counts(service, std::move(*changed)));
}

}  // namespace

std::string_view to_string(BackfillAction action) noexcept {
  switch (action) {
    case BackfillAction::pause:
      return "pause";
    case BackfillAction::resume:
      return "resume";
    case BackfillAction::cancel:
      return "cancel";
  }
  return "unknown";
}

awaitable<json::object> backfill_with_counts(Service& service, Backfill backfill) {
  std::map<State, std::uint64_t> totals;
  json::array groups;
  json::array stuck;
  for (const scheduler::BackfillGroup& group : backfill.groups) {
    const std::string chain = scheduler::chain_of(backfill.order.job, group.id);
    const auto counted = co_await service.store().counts(chain);
    const std::map<State, std::uint64_t> counts(counted.begin(), counted.end());
    bool waits_for_person = false;
    for (const auto& [state, count] : counts) {
      totals[state] += count;
      waits_for_person = waits_for_person || (scheduler::waits_for_person(state) && count > 0);
    }
    json::object shown = group_json(group, backfill.order.job);
    shown["counts"] = counts_json(counts);
    groups.push_back(std::move(shown));
    if (!waits_for_person) continue;
    json::array of_group = co_await stuck_of(service, chain);
    for (json::value& one : of_group) stuck.push_back(std::move(one));
  }
  const bool failed = backfill.state == scheduler::BackfillState::running && !stuck.empty();
  json::object out{
      {"id", backfill.id},
      {"state", scheduler::to_string(failed ? scheduler::BackfillState::failed : backfill.state)}};
  const json::object asked = to_json(backfill.order, backfill.zone);
  for (const auto& [key, value] : asked) out[key] = value;
  out["version"] = backfill.version;
  out["actor"] = backfill.actor;
  out["created"] = utc_text(backfill.created);
  out["planned"] = backfill.planned;
  out["left_out"] = backfill.left_out;
  out["counts"] = counts_json(totals);
  out["groups"] = std::move(groups);
  out["stuck"] = std::move(stuck);
  co_return out;
}

namespace api {

awaitable<HttpResponse> backfills(Service& service, const HttpRequest& request, const PathValues&) {
  scheduler::BackfillQuery query;
  query.job = request.parameter("job").value_or("");
  const auto state =
      word_parameter(request, "state", {"all", "running", "paused", "cancelled", "done", "failed"});
  if (!state) co_return problem_response(state.error());
  // One that failed is stored as running; a page of either may come out shorter for it.
  query.state = scheduler::backfill_state_from_string(*state == "failed" ? "running" : *state);
  const auto limit = number_parameter(request, "limit", kListDefault, 1, 1000);
  if (!limit) co_return problem_response(limit.error());
  query.limit = *limit;
  const auto before = number_parameter(request, "before", 0, 0, std::uint64_t{1} << 62);
  if (!before) co_return problem_response(before.error());
  query.before = static_cast<std::int64_t>(*before);
  auto found = co_await service.backfills().backfills(query);
  if (found.empty() && !query.job.empty()) {
    const bool known = co_await is_known_job(service, query.job);
    if (!known) co_return problem_response(no_such_job(query.job));
  }
  json::value next = nullptr;
  if (found.size() == *limit) next = found.back().id;
  json::array out;
  for (Backfill& backfill : found) {
    json::object shown = co_await backfill_with_counts(service, std::move(backfill));
    if (*state == "all" || shown.at("state").as_string() == *state) out.push_back(std::move(shown));
  }
  co_return with_etag(request,
                      json_response(json::object{{"backfills", std::move(out)}, {"next", std::move(next)}}));
}

awaitable<HttpResponse> backfill(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto id = id_of(values[0]);
  if (!id) co_return problem_response(id.error());
  auto found = co_await service.backfills().backfill(*id);
  if (!found) {
    co_return problem_response(Error(Errc::not_found, fmt::format("find backfill {}: there is none", *id)));
  }
  const json::object shown = co_await backfill_with_counts(service, std::move(*found));
  co_return with_etag(request, json_response(shown));
}

awaitable<HttpResponse> create_backfill(Service& service, const HttpRequest& request, const PathValues&) {
  auto order = order_of(service, request);
  if (!order) co_return problem_response(order.error());
  auto created = co_await service.create_backfill(std::move(*order), request.actor);
  if (!created) co_return problem_response(created.error());
  spdlog::info("backfill id={} job={} by=\"{}\"", created->id, created->order.job, request.actor);
  co_return json_response(co_await backfill_with_counts(service, std::move(*created)));
}

awaitable<HttpResponse> preview_backfill(Service& service, const HttpRequest& request, const PathValues&) {
  auto order = order_of(service, request);
  if (!order) co_return problem_response(order.error());
  const auto limit = number_parameter(request, "limit", kPreviewSlots, 0, kPreviewSlotsMax);
  if (!limit) co_return problem_response(limit.error());
  const BackfillOrder asked = *order;
  const auto planned = co_await service.preview_backfill(std::move(*order), *limit);
  if (!planned) co_return problem_response(planned.error());
  json::array groups;
  for (const scheduler::BackfillGroup& group : planned->preview.groups)
    groups.push_back(group_json(group, asked.job));
  json::array instances;
  for (std::size_t n = 0; n < planned->preview.slots.size(); ++n) {
    const scheduler::BackfillSlot& slot = planned->preview.slots[n];
    PlannedInstance shown;
    shown.instance = slot.instance;
    if (n < planned->objects.size()) shown.object = planned->objects[n];
    json::object one = to_json(shown);
    one["group"] = slot.left_out.empty() ? json::value(slot.group) : json::value(nullptr);
    one["left_out"] = slot.left_out.empty() ? json::value(nullptr) : json::value(slot.left_out);
    instances.push_back(std::move(one));
  }
  json::object out = to_json(asked, planned->preview.zone);
  out["runs"] = planned->preview.runs;
  out["left_out"] = planned->preview.left_out;
  out["groups"] = std::move(groups);
  out["instances"] = std::move(instances);
  co_return json_response(out);
}

awaitable<HttpResponse> pause_backfill(Service& service, const HttpRequest& request,
                                       const PathValues& values) {
  return act_on(service, request, values[0], BackfillAction::pause);
}
awaitable<HttpResponse> resume_backfill(Service& service, const HttpRequest& request,
                                        const PathValues& values) {
  return act_on(service, request, values[0], BackfillAction::resume);
}
awaitable<HttpResponse> cancel_backfill(Service& service, const HttpRequest& request,
                                        const PathValues& values) {
  return act_on(service, request, values[0], BackfillAction::cancel);
}

}  // namespace api
}  // namespace sluice::daemon
