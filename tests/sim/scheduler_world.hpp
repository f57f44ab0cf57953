#pragma once
// A random day and a half of a scheduler's life from one seed: jobs, failures, crashes, a store that breaks,
// clock jumps, operators. After every event the oracles look; at the end everything is set right and the data
// must be there exactly once.

#include "tests/support/scheduler_bench.hpp"

#include <set>
#include <string>

namespace sluice::test {

class SchedulerWorld {
 public:
  // `store`: the state store to run on; null: one in memory.
  SchedulerWorld(std::uint64_t seed, scheduler::StateStore* store);

  // Throws std::logic_error that says which oracle was broken, and after which event.
  void run();

 private:
  void make_jobs();
  void start();
  ScriptedRunner::Act next_act();
  Fault next_fault(bool writes);

  // Events.
  void random_event();
  void restart(bool gracefully);
  void step_clock();
  void operate();

  // Sets right what failed or is frozen until nothing that was due is left.
  void settle_everything();

  // Oracles.
  void check_now();
  void check_slots();
  void check_exactly_once();
  void demand(bool holds, const std::string& what) const;

  // Uniform in [0, bound).
  std::uint64_t pick(std::uint64_t bound) { return dice_.below(bound); }
  bool chance(std::uint64_t percent) { return pick(100) < percent; }

  SeededRandom dice_;
  SchedulerBench bench_;
  std::set<scheduler::InstanceId> by_hand_;  // set to success by an operator
  std::string last_event_ = "start";
  bool calm_ = false;  // no more failures
  bool store_broken_ = false;
};

}  // namespace sluice::test
