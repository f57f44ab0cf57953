#include "scheduler/decide.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

bool waits(State state) noexcept {
  return state == State::not_run || state == State::wait_time || state == State::wait_resource;
}

Error refused(const Instance& instance, std::string_view action, std::string_view way_out) {
  return Error(Errc::refused_by_state,
               fmt::format("{} {}: it is {}; {}", action, to_string(instance.id, instance.zone),
                           to_string(instance.state), way_out));
}

std::string local(const Instance& instance, Instant at) {
  return job::format_local(std::chrono::floor<std::chrono::seconds>(at), instance.zone);
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
      return fmt::format("waits for a free place: {} of {} attempts are running", situation.running,
                         situation.limit);
    case Step::wait_for_job:
      return fmt::format("cannot run: job {} is not loaded; put its file back", instance.id.job);
    case Step::in_progress:
      return fmt::format("is running, attempt {}",
                         instance.state == State::running ? instance.attempts : instance.attempts + 1);
    case Step::orphaned:
      return "is being taken up again after its attempt was lost";
    case Step::done:
      return fmt::format("succeeded with {} rows", instance.rows);
    case Step::wait_for_person:
      break;
  }
  if (instance.state == State::frozen) return fmt::format("is {}; sluice unfreeze {}", instance.reason, name);
  return fmt::format("failed: {}; sluice rerun {} once the cause is gone", instance.reason, name);
}

Instant due_at(const Instance& instance) noexcept {
  const bool retries = instance.state == State::retry_wait && instance.retry_at;
  return retries ? *instance.retry_at : instance.id.scheduled;
}

Step decide(const Instance& head, const Situation& situation) noexcept {
  if (is_done(head.state)) return Step::done;
  if (situation.claimed) return Step::in_progress;
  if (head.state == State::running) return Step::orphaned;
  if (head.state == State::failure || head.state == State::frozen) return Step::wait_for_person;
  if (head.id.scheduled > situation.now) return Step::wait_for_time;
  if (due_at(head) > situation.now) return Step::wait_for_retry;
  if (!situation.job_loaded) return Step::wait_for_job;
  return situation.running < situation.limit ? Step::start : Step::wait_for_place;
}

void sort_by_turn(std::vector<Instance>& heads) {
  std::sort(heads.begin(), heads.end(), [](const Instance& a, const Instance& b) {
    return a.id.scheduled != b.id.scheduled ? a.id.scheduled < b.id.scheduled : a.id.job < b.id.job;
  });
}

bool may_rerun(Errc code) noexcept { return code != Errc::trimmed && code != Errc::stream_changed; }

Verdict judge(const Ending& ending, const job::Rerun& rerun, int failures, Instant end) {
  Verdict verdict;
  if (ending.cause == Ending::Cause::shutdown) {
    verdict.result = AttemptResult::lost;
    verdict.error =
        Error(Errc::cancelled, "stop with the daemon: the window is taken up again at its next start");
    verdict.retry_at = end;
  } else if (ending.cause == Ending::Cause::killed) {
    verdict.result = AttemptResult::killed;
    verdict.error = Error(Errc::cancelled, ending.killer);
  } else if (ending.failure) {
    verdict.result = AttemptResult::failed;
    verdict.error = *ending.failure;
    if (may_rerun(verdict.error.code()) && failures < rerun.times) verdict.retry_at = end + rerun.interval;
  }
  return verdict;
}

std::string_view to_string(Action action) noexcept {
  switch (action) {
    case Action::rerun:
      return "rerun";
    case Action::kill:
      return "kill";
    case Action::freeze:
      return "freeze";
    case Action::unfreeze:
      return "unfreeze";
    case Action::set_success:
      return "set-success";
  }
  return "unknown";
}

Result<Transition> transition(Action action, const Instance& instance, Instant now) {
  const State present = instance.state;
  Transition next;
  next.from.push_back(present);
  switch (action) {
    case Action::rerun:
      next.to = State::wait_resource;
      if (present == State::success || present == State::failure) return next;
      return refused(instance, "rerun", "only SUCCESS and FAILURE can be run again");
    case Action::kill:
      next.to = present == State::retry_wait ? State::failure : present;
      if (present == State::running || present == State::retry_wait) return next;
      return refused(instance, "kill", "nothing is running; freeze it to keep it from starting");
    case Action::freeze:
      next.to = State::frozen;
      if (waits(present) || present == State::retry_wait) return next;
      return refused(instance, "freeze", "only an instance that waits can be frozen");
    case Action::unfreeze:
      next.to = instance.id.scheduled > now ? State::wait_time : State::wait_resource;
      if (present == State::frozen) return next;
      return refused(instance, "unfreeze", "only FROZEN can be unfrozen");
    case Action::set_success:
      next.to = State::success;
      if (present == State::failure || present == State::frozen) return next;
      return refused(instance, "set-success", "only FAILURE and FROZEN can be set to success");
  }
  return Error(Errc::internal, "find transition: unknown action");
}

State shown_state(const Instance& instance, bool behind, Instant now) noexcept {
  if (!waits(instance.state)) return instance.state;
  if (behind) return State::not_run;
  return instance.id.scheduled > now ? State::wait_time : State::wait_resource;
}

}  // namespace sluice::scheduler
