#pragma once
// What operators ask of the state store in memory.

#include "scheduler/left_behind.hpp"
#include "tests/support/memory_state_store.hpp"

namespace sluice::test {

inline awaitable<Result<void>> MemoryStateStore::operate_all(std::vector<scheduler::Change> changes) {
  co_await yield();
  for (const scheduler::Change& change : changes) {
    const auto found = records_.find(change.instance_row);
    if (found == records_.end())
      co_return Error(Errc::not_found, fmt::format("find instance row {}: none", change.instance_row));
    const State present = found->second.instance.state;
    if (std::find(change.from.begin(), change.from.end(), present) == change.from.end()) {
      co_return Error(Errc::conflict, fmt::format("change instance: it is {}", to_string(present)));
    }
  }
  for (scheduler::Change& change : changes) {
    Record& record = records_.at(change.instance_row);
    Instance& instance = record.instance;
    if (instance.state != change.to) {
      move_to(record, change.to, std::move(change.reason));
      set_retry(record, std::nullopt);
      instance.failures = 0;
    }
    if (change.priority) instance.priority = *change.priority;
    instance.released = instance.released || change.release;
    if (change.redefinition) {
      instance.version = std::move(change.redefinition->version);
      instance.values = std::move(change.redefinition->values);
      instance.window_start = change.redefinition->window_start;
      instance.window_end = change.redefinition->window_end;
    }
    audit_.push_back(std::move(change.entry));
  }
  co_return Result<void>();
}

inline std::vector<std::int64_t> MemoryStateStore::waiting_rows(const scheduler::WaitingRange& range) {
  std::vector<std::int64_t> rows;
  const Chain& chain = jobs_[range.chain];
  for (auto slot = chain.open.lower_bound(range.from); slot != chain.open.end() && *slot < range.to; ++slot) {
    const Record& record = records_.at(chain.slots.at(*slot));
    const Instance& instance = record.instance;
    const bool waits = instance.state == State::not_run || instance.state == State::wait_time ||
                       instance.state == State::wait_resource;
    if (instance.dry_run) continue;
    const bool clean =
        instance.state == State::retry_wait && !record.end && scheduler::left_behind(record.attempts) == 0;
    if ((waits && instance.attempts == 0) || clean) rows.push_back(instance.row);
  }
  return rows;
}

inline std::size_t MemoryStateStore::skip_rows(const scheduler::WaitingRange& range,
                                               const std::string& reason) {
  const std::vector<std::int64_t> rows = waiting_rows(range);
  for (const std::int64_t row : rows) {
    move_to(records_.at(row), State::skipped, reason);
    set_retry(records_.at(row), std::nullopt);
  }
  return rows.size();
}

inline awaitable<std::size_t> MemoryStateStore::skip(scheduler::WaitingRange range, std::string reason,
                                                     AuditEntry entry) {
  co_await yield();
  const std::size_t skipped = skip_rows(range, reason);
  if (skipped > 0) audit_.push_back(std::move(entry));
  co_return skipped;
}

inline awaitable<scheduler::Waiting> MemoryStateStore::waiting(scheduler::WaitingRange range) {
  co_await yield();
  const std::vector<std::int64_t> rows = waiting_rows(range);
  scheduler::Waiting found;
  found.count = rows.size();
  if (!rows.empty()) {
    found.oldest = records_.at(rows.front()).instance.id.scheduled;
    found.newest = records_.at(rows.back()).instance.id.scheduled;
  }
  co_return found;
}

inline awaitable<std::optional<Instant>> MemoryStateStore::committed_after(std::string chain, Instant slot) {
  co_await yield();
  const std::set<Instant>& committed = jobs_[chain].committed;
  const auto later = committed.upper_bound(slot);
  if (later != committed.end()) co_return *later;
  co_return std::nullopt;
}

inline awaitable<void> MemoryStateStore::finish_dry_run(std::int64_t instance_row, Instant now) {
  co_await yield();
  Record& record = records_.at(instance_row);
  const State state = record.instance.state;
  const bool waits = state == State::not_run || state == State::wait_time || state == State::wait_resource;
  if (!record.instance.dry_run || !waits) co_return;
  record.instance.started = now;
  record.instance.finished = now;
  move_to(record, State::success, record.instance.reason);
}

inline awaitable<std::vector<scheduler::Pause>> MemoryStateStore::pauses() {
  co_await yield();
  std::vector<scheduler::Pause> found;
  for (const auto& [job, pause] : pauses_) found.push_back(pause);
  co_return found;
}

inline awaitable<void> MemoryStateStore::pause(scheduler::Pause pause, AuditEntry entry) {
  co_await yield();
  audit_.push_back(std::move(entry));
  pauses_.insert_or_assign(pause.job, pause);
}

inline awaitable<std::size_t> MemoryStateStore::resume(std::string job,
                                                       std::optional<scheduler::WaitingRange> skipped,
                                                       std::string reason, AuditEntry entry) {
  co_await yield();
  pauses_.erase(job);
  audit_.push_back(std::move(entry));
  co_return skipped ? skip_rows(*skipped, reason) : 0;
}

}  // namespace sluice::test
