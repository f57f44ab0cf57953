#include "scheduler/planner.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/memory_state_store.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/scheduler_bench.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::job_named;
using sluice::test::local_time;

struct PlannerBench {
  explicit PlannerBench(const std::string& now, Freezer freezer = sluice::test::freeze_seed)
      : clock(io, local_time(now)), planner(clock, faulty, random, observer, counters, std::move(freezer)) {}

  void plan() {
    bool done = false;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, planner.plan_due(), [&](std::exception_ptr thrown) {
      failure = thrown;
      done = true;
    });
    clock.settle();
    if (failure) std::rethrow_exception(failure);
    REQUIRE(done);
  }
  std::size_t rows() { return counters.planned; }
  template <class T>
  T ask(awaitable<T> call) {
    return sluice::test::run_loop(io, std::move(call));
  }
  // Ascending by slot.
  std::vector<Instance> rows_of_orders() {
    InstanceQuery query;
    query.job = "orders";
    query.limit = 1000;
    std::vector<Instance> found = ask(store.instances(query));
    std::reverse(found.begin(), found.end());
    return found;
  }
  std::size_t slots() { return rows_of_orders().size(); }
  std::string first_slot() {
    const auto found = rows_of_orders();
    return found.empty() ? "none" : job::format_local(found.front().id.scheduled, found.front().zone);
  }
  std::string versions() {
    std::string text;
    for (const Instance& instance : rows_of_orders()) {
      if (!text.empty()) text += ", ";
      text += job::format_local(instance.id.scheduled, instance.zone) + " " + instance.version;
    }
    return text;
  }

  boost::asio::io_context io{1};
  VirtualClock clock;
  sluice::test::MemoryStateStore store;
  sluice::test::FaultyStateStore faulty{store};
  SeededRandom random{1};
  sluice::test::RecordingObserver observer;
  Counters counters;
  Planner planner;
};

TEST_CASE("planner: planning again adds nothing until the next local day") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  bench.planner.set_jobs(to_jobs({job_named("orders")}));
  CHECK(bench.planner.next() <= bench.clock.now());
  bench.plan();
  CHECK(bench.rows() == 287 + 288);
  bench.plan();
  CHECK(bench.rows() == 287 + 288);
  CHECK(bench.planner.next() >= local_time("2018-10-17T00:00+08:00"));
  CHECK(bench.planner.next() < local_time("2018-10-17T00:10+08:00"));
  bench.clock.advance(bench.planner.next() - bench.clock.now());
  bench.plan();
  CHECK(bench.rows() == 287 + 288 + 288);
}

TEST_CASE("planner: a slot that is named once the jobs are known counts from the next planning on") {
  PlannerBench bench("2018-10-16T23:01+08:00");
  auto changed = job_named("orders", 30min);
  changed.version = "version-2";
  bench.planner.set_jobs(to_jobs({changed}));
  Handovers handovers;
  handovers.emplace("orders", Handover{std::make_shared<const job::Job>(job_named("orders")),
                                       local_time("2018-10-16T23:30+08:00")});
  bench.planner.set_jobs(to_jobs({changed}), handovers);
  bench.plan();
  CHECK(bench.rows() == 5 + 1 + 48);  // each 5 minutes until 23:30, then each 30
}

TEST_CASE("planner: a job in another zone is planned by its own days") {
  PlannerBench bench("2018-10-16T00:00+08:00");  // 18:00 of the 15th in Berlin
  auto job = job_named("orders");
  job.schedule.zone = "Europe/Berlin";
  bench.planner.set_jobs(to_jobs({job}));
  bench.plan();
  CHECK(bench.rows() == 71 + 288);
}

TEST_CASE("planner: a new job that names its first slot begins there, in the past as well") {
  PlannerBench bench("2018-10-16T12:02+08:00");
  auto job = job_named("orders");
  job.schedule.first_slot = local_time("2018-10-16T10:00+08:00");
  bench.planner.set_jobs(to_jobs({job}));
  bench.plan();
  CHECK(bench.rows() == 14 * 12 + 288);
}

TEST_CASE("planner: a failed write is planned again by the next call") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  bench.planner.set_jobs(to_jobs({job_named("orders"), job_named("users")}));
  bench.faulty.script = [](std::size_t, bool writes) {
    return writes ? sluice::test::Fault::before : sluice::test::Fault::none;
  };
  CHECK_THROWS_AS(bench.plan(), ErrorException);
  bench.faulty.script = nullptr;
  bench.plan();
  CHECK(bench.rows() == 2 * (287 + 288));
}

TEST_CASE("planner: a slot whose values cannot be computed is reported once, and the others go on") {
  const auto broken = [](const job::Job& job, Instant slot) -> Result<Frozen> {
    if (job.name == "orders" && slot < local_time("2018-10-16T12:00+08:00")) {
      return Error(Errc::invalid_argument, "parameter start_time: undefined variable x");
    }
    return sluice::test::freeze_seed(job, slot);
  };
  PlannerBench bench("2018-10-16T00:00+08:00", broken);
  bench.planner.set_jobs(to_jobs({job_named("orders"), job_named("users")}));
  bench.plan();
  CHECK(bench.rows() == (287 - 143 + 288) + (287 + 288));
  REQUIRE(bench.observer.lines.size() == 1);
  CHECK(bench.observer.lines[0] ==
        "plan job orders: 143 slots have no instance, the first is orders@2018-10-16T00:05+08:00: parameter "
        "start_time: undefined variable x");
}

TEST_CASE("planner: a very long downtime is planned in goes, oldest first, and every slot gets its row") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  auto job = job_named("orders", 1min);
  bench.planner.set_jobs(to_jobs({job}));
  bench.plan();
  const std::size_t first = bench.rows();
  bench.clock.advance(24h * 100);
  bench.plan();
  CHECK(bench.rows() - first >= Planner::kRowsOfOneGo);
  CHECK(bench.rows() - first < Planner::kRowsOfOneGo + 11'000);
  CHECK(bench.planner.next() <= bench.clock.now());
  bench.plan();
  CHECK(bench.rows() == 1440U * 102 - 1);
  CHECK(bench.planner.next() > bench.clock.now());
}

TEST_CASE("planner: a schedule that cannot be is logged and the other jobs are planned") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  auto job = job_named("orders");
  job.schedule.zone = "Mars/Olympus";
  bench.planner.set_jobs(to_jobs({job, job_named("users")}));
  bench.plan();
  CHECK(bench.rows() == 287 + 288);
  CHECK(bench.observer.lines.at(0) == "plan job orders: find time zone Mars/Olympus: unknown name");
}

job::Job daily_at(std::chrono::minutes at, const std::string& version = "version-1") {
  job::Job job = job_named("orders");
  job.schedule.cycle = job::Cycle::day;
  job.schedule.at = at;
  job.version = version;
  return job;
}

TEST_CASE("planner: a new job of generation next_day has its first instances tomorrow") {
  PlannerBench bench("2018-10-16T10:00+08:00");
  auto job = job_named("orders");
  job.schedule.generation = job::Generation::next_day;
  bench.planner.set_jobs(to_jobs({job}));
  bench.plan();
  CHECK(bench.slots() == 288);
  CHECK(bench.first_slot() == "2018-10-17T00:00+08:00");
}

TEST_CASE("planner: a changed job of generation next_day leaves today's instances as they are") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  bench.planner.set_jobs(to_jobs({daily_at(20h)}));
  bench.plan();
  bench.clock.advance(10h);
  job::Job changed = daily_at(21h, "version-2");
  changed.schedule.generation = job::Generation::next_day;
  bench.planner.set_jobs(to_jobs({changed}));
  bench.plan();
  CHECK(bench.versions() == "2018-10-16T20:00+08:00 version-1, 2018-10-17T21:00+08:00 version-2");
}

TEST_CASE("planner: a changed job of generation immediate replaces what is left of today, and says what") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  bench.planner.set_jobs(to_jobs({daily_at(20h)}));
  bench.plan();
  bench.clock.advance(10h);
  bench.planner.set_jobs(to_jobs({daily_at(21h, "version-2")}));
  bench.plan();
  CHECK(bench.versions() == "2018-10-16T21:00+08:00 version-2, 2018-10-17T21:00+08:00 version-2");
  REQUIRE(bench.observer.lines.size() == 1);
  CHECK(bench.observer.lines[0] ==
        "plan job orders anew: its definition changed from version-1 to version-2, 2 instances after "
        "2018-10-16T10:00+08:00 that had not started are replaced");
  bench.plan();
  CHECK(bench.slots() == 2);
}

TEST_CASE("planner: a yearly job has its next instance planned at any distance, and goes on from there") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  auto job = job_named("orders");
  job.schedule.cycle = job::Cycle::year;
  job.schedule.year_days = {std::chrono::March / 1};
  bench.planner.set_jobs(to_jobs({job}));
  bench.plan();
  CHECK(bench.versions() == "2019-03-01T00:00+08:00 version-1");
  for (int day = 0; day < 200; ++day) {
    bench.clock.advance(24h);
    bench.plan();
  }
  CHECK(bench.versions() == "2019-03-01T00:00+08:00 version-1, 2020-03-01T00:00+08:00 version-1");
}

TEST_CASE("planner: what lies far ahead and cannot be replaced does not hide the days before it") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  auto yearly = job_named("orders");
  yearly.schedule.cycle = job::Cycle::year;
  yearly.schedule.year_days = {std::chrono::March / 1};
  bench.planner.set_jobs(to_jobs({yearly}));
  bench.plan();
  const Instance row = bench.rows_of_orders().at(0);
  std::vector<State> from{State::wait_time};
  REQUIRE(bench.ask(bench.store.change_state(row.row, from, State::frozen, "frozen by uid 1000")));
  bench.planner.set_jobs(to_jobs({daily_at(60min, "version-2")}));
  for (int day = 0; day < 3; ++day) {
    bench.plan();
    bench.clock.advance(24h + 11min);
  }
  CHECK(bench.versions() ==
        "2018-10-16T01:00+08:00 version-2, 2018-10-17T01:00+08:00 version-2, 2018-10-18T01:00+08:00 "
        "version-2, 2018-10-19T01:00+08:00 version-2, 2019-03-01T00:00+08:00 version-1");
}

TEST_CASE("planner: a new job whose first slot is named beyond the horizon begins there and not before") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  auto job = daily_at(60min);
  job.schedule.first_slot = local_time("2018-10-20T01:00+08:00");
  bench.planner.set_jobs(to_jobs({job}));
  for (int day = 0; day < 5; ++day) {
    bench.plan();
    bench.clock.advance(24h + 11min);
  }
  CHECK(bench.first_slot() == "2018-10-20T01:00+08:00");
}

TEST_CASE("planner: off days are rows that are dry runs, with their reason") {
  PlannerBench bench("2018-10-15T00:00+08:00");  // a Monday
  auto job = job_named("orders");
  job.schedule.cycle = job::Cycle::week;
  job.schedule.at = 60min;
  job.schedule.weekdays = {2};
  job.schedule.off_days_dry_run = true;
  bench.planner.set_jobs(to_jobs({job}));
  bench.plan();
  const auto rows = bench.rows_of_orders();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].dry_run);
  CHECK(rows[0].reason == "dry run: an off day of the schedule");
  CHECK(rows[0].state == State::wait_time);
  CHECK_FALSE(rows[1].dry_run);
  CHECK(rows[1].reason.empty());
}

TEST_CASE("planner: a failing store at any step of a change leaves nothing out and nothing twice") {
  for (std::size_t failing = 0; failing < 12; ++failing) {
    PlannerBench bench("2018-10-16T00:00+08:00");
    bench.planner.set_jobs(to_jobs({daily_at(20h)}));
    bench.plan();
    bench.clock.advance(10h);
    bench.planner.set_jobs(to_jobs({daily_at(21h, "version-2")}));
    std::size_t step = 0;
    bench.faulty.script = [&](std::size_t, bool) {
      const std::size_t present = step++;
      if (present == failing / 2)
        return failing % 2 == 0 ? sluice::test::Fault::before : sluice::test::Fault::after;
      return sluice::test::Fault::none;
    };
    for (int i = 0; i < 3; ++i) {
      try {
        bench.plan();
      } catch (const ErrorException&) {
      }
    }
    INFO("step " << failing);
    CHECK(bench.versions() == "2018-10-16T21:00+08:00 version-2, 2018-10-17T21:00+08:00 version-2");
  }
}

TEST_CASE("planner: a window of the future that was set to success does not hold an edit up") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  bench.planner.set_jobs(to_jobs({daily_at(20h)}));
  bench.plan();
  const Instance tomorrow = bench.rows_of_orders().at(1);
  std::vector<State> from{State::wait_time};
  REQUIRE(bench.ask(bench.store.change_state(tomorrow.row, from, State::success, "by uid 1000")));
  bench.planner.set_jobs(to_jobs({daily_at(21h, "version-2")}));
  bench.plan();
  CHECK(bench.versions() ==
        "2018-10-16T21:00+08:00 version-2, 2018-10-17T20:00+08:00 version-1, 2018-10-17T21:00+08:00 "
        "version-2");
}

TEST_CASE("planner: what a changed job of generation next_day missed, and today's rest, are as before") {
  PlannerBench bench("2018-10-16T00:00+08:00");
  const job::Job before = daily_at(20h);
  bench.planner.set_jobs(to_jobs({before}));
  bench.plan();
  bench.clock.advance(72h + 10h);  // two days longer than the plan
  job::Job changed = daily_at(21h, "version-2");
  changed.schedule.generation = job::Generation::next_day;
  Handovers handovers;
  handovers.emplace("orders",
                    Handover{std::make_shared<const job::Job>(before), bench.clock.now() + Duration(1)});
  bench.planner.set_jobs(to_jobs({changed}), handovers);
  bench.plan();
  CHECK(bench.versions() ==
        "2018-10-16T20:00+08:00 version-1, 2018-10-17T20:00+08:00 version-1, 2018-10-18T20:00+08:00 "
        "version-1, 2018-10-19T20:00+08:00 version-1, 2018-10-20T21:00+08:00 version-2");
}

TEST_CASE(
    "planner: until an edit's slot the next instance is planned by the definition before, however far") {
  PlannerBench bench("2018-10-14T10:00+08:00");  // a Sunday
  auto weekly = daily_at(180min);
  weekly.schedule.cycle = job::Cycle::week;
  weekly.schedule.weekdays = {1};
  bench.planner.set_jobs(to_jobs({weekly}));
  bench.plan();
  Handovers handovers;
  handovers.emplace("orders",
                    Handover{std::make_shared<const job::Job>(weekly), local_time("2018-10-24T00:00+08:00")});
  bench.planner.set_jobs(to_jobs({daily_at(240min, "version-2")}), handovers);
  for (int day = 0; day < 3; ++day) {
    bench.plan();
    bench.clock.advance(24h);
  }
  CHECK(bench.versions() == "2018-10-15T03:00+08:00 version-1, 2018-10-22T03:00+08:00 version-1");
  for (int day = 0; day < 6; ++day) {
    bench.clock.advance(24h);
    bench.plan();
  }
  CHECK(bench.versions() ==
        "2018-10-15T03:00+08:00 version-1, 2018-10-22T03:00+08:00 version-1, 2018-10-24T04:00+08:00 "
        "version-2");
}

}  // namespace
