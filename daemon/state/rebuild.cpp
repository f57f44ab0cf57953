#include "daemon/state/rebuild.hpp"

#include "daemon/base/time_text.hpp"
#include "scheduler/planner.hpp"
#include "scheduler/rebuild_commit.hpp"

#include <fmt/format.h>

#include <array>
#include <set>
#include <utility>

namespace sluice::daemon {
namespace {

using scheduler::ProvenWindow;

// A window this close to what the stream keeps may come too late when it runs again.
constexpr Duration kRerunMargin = std::chrono::hours(1);

scheduler::StreamToday today(const tablestore::StreamState& stream) {
  scheduler::StreamToday now{stream.id, stream.enabled, stream.retention, {}};
  for (const tablestore::Shard& shard : stream.shards) now.shards.push_back(shard.shard_id);
  return now;
}

// The chain goes on by time behind the last window but one that has objects: the newest may be half written,
// and one that was skipped may have left its records to it.
Result<ProvenWindow> proven_by_name(const job::Job& job, JobSurvey& survey, Instant now) {
  ProvenWindow window;
  window.instance = std::move(survey.windows.back().instance);
  window.proof = survey.windows.front().objects.front().name;
  window.outcome.objects = std::move(survey.windows.back().objects);
  for (const pipeline::ObjectInfo& object : window.outcome.objects)
    window.outcome.statistics.written_bytes += object.bytes;
  if (!survey.stream) return window;
  pipeline::Window next;
  next.job = job.name;
  next.start = window.instance.window_end;
  auto all = tablestore::plan_positions(*survey.stream, std::nullopt, next, job::OnGap::fail, now);
  if (!all) return all.error();
  window.outcome.end =
      scheduler::ends_by_time(std::move(*all), today(*survey.stream), window.instance.window_end);
  // It cannot be read again, and must not be with what is not its own.
  window.start.stream = scheduler::kUnknownStream;
  return window;
}

Result<JobPlan> plan_by_objects(const job::Job& job, JobSurvey survey, Instant now) {
  JobPlan plan;
  constexpr std::string_view kWayOut =
      "it begins with its next slot, unless schedule.from of its job file says with which one; what changed "
      "in "
      "between is not exported";
  if (!survey.names_tell_window) {
    plan.warning = fmt::format("its windows all write the same object, without manifests: {}", kWayOut);
    return plan;
  }
  if (survey.windows.empty()) {
    plan.warning = fmt::format("neither manifests nor objects of it were found: {}", kWayOut);
    return plan;
  }
  if (survey.windows.size() == 1 && survey.loads_table) {
    plan.warning = fmt::format(
        "only {} has objects, which may lack rows of the table: remove them and set schedule.from "
        "to its slot, or: {}",
        to_string(survey.windows.front().instance.id, job.schedule.zone), kWayOut);
    return plan;
  }
  plan.by = JobPlan::By::objects;
  if (survey.windows.size() == 1) {
    plan.first = std::move(survey.windows.front().instance);
    plan.goes_on = plan.first->window_start;
    plan.warning = fmt::format(
        "only {} has objects, and they are written anew from {} on: rows that came with it of windows before "
        "it, "
        "such as skipped ones, will be missing; keep a copy of them if there were any",
        to_string(plan.first->id, job.schedule.zone), local_second(*plan.goes_on, job.schedule.zone));
    return plan;
  }
  auto window = proven_by_name(job, survey, now);
  if (!window) return window.error();
  plan.goes_on = window->instance.window_end;
  plan.proof.windows.push_back(std::move(*window));
  return plan;
}

void warn_of_retention(JobPlan& plan, const std::optional<tablestore::StreamState>& stream,
                       const job::Job& job, Instant now) {
  if (!stream || !plan.goes_on || plan.warning || stream->retention <= std::chrono::hours(0)) return;
  const Instant kept_from = now - stream->retention;
  if (*plan.goes_on >= kept_from) return;
  plan.warning = fmt::format(
      "the stream keeps records from {} on only: those between are lost, and its next window fails with "
      "trimmed unless onGap is continue{}",
      local_second(kept_from, job.schedule.zone),
      plan.by == JobPlan::By::state_file || !plan.proof.breaks.empty()
          ? "; rebuild with --new does not count on what the state file has"
          : "");
}

// Retention 0: not known, or a table.
void choose_reruns(JobPlan& plan, std::chrono::hours retention, Instant now) {
  for (const WindowDifference& found : plan.differences) {
    ProvenWindow& window = plan.proof.windows[found.place];
    const bool kept =
        retention == std::chrono::hours(0) || window.instance.window_start >= now - retention + kRerunMargin;
    if (!kept || !window.rerun.empty()) continue;
    window.rerun = fmt::format("{} {}", found.difference.object, found.difference.detail);
  }
}

// Without rows for them the ledger would count on slots of which nothing is known.
Result<std::vector<scheduler::NewInstance>> unproven_between(
    const job::Job& job, const std::vector<ProvenWindow>& windows,
    const std::optional<scheduler::CommittedEnd>& committed) {
  std::vector<scheduler::NewInstance> unproven;
  if (windows.empty()) return unproven;
  const auto calendar = scheduler::Calendar::of(job.schedule);
  if (!calendar) return calendar.error();
  std::set<Instant> proven;
  if (committed) proven.insert(committed->slot);
  for (const ProvenWindow& window : windows) proven.insert(window.instance.id.scheduled);
  std::vector<scheduler::Slot> slots = calendar->slots(*proven.begin(), *proven.rbegin());
  // Of an off day nothing is missing: it has no window.
  std::erase_if(slots, [&](const scheduler::Slot& slot) { return slot.dry_run || proven.contains(slot.at); });
  scheduler::FreezeFailures failures;
  unproven = scheduler::make_instances(job, slots, scheduler::freeze_job, failures);
  if (failures.count > 0) return Error(Errc::invalid_argument, failures.first);
  return unproven;
}

awaitable<Result<void>> skip_unproven(scheduler::StateStore& store,
                                      std::vector<scheduler::NewInstance> unproven) {
  std::vector<scheduler::InstanceId> ids;
  for (const scheduler::NewInstance& instance : unproven) ids.push_back(instance.id);
  co_await store.add_instances(std::move(unproven));
  for (const scheduler::InstanceId& id : ids) {
    const auto instance = co_await store.instance(id);
    // What the state file knows of it is known better.
    if (!instance || instance->state != scheduler::State::wait_time || instance->attempts > 0) continue;
    std::vector<scheduler::State> from(1, scheduler::State::wait_time);
    std::string reason = "rebuilt: no manifest proves that it was exported";
    const auto skipped = co_await store.change_state(instance->row, std::move(from),
                                                     scheduler::State::skipped, std::move(reason));
    if (!skipped) co_return skipped.error().in("rebuild " + to_string(id, instance->zone));
  }
  co_return Result<void>();
}

}  // namespace

std::string_view to_string(JobPlan::By by) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"manifests", "objects", "state_file", "nothing"};
  return kNames[static_cast<std::size_t>(by)];
}

Result<JobPlan> plan_rebuild(const job::Job& job, JobSurvey survey,
                             const std::optional<scheduler::CommittedEnd>& committed, Instant now) {
  std::optional<scheduler::StreamToday> stream;
  if (survey.stream) stream = today(*survey.stream);
  JobPlan plan;
  plan.proof = scheduler::prove_windows(std::move(survey.manifests), stream, committed, now);
  if (!plan.proof.windows.empty()) {
    plan.by = JobPlan::By::manifests;
    plan.goes_on = plan.proof.windows.back().instance.window_end;
  } else if (committed) {
    plan.by = JobPlan::By::state_file;
    plan.goes_on = committed->window_end;
  } else {
    scheduler::Proof doubtful = std::move(plan.proof);
    auto by_objects = plan_by_objects(job, survey, now);
    if (!by_objects) return by_objects;
    plan = std::move(*by_objects);
    plan.proof.breaks = std::move(doubtful.breaks);
    plan.proof.again = doubtful.again;
  }
  plan.of_table = !survey.stream;
  if (plan.of_table) {
    auto unproven = unproven_between(job, plan.proof.windows, committed);
    if (!unproven) return unproven.error();
    plan.unproven = std::move(*unproven);
  }
  warn_of_retention(plan, survey.stream, job, now);
  return plan;
}

awaitable<Result<JobPlan>> look_and_plan(SurveyPorts ports, scheduler::StateStore& store, const job::Job& job,
                                         RebuildWish wish) {
  const auto committed = co_await scheduler::newest_end(store, job.name);
  SurveyRange range;
  range.from = wish.from;
  if (committed) range.after = committed->slot;
  auto survey = co_await survey_job(ports, job, range);
  if (!survey) co_return survey.error();
  const Instant now = ports.clock.now();
  const std::chrono::hours retention = survey->stream ? survey->stream->retention : std::chrono::hours(0);
  auto plan = plan_rebuild(job, std::move(*survey), committed, now);
  if (!plan || plan->by != JobPlan::By::manifests) co_return plan;
  auto differences = co_await compare_proven(ports, job, plan->proof.windows);
  if (!differences) co_return differences.error();
  plan->differences = std::move(*differences);
  if (wish.rerun) choose_reruns(*plan, retention, now);
  co_return plan;
}

awaitable<Result<void>> put_down(scheduler::StateStore& store, scheduler::AuditLog& audit,
                                 const job::Job& job, JobPlan plan, std::string actor, Instant now) {
  scheduler::AuditEntry entry;
  entry.at = now;
  entry.actor = actor;
  entry.action = "rebuild";
  entry.target = job.name;
  entry.detail = fmt::format("{} windows by {}; goes on at {}", plan.proof.windows.size(), to_string(plan.by),
                             plan.goes_on ? local_second(*plan.goes_on, job.schedule.zone) : "its next slot");
  const auto skipped = co_await skip_unproven(store, std::move(plan.unproven));
  if (!skipped) co_return skipped;
  const auto committed =
      co_await scheduler::commit_proven(store, std::move(plan.proof.windows), std::move(actor), now);
  if (!committed) co_return committed;
  if (plan.first) {
    std::vector<scheduler::NewInstance> rows(1, *plan.first);
    co_await store.add_instances(std::move(rows));
  }
  std::vector<scheduler::AuditEntry> entries(1, entry);
  co_await audit.add_audit(std::move(entries));
  co_return Result<void>();
}

}  // namespace sluice::daemon
