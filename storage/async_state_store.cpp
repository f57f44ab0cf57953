#include "storage/async_state_store.hpp"

#include "core/base/cancellation.hpp"
#include "storage/group_commit.hpp"
#include "storage/sqlite_audit.hpp"
#include "storage/sqlite_operations.hpp"
#include "storage/sqlite_versions.hpp"

#include <exception>

namespace sluice::storage {
namespace {

// Long enough that a burst of attempts shares one checkpoint, short enough that the log is small when a
// backup of the disk comes along.
constexpr std::chrono::milliseconds kIdleAfter{2000};

}  // namespace

AsyncStateStore::AsyncStateStore(std::unique_ptr<SqliteStateStore> store, Threading threading)
    : store_(std::move(store)) {
  if (threading == Threading::caller) return;
  WhenIdle idle;
  idle.run = [this] { checkpoint_when_idle(); };
  idle.wanted = [this] { return store_->wants_checkpoint(); };
  idle.after = kIdleAfter;
  worker_ = std::make_unique<WorkerThread>("store", std::move(idle), commit_together(store_->database()));
}

AsyncStateStore::~AsyncStateStore() { close(); }

void AsyncStateStore::close() {
  if (worker_) worker_->stop();
  backup_.reset();
  store_.reset();
}

SqliteStateStore& AsyncStateStore::open_store() {
  if (!store_) throw ErrorException(Error(Errc::cancelled, "use state: the store is closed"));
  return *store_;
}

// A checkpoint that fails has changed nothing: the log keeps what it holds, and if the disk stays bad the
// next write says so to a caller that can act.
void AsyncStateStore::checkpoint_when_idle() noexcept {
  try {
    store_->checkpoint();
  } catch (const ErrorException&) {
    return;
  }
}

// `work` lives in the frame of the calling method, which waits here. It may run twice (group_commit.hpp).
template <class Work>
awaitable<std::invoke_result_t<Work&>> AsyncStateStore::call(Work& work) {
  if (worker_) co_return co_await worker_->call(work);
  co_return work();
}

// What must not lie within a transaction.
template <class Work>
awaitable<std::invoke_result_t<Work&>> AsyncStateStore::call_alone(Work& work) {
  if (worker_) co_return co_await worker_->call_alone(work);
  co_return work();
}

// Unwinding between two steps would leave the copy, and with it the source, half open.
awaitable<void> AsyncStateStore::backup(std::string path) {
  co_await uninterrupted(copy_to(std::move(path)));
}

awaitable<void> AsyncStateStore::copy_to(std::string path) {
  auto start = [&] {
    if (backup_) throw ErrorException(Error(Errc::conflict, "back up state: another backup is under way"));
    backup_ = open_store().start_backup(path);
  };
  co_await call_alone(start);
  auto step = [&] {
    bool done = true;
    try {
      done = backup_->step();
    } catch (...) {
      backup_.reset();
      throw;
    }
    if (done) backup_.reset();
    return done;
  };
  while (!co_await call_alone(step)) continue;
}

awaitable<void> AsyncStateStore::with_file(std::function<void(SqliteStateStore&)> work) {
  auto step = [&] { work(open_store()); };
  co_await call(step);
}

awaitable<std::size_t> AsyncStateStore::add_instances(std::vector<scheduler::NewInstance> instances) {
  auto work = [&] { return open_store().add_instances(instances); };
  if (instances.size() > SqliteStateStore::kSharedRows) co_return co_await call_alone(work);
  co_return co_await call(work);
}

awaitable<std::optional<Instant>> AsyncStateStore::last_planned(std::string job) {
  auto work = [&] { return open_store().last_planned(job); };
  co_return co_await call(work);
}

awaitable<std::size_t> AsyncStateStore::remove_unstarted(std::string job, Instant after, std::string keep) {
  auto work = [&] { return open_store().remove_unstarted(job, after, keep); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::Instance>> AsyncStateStore::heads(Instant now) {
  auto work = [&] { return open_store().heads(now); };
  co_return co_await call(work);
}

awaitable<std::optional<scheduler::Instance>> AsyncStateStore::head(std::string job) {
  auto work = [&] { return open_store().head(job); };
  co_return co_await call(work);
}

awaitable<std::optional<Instant>> AsyncStateStore::next_due(Instant now) {
  auto work = [&] { return open_store().next_due(now); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::Instance>> AsyncStateStore::runnable(std::string job, Instant after,
                                                                      Instant now, std::size_t limit) {
  auto work = [&] { return open_store().runnable(job, after, now, limit); };
  co_return co_await call(work);
}

awaitable<scheduler::SlotProgress> AsyncStateStore::progress(std::string job, Instant first, Instant last) {
  auto work = [&] { return open_store().progress(job, first, last); };
  co_return co_await call(work);
}

awaitable<std::optional<scheduler::CommittedEnd>> AsyncStateStore::committed_before(std::string job,
                                                                                    Instant before) {
  auto work = [&] { return open_store().committed_before(job, before); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::Instance>> AsyncStateStore::of_other_zones(std::string job, std::string zone,
                                                                            Instant from, Instant before) {
  auto work = [&] { return open_store().of_other_zones(job, zone, from, before); };
  co_return co_await call(work);
}

awaitable<std::optional<pipeline::Positions>> AsyncStateStore::start_positions(std::int64_t instance_row) {
  auto work = [&] { return open_store().start_positions(instance_row); };
  co_return co_await call(work);
}

awaitable<std::optional<pipeline::Positions>> AsyncStateStore::end_positions(std::int64_t instance_row) {
  auto work = [&] { return open_store().end_positions(instance_row); };
  co_return co_await call(work);
}

awaitable<Result<void>> AsyncStateStore::change_state(std::int64_t instance_row,
                                                      std::vector<scheduler::State> from, scheduler::State to,
                                                      std::string reason) {
  auto work = [&] { return open_store().change_state(instance_row, from, to, reason); };
  co_return co_await call(work);
}

awaitable<Result<void>> AsyncStateStore::operate(std::int64_t instance_row,
                                                 std::vector<scheduler::State> from, scheduler::State to,
                                                 std::string reason, scheduler::AuditEntry entry) {
  auto work = [&] { return open_store().operate(instance_row, from, to, reason, entry); };
  co_return co_await call(work);
}

awaitable<Result<scheduler::Attempt>> AsyncStateStore::begin_attempt(scheduler::Claim claim,
                                                                     pipeline::Positions start, Instant now) {
  auto work = [&] { return open_store().begin_attempt(claim, start, now); };
  co_return co_await call(work);
}

awaitable<void> AsyncStateStore::succeed(scheduler::Attempt attempt, scheduler::Outcome outcome,
                                         Instant now) {
  auto work = [&] { open_store().succeed(attempt, outcome, now); };
  co_return co_await call(work);
}

awaitable<void> AsyncStateStore::fail(scheduler::Attempt attempt, scheduler::AttemptResult result,
                                      Error error, pipeline::Statistics statistics,
                                      std::optional<Instant> retry_at, Instant now) {
  auto work = [&] { open_store().fail(attempt, result, error, statistics, retry_at, now); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::Instance>> AsyncStateStore::close_lost(
    Instant now, std::vector<std::string> never_again) {
  auto work = [&] { return open_store().close_lost(now, never_again); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::Instance>> AsyncStateStore::instances(scheduler::InstanceQuery query) {
  auto work = [&] { return open_store().instances(query); };
  co_return co_await call(work);
}

awaitable<std::optional<scheduler::Instance>> AsyncStateStore::instance(scheduler::InstanceId id) {
  auto work = [&] { return open_store().instance(id); };
  co_return co_await call(work);
}

awaitable<std::optional<scheduler::Instance>> AsyncStateStore::predecessor(scheduler::InstanceId id) {
  auto work = [&] { return open_store().predecessor(id); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::Attempt>> AsyncStateStore::attempts(std::int64_t instance_row) {
  auto work = [&] { return open_store().attempts(instance_row); };
  co_return co_await call(work);
}

awaitable<scheduler::Coverage> AsyncStateStore::coverage(std::string job) {
  auto work = [&] { return open_store().coverage(job); };
  co_return co_await call(work);
}

awaitable<std::vector<std::pair<scheduler::State, std::uint64_t>>> AsyncStateStore::counts(std::string job) {
  auto work = [&] { return open_store().counts(job); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::AuditEntry>> AsyncStateStore::audit(std::size_t limit) {
  auto work = [&] { return open_store().audit(limit); };
  co_return co_await call(work);
}

awaitable<Result<void>> AsyncStateStore::operate_all(std::vector<scheduler::Change> changes) {
  auto work = [&] { return SqliteOperations(open_store().database()).operate_all(changes); };
  co_return co_await call(work);
}

awaitable<std::size_t> AsyncStateStore::skip(scheduler::WaitingRange range, std::string reason,
                                             scheduler::AuditEntry entry) {
  auto work = [&] { return SqliteOperations(open_store().database()).skip(range, reason, entry); };
  co_return co_await call(work);
}

awaitable<scheduler::Waiting> AsyncStateStore::waiting(scheduler::WaitingRange range) {
  auto work = [&] { return SqliteOperations(open_store().database()).waiting(range); };
  co_return co_await call(work);
}

awaitable<std::optional<Instant>> AsyncStateStore::committed_after(std::string chain, Instant slot) {
  auto work = [&] { return SqliteOperations(open_store().database()).committed_after(chain, slot); };
  co_return co_await call(work);
}

awaitable<void> AsyncStateStore::finish_dry_run(std::int64_t instance_row, Instant now) {
  auto work = [&] { SqliteOperations(open_store().database()).finish_dry_run(instance_row, now); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::Pause>> AsyncStateStore::pauses() {
  auto work = [&] { return SqliteOperations(open_store().database()).pauses(); };
  co_return co_await call(work);
}

awaitable<void> AsyncStateStore::pause(scheduler::Pause pause, scheduler::AuditEntry entry) {
  auto work = [&] { SqliteOperations(open_store().database()).pause(pause, entry); };
  co_return co_await call(work);
}

awaitable<std::size_t> AsyncStateStore::resume(std::string job,
                                               std::optional<scheduler::WaitingRange> skipped,
                                               std::string reason, scheduler::AuditEntry entry) {
  auto work = [&] { return SqliteOperations(open_store().database()).resume(job, skipped, reason, entry); };
  co_return co_await call(work);
}

awaitable<void> AsyncStateStore::put_in_force(std::vector<scheduler::JobVersion> versions,
                                              std::vector<std::string> removed,
                                              std::vector<scheduler::AuditEntry> entries) {
  auto work = [&] { SqliteVersions(open_store().database()).put_in_force(versions, removed, entries); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::JobVersion>> AsyncStateStore::versions(std::string job) {
  auto work = [&] { return SqliteVersions(open_store().database()).versions(job); };
  co_return co_await call(work);
}

awaitable<std::optional<scheduler::JobVersion>> AsyncStateStore::version(std::string job,
                                                                         std::string version) {
  auto work = [&] { return SqliteVersions(open_store().database()).version(job, version); };
  co_return co_await call(work);
}

awaitable<std::size_t> AsyncStateStore::remove_versions(Instant before, std::size_t most) {
  auto work = [&] { return SqliteVersions(open_store().database()).remove_versions(before, most); };
  std::size_t all = 0;
  std::size_t removed = 0;
  do {
    removed = co_await call(work);
    all += removed;
  } while (removed == SqliteVersions::kRemovedAtOnce);
  co_return all;
}

awaitable<void> AsyncStateStore::add_audit(std::vector<scheduler::AuditEntry> entries) {
  auto work = [&] { storage::add_audit(open_store().database(), entries); };
  co_return co_await call(work);
}

awaitable<std::vector<scheduler::AuditRecord>> AsyncStateStore::find_audit(scheduler::AuditQuery query) {
  auto work = [&] { return storage::find_audit(open_store().database(), query); };
  co_return co_await call(work);
}

}  // namespace sluice::storage
