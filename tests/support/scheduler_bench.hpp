#pragma once
// A whole scheduler on a virtual clock, a store that survives it, and a scripted data plane.

#include "core/base/virtual_clock.hpp"
#include "core/job/civil_time.hpp"
#include "scheduler/scheduler.hpp"
#include "tests/support/faulty_backfills.hpp"
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/memory_backfills.hpp"
#include "tests/support/memory_state_store.hpp"
#include "tests/support/scripted_runner.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

inline Instant local_time(const std::string& text) { return *job::parse_local(text); }

inline job::Job job_named(const std::string& name, std::chrono::minutes interval = std::chrono::minutes(5)) {
  job::Job job;
  job.name = name;
  job.schedule.interval = interval;
  job.version = "version-1";
  return job;
}

// The windows of the seed job: from ten to five minutes before the slot.
inline Result<scheduler::Frozen> freeze_seed(const job::Job& job, Instant slot) {
  scheduler::Frozen frozen;
  frozen.values.emplace_back("start_time", std::to_string(slot.time_since_epoch().count()));
  frozen.window.job = job.name;
  frozen.window.start = slot - std::chrono::minutes(10);
  frozen.window.end = slot - std::chrono::minutes(5);
  return frozen;
}

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
  std::vector<std::string> lines;
  std::vector<Duration> lateness;
  std::vector<scheduler::AttemptResult> ended;
  std::vector<std::pair<std::string, std::size_t>> skipped;
};

class SchedulerBench {
 public:
  explicit SchedulerBench(const std::string& start = "2018-10-16T00:01+08:00",
                          scheduler::StateStore* kept_store = nullptr)
      : clock(io, local_time(start)), store(kept_store != nullptr ? *kept_store : memory), runner(clock) {
    options.freezer = freeze_seed;
  }
  ~SchedulerBench() {
    if (scheduler) crash();
  }

  boost::asio::io_context io{1};
  VirtualClock clock;
  MemoryStateStore memory;
  scheduler::StateStore& store;
  MemoryBackfills backfills{store};
  MemoryCatchUp catch_up{store};
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

  void start() { start(FaultyStateStore::Script()); }
  void start(FaultyStateStore::Script faults) {
    faulty = std::make_unique<FaultyStateStore>(store);
    faulty->script = std::move(faults);
    faulty->latency = latency;
    faulty->time = &clock;
    faulty_backfills = std::make_unique<FaultyBackfills>(backfills, *faulty);
    faulty_catch_up = std::make_unique<FaultyCatchUp>(catch_up, *faulty);
    options.backfills = faulty_backfills.get();
    options.catch_up = with_catch_up ? faulty_catch_up.get() : nullptr;
    scheduler = std::make_unique<scheduler::Scheduler>(io.get_executor(), clock, *faulty, runner, random,
                                                       observer, options, jobs);
    running_ = true;
    auto on_end = [this](std::exception_ptr) { running_ = false; };
    boost::asio::co_spawn(io, scheduler->run(),
                          boost::asio::bind_cancellation_slot(cancel_.slot(), std::move(on_end)));
    clock.settle();
  }

  // The graceful stop; time goes on as far as the drain needs it.
  void stop() {
    scheduler->stop();
    finish();
  }

  // The process dies: from now on nothing reaches the store, whatever the scheduler still tries.
  void crash() {
    faulty->script = [](std::size_t, bool) { return Fault::before; };
    cancel_.emit(boost::asio::cancellation_type::terminal);
    finish();
  }

  void advance(Duration duration) { clock.advance(duration); }
  void advance_to(const std::string& text) { clock.advance(local_time(text) - clock.now()); }

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

  static scheduler::InstanceId id(const std::string& job, const std::string& slot) {
    scheduler::InstanceId wanted;
    wanted.job = job;
    wanted.scheduled = local_time(slot);
    return wanted;
  }
  std::string why(const scheduler::InstanceId& wanted) {
    return scheduler::sentence(ask(scheduler->why(wanted)).value());
  }
  scheduler::Instance get(const std::string& job, const std::string& slot) {
    auto found = ask(store.instance(id(job, slot)));
    if (!found) throw std::logic_error("no instance " + job + "@" + slot);
    return *found;
  }
  std::vector<scheduler::Instance> all(const std::string& job, std::vector<scheduler::State> states = {}) {
    scheduler::InstanceQuery query;
    query.job = job;
    query.states = std::move(states);
    query.limit = 1000;
    std::vector<scheduler::Instance> found;
    while (true) {
      std::vector<scheduler::Instance> page = ask(store.instances(query));
      if (page.empty()) break;
      query.after = page.back().id;
      found.insert(found.end(), page.begin(), page.end());
    }
    std::reverse(found.begin(), found.end());
    return found;
  }
  // "orders@00:05 orders@00:10#2": what executed, in order; attempts from the second on with their number.
  std::string executed(std::size_t from = 0) const {
    std::string text;
    for (std::size_t i = from; i < runner.starts.size(); ++i) {
      const auto& start = runner.starts[i];
      const std::string slot = job::format_local(start.id.scheduled, "Asia/Shanghai");
      if (!text.empty()) text += ' ';
      text += start.id.job + "@" + slot.substr(11, 5);
      if (start.attempt > 1) text += "#" + std::to_string(start.attempt);
    }
    return text;
  }

 private:
  void step() {
    const auto next = clock.next_wake();
    if (!next) throw std::logic_error("everything waits for something that never comes");
    clock.advance(*next - clock.monotonic());
  }
  void finish() {
    clock.settle();
    while (running_) step();
    scheduler.reset();
  }

  boost::asio::cancellation_signal cancel_;
  bool running_ = false;
};

}  // namespace sluice::test
