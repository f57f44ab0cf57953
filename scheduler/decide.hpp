#pragma once
// What to do next, as pure functions: no clock, no store, no waiting. docs/state-machine.md has the tables.

#include "core/base/error.hpp"
#include "core/job/job.hpp"
#include "scheduler/instance.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::scheduler {

// --- The head of a job: its earliest instance that is not success. ---

// What the deciding coroutine knows besides the instance.
struct Situation {
  Instant now{};
  bool job_loaded = true;   // its definition is among the present jobs
  bool claimed = false;     // an attempt of it is in progress in this process
  std::size_t running = 0;  // attempts in progress, all jobs
  std::size_t limit = 1;    // allowed at once
};

enum class Step : std::uint8_t {
  start,            // begin an attempt now
  wait_for_time,    // its slot has not come
  wait_for_retry,   // retry_at has not come
  wait_for_place,   // as many attempts are running as are allowed
  wait_for_person,  // failure or frozen
  wait_for_job,     // its job is not loaded
  in_progress,      // claimed by an attempt of this process
  orphaned,         // stored as running, yet nobody runs it: close the attempt as lost
  done,             // success: not a head at all
};

Step decide(const Instance& head, const Situation& situation) noexcept;

// Slot, or the retry's time: the moment from which an attempt may start.
Instant due_at(const Instance& instance) noexcept;

// Oldest slot first, then by name: the order in which free places are given.
void sort_by_turn(std::vector<Instance>& heads);

// --- The end of an attempt. ---

struct Ending {
  enum class Cause : std::uint8_t { finished, killed, shutdown };
  Cause cause = Cause::finished;
  std::string killer;            // killed only: "killed by uid 1000"
  std::optional<Error> failure;  // finished only; nothing: success
};

// What is to be stored about it.
struct Verdict {
  AttemptResult result = AttemptResult::success;
  Error error;                      // unless success
  std::optional<Instant> retry_at;  // failed only: the next attempt
};

// `failures` counts the instance's failures before this attempt. Times are counted from `end`, the end of the
// attempt.
Verdict judge(const Ending& ending, const job::Rerun& rerun, int failures, Instant end);

// False for failures after which only a person can choose how to go on: the data is gone.
bool may_rerun(Errc code) noexcept;

// --- Actions of an operator. ---

enum class Action : std::uint8_t { rerun, kill, freeze, unfreeze, set_success };
std::string_view to_string(Action action) noexcept;

struct Transition {
  std::vector<State> from;
  State to = State::wait_resource;
};

// Where the action leads from the instance's present state; refused_by_state says what would be allowed.
// kill of a running instance leaves it running: the end of its attempt decides.
Result<Transition> transition(Action action, const Instance& instance, Instant now);

// --- Explaining. ---

// The state to show. While an instance waits nothing is written, so what it waits for follows from the clock
// and from the instances it depends on: stored wait states become not_run while one of those is not done,
// wait_resource when they are due.
State shown_state(const Instance& instance, bool behind, Instant now) noexcept;

// What the instance does or lacks by itself, with the way out, as the end of "waits for X, which ...".
std::string describe(const Instance& instance, const Situation& situation);

}  // namespace sluice::scheduler
