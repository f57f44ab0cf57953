#include "tests/support/scheduler_bench.hpp"

#include "core/job/script.hpp"
#include "tests/support/faulty_backfills.hpp"
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/memory_backfills.hpp"
#include "tests/support/memory_state_store.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <stdexcept>

namespace sluice::test {

Instant local_time(const std::string& text) { return *job::parse_local(text); }

job::Job job_named(const std::string& name, std::chrono::minutes interval) {
  job::Job job;
  job.name = name;
  job.schedule.interval = interval;
  job.version = "version-1";
  return job;
}

job::Job reading_table(const std::string& name) {
  job::Job job = job_named(name);
  auto script = std::make_shared<job::Script>();
  script->source = job::SourceKind::table;
  job.script = std::move(script);
  return job;
}

Result<scheduler::Frozen> freeze_seed(const job::Job& job, Instant slot) {
  scheduler::Frozen frozen;
  frozen.values.emplace_back("start_time", std::to_string(slot.time_since_epoch().count()));
  frozen.window.job = job.name;
  frozen.window.start = slot - std::chrono::minutes(10);
  frozen.window.end = slot - std::chrono::minutes(5);
  return frozen;
}

struct SchedulerStores {
  explicit SchedulerStores(scheduler::StateStore* kept_store)
      : store(kept_store != nullptr ? *kept_store : memory), backfills(store), catch_up(store) {}

  MemoryStateStore memory;
  scheduler::StateStore& store;
  MemoryBackfills backfills;
  MemoryCatchUp catch_up;
};

SchedulerBench::SchedulerBench(const std::string& start, scheduler::StateStore* kept_store)
    : clock(io, local_time(start)),
      stores(std::make_unique<SchedulerStores>(kept_store)),
      memory(stores->memory),
      store(stores->store),
      backfills(stores->backfills),
      catch_up(stores->catch_up),
      runner(clock) {
  options.freezer = freeze_seed;
  options.asleep = [this] { return asleep_; };
}

SchedulerBench::~SchedulerBench() {
  if (scheduler) crash();
}

void SchedulerBench::start() { start(FaultScript()); }

void SchedulerBench::start(FaultScript faults) {
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

void SchedulerBench::stop() {
  scheduler->stop();
  finish();
}

void SchedulerBench::crash() {
  faulty->script = [](std::size_t, bool) { return Fault::before; };
  cancel_.emit(boost::asio::cancellation_type::terminal);
  finish();
}

void SchedulerBench::suspend(Duration duration) {
  asleep_ += duration;
  clock.suspend(duration);
}

scheduler::InstanceId SchedulerBench::id(const std::string& job, const std::string& slot) {
  scheduler::InstanceId wanted;
  wanted.job = job;
  wanted.scheduled = local_time(slot);
  return wanted;
}

std::string SchedulerBench::why(const scheduler::InstanceId& wanted) {
  return scheduler::sentence(ask(scheduler->why(wanted)).value());
}

scheduler::Instance SchedulerBench::get(const std::string& job, const std::string& slot) {
  auto found = ask(store.instance(id(job, slot)));
  if (!found) throw std::logic_error("no instance " + job + "@" + slot);
  return *found;
}

std::vector<scheduler::Instance> SchedulerBench::all(const std::string& job,
                                                     std::vector<scheduler::State> states) {
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

std::string SchedulerBench::executed(std::size_t from) const {
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

void SchedulerBench::step() {
  const auto next = clock.next_wake();
  if (!next) throw std::logic_error("everything waits for something that never comes");
  clock.advance(*next - clock.monotonic());
}

void SchedulerBench::finish() {
  clock.settle();
  while (running_) step();
  scheduler.reset();
}

}  // namespace sluice::test
