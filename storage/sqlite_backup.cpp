#include "storage/sqlite_backup.hpp"

#include "storage/synced.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace sluice::storage {
namespace {

constexpr std::string_view kWriteBackup = "write backup";
constexpr int kPagesPerStep = 256;  // of 4 KiB: a step keeps other callers waiting for a few milliseconds

[[noreturn]] void fail_system(int number, const std::string& path) {
  throw ErrorException(from_errno(number, fmt::format("{} {}", kWriteBackup, path)));
}

// A new, private, empty file in place of what an interrupted backup left.
void create(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail_system(errno, path);
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) fail_system(errno, path);
  ::close(file);
}

}  // namespace

void Backup::Finish::operator()(sqlite3_backup* handle) const noexcept { sqlite3_backup_finish(handle); }
void Backup::Close::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }

Backup::Backup(Database& source, std::string path) : path_(std::move(path)), part_(path_ + ".part") {
  create(part_);
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(part_.c_str(), &opened, flags, nullptr);
  target_.reset(opened);
  if (code != SQLITE_OK) fail(code);
  // The part file is thrown away when anything goes wrong, so it needs no rollback journal of its own.
  const int unjournaled = sqlite3_exec(target_.get(), "PRAGMA journal_mode=OFF", nullptr, nullptr, nullptr);
  if (unjournaled != SQLITE_OK) fail(unjournaled);
  copy_.reset(sqlite3_backup_init(target_.get(), "main", source.handle(), "main"));
  if (!copy_) fail(sqlite3_extended_errcode(target_.get()));
}

Backup::~Backup() {
  if (done_) return;
  copy_.reset();
  target_.reset();
  ::unlink(part_.c_str());
}

bool Backup::step() {
  const int code = sqlite3_backup_step(copy_.get(), kPagesPerStep);
  const int number = (code & 0xff) == SQLITE_IOERR ? errno : 0;  // the connection learns it later
  if (code == SQLITE_OK) return false;
  if (code != SQLITE_DONE) fail(code, number);
  put_in_place();
  return true;
}

void Backup::put_in_place() {
  const int code = sqlite3_backup_finish(copy_.release());
  target_.reset();
  if (code != SQLITE_OK) fail(code);
  sync_path(part_, kWriteBackup);
  if (std::rename(part_.c_str(), path_.c_str()) != 0) fail_system(errno, path_);
  sync_folder_of(path_, kWriteBackup);
  done_ = true;
}

void Backup::fail(int code) const { fail(code, target_ ? sqlite3_system_errno(target_.get()) : 0); }

void Backup::fail(int code, int system_errno) const {
  throw ErrorException(sqlite_error(code, system_errno, part_, kWriteBackup, sqlite3_errstr(code)));
}

}  // namespace sluice::storage
