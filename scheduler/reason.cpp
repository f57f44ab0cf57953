#include "scheduler/reason.hpp"

#include <array>

namespace sluice::scheduler {

std::string_view to_string(ReasonCode code) noexcept {
  constexpr std::array<std::string_view, 12> kWords{
      "none",    "attempt_failed", "timed_out", "killed", "attempt_lost", "missed",
      "skipped", "set_success",    "dry_run",   "frozen", "job_paused",   "put_back"};
  return kWords[static_cast<std::size_t>(code)];
}

ReasonCode reason_code(State state, bool dry_run, std::string_view reason) noexcept {
  switch (state) {
    case State::failure:
      if (reason.starts_with(kKilled)) return ReasonCode::killed;
      return reason.starts_with(kTimeout) ? ReasonCode::timed_out : ReasonCode::attempt_failed;
    case State::retry_wait:
      if (reason.starts_with(kStopped) || reason.starts_with(kNotBegun)) return ReasonCode::attempt_lost;
      return ReasonCode::attempt_failed;
    case State::lost:
      return ReasonCode::attempt_lost;
    case State::skipped:
      return reason.starts_with(kMissed) ? ReasonCode::missed : ReasonCode::skipped;
    case State::frozen:
      return reason.starts_with(kJobPaused) ? ReasonCode::job_paused : ReasonCode::frozen;
    case State::success:
      if (reason.starts_with(kSetToSuccess)) return ReasonCode::set_success;
      break;
    case State::not_run:
    case State::wait_time:
    case State::wait_resource:
      if (dry_run) break;
      if (reason.starts_with("attempt ")) return ReasonCode::attempt_lost;
      return reason.empty() ? ReasonCode::none : ReasonCode::put_back;
    case State::running:
    case State::killing:
      return ReasonCode::none;
  }
  return dry_run ? ReasonCode::dry_run : ReasonCode::none;
}

}  // namespace sluice::scheduler
