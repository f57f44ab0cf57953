#pragma once
// Copies of the state file that the daemon makes by itself, and the check of each.

#include "core/base/clock.hpp"
#include "core/base/worker_thread.hpp"
#include "daemon/base/metrics.hpp"
#include "storage/async_state_store.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

struct KeptBackup {
  std::string path;
  Instant made{};
};

// Those in `folder` by their names, the oldest first; none where there is no such folder. A name after `now`
// comes from a clock that was ahead and says nothing of its age: those come before all others.
std::vector<KeptBackup> kept_backups(const std::string& folder, Instant now);

// The same for who must know whether there are none: a folder that cannot be read is an error.
Result<std::vector<KeptBackup>> look_for_backups(const std::string& folder, Instant now);

// The state file for a daemon that starts, beside what `folder` has of it; as storage::open_state_file().
std::unique_ptr<storage::SqliteStateStore> open_backed_up(const std::string& state_file,
                                                          const std::string& folder, Instant now);

// "sluice-20181015T161500Z.db"
std::string backup_name(Instant made);

// Every so often a copy in `folder`, of which the newest few stay. Each is checked whole: a bad one is
// removed, and where the state file itself is damaged the store is stopped, so that nothing more is written
// into it and the rule `store` tells of it; the good copies stay.
class Backups {
 public:
  static constexpr std::chrono::minutes kFirstAfter{1};  // where the newest one is older than `every`
  // Larger files are copied by hand or by a timer: copies every hour would keep the disk busy.
  static constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 30U;

  struct Parts {  // all outlive this
    Clock& clock;
    storage::AsyncStateStore& store;
    Metrics& metrics;
    std::string state_file;
    std::string folder;
    Duration every;
    std::size_t keep;  // 0: none are made
    std::function<bool()> clock_in_doubt;
  };
  explicit Backups(Parts parts) : parts_(std::move(parts)) {}

  // Until it is cancelled. Failures are logged, and it is tried again `every` later.
  awaitable<void> run();

 private:
  Duration until_due(Instant now) const;
  bool has_room() const;
  void remove_parts() const;
  awaitable<void> make_one();
  awaitable<void> look_into(std::string damage);
  void prune(Instant now) const;

  Parts parts_;
  WorkerThread checker_{"backup"};
};

}  // namespace sluice::daemon
