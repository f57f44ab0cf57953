#pragma once
// The state store behind the scheduler's port: SqliteStateStore on a thread of its own, or in the caller's.

#include "core/base/worker_thread.hpp"
#include "scheduler/audit_log.hpp"
#include "scheduler/state_store.hpp"
#include "scheduler/version_store.hpp"
#include "storage/sqlite_state_store.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::storage {

enum class Threading {
  worker,  // the daemon: calls suspend, the loop goes on
  caller,  // simulations on a virtual clock: a call is done when it returns, everything in one thread
};

// With a worker, calls that wait at the same time share one sync (group_commit.hpp); each is still a
// transaction of its own to its caller, durable when it returns.
//
// A call under way is always completed in the file. A caller that is cancelled meanwhile wakes with the
// outcome and unwinds at its next wait. Everything that was begun must be awaited before the loop is
// destroyed: close() first.
class AsyncStateStore final : public scheduler::StateStore,
                              public scheduler::VersionStore,
                              public scheduler::AuditLog {
 public:
  AsyncStateStore(std::unique_ptr<SqliteStateStore> store, Threading threading);
  ~AsyncStateStore() override;

  // Finishes what is queued and closes the file. Later calls throw ErrorException (cancelled). Idempotent.
  void close();

  // For the other ports on the same file: runs `work(Database&)` where the store's own calls run, and returns
  // what it returns. `work` lives in the frame of the caller, which waits here.
  template <class Work>
  awaitable<std::invoke_result_t<Work&, Database&>> with_database(Work& work) {
    auto bound = [&] { return work(open_store().database()); };
    if (worker_) co_return co_await worker_->call(bound);
    co_return bound();
  }

  // A copy of the whole state in `path`, made in small pieces between other calls; one at a time (else throws
  // conflict). Not cancellable: a signal unwinds the caller's next wait.
  awaitable<void> backup(std::string path);

  // Runs `work` on the file like any other call, perhaps twice: it must not consume what it captured. For the
  // other ports on it (async_backfills.hpp).
  awaitable<void> with_file(std::function<void(SqliteStateStore&)> work);

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
  awaitable<std::optional<pipeline::Positions>> start_positions(std::int64_t instance_row) override;
  awaitable<std::optional<pipeline::Positions>> end_positions(std::int64_t instance_row) override;
  awaitable<Result<void>> change_state(std::int64_t instance_row, std::vector<scheduler::State> from,
                                       scheduler::State to, std::string reason) override;
  awaitable<Result<void>> operate(std::int64_t instance_row, std::vector<scheduler::State> from,
                                  scheduler::State to, std::string reason,
                                  scheduler::AuditEntry entry) override;
  awaitable<Result<scheduler::Attempt>> begin_attempt(scheduler::Claim claim, pipeline::Positions start,
                                                      Instant now) override;
  awaitable<void> succeed(scheduler::Attempt attempt, scheduler::Outcome outcome, Instant now) override;
  awaitable<void> fail(scheduler::Attempt attempt, scheduler::AttemptResult result, Error error,
                       pipeline::Statistics statistics, std::optional<Instant> retry_at,
                       Instant now) override;
  awaitable<std::vector<scheduler::Instance>> close_lost(Instant now,
                                                         std::vector<std::string> never_again) override;
  awaitable<std::vector<scheduler::Instance>> instances(scheduler::InstanceQuery query) override;
  awaitable<std::optional<scheduler::Instance>> instance(scheduler::InstanceId id) override;
  awaitable<std::optional<scheduler::Instance>> predecessor(scheduler::InstanceId id) override;
  awaitable<std::vector<scheduler::Attempt>> attempts(std::int64_t instance_row) override;
  awaitable<scheduler::Coverage> coverage(std::string job) override;
  awaitable<std::vector<std::pair<scheduler::State, std::uint64_t>>> counts(std::string job) override;
  awaitable<std::vector<scheduler::AuditEntry>> audit(std::size_t limit) override;

  awaitable<Result<void>> operate_all(std::vector<scheduler::Change> changes) override;
  awaitable<std::size_t> skip(scheduler::WaitingRange range, std::string reason,
                              scheduler::AuditEntry entry) override;
  awaitable<scheduler::Waiting> waiting(scheduler::WaitingRange range) override;
  awaitable<std::optional<Instant>> committed_after(std::string chain, Instant slot) override;
  awaitable<void> finish_dry_run(std::int64_t instance_row, Instant now) override;
  awaitable<std::vector<scheduler::Pause>> pauses() override;
  awaitable<void> pause(scheduler::Pause pause, scheduler::AuditEntry entry) override;
  awaitable<std::size_t> resume(std::string job, std::optional<scheduler::WaitingRange> skipped,
                                std::string reason, scheduler::AuditEntry entry) override;

  awaitable<void> put_in_force(std::vector<scheduler::JobVersion> versions, std::vector<std::string> removed,
                               std::vector<scheduler::AuditEntry> entries) override;
  awaitable<std::vector<scheduler::JobVersion>> versions(std::string job) override;
  awaitable<std::optional<scheduler::JobVersion>> version(std::string job, std::string version) override;
  // A few in each transaction: other calls are made between them.
  awaitable<std::size_t> remove_versions(Instant before, std::size_t most) override;

  awaitable<void> add_audit(std::vector<scheduler::AuditEntry> entries) override;
  awaitable<std::vector<scheduler::AuditRecord>> find_audit(scheduler::AuditQuery query) override;

 private:
  template <class Work>
  awaitable<std::invoke_result_t<Work&>> call(Work& work);
  template <class Work>
  awaitable<std::invoke_result_t<Work&>> call_alone(Work& work);
  awaitable<void> copy_to(std::string path);
  SqliteStateStore& open_store();
  void checkpoint_when_idle() noexcept;

  std::unique_ptr<SqliteStateStore> store_;
  std::unique_ptr<Backup> backup_;  // touched on the store's thread only
  std::unique_ptr<WorkerThread> worker_;
};

}  // namespace sluice::storage
