// Planning and the state file: a day for many jobs, what a turn of the scheduler and a look for alerts ask, a
// page of the API.

#include "scheduler/alert_conditions.hpp"
#include "scheduler/planner.hpp"
#include "tests/bench/bench_state.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/temp_folder.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <filesystem>

namespace {

using namespace sluice;
using std::chrono::minutes;

const Instant kMidnight =
    Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 15)) + std::chrono::hours(16);

struct StandingClock final : Clock {
  explicit StandingClock(Instant at) : time(at) {}
  Instant now() const override { return time; }
  Duration monotonic() const override { return time.time_since_epoch(); }
  awaitable<void> sleep_until(Instant) override { co_return; }
  awaitable<void> sleep_for(Duration) override { co_return; }
  awaitable<void> wall_step(Duration) override { co_return; }
  Instant time;
};

// What else writes while a day is planned: `callers` of these, each with one small call after another.
boost::asio::awaitable<void> call_until(const bool& done, storage::AsyncStateStore& store,
                                        std::size_t& calls) {
  const std::vector<scheduler::AuditEntry> entry(1, {kMidnight, "bench", "pause", "orders", ""});
  while (!done) {
    co_await store.add_audit(entry);
    ++calls;
  }
}

boost::asio::awaitable<void> plan_to_end(scheduler::Planner& planner, bool& done) {
  co_await planner.plan_due();
  done = true;
}

// A second before the local midnight the horizon of a new job is the next midnight but one: a day and a bit.
std::size_t plan_day(storage::AsyncStateStore& store, boost::asio::io_context& loop,
                     const scheduler::Jobs& jobs, Instant now, std::int64_t callers, std::size_t& calls) {
  StandingClock clock(now);
  SeededRandom random(1);
  scheduler::Observer observer;
  scheduler::Counters counters;
  scheduler::Planner planner(clock, store, random, observer, counters, scheduler::freeze_job);
  planner.set_jobs(jobs);
  bool done = false;
  for (std::int64_t n = 0; n < callers; ++n)
    boost::asio::co_spawn(loop, call_until(done, store, calls), boost::asio::detached);
  test::run_loop(loop, plan_to_end(planner, done));
  return counters.planned;
}

void file_size(benchmark::State& state, const test::TempFolder& folder) {
  double bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder.path()))
    bytes += static_cast<double>(file.file_size());
  state.counters["file_MiB"] = bytes / (1 << 20);
}

// The daily planning of jobs that already have a day: the second one is measured.
void plan_a_day(benchmark::State& state) {
  const scheduler::Jobs jobs = scheduler::to_jobs(bench::orders_jobs(static_cast<int>(state.range(0))));
  std::size_t rows = 0;
  std::size_t calls = 0;
  for (auto _ : state) {
    state.PauseTiming();
    {
      const test::TempFolder folder;
      boost::asio::io_context loop{1};
      storage::AsyncStateStore store(bench::open_state(folder.file("state.db")), storage::Threading::worker);
      state.ResumeTiming();
      rows += plan_day(store, loop, jobs, kMidnight - std::chrono::seconds(1), state.range(1), calls);
      state.PauseTiming();
      state.counters["resident_MiB"] = bench::resident_bytes() / (1 << 20);
      store.close();
      file_size(state, folder);
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rows));
  state.counters["calls"] = static_cast<double>(calls);
}
BENCHMARK(plan_a_day)
    ->ArgNames({"jobs", "callers"})
    ->Args({1'000, 0})
    ->Args({1'000, 8})
    ->Args({10'000, 0})
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// Values and window of one slot.
void freeze(benchmark::State& state) {
  const std::vector<job::Job> jobs = bench::orders_jobs(1);
  Instant slot = kMidnight;
  for (auto _ : state) {
    benchmark::DoNotOptimize(scheduler::freeze_job(jobs[0], slot));
    slot += minutes(5);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(freeze);

// Chains with a day of instances each, all of it ahead.
struct ManyChains {
  explicit ManyChains(int chains) {
    store = bench::open_state(folder.file("state.db"));
    std::vector<scheduler::NewInstance> rows;
    for (int chain = 0; chain < chains; ++chain) {
      for (int n = 0; n < 12; ++n) {
        scheduler::NewInstance& row = rows.emplace_back();
        row.id.job = "orders-" + std::to_string(chain);
        row.id.scheduled = kMidnight + minutes(5 * n);
      }
      if (rows.size() < 10'000) continue;
      store->add_instances(rows);
      rows.clear();
    }
    store->add_instances(rows);
  }
  test::TempFolder folder;
  std::unique_ptr<storage::SqliteStateStore> store;
};

// What every turn asks, with nothing due.
void idle_turn(benchmark::State& state) {
  const ManyChains chains(static_cast<int>(state.range(0)));
  const Instant now = kMidnight - minutes(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(chains.store->heads(now));
    benchmark::DoNotOptimize(chains.store->next_due(now));
  }
}
BENCHMARK(idle_turn)->Arg(100)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

// With every chain due.
void due_turn(benchmark::State& state) {
  const ManyChains chains(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(chains.store->heads(kMidnight));
}
BENCHMARK(due_turn)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

// What each look for alerts, four a minute, works out of the facts of a job: its next window to come, or an
// hour late.
void look_for_alerts(benchmark::State& state) {
  const std::vector<job::Job> jobs = bench::orders_jobs(1);
  const auto late = minutes(state.range(0));
  scheduler::ChainFacts facts;
  facts.chain = jobs[0].name;
  facts.open = 1;
  facts.head.emplace();
  facts.head->id.job = jobs[0].name;
  facts.head->id.scheduled = kMidnight - late;
  facts.head->zone = jobs[0].schedule.zone;
  facts.first_able = facts.head;
  facts.last_planned = kMidnight + std::chrono::hours(24);
  scheduler::JobWatch watch;
  watch.job = &jobs[0];
  watch.rules.lag = Duration(0);
  watch.rules.missing = true;
  for (auto _ : state) {
    scheduler::Observation observed;
    scheduler::observe_chain(facts, watch, kMidnight, observed);
    benchmark::DoNotOptimize(observed);
  }
}
BENCHMARK(look_for_alerts)->ArgName("late")->Arg(-3)->Arg(60)->Unit(benchmark::kMicrosecond);

struct Year {
  Year() {
    store = bench::open_state(folder.file("state.db"));
    bench::History history;
    history.end = kMidnight;
    bench::add_history(*store, history);
  }
  test::TempFolder folder;
  std::unique_ptr<storage::SqliteStateStore> store;
};

const Year& year() {
  static const Year made;
  return made;
}

void page_of_a_year(benchmark::State& state) {
  const Year& history = year();
  scheduler::InstanceQuery query;
  if (state.range(1) == 1) query.job = "orders";
  query.limit = static_cast<std::size_t>(state.range(0));
  query.to = kMidnight - std::chrono::days(200);
  for (auto _ : state) benchmark::DoNotOptimize(history.store->instances(query));
  file_size(state, history.folder);
}
BENCHMARK(page_of_a_year)
    ->ArgNames({"rows", "job"})
    ->Args({100, 0})
    ->Args({100, 1})
    ->Args({1000, 1})
    ->Unit(benchmark::kMillisecond);

void counts_of_a_year(benchmark::State& state) {
  const Year& history = year();
  for (auto _ : state) benchmark::DoNotOptimize(history.store->counts("orders"));
}
BENCHMARK(counts_of_a_year)->Unit(benchmark::kMillisecond);

}  // namespace
