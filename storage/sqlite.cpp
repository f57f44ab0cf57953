#include "storage/sqlite.hpp"

#include <boost/system/generic_category.hpp>
#include <fmt/format.h>
#include <sqlite3.h>

#include <cassert>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::storage {
namespace {

// The log is cut back to this after a checkpoint, so that one large transaction does not keep its size for
// ever.
constexpr std::int64_t kLogBytesKept = 4 << 20;

// Pages in the log before a commit copies them into the file: planning writes some pages again and again.
constexpr int kLogPages = 4000;

// Enough for a large planning run not to spill page by page; given back by checkpoint().
constexpr int kCacheKib = 8192;

// What questions that come again and again may keep cached: less than a tenth of what an idle daemon takes.
constexpr int kCachedBytesKept = 1 << 20;

bool out_of_space(int number) { return number == ENOSPC || number == EDQUOT || number == EFBIG; }

Errc kind_of(int extended_code, int system_errno) {
  switch (extended_code & 0xff) {
    case SQLITE_FULL:
      return Errc::disk_full;
    case SQLITE_IOERR:
      return out_of_space(system_errno) ? Errc::disk_full : Errc::io;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::conflict;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return Errc::permission_denied;
    case SQLITE_CANTOPEN:
      if (out_of_space(system_errno)) return Errc::disk_full;
      return system_errno == EACCES || system_errno == EPERM ? Errc::permission_denied : Errc::io;
    default:
      return Errc::internal;
  }
}

std::string_view way_out(Errc kind) {
  switch (kind) {
    case Errc::disk_full:
      return "; free space on its file system or raise the quota, nothing was changed";
    case Errc::io:
      return "; check the file system and the kernel's messages";
    case Errc::corrupt:
      return "; stop the daemon, then \"sluice state restore BACKUP\" puts a backup in its place and keeps "
             "what is there";
    case Errc::conflict:
      return "; stop it, or give this one a state file of its own";
    case Errc::permission_denied:
      return "; file and folder must be writable by the daemon's user";
    default:
      return "";
  }
}

// Nobody reads them, and they cost a lock at each allocation. Once SQLite is in use this is refused, which
// does no harm.
void skip_memory_statistics() { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

}  // namespace

Error sqlite_error(int extended_code, int system_errno, std::string_view path, std::string_view doing,
                   std::string_view detail) {
  const Errc kind = kind_of(extended_code, system_errno);
  if (kind == Errc::conflict) {
    return Error(kind, fmt::format("{}: another sluice daemon uses {}{}", doing, path, way_out(kind)));
  }
  std::string cause(detail);
  if (kind != Errc::corrupt && system_errno != 0)
    cause += fmt::format(" ({})", boost::system::generic_category().message(system_errno));
  return Error(kind, fmt::format("{}: state file {}: {}{}", doing, path, cause, way_out(kind)));
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      handle_(std::exchange(other.handle_, nullptr)),
      bound_(other.bound_),
      copies_texts_(other.copies_texts_) {}

Statement::~Statement() {
  if (handle_ == nullptr) return;
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

void Statement::check(int code, std::string_view doing) const {
  if (code != SQLITE_OK) database_->fail(code, doing);
}

void Statement::bind(std::nullopt_t) { check(sqlite3_bind_null(handle_, ++bound_), "bind a value"); }

void Statement::bind_integer(std::int64_t number) {
  check(sqlite3_bind_int64(handle_, ++bound_, number), "bind a value");
}

void Statement::bind(std::string_view text) {
  // A null pointer would bind NULL; an empty view may have one.
  const char* bytes = text.empty() ? "" : text.data();
  const sqlite3_destructor_type kept = copies_texts_ ? SQLITE_TRANSIENT : SQLITE_STATIC;
  check(sqlite3_bind_text64(handle_, ++bound_, bytes, text.size(), kept, SQLITE_UTF8), "bind a value");
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  database_->fail(code, sqlite3_stmt_readonly(handle_) != 0 ? "read state" : "write state");
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

std::string Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(handle_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  if (bytes == nullptr) return {};
  return std::string(bytes, bytes + size);
}

bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

std::optional<Instant> Statement::maybe_instant(int column) const {
  if (is_null(column)) return std::nullopt;
  return instant(column);
}

void Database::Close::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
void Database::Finalize::operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }

Database::Database(DatabaseOptions options) : options_(std::move(options)) {
  skip_memory_statistics();
  if (options_.vfs.empty()) create_file();
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const char* vfs = options_.vfs.empty() ? nullptr : options_.vfs.c_str();
  const int code = sqlite3_open_v2(options_.path.c_str(), &opened, flags, vfs);
  handle_.reset(opened);
  if (code != SQLITE_OK) fail(code, "open state");
  write_log_back_at_close(false);
  configure();
}

// Statements go before the connection they belong to.
Database::~Database() {
  cache_.clear();
  if (!damage_) write_log_back_at_close(true);
}

void Database::write_log_back_at_close(bool wanted) noexcept {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1, nullptr);
}

void Database::mark_damaged(Error damage) {
  if (!damage_) damage_ = std::move(damage);
}

void Database::check_damage() const {
  if (damage_) throw ErrorException(*damage_);
}

// SQLite would create the file readable by everyone. An existing file is not opened here: closing a second
// descriptor would drop the locks this process may hold on it.
void Database::create_file() const {
  const int file = ::open(options_.path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
    return;
  }
  const std::string doing = fmt::format("open state: create state file {}", options_.path);
  if (errno != EEXIST) throw ErrorException(from_errno(errno, doing));
  struct stat present {};
  // A folder, such as one that a container's mount made, would lose the right to be entered below.
  if (::stat(options_.path.c_str(), &present) == 0 && !S_ISREG(present.st_mode))
    throw ErrorException(
        Error(Errc::invalid_argument,
              fmt::format("open state: state file {}: it is no file; move it elsewhere", options_.path)));
  // Refused for a file of another user; then opening decides.
  const int mode_set = ::chmod(options_.path.c_str(), 0600);
  if (mode_set != 0 && errno != EPERM && errno != EROFS) throw ErrorException(from_errno(errno, doing));
  // SQLite would open it for reading only and then fail for a reason that nobody understands.
  if (mode_set != 0 && errno == EROFS) {
    throw ErrorException(
        Error(Errc::io, fmt::format("open state: state file {}: its file system is read-only; see "
                                    "the kernel's messages, and mount it for writing",
                                    options_.path)));
  }
}

void Database::configure() {
  // Exclusive comes before the log mode: then the log's index lives in our memory and no second connection
  // can exist, which SQLite 3.40's log-reset fault would need.
  execute("PRAGMA locking_mode=EXCLUSIVE");
  execute("BEGIN IMMEDIATE; COMMIT");
  execute("PRAGMA journal_mode=WAL");
  execute("PRAGMA synchronous=FULL");
  execute("PRAGMA foreign_keys=ON");
  execute("PRAGMA temp_store=MEMORY");
  execute(fmt::format("PRAGMA cache_size={}", -kCacheKib));
  execute(fmt::format("PRAGMA journal_size_limit={}", kLogBytesKept));
  execute(fmt::format("PRAGMA wal_autocheckpoint={}", kLogPages));
  execute("BEGIN IMMEDIATE; COMMIT");
  Statement mode = prepare("PRAGMA journal_mode");
  const bool have_log = mode.step() && mode.text(0) == "wal";
  if (!have_log)
    throw ErrorException(Error(Errc::io, fmt::format("open state: state file {}: its file system "
                                                     "cannot hold a write-ahead log",
                                                     options_.path)));
}

Statement Database::take(std::string_view sql) {
  check_damage();
  auto found = cache_.find(sql);
  if (found == cache_.end()) {
    sqlite3_stmt* prepared = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    if (code != SQLITE_OK) fail(code, "prepare a statement");
    found = cache_.emplace(std::string(sql), prepared).first;
  }
  assert(sqlite3_stmt_busy(found->second.get()) == 0 && "the statement is in use");
  return Statement(*this, found->second.get());
}

void Database::execute(const std::string& sql) {
  check_damage();
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, "open state");
}

std::size_t Database::changes() const { return static_cast<std::size_t>(sqlite3_changes64(handle_.get())); }
std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

bool Database::checkpoint() {
  check_damage();
  const int code =
      sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return false;
  if (code != SQLITE_OK) fail(code, "checkpoint state");
  sqlite3_db_release_memory(handle_.get());
  written_back_ = sqlite3_total_changes64(handle_.get());
  return true;
}

bool Database::wants_checkpoint() const {
  if (sqlite3_total_changes64(handle_.get()) != written_back_) return true;
  int cached = 0;
  int most = 0;
  const int code = sqlite3_db_status(handle_.get(), SQLITE_DBSTATUS_CACHE_USED, &cached, &most, 0);
  return code != SQLITE_OK || cached > kCachedBytesKept;
}

void Database::fail(int code, std::string_view doing) {
  const char* detail = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  const int primary = code & 0xff;
  const bool system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
  const int number = handle_ && system ? sqlite3_system_errno(handle_.get()) : 0;
  Error error = sqlite_error(code, number, options_.path, doing, detail);
  if (error.code() == Errc::corrupt) mark_damaged(error);
  throw ErrorException(std::move(error));
}

Transaction::Transaction(Database& database) : database_(database) {
  if (database_.group_ != nullptr) {
    database_.group_->begin_part();
  } else {
    database_.run("BEGIN IMMEDIATE");
  }
}

Transaction::~Transaction() {
  // After some failures (disk full, I/O) SQLite has rolled back by itself. A ROLLBACK that fails leaves a
  // transaction that the next BEGIN reports, so nothing is lost by looking away here.
  if (!open_ || !database_.in_transaction()) return;
  if (database_.group_ != nullptr) {
    database_.group_->undo_part();
  } else {
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  database_.run(database_.group_ != nullptr ? "RELEASE part" : "COMMIT");
  open_ = false;
}

TransactionGroup::TransactionGroup(Database& database) : database_(database) {
  assert(database_.group_ == nullptr && !database_.in_transaction() && "groups do not nest");
  database_.group_ = this;
}

TransactionGroup::~TransactionGroup() {
  database_.group_ = nullptr;
  if (database_.in_transaction()) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void TransactionGroup::begin_part() {
  if (!begun_) {
    database_.run("BEGIN IMMEDIATE");
    begun_ = true;
  } else if (!database_.in_transaction()) {
    undone();
  }
  database_.run("SAVEPOINT part");
}

void TransactionGroup::undo_part() noexcept {
  const int code =
      sqlite3_exec(database_.handle(), "ROLLBACK TO part; RELEASE part", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) spoiled_ = true;
}

void TransactionGroup::commit() {
  if (!begun_) return;
  if (spoiled_ || !database_.in_transaction()) undone();
  database_.run("COMMIT");
}

void TransactionGroup::undone() const {
  throw ErrorException(
      Error(Errc::io, fmt::format("write state: state file {}: a failure before undid what was "
                                  "to be written with it",
                                  database_.path())));
}

}  // namespace sluice::storage
