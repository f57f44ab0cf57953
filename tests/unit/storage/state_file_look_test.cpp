// State files that look odd: another program's, under odd names, with rows that belong nowhere.
#include "storage/migrations.hpp"
#include "storage/state_file.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/state_files.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

using namespace sluice;
using sluice::test::content;
using sluice::test::make_state;
using sluice::test::put;
using sluice::test::state_of;

namespace {

namespace fs = std::filesystem;

const Instant kNow = sluice::test::at_minute(0);

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
