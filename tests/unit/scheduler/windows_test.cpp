// Windows on the days the clocks change, from the slots of the calendar through the values of a job file:
// they touch each other in UTC. Behaviours 4 and 11.

#include "core/job/civil_time.hpp"
#include "core/job/time_expression.hpp"
#include "scheduler/calendar.hpp"
#include "scheduler/planner.hpp"
#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using job::DstPolicy;
using job::test::replaced;

Instant local(const std::string& text) { return *job::parse_local(text); }

job::Job seed_in(const std::string& zone, int minutes = 5) {
  const std::string keys = "interval: " + std::to_string(minutes) + "m, timezone: " + zone;
  return job::test::load(replaced(job::test::kGood, "interval: 5m", keys)).jobs.at(0);
}

job::Job with_window(job::Job job, const std::string& start, const std::string& end) {
  job.parameters.at(0) = job::Parameter{
      "start_time", start, std::make_shared<const job::TimeExpression>(*job::TimeExpression::parse(start))};
  job.parameters.at(1) = job::Parameter{
      "end_time", end, std::make_shared<const job::TimeExpression>(*job::TimeExpression::parse(end))};
  return job;
}

// Windows of the local day that `noon` is in, each checked to lie `end` before its slot; how many there are.
std::size_t check_day(const job::Job& job, const std::string& noon, Duration start, Duration end) {
  const auto calendar = Calendar::of(job.schedule).value();
  const auto slots = calendar.slots(calendar.day_start(local(noon), 0), calendar.day_start(local(noon), 1));
  std::optional<Instant> expected;
  for (const Slot& slot : slots) {
    INFO(job::format_local(slot.at, job.schedule.zone));
    const auto frozen = freeze_job(job, slot.at);
    REQUIRE(frozen);
    CHECK(frozen->window.start == slot.at - start);
    CHECK(frozen->window.end == slot.at - end);
    if (expected) CHECK(frozen->window.start == *expected);
    expected = frozen->window.end;
  }
  return slots.size();
}

TEST_CASE("behaviour 11: autumn day: 300 windows at step 5, contiguous in UTC") {
  CHECK(check_day(seed_in("Europe/Berlin"), "2025-10-26T12:00+01:00", 10min, 5min) == 300);
  CHECK(check_day(seed_in("America/New_York"), "2025-11-02T12:00-05:00", 10min, 5min) == 300);
}

TEST_CASE("behaviour 11: spring day: 276 windows at step 5, contiguous in UTC") {
  CHECK(check_day(seed_in("Europe/Berlin"), "2025-03-30T12:00+02:00", 10min, 5min) == 276);
}

TEST_CASE("behaviour 11: clocks that change by half an hour: 294 and 282 windows, contiguous in UTC") {
  CHECK(check_day(seed_in("Australia/Lord_Howe"), "2025-04-06T12:00+10:30", 10min, 5min) == 294);
  CHECK(check_day(seed_in("Australia/Lord_Howe"), "2025-10-05T12:00+11:00", 10min, 5min) == 282);
}

TEST_CASE("behaviour 11: clocks that go back over midnight: 300 windows before it, and none is lost") {
  CHECK(check_day(seed_in("America/Sao_Paulo"), "2018-02-17T12:00-02:00", 10min, 5min) == 300);
  CHECK(check_day(seed_in("America/Sao_Paulo"), "2018-02-18T12:00-03:00", 10min, 5min) == 288);
}

TEST_CASE("behaviour 11: windows further from their slot than the clocks go back are contiguous too") {
  const job::Job job =
      with_window(seed_in("Europe/Berlin"), "$[yyyymmddhh24miss-95/24/60]", "$[yyyymmddhh24miss-90/24/60]");
  CHECK(check_day(job, "2025-10-26T12:00+01:00", 95min, 90min) == 300);
}

TEST_CASE("behaviour 11: hourly windows of the autumn day are 25, each an hour long") {
  job::Job job = with_window(seed_in("Europe/Berlin", 60), "$[yyyymmddhh24miss-1/24]", "$[yyyymmddhh24miss]");
  job.schedule.cycle = job::Cycle::hour;
  CHECK(check_day(job, "2025-10-26T12:00+01:00", 1h, 0h) == 25);
}

TEST_CASE("behaviour 11: daily windows at a time that comes twice touch each other") {
  job::Job job = with_window(seed_in("Europe/Berlin"), "$[yyyymmddhh24miss-1]", "$cyctime");
  job.schedule.cycle = job::Cycle::day;
  job.schedule.at = 150min;
  const auto calendar = Calendar::of(job.schedule).value();
  const Instant noon = local("2025-10-26T12:00+01:00");
  std::optional<Instant> expected;
  for (const Slot& slot : calendar.slots(noon - 48h, noon + 72h)) {
    const auto window = freeze_job(job, slot.at).value().window;
    if (expected) CHECK(window.start == *expected);
    expected = window.end;
  }
}

TEST_CASE(
    "behaviour 11: dataworks leaves out the autumn's first pass: 288 windows with one hole of an hour") {
  job::Job job = seed_in("Europe/Berlin");
  job.schedule.dst = DstPolicy::dataworks;
  const auto calendar = Calendar::of(job.schedule).value();
  const Instant noon = local("2025-10-26T12:00+01:00");
  const auto slots = calendar.slots(calendar.day_start(noon, 0), calendar.day_start(noon, 1));
  CHECK(slots.size() == 288);
  std::optional<Instant> expected;
  std::size_t holes = 0;
  for (const Slot& slot : slots) {
    const auto window = freeze_job(job, slot.at).value().window;
    if (expected && window.start != *expected) {
      ++holes;
      CHECK(window.start - *expected == 1h);
    }
    expected = window.end;
  }
  CHECK(holes == 1);
}

TEST_CASE("behaviour 4: windows at step 5 are contiguous over a leap year") {
  const job::Job job = seed_in("Asia/Shanghai");
  const auto calendar = Calendar::of(job.schedule).value();
  Instant expected = local("2023-12-31T23:50+08:00");
  std::size_t count = 0;
  std::size_t wrong = 0;
  for (const Slot& slot : calendar.slots(local("2024-01-01T00:00+08:00"), local("2025-01-01T00:00+08:00"))) {
    const auto frozen = freeze_job(job, slot.at);
    wrong += frozen && frozen->window.start == expected ? 0U : 1U;
    expected += 5min;
    wrong += frozen && frozen->window.end == expected ? 0U : 1U;
    ++count;
  }
  CHECK(count == 366U * 288U);
  CHECK(wrong == 0);
  CHECK(expected == local("2024-12-31T23:50+08:00"));
}

TEST_CASE("behaviour 4: values at step 1 are contiguous over a leap year, to the digit") {
  const job::Job job =
      with_window(seed_in("Asia/Shanghai", 1), "$[yyyymmddhh24miss-2/24/60]", "$[yyyymmddhh24miss-1/24/60]");
  const auto calendar = Calendar::of(job.schedule).value();
  std::string expected = "20231231235800";
  std::size_t count = 0;
  std::size_t wrong = 0;
  for (const Slot& slot : calendar.slots(local("2024-01-01T00:00+08:00"), local("2025-01-01T00:00+08:00"))) {
    const auto moment = job::moment_of(slot.at, job.schedule.zone, job.name).value();
    wrong += job.parameters[0].parsed->evaluate(moment).value() == expected ? 0U : 1U;
    expected = job.parameters[1].parsed->evaluate(moment).value();
    ++count;
  }
  CHECK(count == 366U * 1440U);
  CHECK(wrong == 0);
  CHECK(expected == "20241231235800");
}

}  // namespace
