// What a backfill consists of: the slots of an order, and their instances.
#include "core/job/script.hpp"
#include "scheduler/backfills.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

constexpr std::chrono::days kStretch{1};
constexpr std::chrono::days kRangeMax{3660};

bool reads_stream(const job::Job& job) {
  return job.script != nullptr && job.script->source == job::SourceKind::stream;
}

}  // namespace

Result<Backfills::JobPointer> Backfills::find_job(const std::string& name) const {
  if (store_ == nullptr) return Error(Errc::internal, "backfill: there is no place to keep backfills");
  const auto found = jobs_.find(name);
  if (found == jobs_.end()) return Error(Errc::not_found, fmt::format("find job {}: no such job", name));
  return found->second;
}

// The slots of the order in [from, to), with what is left out and why. `job` has the order's parameters.
awaitable<Result<std::vector<BackfillSlot>>> Backfills::stretch(JobPointer job, BackfillOrder order,
                                                                Instant from, Instant to) {
  const auto calendar = Calendar::of(job->schedule);
  if (!calendar) co_return calendar.error();
  const std::vector<std::pair<Instant, State>> states = co_await store_->states(job->name, from, to);
  Coverage coverage;  // of a table it brings no records of a window that did not run
  if (!order.all && follows_positions(*job)) coverage = co_await instances_.coverage(job->name);
  FreezeFailures failures;
  std::vector<Slot> wanted = calendar->slots(from, to);
  // On an off day there is nothing to run, again or for the first time.
  std::erase_if(wanted,
                [&](const Slot& slot) { return slot.dry_run || !wants(order, slot.at, job->schedule.zone); });
  std::vector<NewInstance> rows = scheduler::make_instances(*job, wanted, freezer_, failures);
  if (failures.count > 0) co_return Error(Errc::invalid_argument, failures.first);
  std::vector<BackfillSlot> slots;
  auto state = states.begin();
  for (NewInstance& row : rows) {
    while (state != states.end() && state->first < row.id.scheduled) ++state;
    std::optional<State> recurring;
    if (state != states.end() && state->first == row.id.scheduled) recurring = state->second;
    BackfillSlot& slot = slots.emplace_back();
    if (!order.all) slot.left_out = left_out_reason(row, recurring, coverage);
    slot.instance = std::move(row);
  }
  co_return slots;
}

awaitable<Result<Backfills::Survey>> Backfills::survey(BackfillOrder order, JobPointer job, Visitor visit) {
  const auto checked = check_order(order, job->dependencies.self, reads_stream(*job));
  if (!checked) co_return checked.error();
  Result<job::Job> changed = with_parameters(*job, order);
  if (!changed) co_return changed.error();
  job = std::make_shared<const job::Job>(std::move(*changed));
  if (order.to - order.from > kRangeMax) {
    co_return Error(Errc::invalid_argument,
                    fmt::format("backfill {}: the range is longer than {} days; ask for a part of it",
                                order.job, kRangeMax.count()));
  }
  Survey survey;
  for (Instant from = order.from; from < order.to;) {
    const Instant to = std::min<Instant>(from + kStretch, order.to);
    Result<std::vector<BackfillSlot>> slots = co_await stretch(job, order, from, to);
    if (!slots) co_return slots.error();
    for (const BackfillSlot& slot : *slots) {
      if (slot.left_out.empty()) {
        survey.runs.push_back(Slot{slot.instance.id.scheduled, slot.instance.cycle});
      } else {
        ++survey.left_out;
      }
    }
    if (survey.runs.size() > kBackfillSlotsMax) {
      co_return Error(Errc::invalid_argument,
                      fmt::format("backfill {}: more than {} slots; ask for a part of the range", order.job,
                                  kBackfillSlotsMax));
    }
    if (visit) visit(std::move(*slots));
    from = to;
  }
  if (survey.runs.empty()) {
    const std::string why =
        survey.left_out == 0
            ? std::string("the job has no slot in the range")
            : fmt::format("all {} slots are durable or still to run by themselves; --all repeats them",
                          survey.left_out);
    co_return Error(Errc::refused_by_state, fmt::format("backfill {}: nothing to run: {}", order.job, why));
  }
  co_return survey;
}

awaitable<Result<BackfillPreview>> Backfills::preview(BackfillOrder order, std::size_t slots_max) {
  const Result<JobPointer> job = find_job(order.job);
  if (!job) co_return job.error();
  BackfillPreview preview;
  preview.zone = (*job)->schedule.zone;
  Visitor keep = [&](std::vector<BackfillSlot> slots) {
    for (BackfillSlot& slot : slots) {
      if (preview.slots.size() < slots_max) preview.slots.push_back(std::move(slot));
    }
  };
  const Result<Survey> found = co_await survey(order, *job, std::move(keep));
  if (!found) co_return found.error();
  preview.runs = found->runs.size();
  preview.left_out = found->left_out;
  preview.groups = split_dates(found->runs, order.parallel, preview.zone);
  for (BackfillSlot& slot : preview.slots) {
    if (slot.left_out.empty()) slot.group = group_at(preview.groups, slot.instance.id.scheduled) + 1;
  }
  co_return preview;
}

awaitable<Result<Backfill>> Backfills::create(BackfillOrder order, std::string actor) {
  const Result<JobPointer> job = find_job(order.job);
  if (!job) co_return job.error();
  const Result<Survey> found = co_await survey(order, *job, Visitor());
  if (!found) co_return found.error();
  Backfill backfill;
  backfill.order = order;
  backfill.zone = (*job)->schedule.zone;
  backfill.version = (*job)->version;
  backfill.actor = actor;
  backfill.created = clock_.now();
  backfill.groups = split_dates(found->runs, order.parallel, backfill.zone);
  AuditEntry entry;
  entry.at = backfill.created;
  entry.actor = std::move(actor);
  entry.action = "backfill";
  entry.target = order.job;
  entry.detail = order_text(order, backfill.zone);
  // Also when the store's answer is lost.
  unfinished_ = wants_instances_ = true;
  Backfill stored = co_await store_->add_backfill(std::move(backfill), std::move(entry));
  unfinished_ = wants_instances_ = true;
  observer_.log(pipeline::Level::info,
                fmt::format("backfill {} of job {}: {} instances in {} groups, {} slots left out", stored.id,
                            order.job, found->runs.size(), stored.groups.size(), found->left_out));
  observer_.backfill_changed(stored);
  on_change_();
  co_return stored;
}

awaitable<void> Backfills::make_instances() {
  if (!wants_instances_) co_return;
  wants_instances_ = false;
  try {
    const std::vector<Backfill> unfinished = co_await store_->unfinished_backfills();
    for (const Backfill& backfill : unfinished) {
      const bool cancelled = backfill.state == BackfillState::cancelled;
      if (!backfill.planned && (cancelled || jobs_.contains(backfill.order.job))) co_await make(backfill);
    }
  } catch (...) {
    wants_instances_ = true;
    throw;
  }
}

// The version that was in force when it was asked for, with its parameters: a reload in between does not mix
// two in one backfill.
awaitable<Result<job::Job>> Backfills::definition_of(Backfill backfill) {
  const Definition definition = co_await definitions_.find(backfill.order.job, backfill.version);
  if (!definition.note.empty()) {
    observer_.log(
        pipeline::Level::warning,
        fmt::format("{}: its instances are made by version {} of job {}: {}", backfill_name(backfill.id),
                    definition.job->version, backfill.order.job, definition.note));
  }
  co_return with_parameters(*definition.job, backfill.order);
}

// No row comes behind the end of this, so a cancelled one is taken here too, and closed only then.
awaitable<void> Backfills::make(Backfill backfill) {
  std::optional<std::size_t> left_out = 0;
  if (backfill.state != BackfillState::cancelled) left_out = co_await make_rows(backfill);
  if (!left_out) co_return;
  co_await store_->backfill_planned(backfill.id, *left_out);
  unfinished_ = true;
  backfill.planned = true;
  backfill.left_out = *left_out;
  if (backfill.state != BackfillState::cancelled) observer_.backfill_planned(backfill);
  observer_.backfill_changed(backfill);
  on_change_();
}

// Rows that exist are left alone, so a crash anywhere costs only time. The slots that were left out; nothing
// when they cannot be told yet. Ends early when the backfill is cancelled.
awaitable<std::optional<std::size_t>> Backfills::make_rows(Backfill backfill) {
  const auto tell = [&](const Error& failure) {
    observer_.log(pipeline::Level::error, fmt::format("{}: {}; its instances are made once that is right",
                                                      backfill_name(backfill.id), failure.message()));
  };
  Result<job::Job> changed = co_await definition_of(backfill);
  if (!changed) {
    tell(changed.error());
    co_return std::nullopt;
  }
  const auto job = std::make_shared<const job::Job>(std::move(*changed));
  std::size_t left_out = 0;
  for (Instant from = backfill.order.from; from < backfill.order.to;) {
    const Instant to = std::min<Instant>(from + kStretch, backfill.order.to);
    const std::optional<Backfill> now = co_await store_->backfill(backfill.id);
    if (!now || now->state == BackfillState::cancelled) break;
    Result<std::vector<BackfillSlot>> slots = co_await stretch(job, backfill.order, from, to);
    if (!slots) {
      tell(slots.error());
      co_return std::nullopt;
    }
    std::vector<NewInstance> rows;
    for (BackfillSlot& slot : *slots) {
      const int group = group_at(backfill.groups, slot.instance.id.scheduled);
      if (!slot.left_out.empty() || group < 0) {
        ++left_out;
        continue;
      }
      slot.instance.id.group = backfill.groups[static_cast<std::size_t>(group)].id;
      slot.instance.priority = backfill.order.priority;
      rows.push_back(std::move(slot.instance));
    }
    if (!rows.empty()) counters_.planned += co_await instances_.add_instances(std::move(rows));
    from = to;
  }
  co_return left_out;
}

awaitable<Result<job::Job>> Backfills::job_for(InstanceId id, JobPointer job) {
  if (id.group == 0 || store_ == nullptr) co_return *job;
  const std::optional<Backfill> backfill = co_await store_->backfill_of_group(id.group);
  if (!backfill) co_return *job;
  co_return with_parameters(*job, backfill->order);
}

}  // namespace sluice::scheduler
