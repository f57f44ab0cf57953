#pragma once
// The state file as a whole, from outside: opened with a look at its health, checked, restored from a backup.

#include "core/base/time.hpp"
#include "storage/sqlite_state_store.hpp"
#include "storage/state_check.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::storage {

// A path that is a symbolic link stands for the file it leads to, here and below: that one.
std::string followed(const std::string& path);

// Larger files are checked in the background only: reading them would take longer than a start may.
inline constexpr std::uint64_t kCheckedWholeMax = 256U << 20U;

// For a daemon that starts. Completes a restore that was cut off. Then looks for damage before anything is
// written: at the small tables after an end in order, at the whole file after any other, up to
// `checked_whole_max` bytes, and where damage was found before, in a file of any size, as closely as at a
// copy. A file that is missing or empty is made anew, unless `backups` says that there was one, or that this
// cannot be told. Throws ErrorException: corrupt for what is damaged, the error of `backups`, and
// as SqliteStateStore says.
std::unique_ptr<SqliteStateStore> open_state_file(const std::string& path,
                                                  const Result<std::vector<std::string>>& backups,
                                                  std::uint64_t checked_whole_max = kCheckedWholeMax);

// Says in `path` + ".damaged" what was found while the daemon ran, so that the next start looks at the whole
// file. Failing to is no matter: the next backup finds it again.
void note_damage(const std::string& path, const Error& damage) noexcept;

struct ChainUntil {
  std::string chain;
  Instant until{};
};

// What a state file, or a copy of one, says of itself.
struct StateReport {
  std::string path;
  std::uint64_t bytes = 0;
  int version = 0;
  LogLook log = LogLook::none;
  std::optional<std::string> damage;
  std::optional<Instant> written;   // until when the daemon that wrote it is known to have run
  std::vector<ChainUntil> durable;  // jobs' coverage ledger, by name, without groups of backfills
};

// Looks at all of it and changes nothing. Errors: not_found, conflict (a daemon has it), invalid_argument
// (another program's, or a newer version), permission_denied, io. Damage is part of the report. Not for a
// file that this process has open: closing a second descriptor drops the locks of the first.
Result<StateReport> look_at_state_file(const std::string& path);

struct Restored {
  StateReport backup;
  std::string kept;  // what was there is kept under this name, its log under the same with "-wal"; or empty
};

// Puts `backup` in the place of the state file `path`: what is there stays under a name with `now` in it.
// Whatever step fails or is the last one before a crash, the file is the old or the new one, and the next
// start or restore completes what was begun. `before_step`, for tests, is called before each change.
// Errors: corrupt (the backup is damaged), conflict (a daemon has the file), and as look_at_state_file().
Result<Restored> restore_state_file(const std::string& backup, const std::string& path, Instant now,
                                    const std::function<void()>& before_step = {});

// Completes a restore of `path` that was cut off; mostly there is none. Errors: conflict, io.
Result<void> finish_restore(const std::string& path);

// Copies the state file `path`, which no daemon uses, with its log to `to`, for work that may be given up;
// completes a restore that was cut off before. Errors: conflict, not_found, io, disk_full.
Result<void> copy_state_file(const std::string& path, const std::string& to);

// Removes a file that no longer counts, with its log. Failing to is no matter.
void remove_state_file(const std::string& path) noexcept;

// Keeps other programs from a state file while it lives, whatever is in it.
class StateFileLock {
 public:
  // conflict when a daemon has the file. A file that is not there needs no lock.
  static Result<StateFileLock> take(const std::string& path);
  StateFileLock(StateFileLock&& other) noexcept;
  StateFileLock& operator=(StateFileLock&&) = delete;
  ~StateFileLock();

 private:
  explicit StateFileLock(int file) : file_(file) {}
  int file_;
};

}  // namespace sluice::storage
