#pragma once
// Why an instance is in its state, as a code: programs decide by it, people read Instance::reason. Pure.

#include "scheduler/instance.hpp"

#include <string_view>

namespace sluice::scheduler {

enum class ReasonCode : std::uint8_t {
  none,            // the state says all
  attempt_failed,  // RETRY_WAIT, FAILURE: its latest attempt failed
  timed_out,       // FAILURE: its latest attempt took too long
  killed,          // FAILURE: an operator stopped it
  attempt_lost,    // WAIT_RESOURCE, RETRY_WAIT, LOST: its latest attempt ended with the daemon
  missed,          // SKIPPED: by the rule catchUp of its job
  skipped,         // SKIPPED: by an operator
  set_success,     // SUCCESS: an operator said so
  dry_run,         // SUCCESS, or planned: it does not run
  frozen,          // FROZEN: an operator keeps it back
  job_paused,      // FROZEN: its job is paused
  put_back,        // an operator lets it run, or run again
};

// "none", "attempt_failed", ... as the API writes them.
std::string_view to_string(ReasonCode code) noexcept;

// What the texts of these reasons begin with. Whoever writes one of them begins it so.
inline constexpr std::string_view kMissed = "missed while the daemon or the job was away";
inline constexpr std::string_view kKilled = "killed ";
inline constexpr std::string_view kTimeout = "timeout: the attempt took longer than ";
inline constexpr std::string_view kStopped = "stop with the daemon: ";
inline constexpr std::string_view kNotBegun = "begin attempt: the state store did not answer";
inline constexpr std::string_view kSetToSuccess = "set to success";
inline constexpr std::string_view kJobPaused = "job paused by ";

// Of an instance as it is stored, or as it is shown.
ReasonCode reason_code(State state, bool dry_run, std::string_view reason) noexcept;
inline ReasonCode reason_code(const Instance& instance) noexcept {
  return reason_code(instance.state, instance.dry_run, instance.reason);
}

}  // namespace sluice::scheduler
