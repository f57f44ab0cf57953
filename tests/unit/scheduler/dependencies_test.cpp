#include "scheduler/dependencies.hpp"

#include "core/job/civil_time.hpp"
#include "tests/support/catch_result.hpp"

#include <memory>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using std::chrono::minutes;

constexpr bool kSame = false;
constexpr bool kPrevious = true;

struct Side {
  job::Job job;
  std::unique_ptr<Calendar> calendar;

  explicit Side(job::Job its_job) : job(std::move(its_job)) {
    calendar = std::make_unique<Calendar>(Calendar::of(job.schedule).value());
  }
  Party party() const { return Party{job, *calendar}; }
};

// Minute or hour jobs, every `interval` from `start` to `end` (minutes of the day).
job::Job every(minutes interval, bool self = false, minutes start = 0min, minutes end = 23h + 59min) {
  job::Job job;
  job.schedule.cycle = interval % 60min == 0min ? job::Cycle::hour : job::Cycle::minute;
  job.schedule.interval = interval;
  job.schedule.start = start;
  job.schedule.end = end;
  job.dependencies.self = self;
  return job;
}

job::Job daily(minutes at) {
  job::Job job = every(24h, false, at, at);
  job.schedule.cycle = job::Cycle::day;
  job.schedule.at = at;
  return job;
}

// "00:05", "00:00-23:55" with the day before as "-1 23:55"; "none"
std::string wait_of(const Side& downstream, const std::string& slot, const Side& upstream, bool previous) {
  const Instant at = job::parse_local("2018-10-16T" + slot + "+08:00").value();
  const std::vector<Slot> today = downstream.calendar->slots(downstream.calendar->day_start(at, 0),
                                                             downstream.calendar->day_start(at, 1));
  Slot asked;
  for (const Slot& candidate : today) {
    if (candidate.at == at) asked = candidate;
  }
  REQUIRE(asked.cycle > 0);
  const auto range = upstream_slots(downstream.party(), asked, upstream.party(), previous);
  if (!range) return "none";
  const auto text = [](Instant instant) {
    const std::string full = job::format_local(instant, "Asia/Shanghai");
    return (full.substr(8, 2) == "16" ? "" : full.substr(8, 2) + " ") + full.substr(11, 5);
  };
  return range->first == range->last ? text(range->first) : text(range->first) + "-" + text(range->last);
}

TEST_CASE("dependencies: minute on minute with the same count waits for the k-th, regardless of times") {
  for (const bool self : {false, true}) {
    CAPTURE(self);
    const Side downstream(every(30min, self, 0min));
    const Side upstream(every(30min, self, 5min));
    CHECK(wait_of(downstream, "00:00", upstream, kSame) == "00:05");
    CHECK(wait_of(downstream, "10:30", upstream, kSame) == "10:35");
    CHECK(wait_of(downstream, "23:30", upstream, kSame) == "23:35");
  }
}

TEST_CASE("dependencies: hour on hour with the same count waits for the k-th, regardless of times") {
  for (const bool self : {false, true}) {
    CAPTURE(self);
    const Side downstream(every(60min, self, 30min));
    const Side upstream(every(60min, self, 45min));
    CHECK(wait_of(downstream, "00:30", upstream, kSame) == "00:45");
    CHECK(wait_of(downstream, "23:30", upstream, kSame) == "23:45");
  }
}

TEST_CASE(
    "dependencies: with a different count the nearest upstream not later counts; none earlier: the first") {
  for (const bool self : {false, true}) {
    CAPTURE(self);
    const Side downstream(every(5min, self));
    const Side upstream(every(30min, self, 10min));
    CHECK(wait_of(downstream, "00:00", upstream, kSame) == "00:10");  // none earlier: the day's first
    CHECK(wait_of(downstream, "00:05", upstream, kSame) == "00:10");
    CHECK(wait_of(downstream, "00:10", upstream, kSame) == "00:10");
    CHECK(wait_of(downstream, "00:35", upstream, kSame) == "00:10");
    CHECK(wait_of(downstream, "23:55", upstream, kSame) == "23:40");
    const Side two_hourly(every(120min, self));
    const Side hourly(every(60min, self, 30min));
    CHECK(wait_of(two_hourly, "00:00", hourly, kSame) == "00:30");
    CHECK(wait_of(two_hourly, "02:00", hourly, kSame) == "01:30");
  }
}

TEST_CASE("dependencies: day on minute or hour without self-dependency waits for all instances of the day") {
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(every(5min)), kSame) == "00:00-23:55");
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(every(60min)), kSame) == "00:00-23:00");
}

TEST_CASE("dependencies: day on minute or hour with self-dependency waits for the nearest not later") {
  CHECK(wait_of(Side(daily(2h + 7min)), "02:07", Side(every(5min, true)), kSame) == "02:05");
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(every(60min, true)), kSame) == "02:00");
  CHECK(wait_of(Side(daily(0min)), "00:00", Side(every(60min, true, 60min)), kSame) == "01:00");
}

TEST_CASE(
    "dependencies: day on yesterday's minute or hour waits for all of yesterday, or its last in order") {
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(every(5min)), kPrevious) == "15 00:00-15 23:55");
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(every(5min, true)), kPrevious) == "15 23:55");
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(every(60min)), kPrevious) == "15 00:00-15 23:00");
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(every(60min, true)), kPrevious) == "15 23:00");
}

TEST_CASE("dependencies: hour on minute waits for all of that hour, or the nearest within it in order") {
  const Side hour(every(60min, false, 10min));
  CHECK(wait_of(hour, "03:10", Side(every(5min)), kSame) == "03:00-03:55");
  CHECK(wait_of(hour, "03:10", Side(every(5min, true)), kSame) == "03:10");
  CHECK(wait_of(hour, "03:10", Side(every(5min, true, 15min)), kSame) == "03:10");
  CHECK(wait_of(hour, "00:10", Side(every(15min, true, 15min)), kSame) ==
        "00:15");  // none earlier: the first
  CHECK(wait_of(hour, "03:10", Side(every(5min)), kPrevious) == "02:00-02:55");
  CHECK(wait_of(hour, "03:10", Side(every(5min, true)), kPrevious) == "02:55");
  CHECK(wait_of(hour, "20:10", Side(every(5min, false, 8h, 17h)), kSame) == "none");
}

TEST_CASE("dependencies: minute on hour waits for the nearest earlier; several share one") {
  for (const bool self : {false, true}) {
    CAPTURE(self);
    const Side minute(every(5min, self));
    const Side hour(every(60min, self));
    CHECK(wait_of(minute, "02:00", hour, kSame) == "02:00");
    CHECK(wait_of(minute, "02:05", hour, kSame) == "02:00");
    CHECK(wait_of(minute, "02:55", hour, kSame) == "02:00");
    CHECK(wait_of(minute, "02:55", hour, kPrevious) == "01:00");
    CHECK(wait_of(minute, "00:55", hour, kPrevious) == "15 23:00");
  }
}

TEST_CASE("dependencies: minute on day: every instance waits for the day's one") {
  const Side minute(every(5min));
  CHECK(wait_of(minute, "00:00", Side(daily(2h)), kSame) == "02:00");
  CHECK(wait_of(minute, "12:05", Side(daily(2h)), kSame) == "02:00");
  CHECK(wait_of(minute, "12:05", Side(daily(2h)), kPrevious) == "15 02:00");
}

TEST_CASE("dependencies: minute on day with self-dependency: only the first waits for it, the rest chain") {
  const Side minute(every(5min, true));
  CHECK(wait_of(minute, "00:00", Side(daily(2h)), kSame) == "02:00");
  CHECK(wait_of(minute, "00:05", Side(daily(2h)), kSame) == "none");
  CHECK(wait_of(minute, "12:05", Side(daily(2h)), kSame) == "none");
}

TEST_CASE("dependencies: day on day waits for the same day's, or the one of the day before") {
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(daily(5h)), kSame) == "05:00");
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(daily(1h)), kPrevious) == "15 01:00");
}

TEST_CASE(
    "dependencies: on a week, month or year the day's instance counts, on off days its dry run, if it has "
    "one") {
  // 2018-10-16 is a Tuesday.
  job::Job weekly = daily(1h);
  weekly.schedule.cycle = job::Cycle::week;
  weekly.schedule.weekdays = {1};
  job::Job monthly = daily(1h);
  monthly.schedule.cycle = job::Cycle::month;
  monthly.schedule.month_days = {1};
  job::Job yearly = daily(1h);
  yearly.schedule.cycle = job::Cycle::year;
  yearly.schedule.year_days = {std::chrono::January / 1};
  for (job::Job* job : {&weekly, &monthly, &yearly}) {
    CAPTURE(static_cast<int>(job->schedule.cycle));
    CHECK(wait_of(Side(daily(2h)), "02:00", Side(*job), kSame) == "none");
    CHECK(wait_of(Side(every(5min)), "02:05", Side(*job), kSame) == "none");
    job->schedule.off_days_dry_run = true;
    CHECK(wait_of(Side(daily(2h)), "02:00", Side(*job), kSame) == "01:00");
    CHECK(wait_of(Side(every(5min)), "02:05", Side(*job), kSame) == "01:00");
    CHECK(wait_of(Side(daily(2h)), "02:00", Side(*job), kPrevious) == "15 01:00");
    job->schedule.off_days_dry_run = false;
  }
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(weekly), kPrevious) == "15 01:00");
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(monthly), kPrevious) == "01 01:00");
  weekly.schedule.weekdays = {2};
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(weekly), kSame) == "01:00");
}

TEST_CASE("dependencies: a cron schedule counts by the slots it has on the day") {
  job::Job cron = every(5min);
  cron.schedule.cycle = job::Cycle::cron;
  cron.schedule.cron = "30 3 * * *";
  const Side once(cron);
  CHECK(pace_of(once.party(), job::parse_local("2018-10-16T12:00+08:00").value()) == Pace::day);
  CHECK(wait_of(Side(every(5min)), "02:05", once, kSame) == "03:30");
  cron.schedule.cron = "15 * * * *";
  const Side hourly(cron);
  CHECK(pace_of(hourly.party(), job::parse_local("2018-10-16T12:00+08:00").value()) == Pace::hour);
  CHECK(wait_of(Side(every(5min)), "02:05", hourly, kSame) == "01:15");
  cron.schedule.cron = "*/10 * * * *";
  const Side often(cron);
  CHECK(pace_of(often.party(), job::parse_local("2018-10-16T12:00+08:00").value()) == Pace::minute);
  CHECK(wait_of(Side(every(10min)), "02:10", often, kSame) == "02:10");
}

TEST_CASE("dependencies: the previous cycle of a minute job is the slot before, also across midnight") {
  const Side downstream(every(5min));
  const Side upstream(every(5min));
  CHECK(wait_of(downstream, "00:10", upstream, kPrevious) == "00:05");
  CHECK(wait_of(downstream, "00:00", upstream, kPrevious) == "15 23:55");
}

TEST_CASE("dependencies: jobs of different zones have no k-th in common; the nearest in time counts") {
  job::Job tokyo = every(60min, false, 30min);
  tokyo.schedule.zone = "Asia/Tokyo";
  CHECK(wait_of(Side(every(60min)), "10:00", Side(tokyo), kSame) == "09:30");
}

TEST_CASE("dependencies: a day outside the upstream's effective dates is waited for by nobody") {
  job::Job ended = every(5min);
  ended.schedule.effective_to = std::chrono::sys_days(std::chrono::year(2018) / 10 / 15);
  CHECK(wait_of(Side(every(5min)), "00:00", Side(ended), kSame) == "none");
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(ended), kSame) == "none");
  CHECK(wait_of(Side(daily(2h)), "02:00", Side(ended), kPrevious) == "15 00:00-15 23:55");
}

TEST_CASE("dependencies: a spring day of 23 hours pairs the k-th of both jobs") {
  job::Job downstream = every(60min, false, 0min);
  job::Job upstream = every(60min, false, 15min);
  downstream.schedule.zone = upstream.schedule.zone = "Europe/Berlin";
  const Side down(downstream);
  const Side up(upstream);
  // 2019-03-31, 02:00 local does not exist; 03:00 local is the third slot of both.
  Slot third;
  third.at = job::parse_local("2019-03-31T03:00+02:00").value();
  third.cycle = 3;
  const auto range = upstream_slots(down.party(), third, up.party(), kSame);
  REQUIRE(range);
  CHECK(job::format_local(range->first, "Europe/Berlin") == "2019-03-31T03:15+02:00");
}

}  // namespace
