#include "scheduler/pauses.hpp"

#include "core/job/script.hpp"
#include "scheduler/decide.hpp"

#include <fmt/format.h>

namespace sluice::scheduler {
namespace {

// What waits when the pause ends, as the operator sees it.
struct DueWindows {
  Waiting waiting;
  std::string oldest;  // instance ids
  std::string newest;
  bool stream = true;  // skipping loses nothing
};

std::string_view fate_of_skipped(const DueWindows& due) {
  return due.stream ? "nothing of the stream is lost: the records of skipped windows come with the next one"
                    : "skipped windows are not exported";
}

Error choice_needed(const std::string& job, const DueWindows& due) {
  const std::size_t count = due.waiting.count;
  return Error(
      Errc::refused_by_state,
      fmt::format("resume {}: {} windows are due, {} to {}; say which are to run: --run all (all {}, oldest "
                  "first), --run latest (only {}, {} are skipped) or --run none (all {} are skipped); {}",
                  job, count, due.oldest, due.newest, count, due.newest, count - 1, count,
                  fate_of_skipped(due)));
}

std::string outcome_text(const Resumed& done, const DueWindows& due) {
  std::string text = fmt::format("{} due windows run", done.due - done.skipped);
  if (done.skipped > 0) text += fmt::format(", {} are skipped; {}", done.skipped, fate_of_skipped(due));
  return text;
}

}  // namespace

std::string_view to_string(RunChoice choice) noexcept {
  switch (choice) {
    case RunChoice::all:
      return "all";
    case RunChoice::latest:
      return "latest";
    case RunChoice::none:
      return "none";
  }
  return "";
}

std::optional<RunChoice> run_choice_from(std::string_view text) noexcept {
  for (const RunChoice choice : {RunChoice::all, RunChoice::latest, RunChoice::none}) {
    if (to_string(choice) == text) return choice;
  }
  return std::nullopt;
}

awaitable<void> Pauses::load() {
  if (loaded_) co_return;
  const std::vector<Pause> stored = co_await store_.pauses();
  pauses_.clear();
  for (const Pause& pause : stored) pauses_.emplace(pause.job, pause);
  loaded_ = true;
}

std::optional<Pause> Pauses::of(const InstanceId& id) const {
  const auto found = id.group == 0 ? pauses_.find(id.job) : pauses_.end();
  if (found == pauses_.end()) return std::nullopt;
  return found->second;
}

awaitable<Result<void>> Pauses::pause(std::string job, std::string zone, std::string actor,
                                      std::string reason) {
  co_await load();
  const auto known = pauses_.find(job);
  if (known != pauses_.end()) {
    co_return Error(Errc::refused_by_state,
                    fmt::format("pause {}: {} already", job, explain(known->second, zone)));
  }
  Pause pause;
  pause.job = job;
  pause.since = clock_.now();
  pause.actor = actor;
  pause.reason = reason;
  AuditEntry entry;
  entry.at = pause.since;
  entry.actor = std::move(actor);
  entry.action = "pause";
  entry.target = job;
  entry.detail = std::move(reason);
  loaded_ = false;
  Pause stored = pause;
  co_await store_.pause(std::move(stored), std::move(entry));
  loaded_ = true;
  pauses_.insert_or_assign(std::move(job), std::move(pause));
  co_return Result<void>();
}

awaitable<Result<Resumed>> Pauses::resume(std::string job, std::shared_ptr<const job::Job> known,
                                          std::optional<RunChoice> choice, std::string actor,
                                          std::string reason) {
  co_await load();
  const auto paused = pauses_.find(job);
  if (paused == pauses_.end())
    co_return Error(Errc::refused_by_state, fmt::format("resume {}: it is not paused", job));
  const std::string zone = known ? known->schedule.zone : "UTC";
  WaitingRange range;
  range.chain = job;
  range.from = Instant::min();
  range.to = clock_.now() + Duration(1);
  DueWindows due;
  due.stream = !known || !known->script || known->script->source == job::SourceKind::stream;
  due.waiting = co_await store_.waiting(range);
  InstanceId id;
  id.job = job;
  if (due.waiting.oldest) id.scheduled = *due.waiting.oldest;
  due.oldest = to_string(id, zone);
  if (due.waiting.newest) id.scheduled = *due.waiting.newest;
  due.newest = to_string(id, zone);
  if (!choice && due.waiting.count > 1) co_return choice_needed(job, due);

  std::optional<WaitingRange> skipped;
  if (choice == RunChoice::none) skipped = range;
  if (choice == RunChoice::latest && due.waiting.newest) {
    range.to = *due.waiting.newest;
    skipped = range;
  }
  const std::string skip_reason =
      fmt::format("skipped by {} when the job was resumed: {}", actor, fate_of_skipped(due));
  AuditEntry entry;
  entry.at = clock_.now();
  entry.actor = std::move(actor);
  entry.action = "resume";
  entry.target = job;
  entry.detail = fmt::format("run {} of {} due windows{}{}", to_string(choice.value_or(RunChoice::all)),
                             due.waiting.count, reason.empty() ? "" : ": ", reason);
  Resumed done;
  done.due = due.waiting.count;
  loaded_ = false;
  done.skipped = co_await store_.resume(job, std::move(skipped), skip_reason, std::move(entry));
  loaded_ = true;
  pauses_.erase(job);
  done.text = outcome_text(done, due);
  co_return done;
}

}  // namespace sluice::scheduler
