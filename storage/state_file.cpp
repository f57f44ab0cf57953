#include "storage/state_file.hpp"

#include "storage/migrations.hpp"
#include "storage/read_only.hpp"
#include "storage/synced.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

// SQLite's locks are in these bytes of the file (PENDING, RESERVED, SHARED), whatever it holds.
constexpr off_t kLockFirst = 0x40000000;
constexpr off_t kLockBytes = 512;

// The copy that takes the file's place. While it is there under this name the restore has been decided.
std::string ready_copy(const std::string& path) { return path + ".restored"; }
std::string damage_note(const std::string& path) { return path + ".damaged"; }

[[noreturn]] void throw_errno(int number, const std::string& doing) {
  throw ErrorException(from_errno(number, doing));
}

// Of what stat() or lstat() said of `path`. What cannot be told is not taken for missing: a file would be
// passed over.
bool was_found(int code, const std::string& path) {
  if (code == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw_errno(errno, "look at " + path);
}

bool is_there(const std::string& path) {
  struct stat present {};
  return was_found(::lstat(path.c_str(), &present), path);
}

bool is_file(const std::string& path) {
  struct stat present {};
  return was_found(::stat(path.c_str(), &present), path) && S_ISREG(present.st_mode);
}

// 0 where there is none.
std::uint64_t size_of(const std::string& path) {
  struct stat present {};
  return was_found(::stat(path.c_str(), &present), path) ? static_cast<std::uint64_t>(present.st_size) : 0;
}

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno(errno, "remove " + path);
}

void rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0)
    throw_errno(errno, fmt::format("rename {} to {}", from, to));
}

void link_file(const std::string& from, const std::string& to) {
  if (!is_there(from)) return;
  if (::link(from.c_str(), to.c_str()) != 0) throw_errno(errno, fmt::format("keep {} as {}", from, to));
}

using Steps = std::function<void()>;

void step(const Steps& before) {
  if (before) before();
}

// From the copy that is ready to the file in its place. Can be cut off anywhere and begun again: the old log
// goes before the new file comes, because it must never be applied to it.
void complete_restore(const std::string& path, const Steps& before) {
  for (const char* const part : {"-wal", "-shm", "-journal"}) {
    step(before);
    remove_file(path + part);
  }
  step(before);
  remove_file(damage_note(path));
  step(before);
  rename_file(ready_copy(path), path);
  step(before);
  sync_folder_of(path, "sync");
}

std::string no_backup_used(const std::string& path, const std::string& newest) {
  return fmt::format(
      "open state: state file {}: it is missing or empty, but there are backups of it; \"sluice state "
      "restore "
      "{}\" restores the newest one; to begin anew, move the backups elsewhere",
      path, newest);
}

Error maybe_backups(const std::string& path, const Error& why) {
  return Error(why.code(), fmt::format("open state: state file {}: it is missing or empty, and whether there "
                                       "are backups of it cannot be told: {}",
                                       path, why.message()));
}

// An ordered end removes the log. An empty one is what a daemon leaves that was killed while it had nothing
// to do. Damage that was found in a copy is looked for as it was there, in a file of any size.
CheckDepth depth_for(const std::string& path, std::uint64_t whole_max) {
  if (is_there(damage_note(path))) return CheckDepth::complete;
  const bool doubtful = is_there(path + "-wal") && size_of(path) <= whole_max;
  return doubtful ? CheckDepth::whole : CheckDepth::decisive;
}

struct flock lock_range() {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = kLockFirst;
  range.l_len = kLockBytes;
  return range;
}

Error in_use(const std::string& path) {
  return Error(Errc::conflict, fmt::format("look at state file {}: a daemon uses it; stop it first, or take "
                                           "a copy by \"sluice backup\"",
                                           path));
}

// Asks for the lock without taking it: that works for files that cannot be written, too.
Result<void> check_not_in_use(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return from_errno(errno, fmt::format("look at state file {}", path));
  struct flock range = lock_range();
  const int code = ::fcntl(file, F_OFD_GETLK, &range);
  const int number = errno;
  ::close(file);
  if (code != 0) return from_errno(number, fmt::format("look at state file {}", path));
  if (range.l_type != F_UNLCK) return in_use(path);
  return {};
}

// As the old file, or the folder where there is none.
void take_owner(const std::string& path, const std::string& like) {
  const std::string model = is_there(like) ? like : folder_of(like);
  struct stat present {};
  if (::stat(model.c_str(), &present) != 0) throw_errno(errno, "look at " + model);
  if (::chmod(path.c_str(), 0600) != 0) throw_errno(errno, "set the mode of " + path);
  if (present.st_uid == ::geteuid()) return;
  if (::chown(path.c_str(), present.st_uid, present.st_gid) != 0)
    throw_errno(errno, fmt::format("give {} to the owner of {}", path, like));
}

void copy_bytes(const std::string& from, const std::string& to) {
  remove_file(to);
  copy_file(from, to);
}

Result<StateReport> looked_at(const std::string& path) {
  StateReport report;
  report.path = path;
  if (!is_there(path)) return Error(Errc::not_found, fmt::format("look at state file {}: not there", path));
  if (!is_file(path))
    return Error(Errc::invalid_argument, fmt::format("look at state file {}: it is no file", path));
  if (const auto unused = check_not_in_use(path); !unused) return unused.error();
  report.bytes = size_of(path);
  const auto log = look_at_log(path + "-wal", report.bytes);
  if (!log) return log.error();
  report.log = *log;
  if (report.bytes == 0) {
    report.damage = "the file is empty";
    return report;
  }
  try {
    read_state_file(report);
  } catch (const ErrorException& failure) {
    if (failure.error().code() != Errc::corrupt) throw;
    report.damage = failure.error().message();
  }
  if (report.log == LogLook::damaged && !report.damage)
    report.damage = "its write-ahead log is damaged: commits behind the damage would be lost";
  return report;
}

Result<StateReport> look_at_backup(const std::string& backup) {
  auto report = look_at_state_file(backup);
  if (!report) return report;
  if (report->damage)
    return Error(Errc::corrupt, fmt::format("restore {}: the backup is damaged itself: {}; take an older one",
                                            backup, *report->damage));
  if (report->log != LogLook::none)
    return Error(Errc::invalid_argument,
                 fmt::format("restore {}: it has a log beside it, so it is no copy made by \"sluice backup\" "
                             "but a file in use",
                             backup));
  return report;
}

// What a copy knows of when the daemon last ran is of another time. The windows since were exported, so they
// are none that catchUp may skip: their rows would come a second time, with the window behind them.
void forget_when_it_ran(const std::string& part) {
  for (const char* const suffix : {"-wal", "-shm", "-journal"}) remove_file(part + suffix);
  Database database(DatabaseOptions{part, {}});
  for (const std::string_view table : {"watch", "absences"}) {
    std::int64_t tables = 0;
    {
      auto found =
          database.prepare("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", table);
      if (found.step()) tables = found.integer(0);
    }
    if (tables > 0)
      database.run(fmt::format("DELETE FROM {}", table));  // a file of an earlier program has none
  }
}

// Nothing but `part` is changed until it is known to be good.
void prepare_copy(const std::string& backup, const std::string& path, const std::string& part,
                  const Steps& before) {
  step(before);
  copy_bytes(backup, part);
  step(before);
  take_owner(part, path);
  step(before);
  sync_path(part, "sync");
  const auto copied = look_at_state_file(part);
  if (!copied) throw ErrorException(copied.error());
  if (copied->damage)
    throw ErrorException(Error(Errc::corrupt, fmt::format("restore {}: its copy {} is damaged: {}; look at "
                                                          "the disk",
                                                          backup, part, *copied->damage)));
  step(before);
  forget_when_it_ran(part);
  step(before);
  sync_path(part, "sync");
}

std::string dated_name(const std::string& path, Instant now) {
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  std::string name = fmt::format("{}.until-{:%Y%m%dT%H%M%SZ}", path, seconds);
  for (int n = 2; is_there(name) || is_there(name + "-wal"); ++n)
    name = fmt::format("{}.until-{:%Y%m%dT%H%M%SZ}-{}", path, seconds, n);
  return name;
}

}  // namespace

// SQLite keeps the log beside the file itself.
std::string followed(const std::string& path) {
  std::error_code failure;
  if (!fs::is_symlink(path, failure)) return path;
  const fs::path real = fs::canonical(path, failure);
  return failure ? path : real.string();
}

void note_damage(const std::string& path, const Error& damage) noexcept {
  try {
    std::ofstream(damage_note(followed(path))) << damage.message() << '\n';
  } catch (const std::exception&) {
    return;
  }
}

std::unique_ptr<SqliteStateStore> open_state_file(const std::string& file,
                                                  const Result<std::vector<std::string>>& backups,
                                                  std::uint64_t checked_whole_max) {
  const std::string path = followed(file);
  if (const auto finished = finish_restore(path); !finished) throw ErrorException(finished.error());
  const std::uint64_t size = size_of(path);
  const auto log = look_at_log(path + "-wal", size);
  if (!log) throw ErrorException(log.error());
  if (*log == LogLook::damaged)
    throw ErrorException(damage_error(
        path, "open state", "its write-ahead log is damaged: commits behind the damage would be lost"));
  if (size == 0 && !backups) throw ErrorException(maybe_backups(path, backups.error()));
  if (size == 0 && !backups->empty())
    throw ErrorException(Error(Errc::corrupt, no_backup_used(path, backups->back())));
  DatabaseOptions options;
  options.path = path;
  auto store = std::make_unique<SqliteStateStore>(std::move(options), depth_for(path, checked_whole_max));
  remove_file(damage_note(path));
  return store;
}

Result<StateReport> look_at_state_file(const std::string& path) {
  try {
    return looked_at(followed(path));
  } catch (const ErrorException& failure) {
    return failure.error();
  }
}

Result<Restored> restore_state_file(const std::string& backup, const std::string& file, Instant now,
                                    const Steps& before_step) {
  const std::string path = followed(file);
  Restored restored;
  auto looked = look_at_backup(backup);
  if (!looked) return looked.error();
  restored.backup = std::move(*looked);
  const auto lock = StateFileLock::take(path);
  if (!lock) return lock.error();
  const std::string part = ready_copy(path) + ".part";
  try {
    prepare_copy(backup, path, part, before_step);
    // One that was cut off has kept the old file already; there may be nothing of it left to keep.
    if (is_there(path) && !is_there(ready_copy(path))) {
      restored.kept = dated_name(path, now);
      step(before_step);
      link_file(path, restored.kept);
      step(before_step);
      link_file(path + "-wal", restored.kept + "-wal");
    }
    step(before_step);
    sync_folder_of(path, "sync");
    step(before_step);
    rename_file(part, ready_copy(path));
    step(before_step);
    sync_folder_of(path, "sync");
    complete_restore(path, before_step);
  } catch (const ErrorException& failure) {
    ::unlink(part.c_str());
    return failure.error();
  }
  return restored;
}

Result<void> finish_restore(const std::string& file) {
  const std::string path = followed(file);
  try {
    if (!is_there(ready_copy(path))) return {};
    const auto lock = StateFileLock::take(path);
    if (!lock) return lock.error();
    complete_restore(path, {});
  } catch (const ErrorException& failure) {
    return failure.error();
  }
  return {};
}

Result<void> copy_state_file(const std::string& file, const std::string& to) {
  const std::string path = followed(file);
  const auto lock = StateFileLock::take(path);
  if (!lock) return lock.error();
  try {
    if (is_there(ready_copy(path))) complete_restore(path, {});
    copy_bytes(path, to);
    remove_file(to + "-wal");
    if (is_there(path + "-wal")) copy_bytes(path + "-wal", to + "-wal");
  } catch (const ErrorException& failure) {
    return failure.error();
  }
  return {};
}

void remove_state_file(const std::string& path) noexcept {
  for (const char* const part : {"", "-wal", "-shm", "-journal", ".damaged"}) ::unlink((path + part).c_str());
}

Result<StateFileLock> StateFileLock::take(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT) return StateFileLock(-1);
    return from_errno(errno, fmt::format("lock state file {}", path));
  }
  StateFileLock lock(file);
  struct flock range = lock_range();
  // Of the open file, not of the process: SQLite closing the same file elsewhere must not drop it.
  if (::fcntl(file, F_OFD_SETLK, &range) == 0) return lock;
  if (errno == EAGAIN || errno == EACCES) return in_use(path);
  return from_errno(errno, fmt::format("lock state file {}", path));
}

StateFileLock::StateFileLock(StateFileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

StateFileLock::~StateFileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace sluice::storage
