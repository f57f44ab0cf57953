#include "core/job/problems.hpp"
#include "daemon/alerts/alert_desk.hpp"
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/event_feed.hpp"
#include "daemon/api/query_parameters.hpp"
#include "daemon/http/etag.hpp"
#include "daemon/http/problem.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;
using scheduler::Delivery;
using scheduler::Incident;

constexpr std::size_t kIncidentsDefault = 100;
constexpr std::size_t kIncidentsMax = 1000;

json::object facts_json(const scheduler::AlertFacts& facts) {
  json::value window = nullptr;
  if (facts.window_start && facts.window_end)
    window = json::object{{"start", utc_text(*facts.window_start)}, {"end", utc_text(*facts.window_end)}};
  return {{"job", text_or_null(facts.job)},
          {"instance", text_or_null(facts.instance)},
          {"business_date", text_or_null(facts.business_date)},
          {"zone", text_or_null(facts.zone)},
          {"window", std::move(window)},
          {"durable_until", time_or_null(facts.until)},
          {"error", text_or_null(facts.error)},
          {"count", facts.count},
          {"seconds", std::chrono::duration_cast<std::chrono::seconds>(facts.length).count()}};
}

json::object incident_json(const Incident& incident) {
  json::object out = facts_json(incident.facts);
  json::array channels;
  for (const std::string& channel : incident.channels) channels.emplace_back(channel);
  out["id"] = incident.id == 0 ? json::value(nullptr) : json::value(incident.id);
  out["rule"] = to_string(incident.kind);
  out["severity"] = severity_of(incident.kind, scheduler::NoticeEvent::opened);
  out["open"] = !incident.recovered;
  out["event"] = incident.event;
  out["opened"] = utc_text(incident.opened);
  out["seen"] = utc_text(incident.seen);
  out["recovered"] = time_or_null(incident.recovered);
  out["acknowledged"] = time_or_null(incident.acknowledged);
  out["acknowledged_by"] = text_or_null(incident.acknowledged_by);
  out["notices"] = incident.notified.size();
  out["channels"] = std::move(channels);
  return out;
}

json::object delivery_json(const Delivery& delivery) {
  return {{"id", delivery.id},
          {"notice", delivery.notice.id},
          {"event", to_string(delivery.notice.event)},
          {"rule",
           delivery.notice.event == scheduler::NoticeEvent::test ? "test" : to_string(delivery.notice.kind)},
          {"at", utc_text(delivery.notice.at)},
          {"channel", delivery.channel},
          {"state", to_string(delivery.state)},
          {"tries", delivery.tries},
          {"next", delivery.state == scheduler::DeliveryState::pending ? json::value(utc_text(delivery.next))
                                                                       : json::value(nullptr)},
          {"ended", time_or_null(delivery.ended)},
          {"error", text_or_null(delivery.error)}};
}

json::object channel_json(const ChannelStatus& channel) {
  return {{"name", channel.name},
          {"type", channel.type},
          {"pending", channel.pending},
          {"failing_since", time_or_null(channel.failing_since)},
          {"error", text_or_null(channel.error)},
          {"last_sent", time_or_null(channel.last_sent)}};
}

Error no_alerts() { return Error(Errc::not_found, "ask for alerts: this daemon has none"); }

Result<std::int64_t> incident_id(const std::string& text) {
  std::int64_t id = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, id);
  if (failure != std::errc() || stop != end || id < 1)
    return Error(Errc::invalid_argument,
                 fmt::format("read the incident's number: expected 1 or more, got \"{}\"", text));
  return id;
}

Error no_such_rule(std::string_view name) {
  std::vector<std::string_view> rules;
  for (int n = 0; n <= static_cast<int>(scheduler::AlertKind::backfill_cancelled); ++n)
    rules.push_back(to_string(static_cast<scheduler::AlertKind>(n)));
  return Error(Errc::invalid_argument,
               fmt::format("read rule: expected {}, got \"{}\"", job::join_names(rules, " or "), name));
}

Result<scheduler::IncidentQuery> incident_query(const HttpRequest& request) {
  scheduler::IncidentQuery query;
  const auto state = word_parameter(request, "state", {"open", "all"});
  if (!state) return state.error();
  query.all = *state == "all";
  query.job = request.parameter("job").value_or("");
  if (const auto rule = request.parameter("rule")) {
    query.kind = scheduler::alert_kind_from_string(*rule);
    if (!query.kind) return no_such_rule(*rule);
  }
  const auto limit = number_parameter(request, "limit", kIncidentsDefault, 1, kIncidentsMax);
  if (!limit) return limit.error();
  query.limit = *limit;
  const auto before = number_parameter(request, "before", 0, 0, std::uint64_t{1} << 62U);
  if (!before) return before.error();
  query.before = static_cast<std::int64_t>(*before);
  return query;
}

// What the store answers, behind what it does not know, or not as it is, because it is the trouble.
struct FoundIncidents {
  std::vector<Incident> all;
  std::optional<std::int64_t> next;  // ids below it follow
};

awaitable<FoundIncidents> find_incidents(AlertDesk& desk, scheduler::IncidentQuery query) {
  FoundIncidents found;
  std::set<std::int64_t> known;
  for (Incident& incident : desk.unstored_incidents()) {
    known.insert(incident.id);
    const bool wanted = (query.all || !incident.recovered) && query.before == 0 &&
                        (query.job.empty() || query.job == incident.facts.job) &&
                        (!query.kind || *query.kind == incident.kind);
    if (wanted) found.all.push_back(std::move(incident));
  }
  std::reverse(found.all.begin(), found.all.end());
  const std::size_t limit = query.limit;
  auto stored = co_await desk.alert_store().incidents(std::move(query));
  if (stored.size() == limit) found.next = stored.back().id;
  for (Incident& incident : stored) {
    if (!known.contains(incident.id)) found.all.push_back(std::move(incident));
  }
  co_return found;
}

Error no_incident(std::int64_t id) {
  return Error(Errc::not_found,
               fmt::format("find incident {}: no such incident; sluice incidents lists them", id));
}

}  // namespace

awaitable<void> add_open_incidents(Service& service, json::object& out) {
  constexpr std::size_t kShown = 3;
  AlertDesk* desk = service.alerts();
  if (desk == nullptr) co_return;
  scheduler::IncidentQuery counted;
  counted.limit = kIncidentsMax;
  const auto open = co_await find_incidents(*desk, std::move(counted));
  json::array first;
  for (const Incident& incident : open.all) {
    if (first.size() < kShown) first.push_back(incident_json(incident));
  }
  out["incidents_open"] = open.all.size();
  out["incidents"] = std::move(first);
}

awaitable<HttpResponse> incidents(Service& service, const HttpRequest& request, const PathValues&) {
  AlertDesk* desk = service.alerts();
  if (desk == nullptr) co_return problem_response(no_alerts());
  const auto query = incident_query(request);
  if (!query) co_return problem_response(query.error());
  const auto found = co_await find_incidents(*desk, *query);
  json::array out;
  for (const Incident& incident : found.all) out.push_back(incident_json(incident));
  json::array channels;
  for (const ChannelStatus& channel : desk->channels()) channels.push_back(channel_json(channel));
  json::array failed;
  const auto given_up = co_await desk->alert_store().deliveries(0);
  for (const Delivery& delivery : given_up) failed.push_back(delivery_json(delivery));
  auto next = found.next ? json::value(*found.next) : json::value(nullptr);
  co_return with_etag(request, json_response(json::object{{"incidents", std::move(out)},
                                                          {"next", std::move(next)},
                                                          {"channels", std::move(channels)},
                                                          {"failed_deliveries", std::move(failed)}}));
}

awaitable<HttpResponse> incident(Service& service, const HttpRequest& request, const PathValues& values) {
  AlertDesk* desk = service.alerts();
  if (desk == nullptr) co_return problem_response(no_alerts());
  const auto id = incident_id(values[0]);
  if (!id) co_return problem_response(id.error());
  auto found = co_await desk->alert_store().incident(*id);
  if (!found) co_return problem_response(no_incident(*id));
  for (const Incident& newer : desk->unstored_incidents()) {
    if (newer.id == *id) found = newer;
  }
  json::object out = incident_json(*found);
  json::array deliveries;
  const auto made = co_await desk->alert_store().deliveries(*id);
  for (const Delivery& delivery : made) deliveries.push_back(delivery_json(delivery));
  out["deliveries"] = std::move(deliveries);
  co_return with_etag(request, json_response(out));
}

awaitable<HttpResponse> acknowledge(Service& service, const HttpRequest& request, const PathValues& values) {
  AlertDesk* desk = service.alerts();
  if (desk == nullptr) co_return problem_response(no_alerts());
  const auto id = incident_id(values[0]);
  if (!id) co_return problem_response(id.error());
  scheduler::AuditEntry entry;
  entry.at = service.now();
  entry.actor = request.actor;
  entry.action = "acknowledge";
  entry.target = fmt::format("incident {}", *id);
  const auto done = co_await desk->alert_store().acknowledge(*id, std::move(entry));
  if (!done) co_return problem_response(done.error());
  spdlog::info("acknowledge incident={} by=\"{}\"", *id, request.actor);
  const auto found = co_await desk->alert_store().incident(*id);
  if (!found) co_return problem_response(no_incident(*id));
  service.events().incident_changed(*found);
  co_return json_response(incident_json(*found));
}

awaitable<HttpResponse> test_alert(Service& service, const HttpRequest& request, const PathValues&) {
  AlertDesk* desk = service.alerts();
  if (desk == nullptr) co_return problem_response(no_alerts());
  const auto channel = body_text(request, "channel");
  if (!channel) co_return problem_response(channel.error());
  const auto id = co_await desk->test(*channel);
  if (!id) co_return problem_response(id.error());
  auto noting = note_action(service, request.actor, "alert-test", *channel, fmt::format("delivery {}", *id));
  co_await std::move(noting);
  spdlog::info("test channel={} delivery={} by=\"{}\"", *channel, *id, request.actor);
  co_return json_response(json::object{{"channel", *channel}, {"delivery", *id}});
}

awaitable<HttpResponse> delivery(Service& service, const HttpRequest& request, const PathValues& values) {
  AlertDesk* desk = service.alerts();
  if (desk == nullptr) co_return problem_response(no_alerts());
  const auto id = incident_id(values[0]);
  if (!id) co_return problem_response(id.error());
  const auto found = co_await desk->alert_store().delivery(*id);
  if (!found)
    co_return problem_response(Error(Errc::not_found, fmt::format("find delivery {}: no such", *id)));
  co_return with_etag(request, json_response(delivery_json(*found)));
}

}  // namespace sluice::daemon::api
