#pragma once
// The faulty twin of a state store: fails the calls its script names, before or after they take effect.

#include "scheduler/state_store.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

enum class Fault {
  none,
  before,  // the call throws and has had no effect
  after,   // the call takes effect, then throws: the answer is lost
};

class FaultyStateStore final : public scheduler::StateStore {
 public:
  // Decides the fate of a call: its number from 0, and whether it writes.
  using Script = std::function<Fault(std::size_t call, bool writes)>;

  // `inner` outlives this.
  explicit FaultyStateStore(scheduler::StateStore& inner) : inner_(inner) {}

  Script script;
  // Of a slow store: how long a call takes; empty: no time. Needs the clock.
  std::function<Duration(bool writes)> latency;
  Clock* time = nullptr;
  Error error = Error(Errc::disk_full, "write state file: no space left on device");
  std::size_t calls() const noexcept { return calls_; }
  // The fate of the next call, for the ports beside this one (faulty_backfills.hpp).
  Fault next(bool writes) {
    const Fault fault = script ? script(calls_, writes) : Fault::none;
    ++calls_;
    return fault;
  }

  awaitable<std::size_t> add_instances(std::vector<scheduler::NewInstance> instances) override {
    return pass(inner_.add_instances(std::move(instances)), true);
  }
  awaitable<std::optional<Instant>> last_planned(std::string job) override {
    return pass(inner_.last_planned(std::move(job)), false);
  }
  awaitable<std::size_t> remove_unstarted(std::string job, Instant after) override {
    return pass(inner_.remove_unstarted(std::move(job), after), true);
  }
  awaitable<std::vector<scheduler::Instance>> heads(Instant now) override {
    return pass(inner_.heads(now), false);
  }
  awaitable<std::optional<scheduler::Instance>> head(std::string job) override {
    return pass(inner_.head(std::move(job)), false);
  }
  awaitable<std::optional<Instant>> next_due(Instant now) override {
    return pass(inner_.next_due(now), false);
  }
  awaitable<std::vector<scheduler::Instance>> runnable(std::string job, Instant after, Instant now,
                                                       std::size_t limit) override {
    return pass(inner_.runnable(std::move(job), after, now, limit), false);
  }
  awaitable<scheduler::SlotProgress> progress(std::string job, Instant first, Instant last) override {
    return pass(inner_.progress(std::move(job), first, last), false);
  }
  awaitable<std::optional<pipeline::Positions>> committed_before(std::string job, Instant before) override {
    return pass(inner_.committed_before(std::move(job), before), false);
  }
  awaitable<std::optional<pipeline::Positions>> start_positions(std::int64_t row) override {
    return pass(inner_.start_positions(row), false);
  }
  awaitable<std::optional<pipeline::Positions>> end_positions(std::int64_t row) override {
    return pass(inner_.end_positions(row), false);
  }
  awaitable<Result<void>> change_state(std::int64_t row, std::vector<scheduler::State> from,
                                       scheduler::State to, std::string reason) override {
    return pass(inner_.change_state(row, std::move(from), to, std::move(reason)), true);
  }
  awaitable<Result<void>> operate(std::int64_t row, std::vector<scheduler::State> from, scheduler::State to,
                                  std::string reason, scheduler::AuditEntry entry) override {
    return pass(inner_.operate(row, std::move(from), to, std::move(reason), std::move(entry)), true);
  }
  awaitable<Result<scheduler::Attempt>> begin_attempt(std::int64_t row, pipeline::Positions start,
                                                      Instant now) override {
    return pass(inner_.begin_attempt(row, std::move(start), now), true);
  }
  awaitable<void> succeed(scheduler::Attempt attempt, scheduler::Outcome outcome, Instant now) override {
    return pass(inner_.succeed(std::move(attempt), std::move(outcome), now), true);
  }
  awaitable<void> fail(scheduler::Attempt attempt, scheduler::AttemptResult result, Error failure,
                       pipeline::Statistics statistics, std::optional<Instant> retry_at,
                       Instant now) override {
    return pass(
        inner_.fail(std::move(attempt), result, std::move(failure), std::move(statistics), retry_at, now),
        true);
  }
  awaitable<std::vector<scheduler::Instance>> close_lost(Instant now,
                                                         std::vector<std::string> never_again) override {
    return pass(inner_.close_lost(now, std::move(never_again)), true);
  }
  awaitable<std::vector<scheduler::Instance>> instances(scheduler::InstanceQuery query) override {
    return pass(inner_.instances(std::move(query)), false);
  }
  awaitable<std::optional<scheduler::Instance>> instance(scheduler::InstanceId id) override {
    return pass(inner_.instance(std::move(id)), false);
  }
  awaitable<std::optional<scheduler::Instance>> predecessor(scheduler::InstanceId id) override {
    return pass(inner_.predecessor(std::move(id)), false);
  }
  awaitable<std::vector<scheduler::Attempt>> attempts(std::int64_t row) override {
    return pass(inner_.attempts(row), false);
  }
  awaitable<scheduler::Coverage> coverage(std::string job) override {
    return pass(inner_.coverage(std::move(job)), false);
  }
  awaitable<std::vector<std::pair<scheduler::State, std::uint64_t>>> counts(std::string job) override {
    return pass(inner_.counts(std::move(job)), false);
  }
  awaitable<std::vector<scheduler::AuditEntry>> audit(std::size_t limit) override {
    return pass(inner_.audit(limit), false);
  }
  awaitable<Result<void>> operate_all(std::vector<scheduler::Change> changes) override {
    return pass(inner_.operate_all(std::move(changes)), true);
  }
  awaitable<std::size_t> skip(scheduler::WaitingRange range, std::string reason,
                              scheduler::AuditEntry entry) override {
    return pass(inner_.skip(std::move(range), std::move(reason), std::move(entry)), true);
  }
  awaitable<scheduler::Waiting> waiting(scheduler::WaitingRange range) override {
    return pass(inner_.waiting(std::move(range)), false);
  }
  awaitable<std::optional<Instant>> committed_after(std::string chain, Instant slot) override {
    return pass(inner_.committed_after(std::move(chain), slot), false);
  }
  awaitable<void> finish_dry_run(std::int64_t row, Instant now) override {
    return pass(inner_.finish_dry_run(row, now), true);
  }
  awaitable<std::vector<scheduler::Pause>> pauses() override { return pass(inner_.pauses(), false); }
  awaitable<void> pause(scheduler::Pause pause, scheduler::AuditEntry entry) override {
    return pass(inner_.pause(std::move(pause), std::move(entry)), true);
  }
  awaitable<std::size_t> resume(std::string job, std::optional<scheduler::WaitingRange> skipped,
                                std::string reason, scheduler::AuditEntry entry) override {
    return pass(inner_.resume(std::move(job), std::move(skipped), std::move(reason), std::move(entry)), true);
  }

 private:
  // `call` has not begun yet: awaitables are lazy.
  template <class T>
  awaitable<T> pass(awaitable<T> call, bool writes) {
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

  scheduler::StateStore& inner_;
  std::size_t calls_ = 0;
};

}  // namespace sluice::test
