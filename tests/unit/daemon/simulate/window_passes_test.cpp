// Windows where the clocks go back, of parameters that put a moving piece and text together: they touch each
// other in UTC, and their objects have names of their own. Behaviour 11.

#include "core/job/civil_time.hpp"
#include "core/job/time_expression.hpp"
#include "core/objects/object_names.hpp"
#include "scheduler/calendar.hpp"
#include "scheduler/planner.hpp"
#include "tests/unit/core/job/job_text.hpp"

#include <fmt/format.h>

#include <set>

using namespace sluice;
using scheduler::Calendar;
using scheduler::freeze_job;
using scheduler::Slot;

namespace {

using namespace std::chrono_literals;
using job::test::replaced;

// A zone and the noon of a day on which its clocks go back.
struct Change {
  const char* zone;
  const char* noon;
};
constexpr Change kChanges[] = {
    {"Europe/Berlin", "2026-10-25T12:00+01:00"},
    {"America/New_York", "2026-11-01T12:00-05:00"},   // the first day of a month
    {"America/Havana", "2026-11-01T12:00-05:00"},     // from 01:00 to midnight
    {"America/Sao_Paulo", "2018-02-17T22:00-02:00"},  // from midnight to 23:00 of the day before
    {"Antarctica/Troll", "2026-10-25T12:00+00:00"},   // two hours
    {"Africa/Casablanca", "2025-02-23T12:00+00:00"},
    {"Europe/Dublin", "2026-10-25T12:00+00:00"},
    {"Asia/Shanghai", "2026-10-25T12:00+08:00"},  // never
};
constexpr Change kHalfAnHour{"Australia/Lord_Howe", "2026-04-05T12:00+10:30"};

job::Job job_in(const std::string& zone, const std::string& start, const std::string& end) {
  const auto parameter = [](const char* name, const std::string& text) {
    return job::Parameter{
        name, text, std::make_shared<const job::TimeExpression>(job::TimeExpression::parse(text).value())};
  };
  const std::string keys = "interval: 5m, timezone: " + zone;
  job::Job job = job::test::load(replaced(job::test::kGood, "interval: 5m", keys)).jobs.at(0);
  job.parameters = {parameter("start_time", start), parameter("end_time", end)};
  return job;
}

job::Job by_cron(job::Job job, const std::string& fields) {
  job.schedule.cycle = job::Cycle::cron;
  job.schedule.cron = fields;
  return job;
}

job::Job every(job::Job job, std::chrono::minutes interval) {
  job.schedule.interval = interval;
  return job;
}

job::Job at(job::Job job, std::chrono::minutes time) {
  job.schedule.cycle = job::Cycle::day;
  job.schedule.at = time;
  return job;
}

struct Windows {
  std::size_t count = 0;
  std::size_t odd = 0;  // of another length than `length`, where one is given
};

// The windows of the slots within two days of the change; each begins where the one before ended.
Windows check_windows(const job::Job& job, const Change& change, std::optional<Duration> length = {}) {
  const auto calendar = Calendar::of(job.schedule).value();
  const Instant noon = job::parse_local(change.noon).value();
  job::Target target;
  target.object = "orders/";
  std::set<std::string> names;
  std::optional<Instant> expected;
  Windows seen;
  INFO(change.zone << " " << job.parameters[0].expression << " " << job.parameters[1].expression);
  for (const Slot& slot : calendar.slots(noon - 48h, noon + 48h)) {
    const auto frozen = freeze_job(job, slot.at);
    INFO(job::format_local(slot.at, job.schedule.zone));
    if (!frozen) FAIL(frozen.error().message());
    if (expected && frozen->window.start != *expected) {
      FAIL_CHECK("begins at " << job::format_local(frozen->window.start, job.schedule.zone) << ", expected "
                              << job::format_local(*expected, job.schedule.zone));
    }
    expected = frozen->window.end;
    seen.odd += length && frozen->window.end - frozen->window.start != *length ? 1U : 0U;
    names.insert(objects::ObjectNames::make(target, frozen->window).value().object(0));
    ++seen.count;
  }
  CHECK(names.size() == seen.count);
  return seen;
}

std::vector<Change> all_changes() {
  std::vector<Change> changes(std::begin(kChanges), std::end(kChanges));
  changes.push_back(kHalfAnHour);
  return changes;
}

}  // namespace

TEST_CASE("behaviour 11: minutes with text behind them are windows of five minutes at every lag") {
  for (const Change& change : all_changes()) {
    for (int lag = 0; lag <= 180; lag += 5) {
      const std::string start = fmt::format("-{}/24/60", lag + 5);
      const std::string end = lag == 0 ? "" : fmt::format("-{}/24/60", lag);
      const auto seen = check_windows(
          job_in(change.zone, "$[yyyymmddhh24mi" + start + "]00", "$[yyyymmddhh24mi" + end + "]00"), change,
          5min);
      CHECK(seen.odd == 0);
      CHECK(seen.count == 4 * 288);
    }
    const auto seen = check_windows(
        job_in(change.zone, "$[yyyymmdd-75/24/60]$[hh24mi-75/24/60]00", "20$[yymmddhh24miss-70/24/60]"),
        change, 5min);
    CHECK(seen.odd == 0);
  }
}

TEST_CASE(
    "behaviour 11: hours with minutes of text are windows of an hour, before or behind the slot's minute") {
  for (const Change& change : kChanges) {
    for (const char* minutes : {"0000", "3000", "5959"}) {
      for (int lag = 0; lag <= 3; ++lag) {
        const std::string start = fmt::format("$[yyyymmddhh24-{}/24]{}", lag + 1, minutes);
        const std::string end = fmt::format("$[yyyymmddhh24-{}/24]{}", lag, minutes);
        for (const char* fields : {"5 * * * *", "0 * * * *", "45 * * * *"}) {
          CHECK(check_windows(by_cron(job_in(change.zone, start, end), fields), change, 1h).odd == 0);
        }
        const std::string other = fmt::format("$[yyyymmdd-{}/24]$[hh24-{}/24]{}", lag, lag, minutes);
        CHECK(check_windows(every(job_in(change.zone, start, other), 60min), change, 1h).odd == 0);
      }
    }
  }
}

TEST_CASE("behaviour 11: days with a time of text touch each other, whenever the slot is") {
  constexpr std::pair<const char*, const char*> kDays[] = {
      {"$[yyyymmdd-1]", "$[yyyymmdd]"},       {"${yyyymmdd}", "$[yyyymmdd]"},
      {"${yyyymmdd-1}", "${yyyymmdd}"},       {"$[yyyymmdd-2]", "$[yyyymmdd-1]"},
      {"${yyyymmdd-1}", "$[yyyymmdd-24/24]"},
  };
  for (const Change& change : all_changes()) {
    for (const auto& [start, end] : kDays) {
      for (const char* time :
           {"000000", "001500", "010000", "013000", "014500", "020000", "023000", "233000"}) {
        for (int minute = 10; minute < 24 * 60; minute += 50) {
          // 24 hours before a slot of the first or the last hour are another date.
          if (std::string_view(end).find('/') != std::string_view::npos && (minute < 180 || minute > 1200))
            continue;
          check_windows(at(job_in(change.zone, std::string(start) + time, std::string(end) + time),
                           std::chrono::minutes(minute)),
                        change);
        }
      }
    }
  }
}

TEST_CASE("behaviour 11: days that print the slot's hour touch each other") {
  for (const Change& change : all_changes()) {
    for (int minute = 0; minute < 24 * 60; minute += 15) {
      const std::chrono::minutes time(minute);
      check_windows(at(job_in(change.zone, "$[yyyymmddhh24-1]0000", "$[yyyymmddhh24]0000"), time), change);
      check_windows(at(job_in(change.zone, "$[yyyymmddhh24mi-1]00", "$cyctime"), time), change);
      check_windows(
          at(job_in(change.zone, "$[yyyymmddhh24mi-1-90/24/60]00", "$[yyyymmddhh24miss-90/24/60]"), time),
          change);
    }
  }
}

TEST_CASE("behaviour 11: a month back is the same pass as that month's slot") {
  const Instant november = job::parse_local("2026-11-01T01:30-04:00").value();
  const Instant december = job::parse_local("2026-12-01T01:30-05:00").value();
  for (const auto& [start, end] : {std::pair("$[add_months(yyyymmddhh24miss,-1)]", "$cyctime"),
                                   std::pair("$[add_months(yyyymmddhh24,-1)]0000", "$[yyyymmddhh24]0000"),
                                   std::pair("$[add_months(yyyymm,-1)]01010000", "$[yyyymm]01010000")}) {
    INFO(start);
    const job::Job job = job_in("America/New_York", start, end);
    CHECK(freeze_job(job, november).value().window.end == freeze_job(job, december).value().window.start);
  }
}

TEST_CASE("behaviour 11: the windows of a crontab's dates are those of the finding") {
  const Change berlin = kChanges[0];
  const job::Job hourly =
      by_cron(job_in(berlin.zone, "$[yyyymmddhh24-2/24]0000", "$[yyyymmddhh24-1/24]0000"), "5 * * * *");
  const Instant slot = job::parse_local("2026-10-25T02:05+01:00").value();
  CHECK(freeze_job(hourly, slot).value().window.end == slot - 65min);
  const job::Job daily = at(job_in(berlin.zone, "$[yyyymmdd-1]020000", "$[yyyymmdd]020000"), 130min);
  const Instant day = job::parse_local("2026-10-25T02:10+02:00").value();
  CHECK(freeze_job(daily, day).value().window.end == day - 10min);
}
