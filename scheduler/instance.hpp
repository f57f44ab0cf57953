#pragma once
// The instance of a job: one slot of its schedule, from planned to done. Everything the scheduler decides
// about and storage keeps. State names follow the hosted scheduler's (scheduling.md section 4);
// docs/state-machine.md has the table of transitions.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/job.hpp"
#include "core/pipeline/position.hpp"
#include "core/pipeline/window.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scheduler {

enum class State : std::uint8_t {
  not_run,        // the previous instance has not succeeded yet
  wait_time,      // planned; its time has not come
  wait_resource,  // ready; waits for a free place under the concurrency limit
  running,        // an attempt is open
  retry_wait,     // failed; the next attempt starts at retry_at
  success,
  failure,  // no reruns left, or stopped: a person decides
  frozen,   // will not run until unfrozen; blocks its successors
  killing,  // shown only: its attempt is being stopped
  lost,     // its attempt was lost and the job may not be run again: a person decides
  skipped,  // done without running, for the reason it says; what waits for it goes on
};

// True for success and skipped: what waits for it may go on.
constexpr bool is_done(State state) noexcept { return state == State::success || state == State::skipped; }

// True for those that an attempt may begin from, and for running.
constexpr bool is_runnable(State state) noexcept {
  return state == State::not_run || state == State::wait_time || state == State::wait_resource ||
         state == State::retry_wait || state == State::running;
}

// "NOT_RUN", "WAIT_TIME", ... as the API and the database write them.
std::string_view to_string(State state) noexcept;
std::optional<State> state_from_string(std::string_view text) noexcept;

// Unique: one instance per job, slot and group.
struct InstanceId {
  std::string job;
  Instant scheduled{};     // the slot, UTC
  std::int64_t group = 0;  // 0: recurring; else the group of a backfill that it belongs to
  friend auto operator<=>(const InstanceId&, const InstanceId&) = default;
};

// The instances whose windows follow each other: a job's recurring ones, or those of one group of a backfill.
// "orders" or "orders#7". '#' is no character of a job's name.
std::string chain_of(std::string_view job, std::int64_t group);
inline std::string chain_of(const InstanceId& id) { return chain_of(id.job, id.group); }
struct Chain {
  std::string job;
  std::int64_t group = 0;
};
Chain parse_chain(std::string_view chain);

// "orders@2018-10-16T00:15+08:00", "orders#7@2018-10-16T00:15+08:00"
std::string to_string(const InstanceId& id, std::string_view zone);
Result<InstanceId> parse_instance_id(std::string_view text);

// not_found, with the way out.
Error none_planned(const InstanceId& id);

// What planning puts down, before the slot is due.
struct NewInstance {
  InstanceId id;
  std::string zone;
  int cycle = 0;  // 1-based number of the slot within its local day
  job::ParameterValues values;
  Instant window_start{};
  Instant window_end{};
  std::string version;             // Job::version the values come from
  int priority = 1;                // 1 .. 9, higher first
  bool dry_run = false;            // becomes SUCCESS at its time without running, for `reason`
  State state = State::wait_time;  // or skipped
  std::string reason{};
};

struct Instance {
  std::int64_t row = 0;  // database key
  InstanceId id;
  std::string zone;
  int cycle = 0;
  job::ParameterValues values;
  Instant window_start{};
  Instant window_end{};
  std::string version;
  int priority = 1;
  bool dry_run = false;
  bool released = false;  // an operator dropped its dependencies on other jobs
  State state = State::wait_time;
  std::string reason;  // why it is in this state, for people: "attempt 2 failed: ...", "frozen by ..."
  int attempts = 0;    // opened so far
  int failures = 0;    // attempts that count against Rerun::times since the last rerun by hand
  std::optional<Instant> retry_at;  // retry_wait only
  std::optional<Instant> started;   // of the latest attempt
  std::optional<Instant> finished;  // of the latest attempt
  std::uint64_t rows = 0;           // of the successful attempt
  std::uint64_t bytes = 0;
  std::vector<pipeline::ObjectInfo> objects;
};

enum class AttemptResult : std::uint8_t { open, success, failed, lost, killed, timed_out };
std::string_view to_string(AttemptResult result) noexcept;

struct Attempt {
  std::int64_t instance_row = 0;
  int number = 0;  // from 1
  AttemptResult result = AttemptResult::open;
  Instant started{};
  std::optional<Instant> finished;
  std::string error_code;  // Errc name; empty on success
  std::string error;
  std::string statistics;  // JSON of pipeline::Statistics, empty while open
};

// What a successful attempt leaves, committed with SUCCESS in one transaction.
struct Outcome {
  pipeline::Positions end;
  std::vector<pipeline::ObjectInfo> objects;
  std::vector<pipeline::Gap> gaps;
  pipeline::Statistics statistics;
};

// Where the newest window that a chain has committed, or had by some slot, ended.
struct CommittedEnd {
  Instant slot{};
  Instant window_end{};
  pipeline::Positions positions;
};

// Where a job stands: the base of "durable up to 14:05, no gaps".
struct Coverage {
  std::string job;
  std::optional<Instant> from;   // start of the first window of the gap-free interval that ends at `until`
  std::optional<Instant> begun;  // start of the first window of the chain that ends at `until`, gaps or none
  std::optional<Instant> until;  // end of the newest window of the unbroken chain
  std::vector<pipeline::Gap> gaps;
  std::uint64_t windows = 0;  // successful ones
  std::uint64_t rows = 0;
};

}  // namespace sluice::scheduler
