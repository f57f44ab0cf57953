#include "tests/sim/week.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using job::Cycle;

bool chance(Random& dice, std::uint64_t percent) { return dice.below(100) < percent; }

template <class T, std::size_t N>
const T& one_of(Random& dice, const std::array<T, N>& choices) {
  return choices.at(dice.below(N));
}

// Where it matters at night, when clocks change: five minutes, but only for some hours.
void make_minute_schedule(Random& dice, job::Schedule& schedule) {
  static constexpr std::array kIntervals = {30min, 60min, 90min, 120min, 240min};
  schedule.cycle = Cycle::minute;
  if (chance(dice, 30)) {
    static constexpr std::array kFine = {5min, 10min, 15min};
    schedule.interval = one_of(dice, kFine);
    schedule.start = std::chrono::minutes(5 * dice.below(30));
    schedule.end = schedule.start + schedule.interval * static_cast<int>(6 + dice.below(10));
  } else {
    schedule.interval = one_of(dice, kIntervals);
    schedule.start = chance(dice, 30) ? std::chrono::minutes(5 * dice.below(12)) : 0min;
    schedule.end = chance(dice, 20) ? 20h : 1439min;
  }
}

void make_schedule(Random& dice, job::Schedule& schedule) {
  static constexpr std::array kTimes = {0min, 5min, 120min, 150min, 180min, 720min, 1435min};
  static constexpr std::array kCrons = {"0 */2 * * *", "30 1,2,13 * * *", "*/15 2-3 * * *", "10 9-17 * * 1-5",
                                        "0,5 0,12 * * *"};
  schedule = job::Schedule{.zone = schedule.zone, .dst = schedule.dst};
  const std::uint64_t kind = dice.below(100);
  if (kind < 40) {
    make_minute_schedule(dice, schedule);
  } else if (kind < 62) {
    schedule.cycle = Cycle::hour;
    schedule.interval = std::chrono::hours(1 + dice.below(8));
    schedule.start = std::chrono::minutes(5 * dice.below(12));
    schedule.end = 1439min;
  } else if (kind < 77) {
    schedule.cycle = Cycle::day;
    schedule.at = one_of(dice, kTimes);
  } else if (kind < 82) {
    schedule.cycle = Cycle::week;
    schedule.at = one_of(dice, kTimes);
    schedule.weekdays = {1, 3, 6, 7};
  } else {
    schedule.cycle = Cycle::cron;
    schedule.cron = one_of(dice, kCrons);
  }
}

void make_rules(Random& dice, job::Job& job) {
  static constexpr std::array kTimeouts = {10min, 60min, 180min};
  job.rerun.times = static_cast<int>(dice.below(4));
  job.rerun.interval = std::chrono::seconds(dice.below(300));
  if (chance(dice, 20)) job.rerun.property = job::RerunProperty::never;
  if (chance(dice, 10)) job.rerun.property = job::RerunProperty::after_failure;
  job.timeout = one_of(dice, kTimeouts);
  job.priority = 1 + static_cast<int>(dice.below(9));
  job.max_parallel = chance(dice, 25) ? 1 + dice.below(2) : 0U;
}

void make_catch_up(Random& dice, job::CatchUp& rule) {
  using Policy = job::CatchUp::Policy;
  if (chance(dice, 70)) return;
  static constexpr std::array kPolicies = {Policy::all, Policy::latest, Policy::none};
  rule.policy = one_of(dice, kPolicies);
  if (rule.policy != Policy::all) return;
  if (chance(dice, 50)) rule.max_age = std::chrono::hours(1 + dice.below(30));
  if (chance(dice, 50)) rule.max_count = 1 + dice.below(30);
}

}  // namespace

Week make_week(Random& dice) {
  static const std::array kWeeks = {
      Week{"Europe/Berlin", "2018-10-25T20:00+02:00"},
      Week{"Europe/Berlin", "2019-03-28T09:00+01:00"},
      Week{"America/New_York", "2018-11-01T23:30-04:00"},
      Week{"America/New_York", "2019-03-07T12:00-05:00"},
      Week{"Australia/Lord_Howe", "2018-10-04T18:00+10:30"},
      Week{"Australia/Lord_Howe", "2019-04-03T06:00+11:00"},
      Week{"Europe/Berlin", "2019-12-28T00:01+01:00"},
      Week{"America/New_York", "2020-02-26T03:00-05:00"},
  };
  return one_of(dice, kWeeks);
}

std::vector<job::Job> make_jobs(Random& dice, const Week& week) {
  static const std::array kOtherZones = {std::string("Asia/Shanghai"), std::string("UTC")};
  std::vector<job::Job> jobs;
  const std::uint64_t count = 2 + dice.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    job::Job job;
    job.name = fmt::format("job-{}", i);
    job.version = "v0";
    job.schedule.zone = chance(dice, 60) ? week.zone : one_of(dice, kOtherZones);
    if (chance(dice, 30)) job.schedule.dst = job::DstPolicy::dataworks;
    make_schedule(dice, job.schedule);
    make_rules(dice, job);
    make_catch_up(dice, job.catch_up);
    job.dependencies.self = chance(dice, 85);
    for (const job::Job& earlier : jobs) {
      if (!chance(dice, 30)) continue;
      job.dependencies.jobs.push_back(job::Upstream{earlier.name, chance(dice, 30)});
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

job::Job edited(Random& dice, job::Job job, bool schedule_too, int edit) {
  make_rules(dice, job);
  if (schedule_too) make_schedule(dice, job.schedule);
  job.version = fmt::format("v{}", edit);
  return job;
}

}  // namespace sluice::test
