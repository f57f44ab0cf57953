#include "storage/sqlite.hpp"

#include "storage/sqlite_state_store.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/scenario.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace sluice;
using storage::Database;

storage::DatabaseOptions at(const std::string& path) {
  storage::DatabaseOptions options;
  options.path = path;
  return options;
}

Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const ErrorException& failure) {
    return failure.error();
  }
  FAIL("no error");
  return Error();
}

Error open_error(const std::string& path) {
  return error_of([&] { storage::SqliteStateStore store(at(path)); });
}

void overwrite(const std::string& path, std::streamoff from, std::streamoff count) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(from);
  for (std::streamoff n = 0; n < count; ++n) file.put('\x5a');
}

}  // namespace

TEST_CASE("sqlite: values come back as they were bound", "[storage]") {
  const sluice::test::TempFolder folder;
  Database database(at(folder.file("state.db")));
  database.execute("CREATE TABLE t(a, b, c, d)");
  const std::string text("a\0b\xE4\xBD\xA0", 6);
  database.run("INSERT INTO t VALUES(?, ?, ?, ?)", std::uint64_t{0xFFFF'FFFF'FFFF'FFF0U}, text,
               std::string_view(), std::optional<Instant>());
  auto row = database.prepare("SELECT a, b, c, d FROM t");
  REQUIRE(row.step());
  CHECK(row.count(0) == 0xFFFF'FFFF'FFFF'FFF0U);
  CHECK(row.text(1) == text);
  CHECK_FALSE(row.is_null(2));
  CHECK(row.text(2).empty());
  CHECK_FALSE(row.maybe_instant(3));
  CHECK(row.text(3).empty());
  CHECK_FALSE(row.step());
}

TEST_CASE("sqlite: a transaction that is not committed leaves nothing", "[storage]") {
  const sluice::test::TempFolder folder;
  Database database(at(folder.file("state.db")));
  database.execute("CREATE TABLE t(a)");
  {
    const storage::Transaction transaction(database);
    database.run("INSERT INTO t VALUES(1)");
  }
  auto row = database.prepare("SELECT count(*) FROM t");
  REQUIRE(row.step());
  CHECK(row.integer(0) == 0);
  CHECK_FALSE(database.in_transaction());
}

TEST_CASE("sqlite: the file is durable at each commit, exclusive and private", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  Database database(at(path));
  const auto pragma = [&](const std::string& sql) {
    auto row = database.prepare(sql);
    REQUIRE(row.step());
    return row.text(0);
  };
  CHECK(pragma("PRAGMA journal_mode") == "wal");
  CHECK(pragma("PRAGMA synchronous") == "2");
  CHECK(pragma("PRAGMA locking_mode") == "exclusive");
  CHECK(pragma("PRAGMA foreign_keys") == "1");
  for (const std::string& name : {path, path + "-wal"}) {
    struct stat status = {};
    REQUIRE(::stat(name.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
  }
  struct stat status = {};
  CHECK(::stat((path + "-shm").c_str(), &status) != 0);
}

TEST_CASE("sqlite: the write-ahead log is emptied by a checkpoint", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  storage::SqliteStateStore store(at(path));
  for (const auto& step : sluice::test::scenario()) step(store);
  CHECK(std::filesystem::file_size(path + "-wal") > 0);
  store.checkpoint();
  CHECK(std::filesystem::file_size(path + "-wal") == 0);
}

TEST_CASE("sqlite: a checkpoint waits for no reader, and is made when it has ended", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  Database database(at(path));
  database.execute("CREATE TABLE t(a); INSERT INTO t VALUES(1), (2)");
  {
    auto row = database.prepare("SELECT a FROM t");
    REQUIRE(row.step());
    CHECK_FALSE(database.checkpoint());
    CHECK(std::filesystem::file_size(path + "-wal") > 0);
    CHECK(row.step());
  }
  CHECK(database.checkpoint());
  CHECK(std::filesystem::file_size(path + "-wal") == 0);
}

TEST_CASE("sqlite: many pages that were only read are given back by a checkpoint", "[storage]") {
  const sluice::test::TempFolder folder;
  Database database(at(folder.file("state.db")));
  database.execute("CREATE TABLE t(a)");
  for (int n = 0; n < 500; ++n) database.run("INSERT INTO t VALUES(?)", std::string(8000, 'x'));
  REQUIRE(database.checkpoint());
  CHECK_FALSE(database.wants_checkpoint());
  {
    auto row = database.prepare("SELECT sum(length(a)) FROM t");
    REQUIRE(row.step());
    CHECK(row.integer(0) == 4'000'000);
  }
  CHECK(database.wants_checkpoint());
  REQUIRE(database.checkpoint());
  CHECK_FALSE(database.wants_checkpoint());
}

TEST_CASE("sqlite: a place that cannot hold a write-ahead log is refused", "[storage]") {
  storage::DatabaseOptions options;
  options.path = ":memory:";
  options.vfs = "unix";
  const Error error = error_of([&] { const Database database(options); });
  CHECK(error.code() == Errc::io);
  CHECK(error.message() == "open state: state file :memory:: its file system cannot hold a write-ahead log");
}

TEST_CASE("sqlite: what only a mistake of ours can bring is internal, and leaves no transaction",
          "[storage]") {
  const sluice::test::TempFolder folder;
  Database database(at(folder.file("state.db")));
  const auto code = [&](const std::function<void()>& work) { return error_of(work).code(); };
  CHECK(code([&] { database.run("INSERT INTO nowhere VALUES(1)"); }) == Errc::internal);
  CHECK(code([&] { database.run("SELECT 1", 5); }) == Errc::internal);
  CHECK(code([&] { database.execute("no statement"); }) == Errc::internal);
  CHECK_FALSE(database.in_transaction());
  database.execute("CREATE TABLE t(a)");
  database.run("INSERT INTO t VALUES(1)");
}

TEST_CASE("sqlite: a group that wrote nothing commits nothing, one that is given up leaves nothing",
          "[storage]") {
  const sluice::test::TempFolder folder;
  Database database(at(folder.file("state.db")));
  database.execute("CREATE TABLE t(a)");
  {
    storage::TransactionGroup group(database);
    auto row = database.prepare("SELECT count(*) FROM t");
    REQUIRE(row.step());
    group.commit();
  }
  {
    const storage::TransactionGroup given_up(database);
    storage::Transaction part(database);
    database.run("INSERT INTO t VALUES(1)");
    part.commit();
    CHECK(database.in_transaction());
  }
  CHECK_FALSE(database.in_transaction());
  auto row = database.prepare("SELECT count(*) FROM t");
  REQUIRE(row.step());
  CHECK(row.integer(0) == 0);
}

TEST_CASE("sqlite: what a failure undid makes the rest of its group fail, too", "[storage]") {
  const sluice::test::TempFolder folder;
  Database database(at(folder.file("state.db")));
  database.execute("CREATE TABLE t(a)");
  const auto undo = [&] { database.execute("ROLLBACK"); };  // as SQLite does by itself when the disk is full
  const std::string message = "a failure before undid what was to be written with it";
  {
    storage::TransactionGroup group(database);
    storage::Transaction first(database);
    database.run("INSERT INTO t VALUES(1)");
    first.commit();
    undo();
    const Error next = error_of([&] { const storage::Transaction second(database); });
    CHECK(next.code() == Errc::io);
    CHECK(next.message().ends_with(message));
    CHECK(error_of([&] { group.commit(); }).message().ends_with(message));
  }
  auto row = database.prepare("SELECT count(*) FROM t");
  REQUIRE(row.step());
  CHECK(row.integer(0) == 0);
}

TEST_CASE("sqlite: of several damages the first is told", "[storage]") {
  const sluice::test::TempFolder folder;
  Database database(at(folder.file("state.db")));
  database.mark_damaged(Error(Errc::corrupt, "first"));
  database.mark_damaged(Error(Errc::corrupt, "second"));
  CHECK(error_of([&] { database.run("SELECT 1"); }).message() == "first");
  CHECK(error_of([&] { database.execute("SELECT 1"); }).message() == "first");
  CHECK(error_of([&] { database.checkpoint(); }).message() == "first");
}

TEST_CASE("sqlite: parameter values come back with every character in them", "[storage]") {
  const sluice::test::TempFolder folder;
  storage::SqliteStateStore store(at(folder.file("state.db")));
  auto planned = sluice::test::planned_at("orders", 0);
  planned.values.clear();
  for (const std::string value : {"plain", "", "a\\b", "\x01", "line\nend", "\"", "\xE4\xBD\xA0"})
    planned.values.emplace_back("name " + value, value);
  store.add_instances({planned});
  CHECK(store.instance(planned.id)->values == planned.values);
}

TEST_CASE("sqlite: an instance that is gone cannot begin, and leaves no attempt", "[storage]") {
  const sluice::test::TempFolder folder;
  storage::SqliteStateStore store(at(folder.file("state.db")));
  const auto begun = store.begin_attempt(7, sluice::test::positions_at(1), sluice::test::at_minute(0));
  REQUIRE(begun.has_error());
  CHECK(begun.error().code() == Errc::not_found);
  CHECK(store.attempts(7).empty());
  CHECK_FALSE(store.start_positions(7));
}

TEST_CASE("sqlite: what is due next is the least of slots and retries to come", "[storage]") {
  const sluice::test::TempFolder folder;
  storage::SqliteStateStore store(at(folder.file("state.db")));
  const auto minute = [](int n) { return sluice::test::at_minute(n); };
  CHECK_FALSE(store.next_due(minute(0)));
  const auto planned = sluice::test::planned_at("orders", 0);
  store.add_instances({planned, sluice::test::planned_at("orders", 20)});
  const auto row = store.instance(planned.id)->row;
  const auto attempt = store.begin_attempt(row, sluice::test::positions_at(1), minute(1)).value();
  store.fail(attempt, scheduler::AttemptResult::failed, Error(Errc::unavailable, "503"), {}, minute(30),
             minute(2));
  CHECK(store.next_due(minute(3)) == minute(20));
  CHECK(store.next_due(minute(20)) == minute(30));  // no slot is left
  CHECK_FALSE(store.next_due(minute(30)));
  store.add_instances({sluice::test::planned_at("orders", 40)});
  CHECK(store.next_due(minute(20)) == minute(30));
  CHECK(store.next_due(minute(30)) == minute(40));
}

TEST_CASE("sqlite: a second daemon on the same file is refused and told why", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  const storage::SqliteStateStore first(at(path));
  const Error error = open_error(path);
  CHECK(error.code() == Errc::conflict);
  CHECK(error.message() == "open state: another sluice daemon uses " + path +
                               "; stop it, or give this one a state file of its own");
}

TEST_CASE("sqlite: a damaged file says so and names the way out", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  {
    storage::SqliteStateStore store(at(path));
    for (const auto& step : sluice::test::scenario()) step(store);
  }
  SECTION("when it is not a database at all") {
    overwrite(path, 0, 4096);
    const Error error = open_error(path);
    CHECK(error.code() == Errc::corrupt);
    CHECK(error.message() == "open state: state file " + path +
                                 ": file is not a database; stop the daemon, then \"sluice state restore "
                                 "BACKUP\" puts a backup in "
                                 "its place and keeps what is there");
  }
  SECTION("when pages inside are overwritten") {
    overwrite(path, 4096, static_cast<std::streamoff>(std::filesystem::file_size(path)) - 4096);
    const Error error = error_of([&] {
      storage::SqliteStateStore store(at(path));
      sluice::test::dump(store);
    });
    CHECK(error.code() == Errc::corrupt);
    CHECK(error.message().find(path) != std::string::npos);
  }
  SECTION("when stored positions are not what was written") {
    storage::SqliteStateStore store(at(path));
    store.database().run("UPDATE positions SET start_json = '{]'");
    const Error error = error_of([&] { sluice::test::dump(store); });
    CHECK(error.code() == Errc::corrupt);
  }
}

TEST_CASE("sqlite: a folder that does not exist is named", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("missing/state.db");
  const Error error = open_error(path);
  CHECK(error.code() == Errc::not_found);
  CHECK(error.message() == "open state: create state file " + path + ": No such file or directory");
}

// What opening says where the folder's file system is read-only; nothing where a process may not make a
// mount.
std::string error_when_read_only(const std::string& folder, const std::string& path) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const char* place = folder.c_str();
    const bool made = (::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
                      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                      ::mount(place, place, nullptr, MS_BIND, nullptr) == 0 &&
                      ::mount(nullptr, place, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
    std::string said;
    if (made) {
      try {
        const Database opened(at(path));
      } catch (const ErrorException& failure) {
        said = failure.error().message();
      }
    }
    ::_exit(::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::array<char, 1024> buffer{};
  const ssize_t got = ::read(ends[0], buffer.data(), buffer.size());
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return std::string(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
}

TEST_CASE("sqlite: a state file on a read-only file system is refused, and the cause is told", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  { storage::SqliteStateStore store(at(path)); }
  const std::string said = error_when_read_only(std::filesystem::path(path).parent_path().string(), path);
  if (said.empty()) {
    WARN("this process may not mount; nothing was checked");
    return;
  }
  CHECK(said == "open state: state file " + path +
                    ": its file system is read-only; see the kernel's messages, and mount it for writing");
}

TEST_CASE("sqlite: result codes become kinds", "[storage]") {
  const auto kind = [](int code, int number) {
    return storage::sqlite_error(code, number, "state.db", "write state", "text").code();
  };
  CHECK(kind(SQLITE_FULL, 0) == Errc::disk_full);
  CHECK(kind(SQLITE_IOERR_WRITE, ENOSPC) == Errc::disk_full);
  CHECK(kind(SQLITE_IOERR_FSYNC, EDQUOT) == Errc::disk_full);
  CHECK(kind(SQLITE_IOERR_FSYNC, EIO) == Errc::io);
  CHECK(kind(SQLITE_CORRUPT_VTAB, 0) == Errc::corrupt);
  CHECK(kind(SQLITE_NOTADB, 0) == Errc::corrupt);
  CHECK(kind(SQLITE_BUSY_SNAPSHOT, 0) == Errc::conflict);
  CHECK(kind(SQLITE_READONLY_DBMOVED, 0) == Errc::permission_denied);
  CHECK(kind(SQLITE_CANTOPEN, EACCES) == Errc::permission_denied);
  CHECK(kind(SQLITE_CONSTRAINT_UNIQUE, 0) == Errc::internal);
  CHECK(kind(SQLITE_IOERR_WRITE, EFBIG) == Errc::disk_full);  // the limit of a process
  CHECK(kind(SQLITE_CANTOPEN, ENOSPC) == Errc::disk_full);
  CHECK(kind(SQLITE_CANTOPEN, EPERM) == Errc::permission_denied);
  CHECK(kind(SQLITE_CANTOPEN, EMFILE) == Errc::io);
  CHECK(kind(SQLITE_LOCKED, 0) == Errc::conflict);
  CHECK(kind(SQLITE_PERM, 0) == Errc::permission_denied);
  CHECK(kind(SQLITE_AUTH, 0) == Errc::permission_denied);
  CHECK(storage::sqlite_error(SQLITE_FULL, 0, "state.db", "write state", "database or disk is full")
            .message() ==
        "write state: state file state.db: database or disk is full; free space on its file system or raise "
        "the "
        "quota, nothing was changed");
}
