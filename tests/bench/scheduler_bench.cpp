// The whole scheduler on a real state file: many instances due at once, lateness, start-up, a year of
// windows.

#include "tests/support/scheduler_bench.hpp"

#include "core/base/system_clock.hpp"
#include "scheduler/scheduler.hpp"
#include "tests/bench/bench_state.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/temp_folder.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace sluice;
using std::chrono::milliseconds;

// A job whose calendar is over: it runs what a benchmark puts into its chain, and plans nothing.
std::vector<job::Job> idle_jobs(int count) {
  std::vector<job::Job> jobs(static_cast<std::size_t>(count));
  for (int n = 0; n < count; ++n) {
    job::Job& job = jobs[static_cast<std::size_t>(n)];
    job.name = "orders-" + std::to_string(n);
    job.version = "0123456789ab";
    job.schedule.effective_to = std::chrono::sys_days(std::chrono::year(1970) / 1 / 2);
  }
  return jobs;
}

struct Lateness final : scheduler::Observer {
  void attempt_started(const scheduler::Instance&, int, Duration late) override { all.push_back(late); }
  // Of the given share, in milliseconds.
  double at(double share) {
    std::sort(all.begin(), all.end());
    const auto place = static_cast<std::size_t>(share * static_cast<double>(all.size() - 1));
    return std::chrono::duration<double, std::milli>(all.at(place)).count();
  }
  std::vector<Duration> all;
};

// A scheduler on the machine's clock, a real file and its thread; attempts take `takes`.
struct World {
  World(int job_count, std::size_t attempts_max, Duration takes)
      : store(bench::open_state(folder.file("state.db")), storage::Threading::worker), runner(clock) {
    runner.script = [takes](const scheduler::Instance&, int) {
      test::ScriptedRunner::Act act;
      act.takes = takes;
      return act;
    };
    scheduler::Options options;
    options.attempts_max = attempts_max;
    options.drain_limit = Duration(0);
    options.freezer = test::freeze_seed;
    scheduler = std::make_unique<scheduler::Scheduler>(io.get_executor(), clock, store, runner, random,
                                                       observer, options, idle_jobs(job_count));
  }
  ~World() { store.close(); }

  // One instance for each job; the n-th is due at `first` + n * `step`.
  void put(Instant first, Duration step, int count) {
    std::vector<scheduler::NewInstance> rows(static_cast<std::size_t>(count));
    for (int n = 0; n < count; ++n) {
      scheduler::NewInstance& row = rows[static_cast<std::size_t>(n)];
      row.id.job = "orders-" + std::to_string(n);
      row.id.scheduled = first + step * n;
      row.zone = "Asia/Shanghai";
      row.version = "0123456789ab";
      row.window_start = row.id.scheduled - std::chrono::minutes(10);
      row.window_end = row.id.scheduled - std::chrono::minutes(5);
    }
    test::run_loop(io, store.add_instances(std::move(rows)));
  }

  // Runs until so many attempts have started, then stops.
  void run(std::size_t count) {
    io.restart();
    bool ended = false;
    boost::asio::co_spawn(io, scheduler->run(), [&](std::exception_ptr) { ended = true; });
    const auto guard = boost::asio::make_work_guard(io);
    while (observer.all.size() < count) io.run_one();
    reached = clock.now();
    scheduler->stop();
    while (!ended) io.run_one();
  }

  test::TempFolder folder;
  boost::asio::io_context io{1};
  SystemClock clock;
  storage::AsyncStateStore store;
  test::ScriptedRunner runner;
  SeededRandom random{1};
  Lateness observer;
  std::unique_ptr<scheduler::Scheduler> scheduler;
  Instant reached{};
};

// From the slot until the last of them is RUNNING on the disk.
void claim_due(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  for (auto _ : state) {
    World world(count, static_cast<std::size_t>(count), std::chrono::hours(1));
    const Instant due = world.clock.now() + milliseconds(500);
    world.put(due, Duration(0), count);
    world.run(static_cast<std::size_t>(count));
    state.SetIterationTime(std::chrono::duration<double>(world.reached - due).count());
  }
}
BENCHMARK(claim_due)->Arg(1'000)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

// The same with 8 places and attempts of 1 ms: each end gives its place to the next of those that wait.
void claim_in_turn(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    World world(count, 8, milliseconds(1));
    world.put(world.clock.now(), Duration(0), count);
    state.ResumeTiming();
    world.run(static_cast<std::size_t>(count));
  }
}
BENCHMARK(claim_in_turn)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// 200 instances, due 20 ms apart: how late each starts (RUNNING is on the disk).
void start_latency(benchmark::State& state) {
  constexpr int kCount = 200;
  for (auto _ : state) {
    World world(kCount, 10, milliseconds(1));
    world.put(world.clock.now() + milliseconds(500), milliseconds(20), kCount);
    world.run(kCount);
    state.counters["p50_ms"] = world.observer.at(0.5);
    state.counters["p99_ms"] = world.observer.at(0.99);
    state.counters["max_ms"] = world.observer.at(1);
  }
}
BENCHMARK(start_latency)->Iterations(1)->Unit(benchmark::kMillisecond);

// From opening the file until the scheduler is ready: migrations looked at, lost attempts closed, planned.
void start_up(benchmark::State& state) {
  const test::TempFolder folder;
  SystemClock clock;
  {
    bench::History history;
    history.job = "orders-00000";
    history.end = clock.now();
    bench::add_history(*bench::open_state(folder.file("state.db")), history);
  }
  const std::vector<job::Job> jobs = bench::orders_jobs(1);
  test::ScriptedRunner runner(clock);
  SeededRandom random(1);
  scheduler::Observer observer;
  for (auto _ : state) {
    boost::asio::io_context io{1};
    storage::AsyncStateStore store(bench::open_state(folder.file("state.db")), storage::Threading::worker);
    scheduler::Options options;
    options.drain_limit = Duration(0);
    scheduler::Scheduler started(io.get_executor(), clock, store, runner, random, observer, options, jobs);
    bool ended = false;
    boost::asio::co_spawn(io, started.run(), [&](std::exception_ptr) { ended = true; });
    while (!started.ready()) io.run_one();
    state.PauseTiming();
    started.stop();
    while (!ended) io.run_one();
    store.close();
    state.ResumeTiming();
  }
}
BENCHMARK(start_up)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);

// Windows of five minutes on the virtual clock, everything in one thread. No store: in memory.
void simulate_days(benchmark::State& state, scheduler::StateStore* store) {
  test::SchedulerBench world("2018-10-16T00:01+08:00", store);
  world.start();
  world.advance(std::chrono::days(state.range(0)));
  state.counters["windows"] = static_cast<double>(world.runner.starts.size());
  world.crash();
}

void simulated_days_in_memory(benchmark::State& state) {
  for (auto _ : state) simulate_days(state, nullptr);
}
BENCHMARK(simulated_days_in_memory)
    ->Arg(365)
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kSecond);

void simulated_days_on_sqlite(benchmark::State& state) {
  for (auto _ : state) {
    const test::TempFolder folder;
    storage::AsyncStateStore store(bench::open_state(folder.file("state.db")), storage::Threading::caller);
    simulate_days(state, &store);
  }
}
BENCHMARK(simulated_days_on_sqlite)
    ->Arg(30)
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kSecond);

}  // namespace
