#pragma once
// A random week of a scheduler's life from one seed: jobs, failures, crashes, a store that breaks or is slow,
// clock jumps, outages, edits, operators. The oracles look at every wake-up and after every event; at the end
// everything is set right, and then everything that was due must be done.

#include "tests/sim/oracles.hpp"
#include "tests/sim/week.hpp"

#include <array>
#include <deque>
#include <memory>
#include <set>
#include <string>

namespace sluice::test {

class SchedulerWorld {
 public:
  // On a store in memory.
  explicit SchedulerWorld(std::uint64_t seed);
  // On `store`, as `view` sees it; both outlive this.
  SchedulerWorld(std::uint64_t seed, scheduler::StateStore& store, StoreView& view);

  // Throws std::logic_error that says which oracle was broken, and what happened before.
  void run();

  // Prints every event, line of the log and attempt.
  void think_aloud() { aloud_ = true; }
  // Attempts that executed, for the record.
  std::size_t attempts() const { return bench_.runner.starts.size(); }
  Duration lived() const { return bench_.clock.monotonic(); }

 private:
  SchedulerWorld(std::uint64_t seed, scheduler::StateStore* store, StoreView* view);
  void live();
  void look();
  void start();
  void pass(Duration duration);
  void reboot(const std::string& what);
  ScriptedRunner::Act next_act();
  Fault next_fault(bool writes);
  Duration next_latency(bool writes);
  void note(std::string event);
  void tell();

  // Events; in world_events.cpp.
  void random_event();
  void let_time_pass();
  void restart();
  void step_clock();
  void disturb_store();
  void mend_store();
  void edit_jobs();
  void change_limit();
  void put_in_force();
  void operate();
  void pause_or_resume();
  void backfill();  // in world_backfills.cpp
  void create_backfill();
  void change_backfill(const scheduler::Backfill& backfill);
  void resume_backfills();
  void settle_everything();
  std::string settle_round(Instant until);
  std::string next_actor() { return "sim " + std::to_string(++actors_); }
  void act(scheduler::Order order, const Instance& instance);

  // Follows what the scheduler has seen of the definitions that were put in.
  void follow_eras();
  bool at_rest() const;

  // Uniform in [0, bound).
  std::uint64_t pick(std::uint64_t bound) { return dice_.below(bound); }
  bool chance(std::uint64_t percent) { return pick(100) < percent; }

  SeededRandom dice_;
  Week week_;
  SchedulerBench bench_;
  std::unique_ptr<StoreView> memory_view_;
  StoreView& view_;
  Truth truth_;
  Oracles oracles_;
  std::vector<job::Job> away_;  // jobs whose files were taken away
  bool with_backfills_ = false;
  std::vector<scheduler::Backfill> backfills_;
  std::deque<std::string> history_;
  bool aloud_ = false;         // every event is printed as it comes
  std::size_t told_ = 0;       // lines of the log, and ...
  std::size_t shown_ = 0;      // ... starts of attempts that were printed
  std::size_t calls_ = 0;      // of the store since the clock moved
  std::size_t crash_in_ = 0;   // writes until the process dies; 0: no such plan
  bool dead_ = false;          // it has died at a write: nothing reaches the store any more
  bool looking_ = false;       // an oracle asks, not the world
  Duration fast_since_{0};     // monotonic; when the store ceased to be slow
  bool calm_ = false;          // no more failures
  bool store_broken_ = false;  // no write works
  Duration store_takes_{0};    // of a slow store; at most, per call
  int edits_ = 0;
  int actors_ = 0;
};

}  // namespace sluice::test
