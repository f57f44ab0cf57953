#include "tests/support/faulty_state_store.hpp"

#include <type_traits>

namespace sluice::test {

// `call` has not begun yet: awaitables are lazy.
template <class T>
awaitable<T> FaultyStateStore::pass(awaitable<T> call, bool writes) {
  const Fault fault = next(writes);
  if (fault == Fault::before) throw ErrorException(error);
  const Duration takes = latency ? latency(writes) : Duration(0);
  if (takes > Duration(0)) co_await time->sleep_for(takes);
  if constexpr (std::is_void_v<T>) {
    co_await std::move(call);
    if (fault == Fault::after) throw ErrorException(error);
  } else {
    T result = co_await std::move(call);
    if (fault == Fault::after) throw ErrorException(error);
    co_return result;
  }
}

awaitable<std::size_t> FaultyStateStore::add_instances(std::vector<scheduler::NewInstance> instances) {
  return pass(inner_.add_instances(std::move(instances)), true);
}

awaitable<std::optional<Instant>> FaultyStateStore::last_planned(std::string job) {
  return pass(inner_.last_planned(std::move(job)), false);
}

awaitable<std::size_t> FaultyStateStore::remove_unstarted(std::string job, Instant after, std::string keep) {
  return pass(inner_.remove_unstarted(std::move(job), after, std::move(keep)), true);
}

awaitable<std::vector<scheduler::Instance>> FaultyStateStore::heads(Instant now) {
  ++looks_at_all_;
  return pass(inner_.heads(now), false);
}

awaitable<std::optional<scheduler::Instance>> FaultyStateStore::head(std::string job) {
  return pass(inner_.head(std::move(job)), false);
}

awaitable<std::optional<Instant>> FaultyStateStore::next_due(Instant now) {
  return pass(inner_.next_due(now), false);
}

awaitable<std::vector<scheduler::Instance>> FaultyStateStore::runnable(std::string job, Instant after,
                                                                       Instant now, std::size_t limit) {
  return pass(inner_.runnable(std::move(job), after, now, limit), false);
}

awaitable<scheduler::SlotProgress> FaultyStateStore::progress(std::string job, Instant first, Instant last) {
  return pass(inner_.progress(std::move(job), first, last), false);
}

awaitable<std::optional<scheduler::CommittedEnd>> FaultyStateStore::committed_before(std::string job,
                                                                                     Instant before) {
  return pass(inner_.committed_before(std::move(job), before), false);
}

awaitable<std::vector<scheduler::Instance>> FaultyStateStore::of_other_zones(std::string job,
                                                                             std::string zone, Instant from,
                                                                             Instant before) {
  return pass(inner_.of_other_zones(std::move(job), std::move(zone), from, before), false);
}

awaitable<std::optional<pipeline::Positions>> FaultyStateStore::start_positions(std::int64_t row) {
  return pass(inner_.start_positions(row), false);
}

awaitable<std::optional<pipeline::Positions>> FaultyStateStore::end_positions(std::int64_t row) {
  return pass(inner_.end_positions(row), false);
}

awaitable<Result<void>> FaultyStateStore::change_state(std::int64_t row, std::vector<scheduler::State> from,
                                                       scheduler::State to, std::string reason) {
  return pass(inner_.change_state(row, std::move(from), to, std::move(reason)), true);
}

awaitable<Result<void>> FaultyStateStore::operate(std::int64_t row, std::vector<scheduler::State> from,
                                                  scheduler::State to, std::string reason,
                                                  scheduler::AuditEntry entry) {
  return pass(inner_.operate(row, std::move(from), to, std::move(reason), std::move(entry)), true);
}

awaitable<Result<scheduler::Attempt>> FaultyStateStore::begin_attempt(scheduler::Claim claim,
                                                                      pipeline::Positions start,
                                                                      Instant now) {
  return pass(inner_.begin_attempt(std::move(claim), std::move(start), now), true);
}

awaitable<void> FaultyStateStore::succeed(scheduler::Attempt attempt, scheduler::Outcome outcome,
                                          Instant now) {
  return pass(inner_.succeed(std::move(attempt), std::move(outcome), now), true);
}

awaitable<void> FaultyStateStore::fail(scheduler::Attempt attempt, scheduler::AttemptResult result,
                                       Error failure, pipeline::Statistics statistics,
                                       std::optional<Instant> retry_at, Instant now) {
  return pass(
      inner_.fail(std::move(attempt), result, std::move(failure), std::move(statistics), retry_at, now),
      true);
}

awaitable<std::vector<scheduler::Instance>> FaultyStateStore::close_lost(
    Instant now, std::vector<std::string> never_again) {
  return pass(inner_.close_lost(now, std::move(never_again)), true);
}

awaitable<std::vector<scheduler::Instance>> FaultyStateStore::instances(scheduler::InstanceQuery query) {
  return pass(inner_.instances(std::move(query)), false);
}

awaitable<std::optional<scheduler::Instance>> FaultyStateStore::instance(scheduler::InstanceId id) {
  return pass(inner_.instance(std::move(id)), false);
}

awaitable<std::optional<scheduler::Instance>> FaultyStateStore::predecessor(scheduler::InstanceId id) {
  return pass(inner_.predecessor(std::move(id)), false);
}

awaitable<std::vector<scheduler::Attempt>> FaultyStateStore::attempts(std::int64_t row) {
  return pass(inner_.attempts(row), false);
}

awaitable<scheduler::Coverage> FaultyStateStore::coverage(std::string job) {
  return pass(inner_.coverage(std::move(job)), false);
}

awaitable<std::vector<std::pair<scheduler::State, std::uint64_t>>> FaultyStateStore::counts(std::string job) {
  return pass(inner_.counts(std::move(job)), false);
}

awaitable<std::vector<scheduler::AuditEntry>> FaultyStateStore::audit(std::size_t limit) {
  return pass(inner_.audit(limit), false);
}

awaitable<Result<void>> FaultyStateStore::operate_all(std::vector<scheduler::Change> changes) {
  return pass(inner_.operate_all(std::move(changes)), true);
}

awaitable<std::size_t> FaultyStateStore::skip(scheduler::WaitingRange range, std::string reason,
                                              scheduler::AuditEntry entry) {
  return pass(inner_.skip(std::move(range), std::move(reason), std::move(entry)), true);
}

awaitable<scheduler::Waiting> FaultyStateStore::waiting(scheduler::WaitingRange range) {
  return pass(inner_.waiting(std::move(range)), false);
}

awaitable<std::optional<Instant>> FaultyStateStore::committed_after(std::string chain, Instant slot) {
  return pass(inner_.committed_after(std::move(chain), slot), false);
}

awaitable<void> FaultyStateStore::finish_dry_run(std::int64_t row, Instant now) {
  return pass(inner_.finish_dry_run(row, now), true);
}

awaitable<std::vector<scheduler::Pause>> FaultyStateStore::pauses() { return pass(inner_.pauses(), false); }

awaitable<void> FaultyStateStore::pause(scheduler::Pause pause, scheduler::AuditEntry entry) {
  return pass(inner_.pause(std::move(pause), std::move(entry)), true);
}

awaitable<std::size_t> FaultyStateStore::resume(std::string job,
                                                std::optional<scheduler::WaitingRange> skipped,
                                                std::string reason, scheduler::AuditEntry entry) {
  return pass(inner_.resume(std::move(job), std::move(skipped), std::move(reason), std::move(entry)), true);
}

}  // namespace sluice::test
