#include "daemon/api/schedule_json.hpp"

#include "core/job/civil_time.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using job::Cycle;
using job::Schedule;

namespace {

boost::json::value json_of(const Schedule& schedule, const std::string& now = "2018-10-16T00:07+08:00") {
  return daemon::schedule_json(schedule, *job::parse_local(now));
}

// The members that are not null, without those that every schedule has.
std::string own_members(const boost::json::value& json) {
  std::string names;
  for (const auto& [name, value] : json.get_object()) {
    const bool common = name == "cycle" || name == "text" || name == "zone" || name == "dst" ||
                        name == "generation" || name == "effective_from" || name == "effective_to" ||
                        name == "next";
    if (!common && !value.is_null()) names += (names.empty() ? "" : " ") + std::string(name);
  }
  return names;
}

std::string next_of(const boost::json::value& json) {
  std::string text;
  for (const auto& slot : json.at("next").as_array()) {
    text += (text.empty() ? "" : " ") + std::string(slot.at("local").as_string());
    if (slot.at("dry_run").as_bool()) text += "d";
  }
  return text;
}

}  // namespace

TEST_CASE("schedule in the API: minutes and hours have interval, start, end and the next three slots") {
  Schedule schedule;
  const auto minute = json_of(schedule);
  CHECK(minute.at("cycle").as_string() == "minute");
  CHECK(minute.at("text").as_string() == "every 5 min 00:00-23:59");
  CHECK(own_members(minute) == "start end interval_minutes");
  CHECK(minute.at("interval_minutes").as_int64() == 5);
  CHECK(minute.at("zone").as_string() == "Asia/Shanghai");
  CHECK(minute.at("dst").as_string() == "every_real_minute");
  CHECK(minute.at("generation").as_string() == "immediate");
  CHECK(minute.at("effective_from").as_string() == "1970-01-01");
  CHECK(minute.at("effective_to").as_string() == "9999-01-01");
  CHECK(next_of(minute) == "2018-10-16T00:10+08:00 2018-10-16T00:15+08:00 2018-10-16T00:20+08:00");
  CHECK(minute.at("next").at(0).at("at").as_string() == "2018-10-15T16:10:00Z");
  schedule.cycle = Cycle::hour;
  schedule.interval = 12h;
  const auto hour = json_of(schedule);
  CHECK(own_members(hour) == "start end interval_minutes");
  CHECK(next_of(hour) == "2018-10-16T12:00+08:00 2018-10-17T00:00+08:00 2018-10-17T12:00+08:00");
}

TEST_CASE("schedule in the API: longer cycles have their time and days") {
  Schedule schedule;
  schedule.cycle = Cycle::day;
  schedule.at = 3h;
  CHECK(own_members(json_of(schedule)) == "at");
  schedule.cycle = Cycle::week;
  schedule.weekdays = {1, 4};
  const auto week = json_of(schedule);
  CHECK(own_members(week) == "at on off_days");
  CHECK(week.at("on") == boost::json::value({"mon", "thu"}));
  CHECK(next_of(week) == "2018-10-18T03:00+08:00 2018-10-22T03:00+08:00 2018-10-25T03:00+08:00");
  schedule.cycle = Cycle::month;
  schedule.month_days = {-1};
  CHECK(next_of(json_of(schedule)) == "2018-10-31T03:00+08:00 2018-11-30T03:00+08:00 2018-12-31T03:00+08:00");
  schedule.cycle = Cycle::year;
  schedule.year_days = {std::chrono::February / 29};
  const auto year = json_of(schedule);
  CHECK(next_of(year) == "2020-02-29T03:00+08:00 2024-02-29T03:00+08:00 2028-02-29T03:00+08:00");
  CHECK(year.at("off_days").as_string() == "none");
}

TEST_CASE("schedule in the API: a cron is shown as written, a slot that is a dry run is marked") {
  Schedule schedule;
  schedule.cycle = Cycle::cron;
  schedule.cron = "00 30 05 * * ?";
  const auto cron = json_of(schedule);
  CHECK(own_members(cron) == "cron");
  CHECK(cron.at("cron").as_string() == "00 30 05 * * ?");
  schedule.cycle = Cycle::week;
  schedule.weekdays = {3};
  schedule.off_days_dry_run = true;
  CHECK(next_of(json_of(schedule)) ==
        "2018-10-17T00:00+08:00 2018-10-18T00:00+08:00d 2018-10-19T00:00+08:00d");
}

TEST_CASE("schedule in the API: the next slots end with the effective dates and begin with `from`") {
  Schedule schedule;
  schedule.effective_to = std::chrono::sys_days(std::chrono::year(2018) / 10 / 16);
  CHECK(next_of(json_of(schedule, "2018-10-16T23:52+08:00")) == "2018-10-16T23:55+08:00");
  CHECK(next_of(json_of(schedule, "2018-10-17T00:00+08:00")).empty());
  Schedule later;
  later.first_slot = *job::parse_local("2018-10-17T00:15+08:00");
  CHECK(next_of(json_of(later)).substr(0, 22) == "2018-10-17T00:15+08:00");
  CHECK(own_members(json_of(later)) == "start end interval_minutes from");
}
