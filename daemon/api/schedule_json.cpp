#include "daemon/api/schedule_json.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/schedule_text.hpp"
#include "daemon/api/api_json.hpp"
#include "scheduler/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t kNextSlots = 3;

json::array next_slots_json(const job::Schedule& schedule, Instant now) {
  json::array out;
  const auto calendar = scheduler::Calendar::of(schedule);
  if (!calendar) return out;
  const Instant after = schedule.first_slot ? std::max(now, *schedule.first_slot - Duration(1)) : now;
  for (const scheduler::Slot& slot : calendar->next_slots(after, kNextSlots)) {
    out.push_back(json::object{{"at", utc_text(slot.at)},
                               {"local", job::format_local(slot.at, schedule.zone)},
                               {"dry_run", slot.dry_run}});
  }
  return out;
}

}  // namespace

json::object schedule_json(const job::Schedule& schedule, Instant now) {
  using job::Cycle;
  const bool intervals = schedule.cycle == Cycle::minute || schedule.cycle == Cycle::hour;
  const bool cron = schedule.cycle == Cycle::cron;
  const bool some_days =
      schedule.cycle == Cycle::week || schedule.cycle == Cycle::month || schedule.cycle == Cycle::year;
  json::object out{
      {"cycle", job::to_string(schedule.cycle)},
      {"text", job::schedule_text(schedule)},
      {"start", nullptr},
      {"end", nullptr},
      {"interval_minutes", nullptr},
      {"at", nullptr},
      {"on", nullptr},
      {"off_days", nullptr},
      {"cron", nullptr},
      {"zone", schedule.zone},
      {"dst", job::to_string(schedule.dst)},
      {"generation", job::to_string(schedule.generation)},
      {"effective_from", job::date_text(schedule.effective_from)},
      {"effective_to", job::date_text(schedule.effective_to)},
      {"from", schedule.first_slot ? json::value(utc_text(*schedule.first_slot)) : json::value(nullptr)},
      {"next", next_slots_json(schedule, now)}};
  if (intervals) {
    out["start"] = job::time_of_day_text(schedule.start);
    out["end"] = job::time_of_day_text(schedule.end);
    out["interval_minutes"] = schedule.interval.count();
  } else if (cron) {
    out["cron"] = schedule.cron;
  } else {
    out["at"] = job::time_of_day_text(schedule.at);
  }
  if (some_days) {
    json::array on;
    for (const std::string& word : job::day_words(schedule)) on.emplace_back(word);
    out["on"] = std::move(on);
    out["off_days"] = schedule.off_days_dry_run ? "dryRun" : "none";
  }
  return out;
}

}  // namespace sluice::daemon
