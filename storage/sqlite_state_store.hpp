#pragma once
// The state store on SQLite, synchronous: one method per method of scheduler::StateStore, same contracts,
// each one transaction. AsyncStateStore puts it behind the port.

#include "scheduler/state_store.hpp"
#include "storage/sqlite.hpp"
#include "storage/sqlite_backup.hpp"
#include "storage/state_check.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice::storage {

// One thread at a time. Failures of the file are ErrorException, as Database says.
class SqliteStateStore {
 public:
  // More rows than these are added faster, at the price of preparing all statements anew, and by a
  // transaction of their own.
  static constexpr std::size_t kSharedRows = 500;

  // Opens or creates the file and migrates it; before that it is looked at for damage as deep as `check`
  // says. Also throws invalid_argument for a newer or foreign file.
  explicit SqliteStateStore(DatabaseOptions options, std::optional<CheckDepth> check = std::nullopt);

  std::size_t add_instances(const std::vector<scheduler::NewInstance>& instances);
  std::optional<Instant> last_planned(const std::string& job);
  std::size_t remove_unstarted(const std::string& job, Instant after, const std::string& keep = {});

  std::vector<scheduler::Instance> heads(Instant now);
  std::optional<scheduler::Instance> head(const std::string& job);
  std::optional<Instant> next_due(Instant now);
  std::vector<scheduler::Instance> runnable(const std::string& job, Instant after, Instant now,
                                            std::size_t limit);
  scheduler::SlotProgress progress(const std::string& job, Instant first, Instant last);
  std::optional<scheduler::CommittedEnd> committed_before(const std::string& job, Instant before);
  std::vector<scheduler::Instance> of_other_zones(const std::string& job, const std::string& zone,
                                                  Instant from, Instant before);
  std::optional<pipeline::Positions> start_positions(std::int64_t instance_row);
  std::optional<pipeline::Positions> end_positions(std::int64_t instance_row);

  Result<void> change_state(std::int64_t instance_row, const std::vector<scheduler::State>& from,
                            scheduler::State to, const std::string& reason);
  Result<void> operate(std::int64_t instance_row, const std::vector<scheduler::State>& from,
                       scheduler::State to, const std::string& reason, const scheduler::AuditEntry& entry);

  Result<scheduler::Attempt> begin_attempt(const scheduler::Claim& claim, const pipeline::Positions& start,
                                           Instant now);
  // An attempt that is not open stays as it is: a caller that could not see the outcome may repeat the call,
  // and one that was closed as lost cannot succeed any more.
  void succeed(const scheduler::Attempt& attempt, const scheduler::Outcome& outcome, Instant now);
  void fail(const scheduler::Attempt& attempt, scheduler::AttemptResult result, const Error& error,
            const pipeline::Statistics& statistics, std::optional<Instant> retry_at, Instant now);
  std::vector<scheduler::Instance> close_lost(Instant now, const std::vector<std::string>& never_again = {});

  std::vector<scheduler::Instance> instances(const scheduler::InstanceQuery& query);
  std::optional<scheduler::Instance> instance(const scheduler::InstanceId& id);
  std::optional<scheduler::Instance> predecessor(const scheduler::InstanceId& id);
  std::vector<scheduler::Attempt> attempts(std::int64_t instance_row);
  scheduler::Coverage coverage(const std::string& job);
  std::vector<std::pair<scheduler::State, std::uint64_t>> counts(const std::string& job);
  std::vector<scheduler::AuditEntry> audit(std::size_t limit);

  // Empties the write-ahead log into the file. For when there is nothing else to do.
  void checkpoint() { database_.checkpoint(); }
  bool wants_checkpoint() const { return database_.wants_checkpoint(); }

  // A copy of the whole state in `path` while the store goes on. The caller steps it and destroys it before
  // the store, between two calls of this class.
  std::unique_ptr<Backup> start_backup(const std::string& path);

  // The instances of a query that begins with kInstanceColumns, with their objects.
  std::vector<scheduler::Instance> read_all(Statement rows) { return collect(std::move(rows)); }

  // For tests, the other parts of the file's schema, and the operator's questions about it.
  Database& database() noexcept { return database_; }

 private:
  // What closing an attempt needs to know of its instance.
  struct Subject {
    std::int64_t job_id = 0;
    Instant slot{};
    Instant window_start{};
    Instant window_end{};
    std::uint64_t rows = 0;  // of the success before this one; 0 without
    bool repeated = false;   // it has succeeded before
    bool chained = true;     // its window has positions, and the next one begins at them
  };

  using Totals = std::map<std::int64_t, std::uint64_t>;

  std::optional<std::int64_t> job_id(const std::string& name);
  std::int64_t make_job_id(const std::string& name);
  std::size_t add_rows(std::span<const scheduler::NewInstance> rows);
  Result<void> check_unchanged(const scheduler::Claim& claim);
  Result<void> change(std::int64_t instance_row, const std::vector<scheduler::State>& from,
                      scheduler::State to, const std::string& reason);
  bool close_attempt(const scheduler::Attempt& attempt, scheduler::AttemptResult result, const Error* error,
                     const pipeline::Statistics& statistics, Instant now);
  Subject subject(std::int64_t instance_row);
  void replace_objects(std::int64_t instance_row, const std::vector<pipeline::ObjectInfo>& objects);
  void replace_gaps(std::int64_t instance_row, std::int64_t job_id, const std::vector<pipeline::Gap>& gaps);
  void extend_coverage(const Subject& subject, std::uint64_t rows);
  void join_coverage(const Subject& subject, Instant from);
  bool predecessor_succeeded(const Subject& subject);
  std::vector<scheduler::Instance> collect(Statement rows);
  void add_objects(scheduler::Instance& instance);
  std::uint64_t total(std::int64_t chain);

  // Instances by chain, as far as they were counted since one was added or deleted. SQLite holds its address.
  std::unique_ptr<Totals> totals_;
  Database database_;
};

}  // namespace sluice::storage
