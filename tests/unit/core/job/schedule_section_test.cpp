#include "core/job/civil_time.hpp"
#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kKeys = R"({cycle: minute, start: "00:00", end: "23:59", interval: 5m})";

Schedule schedule_of(std::string_view keys) {
  LoadedJobs loaded = load(replaced(kGood, kKeys, "{" + std::string(keys) + "}"));
  for (const Problem& problem : loaded.problems) UNSCOPED_INFO(to_string(problem));
  REQUIRE(loaded.jobs.size() == 1);
  return loaded.jobs.front().schedule;
}

// The messages without file, line and column.
std::vector<std::string> refusals(std::string_view keys) {
  std::vector<std::string> found;
  for (const std::string& text : problems_after(kKeys, "{" + std::string(keys) + "}")) {
    found.push_back(text.substr(text.find("schedule.")));
  }
  return found;
}

}  // namespace

TEST_CASE("schedule: a cycle of hours takes whole hours, one without interval") {
  const Schedule schedule = schedule_of(R"(cycle: hour, start: "00:00", end: "03:00")");
  CHECK(schedule.cycle == Cycle::hour);
  CHECK(schedule.interval == 1h);
  CHECK(schedule_of("cycle: hour, interval: 2h").interval == 2h);
  CHECK(schedule_of("cycle: hour, interval: 120m").interval == 2h);
  CHECK(refusals("cycle: hour, interval: 90m") ==
        only("schedule.interval: expected whole hours, such as 1h or 120m; cycle: minute takes others"));
  CHECK(refusals("cycle: hour, interval: 5m") == only("schedule.interval: expected 1h to 1d, got 5m"));
}

TEST_CASE("schedule: a cycle of days has its time, 00:00 without one") {
  CHECK(schedule_of(R"(cycle: day, at: "02:30")").at == 2h + 30min);
  CHECK(schedule_of("cycle: day").at == 0min);
  CHECK(schedule_of("cycle: day").cycle == Cycle::day);
  CHECK(refusals("cycle: day, at: 2:30") ==
        only("schedule.at: expected a time of day from 00:00 to 23:59, got \"2:30\""));
}

TEST_CASE("schedule: the days of a week, a month and a year are read and put in order") {
  CHECK(schedule_of("cycle: week, on: [wed, Monday]").weekdays == std::vector<int>{1, 3});
  CHECK(schedule_of("cycle: month, on: [15, last, 1]").month_days == std::vector<int>{-1, 1, 15});
  const Schedule year = schedule_of(R"(cycle: year, on: ["12-31", "02-29"], at: "23:00")");
  CHECK(year.year_days ==
        std::vector<std::chrono::month_day>{std::chrono::February / 29, std::chrono::December / 31});
  CHECK(year.at == 23h);
}

TEST_CASE("schedule: days that are none are refused with what is expected") {
  CHECK(refusals("cycle: week") == only("schedule.on: missing; give days of the week, such as [mon, wed]"));
  CHECK(refusals("cycle: week, on: [8]") ==
        only("schedule.on: expected days of the week, such as [mon, wed], got \"8\""));
  CHECK(refusals("cycle: week, on: [mon, monday]") == only("schedule.on: \"monday\" is given twice"));
  CHECK(refusals("cycle: week, on: mon") == only("schedule.on: expected a list of strings, got a string"));
  CHECK(refusals("cycle: month, on: []") ==
        only("schedule.on: empty; give days from 1 to 31 or last, such as [1, 15, last]"));
  CHECK(refusals("cycle: month, on: [0, 32, first]").size() == 3);
  CHECK(refusals(R"(cycle: year, on: ["02-30"])") ==
        only("schedule.on: expected months and days, such as [\"03-01\", \"12-31\"], got \"02-30\""));
  CHECK(refusals(R"(cycle: year, on: ["3-1", "13-01", "00-10"])").size() == 3);
}

TEST_CASE("schedule: off days are left out, or have a dry run each") {
  CHECK_FALSE(schedule_of("cycle: week, on: [mon]").off_days_dry_run);
  CHECK_FALSE(schedule_of("cycle: week, on: [mon], offDays: none").off_days_dry_run);
  CHECK(schedule_of("cycle: month, on: [1], offDays: dryRun").off_days_dry_run);
  CHECK(refusals("cycle: week, on: [mon], offDays: skip") ==
        only("schedule.offDays: expected dryRun or none, got \"skip\""));
}

TEST_CASE("schedule: a cron expression is read, and a wrong one is told field by field") {
  CHECK(schedule_of(R"(cycle: cron, cron: "00 30 05 * * ?")").cron == "00 30 05 * * ?");
  CHECK(refusals("cycle: cron") ==
        only("schedule.cron: missing; give an expression, such as \"00 30 05 * * ?\""));
  CHECK(refusals(R"(cycle: cron, cron: "00 61 05 * * ?")") ==
        only("schedule.cron: minute: \"61\" is none; write *, or 0 .. 59, a range a-b, a step a/n or */n, or "
             "a list of these"));
}

TEST_CASE("schedule: every key that does not go with the cycle is named with the cycles it goes with") {
  CHECK(refusals(R"(at: "02:30")") ==
        only("schedule.at: goes with cycle: day, week, month or year, not with cycle: minute; take it out, "
             "or set that cycle"));
  CHECK(refusals("cycle: day, on: [mon]") ==
        only("schedule.on: goes with cycle: week, month or year, not with cycle: day; take it out, or set "
             "that cycle"));
  CHECK(refusals(R"(cron: "00 30 05 * * ?")") ==
        only("schedule.cron: goes with cycle: cron, not with cycle: minute; take it out, or set that cycle"));
  CHECK(refusals(R"(cycle: cron, cron: "0 0 1 * * ?", start: "00:00", end: "01:00", interval: 5m,
                    allowUnevenInterval: true, at: "01:00", on: [1], offDays: none)")
            .size() == 7);
  CHECK(refusals("cycle: hour, allowUnevenInterval: true") ==
        only("schedule.allowUnevenInterval: goes with cycle: minute, not with cycle: hour; take it out, or "
             "set that cycle"));
}

TEST_CASE("schedule: the rule for changing clocks and the beginning are read") {
  CHECK(schedule_of("dst: dataworks").dst == DstPolicy::dataworks);
  CHECK(schedule_of("dst: every_real_minute").dst == DstPolicy::every_real_minute);
  CHECK(refusals("dst: ignore") ==
        only("schedule.dst: expected every_real_minute or dataworks, got \"ignore\""));
  CHECK(schedule_of("generation: next_day").generation == Generation::next_day);
  CHECK(refusals("generation: later") ==
        only("schedule.generation: expected immediate or next_day, got \"later\""));
  CHECK(refusals(R"(generation: next_day, from: "2018-10-16T00:15+08:00")") ==
        only("schedule.from: cannot be given together with generation: next_day, which begins tomorrow; keep "
             "one"));
}

TEST_CASE("schedule: jobs of before keep their version, and each new key makes its own") {
  const auto version = [](std::string_view keys) {
    return load(replaced(kGood, kKeys, "{" + std::string(keys) + "}")).jobs.at(0).version;
  };
  const std::string before = good_job().version;
  CHECK(version("dst: every_real_minute, generation: immediate, cycle: minute") == before);
  const std::vector<std::string> others{version("cycle: hour"),
                                        version("cycle: day"),
                                        version(R"(cycle: day, at: "01:00")"),
                                        version("cycle: week, on: [mon]"),
                                        version("cycle: week, on: [tue]"),
                                        version("cycle: week, on: [tue], offDays: dryRun"),
                                        version("dst: dataworks"),
                                        version("generation: next_day"),
                                        version(R"(cycle: cron, cron: "0 0 1 * * ?")")};
  for (std::size_t i = 0; i < others.size(); ++i) {
    CHECK(others[i] != before);
    for (std::size_t j = 0; j < i; ++j) CHECK(others[i] != others[j]);
  }
}

TEST_CASE("schedule: a day must not end before it begins, nor a validity") {
  CHECK(refusals(R"(start: "10:00", end: "09:59")") == only("schedule.end: must not be before start"));
  CHECK(schedule_of(R"(start: "10:00", end: "10:00")").end == 10h);
  CHECK(refusals("effectiveFrom: 2018-10-16, effectiveTo: 2018-10-15") ==
        only("schedule.effectiveTo: must not be before effectiveFrom"));
  CHECK(schedule_of("effectiveFrom: 2018-10-16, effectiveTo: 2018-10-16").effective_to ==
        std::chrono::sys_days(std::chrono::year(2018) / 10 / 16));
  for (const std::string wrong : {"00:60", "24:00", "0:00", "00.00", "x0:00", "00:00:00"})
    CHECK(refusals("end: \"" + wrong + "\"") ==
          only("schedule.end: expected a time of day from 00:00 to 23:59, got \"" + wrong + "\""));
  for (const std::string wrong :
       {"2018-1-1", "2018/01/01", "2018-13-01", "2018-00-10", "18-01-01", "2018-02-29"})
    CHECK(refusals("effectiveFrom: " + wrong) ==
          only("schedule.effectiveFrom: expected a date such as 2018-10-16, got \"" + wrong + "\""));
}

TEST_CASE("schedule: with an unknown cycle its keys are not blamed as well") {
  CHECK(refusals(R"(cycle: often, at: "02:30", on: [mon], cron: x)") ==
        only("schedule.cycle: expected minute, hour, day, week, month, year or cron, got \"often\""));
  CHECK(refusals(R"(cycle: [day], at: "02:30")") == only("schedule.cycle: expected a string, got a list"));
  CHECK(refusals("cycle: cron, cron: [x]") == only("schedule.cron: expected a string, got a list"));
  CHECK(refusals("cycle: week, on: [[mon]]") == only("schedule.on[0]: expected a string, got a list"));
  CHECK(refusals(R"(cycle: month, on: [last, last, "1", 01])").size() == 2);
}
