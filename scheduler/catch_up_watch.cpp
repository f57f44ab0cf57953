#include "scheduler/catch_up_watch.hpp"

#include "core/job/civil_time.hpp"
#include "scheduler/catch_up.hpp"
#include "scheduler/decide.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {

CatchUpWatch::CatchUpWatch(const Clock& clock, StateStore& store, CatchUpStore* catch_up, Observer& observer)
    : clock_(clock),
      store_(store),
      catch_up_(catch_up),
      observer_(observer),
      last_wall_(clock.now()),
      last_monotonic_(clock.monotonic()) {}

// A file written before this was kept tells nothing about the past: nothing is skipped then.
awaitable<void> CatchUpWatch::begin(const Jobs& jobs) {
  if (catch_up_ == nullptr) co_return;
  const Instant now = clock_.now();
  const std::optional<Instant> watched = co_await catch_up_->watched_until();
  const std::vector<Absence> absences = co_await catch_up_->absences();
  const std::vector<std::string> known = co_await catch_up_->planned_jobs();
  away_.clear();
  stored_.clear();
  for (const auto& [name, job] : jobs) {
    if (watched) away_.emplace(name, *watched);
  }
  for (const Absence& absence : absences) {
    stored_.insert(absence.job);
    if (jobs.contains(absence.job)) away_.insert_or_assign(absence.job, absence.since);
  }
  std::vector<Absence> gone;
  for (const std::string& name : known) {
    if (jobs.contains(name) || stored_.contains(name)) continue;
    Absence& absence = gone.emplace_back();
    absence.job = name;
    absence.since = watched.value_or(now);
  }
  removed_ = std::move(gone);
  begun_ = true;
}

void CatchUpWatch::change_jobs(const Jobs& before, const Jobs& after) {
  if (catch_up_ == nullptr) return;
  for (const auto& [name, job] : before) {
    if (after.contains(name)) continue;
    const auto pending = away_.find(name);
    Absence absence;
    absence.job = name;
    absence.since = pending == away_.end() ? clock_.now() : pending->second;
    removed_.push_back(std::move(absence));
    away_.erase(name);
    added_.erase(name);
  }
  for (const auto& [name, job] : after) {
    if (!before.contains(name)) added_.insert(name);
  }
}

void CatchUpWatch::look(const Jobs& jobs) {
  const Instant wall = clock_.now();
  const Duration monotonic = clock_.monotonic();
  const bool away = was_away(wall - last_wall_, monotonic - last_monotonic_);
  if (away && catch_up_ != nullptr) {
    for (const auto& [name, job] : jobs) away_.emplace(name, last_wall_);
  }
  last_wall_ = wall;
  last_monotonic_ = monotonic;
}

awaitable<void> CatchUpWatch::decide_missed(const Jobs& jobs,
                                            std::function<bool(const std::string& job)> planned) {
  if (catch_up_ == nullptr || !begun_) co_return;
  co_await note_changes();
  std::vector<std::pair<std::string, Instant>> ready;
  for (const auto& [name, since] : away_) {
    const auto job = jobs.find(name);
    const bool runs_all = job != jobs.end() && job->second->catch_up == job::CatchUp();
    if (runs_all || planned(name)) ready.emplace_back(name, since);
  }
  for (const auto& [name, since] : ready) {
    const auto job = jobs.find(name);
    if (job == jobs.end()) continue;
    const std::shared_ptr<const job::Job> definition = job->second;
    co_await skip_missed(*definition, since);
    away_.erase(name);
  }
  // While something is undecided a crash must find the old instant again.
  const Instant now = clock_.now();
  const bool due = now - watched_ >= kWatchEvery || now < watched_;
  if (!away_.empty() || !added_.empty() || !due) co_return;
  co_await catch_up_->watch(now);
  watched_ = now;
}

// What happened to the set of jobs goes to the store first, then comes back for those that were added.
awaitable<void> CatchUpWatch::note_changes() {
  if (!removed_.empty()) {
    const std::size_t count = removed_.size();
    std::vector<Absence> gone = removed_;
    for (const Absence& absence : gone) stored_.insert(absence.job);
    co_await catch_up_->change_absences(std::move(gone), {});
    removed_.erase(removed_.begin(), removed_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  if (added_.empty()) co_return;
  const std::vector<Absence> absences = co_await catch_up_->absences();
  for (const Absence& absence : absences) {
    if (added_.contains(absence.job)) away_.emplace(absence.job, absence.since);
  }
  added_.clear();
}

awaitable<void> CatchUpWatch::skip_missed(const job::Job& job, Instant since) {
  const Instant now = clock_.now();
  const bool limited = job.catch_up != job::CatchUp();
  std::vector<Instant> missed;
  if (limited) missed = co_await catch_up_->never_started(job.name, since + Duration(1), now + Duration(1));
  const CatchUpChoice choice = choose_missed(job.catch_up, missed, now, follows_positions(job));
  if (choice.skipped > 0) {
    WaitingRange range;
    range.chain = job.name;
    range.from = missed.front();
    range.to = missed[choice.skipped - 1] + Duration(1);
    AuditEntry entry;
    entry.at = now;
    entry.actor = "catch-up";
    entry.action = "skip";
    entry.target = job.name;
    entry.detail = fmt::format("{} of {} missed windows: {}", choice.skipped, missed.size(), choice.reason);
    const Instant last = missed[choice.skipped - 1];
    const std::string text =
        fmt::format("job {}: {} of {} missed windows are skipped, slots {} to {}: {}", job.name,
                    choice.skipped, missed.size(), job::format_local(missed.front(), job.schedule.zone),
                    job::format_local(last, job.schedule.zone), choice.reason);
    const std::size_t skipped = co_await store_.skip(std::move(range), choice.reason, std::move(entry));
    if (skipped > 0) {
      observer_.log(pipeline::Level::warning, text);
      observer_.windows_skipped(job.name, skipped, missed.front(), last, choice.reason);
    }
  }
  if (!stored_.contains(job.name)) co_return;
  std::vector<std::string> ended;
  ended.push_back(job.name);
  co_await catch_up_->change_absences({}, std::move(ended));
  stored_.erase(job.name);
}

awaitable<void> CatchUpWatch::leave() {
  if (catch_up_ == nullptr || !begun_) co_return;
  co_await note_changes();
  if (away_.empty()) co_await catch_up_->watch(clock_.now());
}

}  // namespace sluice::scheduler
