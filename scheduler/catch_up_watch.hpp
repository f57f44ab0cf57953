#pragma once
// Knows since when each job was away, and skips the windows it missed meanwhile as its rule says. A job is
// away while the daemon does not run, while it is not loaded, and while the clock runs on without the
// program (suspend, or the wall clock set forward).

#include "core/base/clock.hpp"
#include "scheduler/catch_up_store.hpp"
#include "scheduler/observer.hpp"
#include "scheduler/planner.hpp"
#include "scheduler/state_store.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scheduler {

// Single-threaded. Throws what the stores throw; what was not done then is done by the next call.
class CatchUpWatch {
 public:
  static constexpr Duration kWatchEvery = std::chrono::minutes(1);

  // All outlive this. Without a catch-up store nothing is ever missed.
  CatchUpWatch(const Clock& clock, StateStore& store, CatchUpStore* catch_up, Observer& observer);

  // At start: since when the jobs were away.
  awaitable<void> begin(const Jobs& jobs);
  // The jobs were replaced.
  void change_jobs(const Jobs& before, const Jobs& after);
  // To be called at least every 30 s: notices a clock that ran on alone.
  void look(const Jobs& jobs);

  // True while it is not decided yet which windows of the job run: none may start.
  bool undecided(std::string_view job) const { return away_.contains(job) || added_.contains(job); }
  // Of any job.
  bool undecided() const noexcept { return !away_.empty() || !added_.empty(); }

  // Decides for the jobs that are planned up to now, and notes that somebody is here.
  awaitable<void> decide_missed(const Jobs& jobs, std::function<bool(const std::string& job)> planned);
  // Notes that somebody was here until now. For the end of an ordered stop.
  awaitable<void> leave();

 private:
  awaitable<void> note_changes();
  awaitable<void> skip_missed(const job::Job& job, Instant since);

  const Clock& clock_;
  StateStore& store_;
  CatchUpStore* catch_up_;
  Observer& observer_;
  std::map<std::string, Instant, std::less<>>
      away_;                                  // loaded jobs to decide about; since when they were away
  std::set<std::string, std::less<>> added_;  // loaded lately; the store knows since when they were away
  std::vector<Absence> removed_;              // not loaded any more, not stored yet
  std::set<std::string> stored_;              // names of the absences in the store
  Instant last_wall_{};
  Duration last_monotonic_{0};
  Instant watched_{};
  bool begun_ = false;
};

}  // namespace sluice::scheduler
