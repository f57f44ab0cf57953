#pragma once
// Attempts in the state store in memory.

#include "tests/support/memory_state_store.hpp"

namespace sluice::test {

inline awaitable<Result<Attempt>> MemoryStateStore::begin_attempt(scheduler::Claim claim,
                                                                  pipeline::Positions start, Instant now) {
  co_await yield();
  const std::int64_t instance_row = claim.row;
  Record& record = records_.at(instance_row);
  Instance& instance = record.instance;
  if (claim.read && scheduler::Claim(instance).read != claim.read)
    co_return Error(Errc::conflict, "begin attempt: the instance was changed since it was read");
  const std::vector<State> from = {State::not_run, State::wait_time, State::wait_resource, State::retry_wait};
  const Result<void> changed = change(instance_row, from, State::running, "");
  if (!changed) co_return Error(Errc::conflict, changed.error().message());
  set_retry(record, std::nullopt);
  if (!record.end) record.start = std::move(start);
  ++instance.attempts;
  instance.started = now;
  instance.finished.reset();
  Attempt attempt;
  attempt.instance_row = instance_row;
  attempt.number = instance.attempts;
  attempt.started = now;
  record.attempts.push_back(attempt);
  co_return attempt;
}

inline awaitable<void> MemoryStateStore::succeed(Attempt attempt, Outcome outcome, Instant now) {
  co_await yield();
  Record& record = records_.at(attempt.instance_row);
  Attempt* open = find_open(record, attempt.number);
  if (open == nullptr) co_return;
  open->result = AttemptResult::success;
  open->finished = now;
  open->statistics = boost::json::serialize(pipeline::to_json(outcome.statistics));
  record.end = std::move(outcome.end);
  jobs_[chain_of(record.instance.id)].committed.insert(record.instance.id.scheduled);
  record.gaps = std::move(outcome.gaps);
  record.instance.rows = pipeline::rows_written(outcome.statistics);
  record.instance.bytes = outcome.statistics.written_bytes;
  record.instance.objects = std::move(outcome.objects);
  record.instance.finished = now;
  record.instance.failures = 0;
  move_to(record, State::success, "");
}

inline awaitable<void> MemoryStateStore::fail(Attempt attempt, AttemptResult result, Error error,
                                              pipeline::Statistics statistics,
                                              std::optional<Instant> retry_at, Instant now) {
  co_await yield();
  Record& record = records_.at(attempt.instance_row);
  Attempt* open = find_open(record, attempt.number);
  if (open == nullptr) co_return;
  close(*open, result, error, now);
  open->statistics = boost::json::serialize(pipeline::to_json(statistics));
  record.instance.finished = now;
  if (result == AttemptResult::failed) ++record.instance.failures;
  move_to(record, retry_at ? State::retry_wait : State::failure, error.message());
  set_retry(record, retry_at);
}

inline awaitable<std::vector<Instance>> MemoryStateStore::close_lost(Instant now,
                                                                     std::vector<std::string> never_again) {
  co_await yield();
  std::vector<Instance> closed;
  for (auto& [row, record] : records_) {
    if (record.instance.state != State::running) continue;
    Attempt* open = find_open(record, record.instance.attempts);
    if (open != nullptr)
      close(*open, AttemptResult::lost, Error(Errc::cancelled, "lost with the daemon"), now);
    record.instance.finished = now;
    const bool denied = std::ranges::count(never_again, record.instance.id.job) > 0;
    move_to(record, denied ? State::lost : State::wait_resource,
            fmt::format("attempt {} was lost{}", record.instance.attempts,
                        denied ? scheduler::kNotRunAgain : ""));
    closed.push_back(record.instance);
  }
  co_return closed;
}

inline void MemoryStateStore::close(Attempt& attempt, AttemptResult result, const Error& error, Instant now) {
  attempt.result = result;
  attempt.finished = now;
  attempt.error_code = to_string(error.code());
  attempt.error = error.message();
  attempt.statistics = "{}";
}

inline Attempt* MemoryStateStore::find_open(Record& record, int number) {
  for (Attempt& attempt : record.attempts) {
    if (attempt.number == number && attempt.result == AttemptResult::open) return &attempt;
  }
  return nullptr;
}

}  // namespace sluice::test
