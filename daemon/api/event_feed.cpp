#include "daemon/api/event_feed.hpp"

#include "core/base/within.hpp"
#include "daemon/api/api_json.hpp"
#include "scheduler/reason.hpp"

#include <boost/json/serialize.hpp>

namespace sluice::daemon {

namespace json = boost::json;

EventFeed::EventFeed(Executor executor, Clock& clock, std::string boot)
    : clock_(clock), ring_(std::move(boot)), signal_(std::move(executor)) {}

void EventFeed::tell(std::string_view kind, std::string job, json::object data) {
  if (closed_) return;
  data["at"] = utc_text(clock_.now());
  ring_.add(kind, std::move(job), json::serialize(data));
  signal_.notify_all();
}

void EventFeed::instance_changed(const scheduler::Instance& instance) {
  tell("instance", instance.id.job,
       json::object{{"instance", scheduler::to_string(instance.id, instance.zone)},
                    {"job", instance.id.job},
                    {"group", instance.id.group},
                    {"state", scheduler::to_string(instance.state)},
                    {"reason_code", scheduler::to_string(scheduler::reason_code(instance))},
                    {"attempts", instance.attempts}});
}

void EventFeed::instances_changed(std::string job, std::string_view change) {
  json::object data{{"job", nullptr}, {"change", change}};
  if (!job.empty()) data["job"] = job;
  tell("instances", std::move(job), std::move(data));
}

void EventFeed::job_changed(std::string job, std::string_view change) {
  json::object data{{"job", job}, {"change", change}};
  tell("job", std::move(job), std::move(data));
}

void EventFeed::backfill_changed(const scheduler::Backfill& backfill) {
  tell("backfill", backfill.order.job,
       json::object{{"backfill", backfill.id},
                    {"job", backfill.order.job},
                    {"state", scheduler::to_string(backfill.state)}});
}

void EventFeed::incident_changed(const scheduler::Incident& incident) {
  json::object data{{"incident", incident.id},
                    {"job", nullptr},
                    {"rule", scheduler::to_string(incident.kind)},
                    {"open", !incident.recovered},
                    {"acknowledged", incident.acknowledged.has_value()}};
  if (!incident.facts.job.empty()) data["job"] = incident.facts.job;
  tell("incident", incident.facts.job, std::move(data));
}

void EventFeed::close() {
  closed_ = true;
  signal_.notify_all();
}

awaitable<Result<bool>> EventFeed::news(std::uint64_t seen) {
  while (ring_.last() == seen && !closed_) co_await signal_.wait();
  co_return true;
}

awaitable<void> EventFeed::wait(std::uint64_t seen, Duration limit) {
  const auto woken = co_await within(clock_, limit, "waiting for news", news(seen));
  static_cast<void>(woken);
}

}  // namespace sluice::daemon
