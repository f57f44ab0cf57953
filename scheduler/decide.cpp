#include "scheduler/decide.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/script.hpp"
#include "scheduler/clock_guard.hpp"
#include "scheduler/reason.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

// With a rerun the instance keeps the version that it was planned with.
constexpr std::string_view kChanged =
    "; its job file has changed since: rerun --latest runs with the new one";

bool waits(State state) noexcept {
  return state == State::not_run || state == State::wait_time || state == State::wait_resource;
}

std::string local(const Instance& instance, Instant at) {
  return job::format_local(std::chrono::floor<std::chrono::seconds>(at), instance.zone);
}

std::string describe_place(const Instance& instance, const Situation& situation) {
  switch (situation.place) {
    case Place::job_full:
      return fmt::format(
          "waits for a free place: as many instances of {} are running as its maxParallel allows",
          instance.id.job);
    case Place::backfills_full:
      return "waits for a free place: backfills leave one to what is due";
    case Place::all_taken:
    case Place::free:
      break;
  }
  return fmt::format("waits for a free place: {} of {} attempts are running", situation.running,
                     situation.limit);
}

}  // namespace

std::string describe(const Instance& instance, const Situation& situation) {
  const std::string name = to_string(instance.id, instance.zone);
  switch (decide(instance, situation)) {
    case Step::start:
      return "is about to start";
    case Step::wait_for_time:
      return fmt::format("waits for its time, {}", local(instance, instance.id.scheduled));
    case Step::wait_for_retry:
      return fmt::format("waits until {} to run again after: {}", local(instance, due_at(instance)),
                         instance.reason);
    case Step::wait_for_place:
      return describe_place(instance, situation);
    case Step::wait_for_job:
      return fmt::format("cannot run: job {} is not loaded; put its file back", instance.id.job);
    case Step::wait_for_resume:
      return fmt::format("is kept back: {}; sluice resume {}", explain(*situation.pause, instance.zone),
                         instance.id.job);
    case Step::finish_dry_run:
      return "is a dry run that is about to be done";
    case Step::in_progress:
      if (situation.killing) return "is being stopped; what it wrote is taken back";
      return fmt::format("is running, attempt {}",
                         instance.state == State::running ? instance.attempts : instance.attempts + 1);
    case Step::orphaned:
      return "is being taken up again after its attempt was lost";
    case Step::done:
      if (instance.state == State::skipped) return fmt::format("was skipped: {}", instance.reason);
      if (reason_code(instance) != ReasonCode::none && !instance.reason.empty())
        return fmt::format("was {}{}", instance.dry_run ? "a " : "", instance.reason);
      return fmt::format("succeeded with {} rows", instance.rows);
    case Step::wait_for_person:
      break;
  }
  if (instance.state == State::frozen) return fmt::format("is {}; sluice unfreeze {}", instance.reason, name);
  if (instance.state == State::lost) {
    return fmt::format(
        "is lost: {}; look at what the target has of it, then sluice rerun {} --force, or sluice "
        "set-success {}{}",
        instance.reason, name, name, situation.changed ? kChanged : "");
  }
  return fmt::format("failed: {}; sluice rerun {} once the cause is gone{}", instance.reason, name,
                     situation.changed ? kChanged : "");
}

Instant due_at(const Instance& instance) noexcept {
  const bool retries = instance.state == State::retry_wait && instance.retry_at;
  return retries ? *instance.retry_at : instance.id.scheduled;
}

Step decide(const Instance& head, const Situation& situation) noexcept {
  if (is_done(head.state)) return Step::done;
  if (situation.claimed) return Step::in_progress;
  if (head.state == State::running) return Step::orphaned;
  if (head.state == State::failure || head.state == State::lost || head.state == State::frozen)
    return Step::wait_for_person;
  if (head.id.scheduled > situation.now) return Step::wait_for_time;
  if (situation.pause) return Step::wait_for_resume;
  // A retry is at most half an hour away: what lies further was put down by a clock that has been set back.
  const Duration to_retry = due_at(head) - situation.now;
  if (to_retry > Duration(0) && to_retry <= kWallJumpMax) return Step::wait_for_retry;
  if (!situation.job_loaded) return Step::wait_for_job;
  if (head.dry_run) return Step::finish_dry_run;
  const bool place = situation.running < situation.limit && situation.place == Place::free;
  return place ? Step::start : Step::wait_for_place;
}

bool may_rerun(Errc code) noexcept { return code != Errc::trimmed && code != Errc::stream_changed; }

bool follows_positions(const job::Job& job) noexcept {
  return job.dependencies.self && (!job.script || job.script->source == job::SourceKind::stream);
}

Verdict judge(const Ending& ending, const job::Rerun& rerun, int failures, Instant end) {
  Verdict verdict;
  if (ending.cause == Ending::Cause::shutdown) {
    verdict.result = AttemptResult::lost;
    verdict.error =
        Error(Errc::cancelled, fmt::format("{}the window is taken up again at its next start", kStopped));
    verdict.retry_at = end;
  } else if (ending.cause == Ending::Cause::killed) {
    verdict.result = AttemptResult::killed;
    verdict.error = Error(Errc::cancelled, ending.killer);
  } else if (ending.cause == Ending::Cause::timed_out) {
    verdict.result = AttemptResult::timed_out;
    verdict.error = Error(Errc::timeout, ending.killer);
  } else if (ending.failure) {
    verdict.result = AttemptResult::failed;
    verdict.error = *ending.failure;
    if (may_rerun(verdict.error.code()) && failures < rerun.times) verdict.retry_at = end + rerun.interval;
  }
  return verdict;
}

State shown_state(const Instance& instance, bool behind, Instant now) noexcept {
  if (!waits(instance.state)) return instance.state;
  if (behind) return State::not_run;
  return instance.id.scheduled > now ? State::wait_time : State::wait_resource;
}

State shown_state(const Instance& instance, State shown, const Situation& situation) noexcept {
  if (situation.killing) return State::killing;
  const bool kept_back = situation.pause && !situation.claimed && instance.id.scheduled <= situation.now &&
                         (waits(instance.state) || instance.state == State::retry_wait);
  return kept_back ? State::frozen : shown;
}

std::string explain(const Pause& pause, std::string_view zone) {
  const auto since = std::chrono::floor<std::chrono::seconds>(pause.since);
  return fmt::format("{}{} since {}{}{}", kJobPaused, pause.actor, job::format_local(since, zone),
                     pause.reason.empty() ? "" : ": ", pause.reason);
}

}  // namespace sluice::scheduler
