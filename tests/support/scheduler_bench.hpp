#pragma once
// A whole scheduler on a virtual clock, a store that survives it, and a scripted data plane.

#include "core/base/virtual_clock.hpp"
#include "core/job/civil_time.hpp"
#include "scheduler/scheduler.hpp"
#include "tests/support/fault_script.hpp"
#include "tests/support/scripted_runner.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

Instant local_time(const std::string& text);

job::Job job_named(const std::string& name, std::chrono::minutes interval = std::chrono::minutes(5));

// Its windows stand for themselves.
job::Job reading_table(const std::string& name);

// The windows of the seed job: from ten to five minutes before the slot.
Result<scheduler::Frozen> freeze_seed(const job::Job& job, Instant slot);

struct RecordingObserver final : scheduler::Observer {
  void log(pipeline::Level, std::string_view text) override { lines.emplace_back(text); }
  void attempt_started(const scheduler::Instance&, int, Duration late) override { lateness.push_back(late); }
  void attempt_ended(const scheduler::Instance&, const scheduler::Attempt& attempt) override {
    ended.push_back(attempt.result);
  }
  void windows_skipped(const std::string& job, std::size_t count, Instant, Instant,
                       const std::string&) override {
    skipped.emplace_back(job, count);
  }
  void backfill_planned(const scheduler::Backfill& backfill) override {
    backfills.push_back("planned " + std::to_string(backfill.id));
  }
  void backfill_skipped(const scheduler::Backfill& backfill) override {
    backfills.push_back("skipped " + std::to_string(backfill.id));
  }
  std::vector<std::string> lines;
  std::vector<Duration> lateness;
  std::vector<scheduler::AttemptResult> ended;
  std::vector<std::pair<std::string, std::size_t>> skipped;
  std::vector<std::string> backfills;  // what happened to the instances of which
};

class FaultyBackfills;
class FaultyCatchUp;
class FaultyStateStore;
class MemoryBackfills;
class MemoryCatchUp;
class MemoryStateStore;
struct SchedulerStores;

// The stores are only declared here, and a test that looks into one includes it: coroutines in a header are
// compiled again by everyone who includes it.
class SchedulerBench {
 public:
  explicit SchedulerBench(const std::string& start = "2018-10-16T00:01+08:00",
                          scheduler::StateStore* kept_store = nullptr);
  ~SchedulerBench();

  boost::asio::io_context io{1};
  VirtualClock clock;
  const std::unique_ptr<SchedulerStores> stores;
  MemoryStateStore& memory;
  scheduler::StateStore& store;
  MemoryBackfills& backfills;
  MemoryCatchUp& catch_up;
  ScriptedRunner runner;
  RecordingObserver observer;
  SeededRandom random{1};
  scheduler::Options options;
  std::vector<job::Job> jobs = {job_named("orders")};
  std::function<Duration(bool writes)> latency;  // of the store that the next start() uses
  std::unique_ptr<FaultyStateStore> faulty;      // between the present scheduler and the store
  std::unique_ptr<FaultyBackfills> faulty_backfills;
  std::unique_ptr<FaultyCatchUp> faulty_catch_up;
  bool with_catch_up = true;  // it writes down once a minute that the scheduler ran
  std::unique_ptr<scheduler::Scheduler> scheduler;

  void start();
  void start(FaultScript faults);

  // The graceful stop; time goes on as far as the drain needs it.
  void stop();

  // The process dies: from now on nothing reaches the store, whatever the scheduler still tries.
  void crash();

  void advance(Duration duration) { clock.advance(duration); }
  void advance_to(const std::string& text) { clock.advance(local_time(text) - clock.now()); }

  // The machine sleeps.
  void suspend(Duration duration);

  // Runs a call of an operator to its end, letting time go on if need be.
  template <class T>
  T ask(awaitable<T> call) {
    std::optional<T> answer;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, std::move(call), [&](std::exception_ptr thrown, T value) {
      failure = thrown;
      if (!failure) answer.emplace(std::move(value));
    });
    clock.settle();
    while (!answer && !failure) step();
    if (failure) std::rethrow_exception(failure);
    return std::move(*answer);
  }

  static scheduler::InstanceId id(const std::string& job, const std::string& slot);
  std::string why(const scheduler::InstanceId& wanted);
  scheduler::Instance get(const std::string& job, const std::string& slot);
  // In ascending order.
  std::vector<scheduler::Instance> all(const std::string& job, std::vector<scheduler::State> states = {});
  // "orders@00:05 orders@00:10#2": what executed, in order; attempts from the second on with their number.
  std::string executed(std::size_t from = 0) const;

 private:
  void step();
  void finish();

  boost::asio::cancellation_signal cancel_;
  Duration asleep_{0};
  bool running_ = false;
};

}  // namespace sluice::test
