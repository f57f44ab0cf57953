#pragma once
// Removes what is older than the configuration keeps: logs of attempts, versions of jobs, windows. Compresses
// logs before that. Gives memory back that is not used.

#include "core/base/clock.hpp"
#include "core/base/worker_thread.hpp"
#include "daemon/config/config.hpp"
#include "scheduler/history_store.hpp"
#include "scheduler/version_store.hpp"
#include "storage/attempt_log_folder.hpp"

#include <functional>

namespace sluice::daemon {

// Failures are logged, and it is tried again the next time. Each of its coroutines runs until it is
// cancelled. Ages are counted by the wall clock: while that is in doubt nothing is compressed or removed.
class Housekeeping {
 public:
  static constexpr std::chrono::hours kLogsEvery{6};
  static constexpr std::chrono::hours kVersionsEvery{6};
  static constexpr std::chrono::hours kHistoryEvery{24};
  static constexpr std::chrono::minutes kMemoryEvery{5};

  struct Parts {  // all outlive this
    Clock& clock;
    const Config& config;  // as it is at each time
    storage::AttemptLogFolder& logs;
    scheduler::VersionStore& versions;
    scheduler::HistoryStore& history;
    std::function<bool()> clock_in_doubt;
  };
  explicit Housekeeping(Parts parts) : parts_(std::move(parts)) {}

  // logs.compressAfter, logs.retentionDays and logs.totalSize; at once and then every kLogsEvery. A stop ends
  // it before the next file.
  awaitable<void> prune_logs();
  // history.keep, and a bound for each job; the first time after kVersionsEvery.
  awaitable<void> remove_versions();
  // history.positions and history.keep; at once and then every kHistoryEvery, in small steps with pauses.
  awaitable<void> forget_windows();
  // Every kMemoryEvery, whatever the wall clock is.
  awaitable<void> give_back_memory();

 private:
  awaitable<void> compress_once();
  awaitable<void> prune_once();
  awaitable<void> remove_versions_once();
  awaitable<void> forget_once();

  Parts parts_;
  WorkerThread disk_worker_{"disk"};
};

}  // namespace sluice::daemon
