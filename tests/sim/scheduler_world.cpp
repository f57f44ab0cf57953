#include "tests/sim/scheduler_world.hpp"

#include <fmt/format.h>

namespace sluice::test {

using scheduler::Attempt;
using scheduler::AttemptResult;
using scheduler::Instance;
using scheduler::State;
using namespace std::chrono_literals;

SchedulerWorld::SchedulerWorld(std::uint64_t seed, scheduler::StateStore* store)
    // The clocks of Berlin change on the second day.
    : dice_(seed), bench_("2018-10-27T20:00+08:00", store) {
  bench_.options.attempts_max = 1 + pick(3);
  bench_.options.drain_limit = std::chrono::seconds(pick(120));
  bench_.runner.script = [this](const Instance&, int) { return next_act(); };
  make_jobs();
}

void SchedulerWorld::make_jobs() {
  static constexpr std::array kIntervals = {10min, 15min, 30min, 60min};
  bench_.jobs.clear();
  const std::uint64_t count = 1 + pick(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    job::Job job = job_named(fmt::format("job-{}", i), kIntervals.at(pick(kIntervals.size())));
    if (chance(40)) job.schedule.zone = "Europe/Berlin";
    job.rerun.times = static_cast<int>(pick(4));
    job.rerun.interval = std::chrono::seconds(pick(300));
    bench_.jobs.push_back(std::move(job));
  }
}

ScriptedRunner::Act SchedulerWorld::next_act() {
  static constexpr std::array kErrors = {Errc::unavailable, Errc::throttled, Errc::trimmed,
                                         Errc::unauthenticated};
  ScriptedRunner::Act act;
  act.takes = std::chrono::seconds(pick(chance(5) ? 3000 : 60));
  if (calm_ || !chance(20)) return act;
  act.error = Error(kErrors.at(pick(kErrors.size())), "go wrong");
  act.at = static_cast<ScriptedRunner::Stage>(pick(3));
  act.throws = chance(20);
  return act;
}

Fault SchedulerWorld::next_fault(bool writes) {
  if (store_broken_ && writes) return Fault::before;
  if (calm_ || pick(1000) != 0) return Fault::none;
  return chance(50) ? Fault::before : Fault::after;
}

void SchedulerWorld::start() {
  bench_.start([this](std::size_t, bool writes) { return next_fault(writes); });
}

void SchedulerWorld::run() {
  start();
  const std::uint64_t events = 20 + pick(30);
  for (std::uint64_t i = 0; i < events; ++i) {
    random_event();
    check_now();
  }
  settle_everything();
  last_event_ = "the end";
  check_now();
  check_slots();
  check_exactly_once();
}

void SchedulerWorld::random_event() {
  const std::uint64_t kind = pick(100);
  if (kind < 50) {
    last_event_ = "time";
    bench_.advance(std::chrono::seconds(1 + pick(5400)));
  } else if (kind < 60) {
    restart(false);
  } else if (kind < 67) {
    restart(true);
  } else if (kind < 72) {
    step_clock();
  } else if (kind < 77) {
    last_event_ = store_broken_ ? "the store works again" : "the store breaks";
    store_broken_ = !store_broken_;
  } else {
    operate();
  }
}

void SchedulerWorld::restart(bool gracefully) {
  last_event_ = gracefully ? "restart" : "crash";
  if (gracefully) {
    bench_.stop();
  } else {
    bench_.crash();
  }
  demand(bench_.runner.in_progress.empty(), "nothing executes in a stopped scheduler");
  if (chance(50)) bench_.advance(std::chrono::seconds(pick(14400)));
  start();
}

void SchedulerWorld::step_clock() {
  const auto minutes = static_cast<std::int64_t>(pick(241)) - 120;
  last_event_ = fmt::format("clock step of {} min", minutes);
  bench_.clock.step_wall(std::chrono::minutes(minutes));
}

void SchedulerWorld::operate() {
  const std::string job = bench_.jobs.at(pick(bench_.jobs.size())).name;
  scheduler::InstanceQuery query;
  query.job = job;
  query.to = bench_.clock.now() + 1h;
  query.limit = 12;
  const std::vector<Instance> recent = bench_.ask(bench_.store.instances(query));
  if (recent.empty()) return;
  const scheduler::InstanceId id = recent.at(pick(recent.size())).id;
  const std::uint64_t action = pick(5);
  last_event_ = fmt::format("action {} on {}", action, to_string(id, "UTC"));
  Result<void> done = Error(Errc::internal, "");
  try {
    if (action == 0) done = bench_.ask(bench_.scheduler->rerun(id, "sim"));
    if (action == 1) done = bench_.ask(bench_.scheduler->kill(id, "sim"));
    if (action == 2) done = bench_.ask(bench_.scheduler->freeze(id, "sim"));
    if (action == 3) done = bench_.ask(bench_.scheduler->unfreeze(id, "sim"));
    if (action == 4) done = bench_.ask(bench_.scheduler->set_success(id, "sim"));
  } catch (const ErrorException&) {
    return;  // the store is broken: the operator sees the error and tries again some other day
  }
  if (!done)
    demand(done.error().code() != Errc::internal,
           "an action answers with a cause: " + done.error().message());
}

void SchedulerWorld::settle_everything() {
  calm_ = true;
  store_broken_ = false;
  last_event_ = "set everything right";
  const Instant until = bench_.clock.now();
  for (int round = 0; round < 400; ++round) {
    bench_.advance(30min);
    std::size_t open = 0;
    for (const Instance& instance : bench_.all("")) {
      if (instance.id.scheduled > until || instance.state == State::success) continue;
      ++open;
      if (instance.state == State::failure) {
        demand(bench_.ask(bench_.scheduler->rerun(instance.id, "sim")).has_value(),
               "a failure can be run again");
      }
    }
    for (const Instance& instance : bench_.all("", {State::frozen})) {
      demand(bench_.ask(bench_.scheduler->unfreeze(instance.id, "sim")).has_value(),
             "a frozen one can be unfrozen");
    }
    if (open == 0) return;
  }
  demand(false, "everything that was due gets done");
}

void SchedulerWorld::check_now() {
  demand(!bench_.runner.overlapped, "no instance runs twice at once");
  demand(bench_.runner.executing_max <= bench_.options.attempts_max, "the limit of attempts holds");
  // What a broken store could not take down is made up for once the scheduler has noticed that it works
  // again.
  const bool settled = bench_.scheduler->ready() && !bench_.scheduler->store_failure();
  if (store_broken_ || !settled) return;
  for (const Instance& instance : bench_.all("", {State::running})) {
    demand(bench_.scheduler->running() > 0, "nothing is stored as running for ever");
    demand(instance.id.scheduled <= bench_.clock.now() + 2h + 1min, "nothing runs before its time");
  }
}

// Planning left no slot out and made none twice, whatever the clock did.
void SchedulerWorld::check_slots() {
  for (const job::Job& job : bench_.jobs) {
    const std::vector<Instance> instances = bench_.all(job.name);
    demand(!instances.empty(), "a job has instances");
    const auto calendar = scheduler::Calendar::of(job.schedule).value();
    const auto slots = calendar.slots(instances.front().id.scheduled, instances.back().id.scheduled + 1us);
    demand(slots.size() == instances.size(), "every slot has its row");
    for (std::size_t i = 0; i < slots.size(); ++i) {
      demand(slots[i].at == instances[i].id.scheduled, "rows are the slots");
      demand(slots[i].cycle == instances[i].cycle, "cycles count the slots of a day");
    }
  }
}

// The target holds each instant of the stream once: committed windows touch, and their objects are what they
// say.
void SchedulerWorld::check_exactly_once() {
  for (const job::Job& job : bench_.jobs) {
    std::optional<Instant> end;
    std::set<scheduler::InstanceId> committed;
    for (const Instance& instance : bench_.all(job.name, {State::success})) {
      const auto to = bench_.ask(bench_.store.end_positions(instance.row));
      std::size_t open = 0;
      for (const Attempt& attempt : bench_.ask(bench_.store.attempts(instance.row))) {
        open += attempt.result == AttemptResult::open ? 1U : 0U;
      }
      demand(open == 0, "no attempt of a done instance is open");
      if (!to) continue;
      const auto from = bench_.ask(bench_.store.start_positions(instance.row));
      demand(from.has_value(), "a committed window has its start");
      demand(!end || from->shards.at(0).time == *end,
             "a window starts where the one before it ended: " + to_string(instance.id, "UTC"));
      end = to->shards.at(0).time;
      const auto object = bench_.runner.objects.find(instance.id);
      demand(object != bench_.runner.objects.end(), "a committed window has its object");
      demand(object->second.from == from->shards.at(0).time && object->second.to == *end,
             "the object holds the window: " + to_string(instance.id, "UTC"));
      committed.insert(instance.id);
    }
    for (const auto& [id, object] : bench_.runner.objects) {
      demand(id.job != job.name || id.scheduled > bench_.clock.now() - 30min || committed.contains(id),
             "no object is left of a window that was not committed: " + to_string(id, "UTC"));
    }
  }
}

void SchedulerWorld::demand(bool holds, const std::string& what) const {
  if (!holds) throw std::logic_error(fmt::format("{}; after {}", what, last_event_));
}

}  // namespace sluice::test
