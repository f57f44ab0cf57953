// State files that look odd: another program's, under odd names, with rows that belong nowhere, copied.
#include "storage/migrations.hpp"
#include "storage/state_file.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/faulty_calls.hpp"
#include "tests/unit/storage/scenario.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

using namespace sluice;
using sluice::test::FaultyCalls;

namespace {

namespace fs = std::filesystem;

const Instant kNow = sluice::test::at_minute(0);

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// The state of the file after the scenario.
std::string make_state(const std::string& path) {
  const auto store = storage::open_state_file(path, {});
  for (const auto& step : sluice::test::scenario()) step(*store);
  return sluice::test::dump(*store);
}

std::string state_of(const std::string& path) {
  return sluice::test::dump(*storage::open_state_file(path, {}));
}

// As another program would, without the checks of ours.
void change(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

Error refused_open(const std::string& path) {
  try {
    storage::open_state_file(path, {});
  } catch (const ErrorException& failure) {
    return failure.error();
  }
  FAIL("not refused");
  return Error();
}

}  // namespace

TEST_CASE("state file look: any name of a file that the system takes will do", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("100%41?mode=ro#a b&c.db");
  for (const std::string& name : {path, "/" + path}) {
    CAPTURE(name);
    make_state(name);
    const auto closed = storage::look_at_state_file(name);
    REQUIRE(closed);
    CHECK(closed->version == 8);
    CHECK_FALSE(closed->damage);
    put(name + "-wal", std::string(32, '\0'));  // as a kill may leave it: read by another way
    const auto killed = storage::look_at_state_file(name);
    REQUIRE(killed);
    CHECK(killed->version == 8);
    fs::remove(name + "-wal");
    fs::remove(name);
  }
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("state file look: a database of another program is none of ours, and stays as it is", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("other.db");
  const std::string sql = GENERATE(as<std::string>{}, "CREATE TABLE t(a); PRAGMA application_id=7",
                                   "CREATE TABLE t(a); PRAGMA user_version=8", "PRAGMA user_version=3");
  CAPTURE(sql);
  change(path, sql);
  const std::string bytes = content(path);
  const auto looked = storage::look_at_state_file(path);
  REQUIRE_FALSE(looked);
  CHECK(looked.error().code() == Errc::invalid_argument);
  CHECK(looked.error().message() == "look at state file " + path + ": it is none of sluice's");
  const Error refused = refused_open(path);
  CHECK(refused.code() == Errc::invalid_argument);
  CHECK(refused.message().find("it belongs to another program") != std::string::npos);
  CHECK(storage::restore_state_file(path, folder.file("sluice.db"), kNow).error().code() ==
        Errc::invalid_argument);
  CHECK_FALSE(fs::exists(folder.file("sluice.db")));
}

TEST_CASE("state file look: our mark without a version is none of ours", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("a.db");
  change(path, "PRAGMA application_id=" + std::to_string(storage::kApplicationId));
  CHECK(storage::look_at_state_file(path).error().code() == Errc::invalid_argument);
}

TEST_CASE("state file look: a row that belongs to none is damage, and no backup to restore", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  make_state(path);
  change(path, "DELETE FROM jobs");
  const auto report = storage::look_at_state_file(path);
  REQUIRE(report);
  REQUIRE(report->damage);
  CHECK(report->damage->ends_with(" belongs to none of jobs"));
  CHECK(report->durable.empty());
  const auto restored = storage::restore_state_file(path, folder.file("new.db"), kNow);
  REQUIRE_FALSE(restored);
  CHECK(restored.error().code() == Errc::corrupt);
  CHECK(restored.error().message().find("take an older one") != std::string::npos);
  CHECK_FALSE(fs::exists(folder.file("new.db")));
}

TEST_CASE("state file look: one that lost a table is refused as a backup, and the table is named",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string state = make_state(path);
  for (const std::string table : {"attempts", "coverage", "watch"}) {
    CAPTURE(table);
    const std::string copy = folder.file(table + ".db");
    fs::copy_file(path, copy);
    change(copy, "DROP TABLE " + table);
    const auto restored = storage::restore_state_file(copy, path, kNow);
    REQUIRE_FALSE(restored);
    CHECK(restored.error().message().find("no such table: " + table) != std::string::npos);
  }
  CHECK(state_of(path) == state);
}

TEST_CASE("state file look: a damaged log is damage although the file reads well", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  std::string file;
  std::string log;
  {
    const auto store = storage::open_state_file(path, {});
    store->checkpoint();
    for (const auto& step : sluice::test::scenario()) step(*store);
    file = content(path);
    log = content(path + "-wal");
  }
  log[32 + 24 + 100] = static_cast<char>(log[32 + 24 + 100] ^ 0x55);
  put(path, file);
  put(path + "-wal", log);
  const auto report = storage::look_at_state_file(path);
  REQUIRE(report);
  CHECK(report->log == storage::LogLook::damaged);
  CHECK(report->damage == "its write-ahead log is damaged: commits behind the damage would be lost");
  CHECK(content(path + "-wal") == log);
}

TEST_CASE("state file look: an empty file is damage, one that cannot be is not there", "[storage]") {
  const sluice::test::TempFolder folder;
  put(folder.file("empty.db"), "");
  CHECK(storage::look_at_state_file(folder.file("empty.db"))->damage == "the file is empty");
  CHECK(storage::look_at_state_file(folder.file("empty.db/a.db")).error().code() == Errc::not_found);
}

TEST_CASE("state file look: a log that cannot be read stops a look and a start", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  make_state(path);
  fs::create_symlink(path + "-wal", path + "-wal");
  CHECK(storage::look_at_state_file(path).error().code() == Errc::io);
  CHECK(refused_open(path).code() == Errc::io);
}

TEST_CASE("state file: a folder in its place is refused, and keeps its mode", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  fs::create_directory(path);
  fs::permissions(path, fs::perms(0755));
  const Error refused = refused_open(path);
  CHECK(refused.code() == Errc::invalid_argument);
  CHECK(refused.message() == "open state: state file " + path + ": it is no file; move it elsewhere");
  CHECK(fs::status(path).permissions() == fs::perms(0755));
  const auto looked = storage::look_at_state_file(path);
  REQUIRE_FALSE(looked);
  CHECK(looked.error().code() == Errc::invalid_argument);
  CHECK(looked.error().message() == "look at state file " + path + ": it is no file");
}

TEST_CASE("state file: a link that leads nowhere is an error that names it", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  fs::create_symlink(folder.file("gone/sluice.db"), path);
  CHECK(refused_open(path).code() == Errc::not_found);
  CHECK(refused_open(path).message().find(path) != std::string::npos);
}

TEST_CASE("state file: one of another user opens although its mode cannot be set", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string state = make_state(path);
  {
    const FaultyCalls faults(EPERM, 0, "chmod");
    CHECK(state_of(path) == state);
    CHECK(faults.failed());
  }
  {
    const FaultyCalls faults(EROFS, 0, "chmod");
    const Error refused = refused_open(path);
    CHECK(refused.code() == Errc::io);
    CHECK(refused.message().find("its file system is read-only") != std::string::npos);
  }
  {
    const FaultyCalls faults(EIO, 0, "chmod");
    CHECK(refused_open(path).code() == Errc::io);
  }
}

TEST_CASE("state file: a restore gives the file to the owner of the old one", "[storage]") {
  if (::geteuid() != 0) {
    WARN("only root can give files away; nothing was checked");
    return;
  }
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string backup = folder.file("backup.db");
  make_state(path);
  fs::copy_file(path, backup);
  REQUIRE(::chown(path.c_str(), 12345, 23456) == 0);
  REQUIRE(storage::restore_state_file(backup, path, kNow));
  struct stat made {};
  REQUIRE(::stat(path.c_str(), &made) == 0);
  CHECK(made.st_uid == 12345);
  CHECK(made.st_gid == 23456);
}

TEST_CASE("state file: restores within one second keep each file that was there", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string backup = folder.file("backup.db");
  make_state(path);
  fs::copy_file(path, backup);
  put(path + ".until-20181015T160000Z-2-wal", "another one's log");
  std::vector<std::string> kept;
  for (const std::string old : {"first", "second", "third"}) {
    put(path, old);
    const auto restored = storage::restore_state_file(backup, path, kNow);
    REQUIRE(restored);
    CHECK(content(restored->kept) == old);
    kept.push_back(restored->kept);
  }
  CHECK(kept == std::vector<std::string>{path + ".until-20181015T160000Z", path + ".until-20181015T160000Z-3",
                                         path + ".until-20181015T160000Z-4"});
  CHECK(content(kept[0]) == "first");
}

TEST_CASE("state file: a restore whose name for the old file is taken meanwhile loses neither", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string backup = folder.file("backup.db");
  make_state(path);
  fs::copy_file(path, backup);
  put(path, "the old file");
  const std::string kept = path + ".until-20181015T160000Z";
  int steps = 0;
  const auto restored = storage::restore_state_file(backup, path, kNow, [&] {
    if (++steps == 4) put(kept, "of another program");  // before the link is made
  });
  CHECK(content(kept) == "of another program");
  REQUIRE_FALSE(restored);
  CHECK(restored.error().message() == "keep " + path + " as " + kept + ": File exists");
  CHECK(content(path) == "the old file");
}

TEST_CASE("state file: a copy that the disk damaged does not take the place of the file", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string backup = folder.file("backup.db");
  const std::string part = path + ".restored.part";
  make_state(path);
  fs::copy_file(path, backup);
  put(path, "the old file");
  int steps = 0;
  const auto restored = storage::restore_state_file(backup, path, kNow, [&] {
    if (++steps != 3) return;
    std::string bytes = content(part);
    std::fill_n(bytes.begin() + 2 * 4096, 4096, '\xff');
    put(part, bytes);
  });
  REQUIRE_FALSE(restored);
  CHECK(restored.error().code() == Errc::corrupt);
  CHECK(restored.error().message().ends_with("; look at the disk"));
  CHECK(content(path) == "the old file");
  CHECK_FALSE(fs::exists(part));
}

TEST_CASE("state file: a lock that cannot be had says whether a daemon has it", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  put(path, "anything");
  const auto refused = [&](int cause) {
    const FaultyCalls faults(cause, 0, "fcntl");
    return storage::StateFileLock::take(path).error().code();
  };
  CHECK(refused(EAGAIN) == Errc::conflict);
  CHECK(refused(EACCES) == Errc::conflict);
  CHECK(refused(EIO) == Errc::io);
  const auto held = storage::StateFileLock::take(path);
  REQUIRE(held);
  CHECK(storage::StateFileLock::take(path).error().code() == Errc::conflict);
  CHECK(storage::StateFileLock::take(folder.file("none.db")));
}

TEST_CASE("state file: a copy has what is in the log, and the file stays as it is", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string copy = folder.file("copy.db");
  std::string state;
  {
    const auto store = storage::open_state_file(path, {});
    for (const auto& step : sluice::test::scenario()) step(*store);
    state = sluice::test::dump(*store);
    const auto in_use = storage::copy_state_file(path, copy);
    REQUIRE_FALSE(in_use);
    CHECK(in_use.error().code() == Errc::conflict);
    CHECK_FALSE(fs::exists(copy));
    fs::copy_file(path, folder.file("killed.db"));
    fs::copy_file(path + "-wal", folder.file("killed.db-wal"));
  }
  put(copy + "-wal", "of an older copy");
  REQUIRE(storage::copy_state_file(path, copy));
  CHECK_FALSE(fs::exists(copy + "-wal"));
  CHECK(state_of(copy) == state);
  const std::string killed = folder.file("killed.db");
  const std::string bytes = content(killed);
  REQUIRE(storage::copy_state_file(killed, copy));
  CHECK(state_of(copy) == state);
  CHECK(content(killed) == bytes);
  storage::note_damage(copy, Error(Errc::corrupt, "seen by a backup"));
  storage::remove_state_file(copy);
  for (const char* const part : {"", "-wal", ".damaged"}) CHECK_FALSE(fs::exists(copy + part));
  CHECK(storage::copy_state_file(folder.file("none.db"), copy).error().code() == Errc::not_found);
}

TEST_CASE("state file: a copy is of the restored file when a restore was cut off", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string state = make_state(path);
  fs::rename(path, path + ".restored");
  put(path, "the old file");
  REQUIRE(storage::copy_state_file(path, folder.file("copy.db")));
  CHECK(state_of(folder.file("copy.db")) == state);
  CHECK_FALSE(fs::exists(path + ".restored"));
  CHECK(state_of(path) == state);
}
