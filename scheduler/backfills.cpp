#include "scheduler/backfills.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/script.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

constexpr std::chrono::days kStretch{1};
constexpr std::chrono::days kRangeMax{3660};
constexpr std::size_t kFrontMax = 64;  // open instances of a date looked at, when they may run side by side

bool reads_stream(const job::Job& job) {
  return job.script != nullptr && job.script->source == job::SourceKind::stream;
}

std::string backfill_name(std::int64_t id) { return fmt::format("backfill {}", id); }
Error no_backfill(std::int64_t id) {
  return Error(Errc::not_found,
               fmt::format("find backfill {}: there is none; list them with sluice backfills", id));
}

// The recurring instance of the same slot.
InstanceId twin_of(const Instance& instance) {
  InstanceId id = instance.id;
  id.group = 0;
  return id;
}

std::string order_text(const BackfillOrder& order, const std::string& zone) {
  return fmt::format("slots {} to {}, parallel {}, {}, {}{}{}", job::format_local(order.from, zone),
                     job::format_local(order.to, zone), order.parallel, order.descending ? "desc" : "asc",
                     order.all ? "all" : "only missing", order.run_now ? ", run now" : "",
                     order.alerts ? ", with alerts" : "");
}

}  // namespace

Backfills::Backfills(const Clock& clock, StateStore& instances, BackfillStore* store, const Jobs& jobs,
                     const Attempts& attempts, Observer& observer, Counters& counters, Freezer freezer,
                     std::function<void()> on_change)
    : clock_(clock),
      instances_(instances),
      store_(store),
      jobs_(jobs),
      attempts_(attempts),
      observer_(observer),
      counters_(counters),
      freezer_(std::move(freezer)),
      on_change_(std::move(on_change)),
      unfinished_(store != nullptr),
      wants_instances_(store != nullptr) {}

Result<Backfills::JobPointer> Backfills::find_job(const std::string& name) const {
  if (store_ == nullptr) return Error(Errc::internal, "backfill: there is no place to keep backfills");
  const auto found = jobs_.find(name);
  if (found == jobs_.end()) return Error(Errc::not_found, fmt::format("find job {}: no such job", name));
  return found->second;
}

// The slots of the job in [from, to), with what is left out and why.
awaitable<Result<std::vector<BackfillSlot>>> Backfills::stretch(JobPointer job, bool all, Instant from,
                                                                Instant to) {
  const auto calendar = Calendar::of(job->schedule);
  if (!calendar) co_return calendar.error();
  const std::vector<std::pair<Instant, State>> states = co_await store_->states(job->name, from, to);
  Coverage coverage;
  if (!all) coverage = co_await instances_.coverage(job->name);
  FreezeFailures failures;
  std::vector<NewInstance> rows =
      scheduler::make_instances(*job, calendar->slots(from, to), freezer_, failures);
  if (failures.count > 0) co_return Error(Errc::invalid_argument, failures.first);
  std::vector<BackfillSlot> slots;
  auto state = states.begin();
  for (NewInstance& row : rows) {
    while (state != states.end() && state->first < row.id.scheduled) ++state;
    std::optional<State> recurring;
    if (state != states.end() && state->first == row.id.scheduled) recurring = state->second;
    BackfillSlot& slot = slots.emplace_back();
    if (!all) slot.left_out = left_out_reason(row, recurring, coverage);
    slot.instance = std::move(row);
  }
  co_return slots;
}

awaitable<Result<Backfills::Survey>> Backfills::survey(BackfillOrder order, JobPointer job, Visitor visit) {
  const auto checked = check_order(order, job->dependencies.self, reads_stream(*job));
  if (!checked) co_return checked.error();
  if (order.to - order.from > kRangeMax) {
    co_return Error(Errc::invalid_argument,
                    fmt::format("backfill {}: the range is longer than {} days; ask for a part of it",
                                order.job, kRangeMax.count()));
  }
  Survey survey;
  for (Instant from = order.from; from < order.to;) {
    const Instant to = std::min<Instant>(from + kStretch, order.to);
    Result<std::vector<BackfillSlot>> slots = co_await stretch(job, order.all, from, to);
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
  on_change_();
  co_return stored;
}

// Conditions for the change are the store's to check: it alone knows what is closed.
awaitable<Result<Backfill>> Backfills::change(std::int64_t id, std::vector<BackfillState> from,
                                              BackfillState to, std::string action, std::string actor,
                                              std::string detail) {
  if (store_ == nullptr) co_return no_backfill(id);
  AuditEntry entry;
  entry.at = clock_.now();
  entry.actor = std::move(actor);
  entry.action = std::move(action);
  entry.target = backfill_name(id);
  entry.detail = std::move(detail);
  unfinished_ = true;
  const Result<void> changed = co_await store_->change_backfill(id, std::move(from), to, std::move(entry));
  if (!changed && changed.error().code() == Errc::not_found) co_return no_backfill(id);
  if (!changed) co_return changed.error();
  ++changes_;
  std::optional<Backfill> now = co_await store_->backfill(id);
  if (!now) co_return no_backfill(id);
  unfinished_ = true;
  on_change_();
  co_return std::move(*now);
}

awaitable<Result<Backfill>> Backfills::pause(std::int64_t id, std::string actor) {
  std::vector<BackfillState> from(1, BackfillState::running);
  return change(id, std::move(from), BackfillState::paused, "backfill pause", std::move(actor), "");
}

awaitable<Result<Backfill>> Backfills::resume(std::int64_t id, std::string actor) {
  std::vector<BackfillState> from(1, BackfillState::paused);
  return change(id, std::move(from), BackfillState::running, "backfill resume", std::move(actor), "");
}

// The sweep of the next turn does the skipping, also after a crash in between.
awaitable<Result<Backfill>> Backfills::cancel(std::int64_t id, std::string actor) {
  std::vector<BackfillState> from = {BackfillState::running, BackfillState::paused};
  std::string detail = fmt::format("{} cancelled by {}", backfill_name(id), actor);
  Result<Backfill> cancelled = co_await change(id, std::move(from), BackfillState::cancelled,
                                               "backfill cancel", std::move(actor), detail);
  if (cancelled) co_await store_->skip_waiting(id, std::move(detail));
  co_return cancelled;
}

awaitable<Result<void>> Backfills::before_action(InstanceId id) {
  if (id.group == 0 || store_ == nullptr) co_return Result<void>();
  const std::optional<Backfill> backfill = co_await store_->backfill_of_group(id.group);
  if (!backfill) co_return Result<void>();
  if (backfill->state == BackfillState::cancelled) {
    co_return Error(Errc::refused_by_state,
                    fmt::format("act on {}: {} was cancelled; ask for a new one",
                                to_string(id, backfill->zone), backfill_name(backfill->id)));
  }
  unfinished_ = true;
  co_await store_->reopen_backfill(id.group);
  unfinished_ = true;
  co_return Result<void>();
}

awaitable<void> Backfills::make_instances() {
  if (!wants_instances_) co_return;
  wants_instances_ = false;
  try {
    const std::vector<Backfill> unfinished = co_await store_->unfinished_backfills();
    for (const Backfill& backfill : unfinished) {
      const bool wanted = !backfill.planned && backfill.state != BackfillState::cancelled;
      if (wanted && jobs_.contains(backfill.order.job)) co_await make(backfill);
    }
  } catch (...) {
    wants_instances_ = true;
    throw;
  }
}

// Rows that exist are left alone, so a crash anywhere costs only time.
awaitable<void> Backfills::make(Backfill backfill) {
  const JobPointer job = jobs_.at(backfill.order.job);
  std::size_t left_out = 0;
  for (Instant from = backfill.order.from; from < backfill.order.to;) {
    const Instant to = std::min<Instant>(from + kStretch, backfill.order.to);
    const std::optional<Backfill> now = co_await store_->backfill(backfill.id);
    if (!now || now->state == BackfillState::cancelled) co_return;
    Result<std::vector<BackfillSlot>> slots = co_await stretch(job, backfill.order.all, from, to);
    if (!slots) {
      observer_.log(pipeline::Level::error, fmt::format("{}: {}; its instances are made once that is right",
                                                        backfill_name(backfill.id), slots.error().message()));
      co_return;
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
  co_await store_->backfill_planned(backfill.id, left_out);
  on_change_();
}

awaitable<Backfills::Turn> Backfills::turn(std::size_t places) {
  Turn turn;
  if (!unfinished_ || store_ == nullptr) co_return turn;
  const std::uint64_t changes = changes_;
  unfinished_ = false;
  std::vector<Backfill> unfinished;
  try {
    unfinished = co_await store_->unfinished_backfills();
  } catch (...) {
    unfinished_ = true;
    throw;
  }
  unfinished_ = unfinished_ || !unfinished.empty();
  std::ranges::stable_sort(
      unfinished, [](const Backfill& a, const Backfill& b) { return a.order.priority > b.order.priority; });
  for (const Backfill& backfill : unfinished) {
    if (backfill.state == BackfillState::cancelled) {
      co_await sweep(backfill);
    } else if (backfill.planned) {
      co_await take_turn(backfill, places, turn);
    }
  }
  // Whoever paused or cancelled one meanwhile was told that nothing of it starts any more.
  if (changes != changes_) turn.starts.clear();
  co_return turn;
}

// Skips what came to wait after the cancellation: an attempt that failed or was lost, rows still being made.
awaitable<void> Backfills::sweep(Backfill backfill) {
  bool waits = false;
  for (const BackfillGroup& group : backfill.groups) {
    std::string chain = chain_of(backfill.order.job, group.id);
    const std::vector<Instance> open = co_await store_->open_instances(std::move(chain), false, kFrontMax);
    for (const Instance& instance : open) {
      waits = waits || (has_still_to_run(instance.state) && instance.state != State::running);
    }
  }
  if (waits) co_await store_->skip_waiting(backfill.id, backfill_name(backfill.id) + " was cancelled");
  co_await store_->close_backfill(backfill.id);
}

awaitable<void> Backfills::take_turn(Backfill backfill, std::size_t places, Turn& turn) {
  const auto found = jobs_.find(backfill.order.job);
  const bool self = found == jobs_.end() || found->second->dependencies.self;
  const Instant now = clock_.now();
  std::size_t running = 0;
  bool open_ones = false;
  std::vector<Instance> candidates;
  for (const BackfillGroup& group : backfill.groups) {
    std::string chain = chain_of(backfill.order.job, group.id);
    const std::size_t limit = self ? 1 : kFrontMax;
    const std::vector<Instance> open =
        co_await store_->open_instances(std::move(chain), backfill.order.descending, limit);
    open_ones = open_ones || !open.empty();
    running += attempts_.running_of(backfill.order.job, group.id);
    for (const Instance& instance : open) {
      if (instance.state == State::running && !attempts_.claimed(instance.row))
        turn.orphans.push_back(instance);
    }
    for (Instance& instance : startable(open, backfill.order, self, now)) {
      // An older success that is run again waits for what runs in its chain.
      if (!(self ? attempts_.busy(instance.id) : attempts_.claimed(instance.row)))
        candidates.push_back(std::move(instance));
    }
  }
  if (!open_ones) co_await store_->close_backfill(backfill.id);
  if (backfill.state != BackfillState::running || found == jobs_.end()) co_return;
  const auto parallel = static_cast<std::size_t>(backfill.order.parallel);
  for (Instance& candidate : candidates) {
    if (turn.starts.size() >= places || running >= parallel) break;
    if (co_await twin_has_to_run(candidate)) continue;
    turn.starts.push_back(std::move(candidate));
    ++running;
  }
}

awaitable<bool> Backfills::twin_has_to_run(Instance instance) {
  if (attempts_.runs_slot(instance.id.job, instance.id.scheduled)) co_return true;
  const std::optional<Instance> twin = co_await instances_.instance(twin_of(instance));
  co_return twin&& has_still_to_run(twin->state);
}

awaitable<std::optional<std::string>> Backfills::why(Instance instance) {
  if (store_ == nullptr || !has_still_to_run(instance.state) || instance.state == State::running)
    co_return std::nullopt;
  const std::optional<Backfill> backfill = co_await store_->backfill_of_group(instance.id.group);
  if (!backfill) co_return std::nullopt;
  const std::string name = backfill_name(backfill->id);
  if (backfill->state == BackfillState::paused)
    co_return fmt::format("waits: {} is paused; sluice backfill resume {}", name, backfill->id);
  if (!backfill->planned) co_return fmt::format("waits until all instances of {} are made", name);
  std::string chain = chain_of(instance.id);
  const std::vector<Instance> open =
      co_await store_->open_instances(std::move(chain), backfill->order.descending, std::size_t{1});
  if (!open.empty() && business_date(open.front().id.scheduled, instance.zone) !=
                           business_date(instance.id.scheduled, instance.zone)) {
    co_return fmt::format("waits for {}: its business date comes first",
                          to_string(open.front().id, open.front().zone));
  }
  const std::optional<Instance> twin = co_await instances_.instance(twin_of(instance));
  if (twin && has_still_to_run(twin->state)) {
    const std::string twin_name = to_string(twin->id, twin->zone);
    co_return fmt::format(
        "waits for {}, the recurring instance of the same slot, which has still to run; sluice why {}",
        twin_name, twin_name);
  }
  std::size_t running = 0;
  for (const BackfillGroup& group : backfill->groups)
    running += attempts_.running_of(instance.id.job, group.id);
  if (running >= static_cast<std::size_t>(backfill->order.parallel)) {
    co_return fmt::format("waits for a free place: {} runs {} attempts at once, and they are running", name,
                          backfill->order.parallel);
  }
  co_return std::nullopt;
}

}  // namespace sluice::scheduler
