#pragma once
// The faulty twin of a state store: fails the calls its script names, before or after they take effect.

#include "scheduler/state_store.hpp"
#include "tests/support/fault_script.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

class FaultyStateStore final : public scheduler::StateStore {
 public:
  using Script = FaultScript;

  // `inner` outlives this.
  explicit FaultyStateStore(scheduler::StateStore& inner) : inner_(inner) {}

  Script script;
  // Of a slow store: how long a call takes; empty: no time. Needs the clock.
  std::function<Duration(bool writes)> latency;
  Clock* time = nullptr;
  Error error = Error(Errc::disk_full, "write state file: no space left on device");
  std::size_t calls() const noexcept { return calls_; }
  std::size_t looks_at_all() const noexcept { return looks_at_all_; }  // calls of heads()
  // The fate of the next call, for the ports beside this one (faulty_backfills.hpp).
  Fault next(bool writes) {
    const Fault fault = script ? script(calls_, writes) : Fault::none;
    ++calls_;
    return fault;
  }

  awaitable<std::size_t> add_instances(std::vector<scheduler::NewInstance> instances) override;
  awaitable<std::optional<Instant>> last_planned(std::string job) override;
  awaitable<std::size_t> remove_unstarted(std::string job, Instant after, std::string keep) override;
  awaitable<std::vector<scheduler::Instance>> heads(Instant now) override;
  awaitable<std::optional<scheduler::Instance>> head(std::string job) override;
  awaitable<std::optional<Instant>> next_due(Instant now) override;
  awaitable<std::vector<scheduler::Instance>> runnable(std::string job, Instant after, Instant now,
                                                       std::size_t limit) override;
  awaitable<scheduler::SlotProgress> progress(std::string job, Instant first, Instant last) override;
  awaitable<std::optional<scheduler::CommittedEnd>> committed_before(std::string job,
                                                                     Instant before) override;
  awaitable<std::vector<scheduler::Instance>> of_other_zones(std::string job, std::string zone, Instant from,
                                                             Instant before) override;
  awaitable<std::optional<pipeline::Positions>> start_positions(std::int64_t row) override;
  awaitable<std::optional<pipeline::Positions>> end_positions(std::int64_t row) override;
  awaitable<Result<void>> change_state(std::int64_t row, std::vector<scheduler::State> from,
                                       scheduler::State to, std::string reason) override;
  awaitable<Result<void>> operate(std::int64_t row, std::vector<scheduler::State> from, scheduler::State to,
                                  std::string reason, scheduler::AuditEntry entry) override;
  awaitable<Result<scheduler::Attempt>> begin_attempt(scheduler::Claim claim, pipeline::Positions start,
                                                      Instant now) override;
  awaitable<void> succeed(scheduler::Attempt attempt, scheduler::Outcome outcome, Instant now) override;
  awaitable<void> fail(scheduler::Attempt attempt, scheduler::AttemptResult result, Error failure,
                       pipeline::Statistics statistics, std::optional<Instant> retry_at,
                       Instant now) override;
  awaitable<std::vector<scheduler::Instance>> close_lost(Instant now,
                                                         std::vector<std::string> never_again) override;
  awaitable<std::vector<scheduler::Instance>> instances(scheduler::InstanceQuery query) override;
  awaitable<std::optional<scheduler::Instance>> instance(scheduler::InstanceId id) override;
  awaitable<std::optional<scheduler::Instance>> predecessor(scheduler::InstanceId id) override;
  awaitable<std::vector<scheduler::Attempt>> attempts(std::int64_t row) override;
  awaitable<scheduler::Coverage> coverage(std::string job) override;
  awaitable<std::vector<std::pair<scheduler::State, std::uint64_t>>> counts(std::string job) override;
  awaitable<std::vector<scheduler::AuditEntry>> audit(std::size_t limit) override;
  awaitable<Result<void>> operate_all(std::vector<scheduler::Change> changes) override;
  awaitable<std::size_t> skip(scheduler::WaitingRange range, std::string reason,
                              scheduler::AuditEntry entry) override;
  awaitable<scheduler::Waiting> waiting(scheduler::WaitingRange range) override;
  awaitable<std::optional<Instant>> committed_after(std::string chain, Instant slot) override;
  awaitable<void> finish_dry_run(std::int64_t row, Instant now) override;
  awaitable<std::vector<scheduler::Pause>> pauses() override;
  awaitable<void> pause(scheduler::Pause pause, scheduler::AuditEntry entry) override;
  awaitable<std::size_t> resume(std::string job, std::optional<scheduler::WaitingRange> skipped,
                                std::string reason, scheduler::AuditEntry entry) override;

 private:
  template <class T>
  awaitable<T> pass(awaitable<T> call, bool writes);

  scheduler::StateStore& inner_;
  std::size_t calls_ = 0;
  std::size_t looks_at_all_ = 0;
};

}  // namespace sluice::test
