// State files that are opened, restored and copied where something else stands in the way.
#include "storage/state_file.hpp"
#include "storage/synced.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/faulty_calls.hpp"
#include "tests/unit/storage/state_files.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace sluice;
using sluice::test::content;
using sluice::test::FaultyCalls;
using sluice::test::make_state;
using sluice::test::put;
using sluice::test::state_of;

namespace {

namespace fs = std::filesystem;

const Instant kNow = sluice::test::at_minute(0);

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

TEST_CASE("state file: a path longer than SQLite takes is an error that names it", "[storage]") {
  const sluice::test::TempFolder folder;
  const fs::path deep = folder.path() / std::string(200, 'a') / std::string(200, 'b') / std::string(200, 'c');
  fs::create_directories(deep);
  const std::string path = (deep / "sluice.db").string();
  const Error refused = refused_open(path);
  CHECK(refused.code() == Errc::io);
  CHECK(refused.message().find(path) != std::string::npos);
  CHECK(storage::look_at_state_file(path).has_value() == fs::exists(path));
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
    if (++steps == 6) put(kept, "of another program");  // before the link is made
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

TEST_CASE("state file: the folder of a file without one is the present one", "[storage]") {
  CHECK(storage::folder_of("sluice.db") == ".");
  CHECK(storage::folder_of("/sluice.db") == "/");
  CHECK(storage::folder_of("/var/sluice.db") == "/var");
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

TEST_CASE("state file: a copy for which the disk has no room is refused as such, not cut short",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string copy = folder.file("copy.db");
  make_state(path);
  REQUIRE(fs::file_size(path) > 128U << 10U);
  const FaultyCalls full(ENOSPC, 1, "pwrite");
  const auto copied = storage::copy_state_file(path, copy);
  REQUIRE(full.failed());
  REQUIRE_FALSE(copied);
  CHECK(copied.error().code() == Errc::disk_full);
  CHECK(copied.error().message().find(copy) != std::string::npos);
  CHECK_FALSE(fs::exists(copy));
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

TEST_CASE("state file: behind a symbolic link it is the file there, with the log that SQLite has there",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string real = folder.file("disk/sluice.db");
  const std::string path = folder.file("sluice.db");
  fs::create_directory(folder.path() / "disk");
  std::string state;
  {
    const auto store = storage::open_state_file(real, {});
    store->checkpoint();
    for (const auto& step : sluice::test::scenario()) step(*store);
    state = sluice::test::dump(*store);
    fs::copy_file(real, real + ".killed");
    fs::copy_file(real + "-wal", real + ".killed-wal");
  }
  fs::rename(real + ".killed", real);
  fs::rename(real + ".killed-wal", real + "-wal");
  fs::create_symlink(real, path);
  const auto report = storage::look_at_state_file(path);
  REQUIRE(report);
  CHECK(report->log == storage::LogLook::whole);
  CHECK(report->durable.size() == 1);
  REQUIRE(storage::copy_state_file(path, folder.file("copy.db")));
  CHECK(state_of(folder.file("copy.db")) == state);
  SECTION("a damaged log is refused") {
    std::string log = content(real + "-wal");
    log[32 + 24 + 100] = static_cast<char>(log[32 + 24 + 100] ^ 0x55);
    put(real + "-wal", log);
    CHECK(refused_open(path).code() == Errc::corrupt);
    CHECK(content(real + "-wal") == log);
  }
  SECTION("damage that was noted is looked for") {
    storage::note_damage(path, Error(Errc::corrupt, "seen by a backup"));
    CHECK(fs::exists(real + ".damaged"));
    CHECK(state_of(path) == state);
    CHECK_FALSE(fs::exists(real + ".damaged"));
  }
  SECTION("a restore changes the file there") {
    fs::remove(folder.file("copy.db-wal"));
    const auto restored = storage::restore_state_file(folder.file("copy.db"), path, kNow);
    REQUIRE(restored);
    CHECK(fs::is_symlink(path));
    CHECK_FALSE(fs::exists(real + "-wal"));
    CHECK(state_of(restored->kept) == state);
  }
}
