#pragma once
// What the HTTP API asks of the running daemon. Implemented by App; tests script it on a memory store.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/job/job.hpp"
#include "daemon/api/plan_difference.hpp"
#include "daemon/api/reload.hpp"
#include "daemon/base/job_list.hpp"
#include "daemon/export/verified.hpp"
#include "scheduler/audit_log.hpp"
#include "scheduler/backfill_store.hpp"
#include "scheduler/backfills.hpp"
#include "scheduler/blocked.hpp"
#include "scheduler/decide.hpp"
#include "scheduler/pauses.hpp"
#include "scheduler/state_store.hpp"
#include "scheduler/why.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

class AlertDesk;  // daemon/alerts/alert_desk.hpp
class EventFeed;  // daemon/api/event_feed.hpp

using scheduler::Action;

// A piece of an attempt's log.
struct LogPart {
  int attempt = 0;
  std::uint64_t offset = 0;  // of the first byte of `text`
  std::uint64_t next = 0;    // where to go on
  bool at_end = true;        // nothing behind `next` for now
  bool open = false;         // the attempt is still in progress: more may come
  int newest = 0;            // the last attempt that has a log
  std::string text;
};

// What a backfill would run.
struct PlannedBackfill {
  scheduler::BackfillPreview preview;
  std::vector<std::string> objects;  // of preview.slots, as PlannedInstance::object
};

enum class BackfillAction : std::uint8_t { pause, resume, cancel };
std::string_view to_string(BackfillAction action) noexcept;

struct ServiceStatus {
  std::string version;
  Instant started{};
  std::size_t running = 0;
  std::size_t running_max = 0;
  bool draining = false;         // a stop was asked for
  std::string clock_in_doubt{};  // why nothing is planned or started, with the way out; empty: all is
  std::string store_failure{};   // why nothing new is started; empty: the state store works
};

// Single-threaded. Store failures are exceptions, as in StateStore; the HTTP session answers 500 for them.
class Service {
 public:
  virtual ~Service() = default;

  virtual Instant now() const = 0;
  virtual ServiceStatus status() const = 0;
  virtual JobList jobs() const = 0;
  virtual scheduler::StateStore& store() = 0;
  virtual awaitable<std::string> metrics() = 0;  // Prometheus text

  // Why the instance is in its state, down to the root cause. not_found.
  virtual awaitable<Result<scheduler::Why>> why(scheduler::InstanceId id) = 0;

  // The same instances with the states to show.
  virtual awaitable<std::vector<scheduler::Instance>> shown(std::vector<scheduler::Instance> instances) = 0;

  // What stands still until a person acts, by its cause.
  virtual awaitable<std::vector<scheduler::BlockedChain>> blocked() = 0;

  // not_found, refused_by_state.
  virtual awaitable<Result<void>> act(scheduler::Order order, scheduler::InstanceId id) = 0;

  // See Scheduler. not_found, refused_by_state.
  virtual awaitable<Result<std::vector<scheduler::Instance>>> downstream(scheduler::InstanceId id) = 0;
  virtual awaitable<Result<std::vector<scheduler::Instance>>> rerun_downstream(scheduler::Order order,
                                                                               scheduler::InstanceId id) = 0;
  virtual awaitable<Result<void>> pause(std::string job, std::string actor, std::string reason) = 0;
  virtual awaitable<Result<scheduler::Resumed>> resume(std::string job,
                                                       std::optional<scheduler::RunChoice> choice,
                                                       std::string actor, std::string reason) = 0;
  virtual std::vector<scheduler::Pause> pauses() const = 0;

  // At most `limit` bytes from `offset` of the log of attempt `number` (the newest when 0). not_found.
  virtual awaitable<Result<LogPart>> log(scheduler::Instance instance, int number, std::uint64_t offset,
                                         std::size_t limit) = 0;

  // Where the rows are that attempt `number` left out; "" if it left none, or its file was removed.
  virtual std::string dirty_file(const scheduler::Instance& instance, int number) const = 0;

  // A page of windows compared with the ledger; see Verifier.
  virtual awaitable<Result<VerifiedPage>> verify(job::Job job, VerifyQuery query) = 0;

  // The first instances of `job` with slots in [from, to); see preview_page(). not_found, invalid_argument.
  virtual Result<PlannedPage> preview(const std::string& job, Instant from, Instant to) = 0;

  virtual scheduler::BackfillStore& backfills() = 0;
  // See scheduler::Backfills. At most `slots_max` slots are listed.
  virtual awaitable<Result<PlannedBackfill>> preview_backfill(scheduler::BackfillOrder order,
                                                              std::size_t slots_max) = 0;
  virtual awaitable<Result<scheduler::Backfill>> create_backfill(scheduler::BackfillOrder order,
                                                                 std::string actor) = 0;
  // `kill` goes with cancel: what runs is stopped.
  virtual awaitable<Result<scheduler::Backfill>> act_on_backfill(BackfillAction action, std::int64_t id,
                                                                 std::string actor, bool kill) = 0;

  // Writes a copy of the state file that did not exist before; returns its size. conflict, io, disk_full.
  virtual awaitable<Result<std::uint64_t>> backup(std::string file) = 0;

  // invalid_argument, conflict.
  virtual awaitable<Result<ReloadReport>> reload(ReloadRequest request) = 0;
  virtual scheduler::VersionStore& versions() = 0;
  virtual scheduler::AuditLog& audit() = 0;
  virtual const job::DataSources& sources() const = 0;
  // What `draft`, or without one the file on the disk, would change of the job. not_found, invalid_argument.
  virtual awaitable<Result<PlanDifference>> difference(DifferenceRequest request) = 0;

  // What changes, as it changes.
  virtual EventFeed& events() = 0;

  // Incidents and channels; null where there are none.
  virtual AlertDesk* alerts() { return nullptr; }
};

}  // namespace sluice::daemon
