// scheduling.md section 7 on a whole scheduler: several ranges, parameters, versions, and when it runs.
#include "tests/support/backfill_bench.hpp"
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/memory_version_store.hpp"

#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include <algorithm>

using namespace sluice;
using namespace std::chrono_literals;
using scheduler::Backfill;
using scheduler::BackfillState;
using scheduler::State;
using sluice::test::BackfillBench;
using sluice::test::takes;

namespace {

// Values as the job's expressions give them; the windows of the seed job.
Result<scheduler::Frozen> freeze_values(const job::Job& job, Instant slot) {
  Result<scheduler::Frozen> frozen = sluice::test::freeze_seed(job, slot);
  Result<job::ParameterValues> values = job::freeze(job, slot);
  if (!values) return values.error();
  frozen->values = std::move(*values);
  return frozen;
}

job::Job with_values() {
  job::Job job = sluice::test::job_named("orders", 12h);
  for (const auto& [name, expression] : {std::pair("day", "${yyyymmdd}"), {"at", "$[yyyymmddhh24mi]"}})
    job.parameters.push_back(job::Parameter{name, expression});
  return job;
}

std::string values_of(const scheduler::Instance& instance) {
  std::string text;
  for (const auto& [name, value] : instance.values) text += name + "=" + value + " ";
  return text;
}

// A store of versions whose text is their name.
struct VersionsBench : BackfillBench {
  VersionsBench() {
    options.versions = &kept;
    options.load_definition = [](const job::DefinitionText& text,
                                 const job::Job& present) -> Result<job::Job> {
      if (text.text.empty()) return Error(Errc::invalid_argument, text.missing);
      job::Job job = present;
      job.version = text.text;
      return job;
    };
  }
  void bring(const std::string& version) {
    jobs.at(0).version = version;
    scheduler::JobVersion one;
    one.job = "orders";
    one.version = version;
    one.text.text = version;
    boost::asio::co_spawn(io, kept.put_in_force({one}, {}, {}), boost::asio::detached);
    clock.settle();
    if (scheduler) scheduler->set_jobs(jobs);
    clock.settle();
  }
  sluice::test::MemoryVersionStore kept;
};

}  // namespace

TEST_CASE("backfill: of several ranges and a part of the day only their slots run, in one order of dates") {
  BackfillBench bench;
  bench.jobs = {sluice::test::job_named("orders", 6h)};
  bench.start();
  auto wanted = bench.order("2018-10-08T00:00", "2018-10-13T00:00", 2);
  wanted.ranges = {{sluice::test::local_time("2018-10-12T00:00+08:00"), wanted.to},
                   {wanted.from, sluice::test::local_time("2018-10-10T00:00+08:00")}};
  wanted.times = {6h, 18h};
  const auto preview = bench.ask(bench.scheduler->preview_backfill(wanted, 1000)).value();
  CHECK(preview.runs == 6);
  CHECK(preview.left_out == 0);
  CHECK(preview.slots.size() == 6);
  const Backfill made = bench.create(wanted);
  REQUIRE(made.groups.size() == 2);
  bench.advance(1min);
  CHECK(bench.state_of(made.id) == BackfillState::done);
  std::string slots;
  for (const auto& instance : bench.instances_of(made))
    slots += job::format_local(instance.id.scheduled, "Asia/Shanghai").substr(8, 8) + " ";
  CHECK(slots == "08T06:00 08T12:00 09T06:00 09T12:00 12T06:00 12T12:00 ");
  CHECK(bench.backfills.audited.at(0).detail.find(", of these 06:00-18:00, parallel 2") != std::string::npos);
}

TEST_CASE("backfill: $[...] uses the slot of the run and ${...} the business date before it") {
  BackfillBench bench;
  bench.options.freezer = freeze_values;
  bench.jobs = {with_values()};
  bench.start();
  bench.create(bench.order("2018-10-10T00:00", "2018-10-11T00:00"));
  bench.advance(1min);
  CHECK(values_of(bench.of_group(1, "2018-10-10T12:00")) == "day=20181009 at=201810101200 ");
}

TEST_CASE("backfill: its parameters stand in place of the job's, also when an instance is rerun anew") {
  BackfillBench bench;
  bench.options.freezer = freeze_values;
  bench.jobs = {with_values()};
  bench.start();
  auto wanted = bench.order("2018-10-10T00:00", "2018-10-11T00:00");
  wanted.parameters = {{"day", "$[yyyymmdd-7]"}};
  const auto preview = bench.ask(bench.scheduler->preview_backfill(wanted, 10)).value();
  CHECK(preview.slots.at(1).instance.values.at(0).second == "20181003");
  const Backfill made = bench.create(wanted);
  bench.advance(1min);
  CHECK(values_of(bench.of_group(1, "2018-10-10T12:00")) == "day=20181003 at=201810101200 ");
  CHECK(bench.ask(bench.backfills.backfill(made.id))->order.parameters == wanted.parameters);
  CHECK(bench.backfills.audited.at(0).detail.find(", day=$[yyyymmdd-7]") != std::string::npos);
  scheduler::Order anew;
  anew.action = scheduler::Action::rerun;
  anew.actor = "uid 1";
  anew.latest = true;
  REQUIRE(bench.ask(bench.scheduler->act(anew, BackfillBench::group_id(1, "2018-10-10T12:00"))));
  bench.advance(1min);
  CHECK(values_of(bench.of_group(1, "2018-10-10T12:00")) == "day=20181003 at=201810101200 ");
  wanted.parameters = {{"date", "$[yyyymmdd-7]"}};
  CHECK(bench.refusal(wanted).find("set date: it is always the business date") != std::string::npos);
  wanted.parameters = {{"nothing", "1"}};
  CHECK(bench.refusal(wanted).find("set nothing: the job has no such parameter") != std::string::npos);
  wanted.parameters = {{"day", "$[yyyymmdd"}};
  CHECK(bench.refusal(wanted).find("set day: E_UNTERMINATED") != std::string::npos);
}

TEST_CASE("backfill: outside its run hours nothing of it starts, what runs ends, and why says so") {
  BackfillBench bench("2018-10-16T23:50+08:00");
  bench.jobs = {sluice::test::independent("orders", 6h)};
  bench.runner.script = [](const scheduler::Instance&, int) { return takes(20min); };
  bench.start();
  auto wanted = bench.order("2018-10-10T00:00", "2018-10-11T00:00");
  wanted.run_hours.hours = {22h, 0h};  // up to midnight
  wanted.run_hours.hours.end = 5min;
  const Backfill made = bench.create(wanted);
  bench.advance(10s);
  CHECK(bench.count(made, State::running) == 1);
  bench.advance(21min);  // it is 00:11
  CHECK(bench.count(made, State::success) == 1);
  CHECK(bench.count(made, State::running) == 0);
  CHECK(bench.why_of_group(1, "2018-10-10T06:00") ==
        "waits: backfill 1 starts instances 22:00-00:05, next at 2018-10-17T22:00+08:00");
  bench.advance_to("2018-10-17T21:59:59+08:00");
  CHECK(bench.count(made, State::running) == 0);
  bench.advance(2s);  // at once, not by the next look
  CHECK(bench.count(made, State::running) == 1);
  bench.advance(90min);
  CHECK(bench.state_of(made.id) == BackfillState::done);
}

TEST_CASE("backfill: on weekends only, it waits for Saturday and goes on over Sunday's midnight") {
  scheduler::RunHours hours;
  hours.weekends = true;
  const auto next = [&](const std::string& now) {
    return job::format_local(scheduler::next_start(hours, sluice::test::local_time(now), "Asia/Shanghai"),
                             "Asia/Shanghai");
  };
  CHECK(next("2018-10-16T12:00+08:00") == "2018-10-20T00:00+08:00");  // a Tuesday
  CHECK(next("2018-10-20T12:00+08:00") == "2018-10-20T12:00+08:00");
  CHECK(next("2018-10-21T23:59+08:00") == "2018-10-21T23:59+08:00");
  CHECK(next("2018-10-22T00:00+08:00") == "2018-10-27T00:00+08:00");
  hours.hours = {22h, 6h};
  CHECK(next("2018-10-20T05:00+08:00") == "2018-10-20T22:00+08:00");  // Friday's night does not count
  CHECK(next("2018-10-21T05:59+08:00") == "2018-10-21T05:59+08:00");
  CHECK(next("2018-10-21T06:00+08:00") == "2018-10-21T22:00+08:00");
  CHECK(next("2018-10-22T05:59+08:00") == "2018-10-22T05:59+08:00");  // Sunday's night
  CHECK(next("2018-10-22T06:00+08:00") == "2018-10-27T22:00+08:00");
}

TEST_CASE("backfill: run hours lie in the job's zone, on days that are shorter and longer as well") {
  scheduler::RunHours hours;
  hours.hours = {2h, 3h};
  const auto next = [&](const std::string& now) {
    return job::format_local(scheduler::next_start(hours, sluice::test::local_time(now), "Europe/Berlin"),
                             "UTC");
  };
  CHECK(next("2018-03-24T12:00+01:00").substr(0, 16) == "2018-03-26T00:00");  // the 25th has no such hour
  CHECK(next("2018-10-28T01:30+02:00").substr(0, 16) == "2018-10-28T00:00");  // the first of the two
}

TEST_CASE("backfill: slots of the future wait for their time") {
  BackfillBench bench;
  bench.start();
  auto wanted = bench.order("2018-10-20T00:00", "2018-10-20T00:10");
  const Backfill made = bench.create(wanted);
  bench.advance_to("2018-10-19T23:59+08:00");
  CHECK(bench.count(made, State::success) == 0);
  bench.advance_to("2018-10-20T00:11+08:00");
  CHECK(bench.count(made, State::success) == 2);
}

TEST_CASE("backfill: slots of the future run at once where that is asked for") {
  BackfillBench bench;
  bench.start();
  auto wanted = bench.order("2018-10-20T00:00", "2018-10-20T00:10");
  wanted.run_now = true;
  const Backfill made = bench.create(wanted);
  bench.advance(1min);
  CHECK(bench.count(made, State::success) == 2);
  CHECK(bench.state_of(made.id) == BackfillState::done);
}

TEST_CASE("backfill: a reload before all its instances are made does not mix two versions in it") {
  VersionsBench bench;
  bench.bring("version-1");
  bench.start();
  std::size_t writes = 0;
  bool broken = true;
  bench.faulty->script = [&](std::size_t, bool is_write) {
    writes += is_write ? 1U : 0U;  // the backfill, the instances of its first day, ...
    return broken && writes > 2 ? sluice::test::Fault::before : sluice::test::Fault::none;
  };
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-13T00:00"));
  const std::size_t before = bench.instances_of(made).size();
  CHECK(before > 0);
  CHECK(before < 864);
  bench.bring("version-2");
  broken = false;
  bench.advance(2min);
  const auto all = bench.instances_of(made);
  CHECK(all.size() == 864);
  CHECK(std::ranges::all_of(all, [](const auto& one) { return one.version == "version-1"; }));
  CHECK(bench.ask(bench.backfills.backfill(made.id))->version == "version-1");
}

TEST_CASE("backfill: a version that is kept no more is told of, and the present one stands in") {
  VersionsBench bench;
  bench.jobs.at(0).version = "version-0";  // of which nothing is kept
  bench.start();
  bool broken = false;
  bench.faulty->script = [&](std::size_t, bool is_write) {
    const bool fails = is_write && broken;
    broken = broken || is_write;  // the backfill is stored, its instances are not
    return fails ? sluice::test::Fault::before : sluice::test::Fault::none;
  };
  const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-10T01:00"));
  bench.bring("version-2");
  bench.faulty->script = nullptr;
  bench.advance(2min);
  const auto all = bench.instances_of(made);
  CHECK(all.size() == 12);
  CHECK(std::ranges::all_of(all, [](const auto& one) { return one.version == "version-2"; }));
  const auto told = [](const std::string& line) {
    return line.find("backfill 1: its instances are made by version version-2 of job orders") == 0;
  };
  CHECK(std::ranges::any_of(bench.observer.lines, told));
}
