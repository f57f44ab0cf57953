#pragma once
// What to do next, as pure functions: no clock, no store, no waiting. docs/state-machine.md has the tables.

#include "core/base/error.hpp"
#include "core/job/job.hpp"
#include "scheduler/actions.hpp"
#include "scheduler/instance.hpp"
#include "scheduler/operation_store.hpp"
#include "scheduler/places.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::scheduler {

// --- The head of a job: its earliest instance that is not done. ---

// What the deciding coroutine knows besides the instance.
struct Situation {
  Instant now{};
  bool job_loaded = true;        // its definition is among the present jobs
  bool changed = false;          // loaded, with another version than the instance's
  bool claimed = false;          // an attempt of it is in progress in this process
  bool killing = false;          // claimed, and its attempt is being stopped
  std::optional<Pause> pause{};  // of its job, if it concerns the instance
  std::size_t running = 0;       // attempts in progress, all jobs
  std::size_t limit = 1;         // allowed at once
  Place place = Place::free;
};

enum class Step : std::uint8_t {
  start,            // begin an attempt now
  wait_for_time,    // its slot has not come
  wait_for_retry,   // retry_at has not come
  wait_for_place,   // as many attempts are running as are allowed
  wait_for_person,  // failure, lost or frozen
  wait_for_resume,  // its job is paused
  wait_for_job,     // its job is not loaded
  finish_dry_run,   // success at once, without an attempt
  in_progress,      // claimed by an attempt of this process
  orphaned,         // stored as running, yet nobody runs it: close the attempt as lost
  done,             // success or skipped: not a head at all
};

Step decide(const Instance& head, const Situation& situation) noexcept;

// Slot, or the retry's time: the moment from which an attempt may start.
Instant due_at(const Instance& instance) noexcept;

// --- The end of an attempt. ---

struct Ending {
  enum class Cause : std::uint8_t { finished, killed, timed_out, shutdown };
  Cause cause = Cause::finished;
  std::string killer;            // killed: "killed by uid 1000"; timed_out: "timeout: ..."
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

// Windows of a stream follow each other by position; a table's stand for themselves.
bool follows_positions(const job::Job& job) noexcept;

// --- Explaining. ---

// The state to show. While an instance waits nothing is written, so what it waits for follows from the clock
// and from the instances it depends on: stored wait states become not_run while one of those is not done,
// wait_resource when they are due.
State shown_state(const Instance& instance, bool behind, Instant now) noexcept;

// The state to show of what is being stopped, and of what is due while its job is paused; else `shown`.
State shown_state(const Instance& instance, State shown, const Situation& situation) noexcept;

// "job paused by uid 1000 since 2018-10-16T00:15+08:00: the table is being moved"
std::string explain(const Pause& pause, std::string_view zone);

// What the instance does or lacks by itself, with the way out, as the end of "waits for X, which ...".
std::string describe(const Instance& instance, const Situation& situation);

}  // namespace sluice::scheduler
