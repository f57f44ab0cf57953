#include "storage/state_file.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/scenario.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <sys/stat.h>

using namespace sluice;

namespace {

namespace fs = std::filesystem;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string state_of(const std::string& path) {
  const auto store = storage::open_state_file(path, {});
  return sluice::test::dump(*store);
}

// A state file with a log, as a crash leaves it, and a backup from before.
struct Bench {
  Bench() {
    {
      const auto store = storage::open_state_file(path, {});
      for (const auto& step : sluice::test::scenario()) step(*store);
      store->database().execute(
          "INSERT OR REPLACE INTO watch VALUES(1, 5); INSERT OR REPLACE INTO absences VALUES('gone', 5)");
      const auto copy = store->start_backup(backup);
      while (!copy->step()) continue;
      old_state = sluice::test::dump(*store);
      store->add_instances({sluice::test::planned_at("late", 1)});
      new_state = sluice::test::dump(*store);
      file = content(path);
      log = content(path + "-wal");
    }
    put_back();
  }
  void put_back() const {
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      if (entry.path() != backup) fs::remove(entry.path());
    }
    std::ofstream(path, std::ios::binary) << file;
    std::ofstream(path + "-wal", std::ios::binary) << log;
    fs::permissions(path, fs::perms::owner_all | fs::perms::group_read);
  }

  sluice::test::TempFolder folder;
  std::string path = folder.file("sluice.db");
  std::string backup = folder.file("backup.db");
  std::string old_state;  // of the backup
  std::string new_state;  // of the file, with what is in its log
  std::string file;
  std::string log;
};

const Instant kNow = sluice::test::at_minute(0);

}  // namespace

TEST_CASE("restore: the backup takes the place of the file, which is kept with its log", "[storage]") {
  const Bench bench;
  const auto restored = storage::restore_state_file(bench.backup, bench.path, kNow);
  REQUIRE(restored);
  CHECK(restored->kept == bench.path + ".until-20181015T160000Z");
  CHECK(content(restored->kept) == bench.file);
  CHECK(content(restored->kept + "-wal") == bench.log);
  CHECK_FALSE(fs::exists(bench.path + "-wal"));
  struct stat made {};
  REQUIRE(::stat(bench.path.c_str(), &made) == 0);
  CHECK((made.st_mode & 0777) == 0600);
  CHECK(state_of(bench.path) == bench.old_state);
  CHECK(state_of(restored->kept) == bench.new_state);
}

TEST_CASE("restore: windows since the backup are none that catchUp may skip", "[storage]") {
  const Bench bench;
  REQUIRE(storage::restore_state_file(bench.backup, bench.path, kNow));
  const auto store = storage::open_state_file(bench.path, {});
  for (const std::string table : {"watch", "absences"}) {
    CAPTURE(table);
    auto rows = store->database().prepare("SELECT count(*) FROM " + table);
    REQUIRE(rows.step());
    CHECK(rows.integer(0) == 0);
  }
}

TEST_CASE("restore: cut off at any step it leaves the old state or the new one, and can be done again",
          "[storage]") {
  const Bench bench;
  bool done = false;
  for (int last = 0; !done; ++last) {
    CAPTURE(last);
    REQUIRE(last < 50);
    bench.put_back();
    int steps = 0;
    const auto fail_at = [&] {
      if (steps++ == last) throw ErrorException(Error(Errc::io, "cut off"));
    };
    done = storage::restore_state_file(bench.backup, bench.path, kNow, fail_at).has_value();
    const bool again = last % 2 == 1 && !done;
    if (again) REQUIRE(storage::restore_state_file(bench.backup, bench.path, kNow));
    const std::string state = state_of(bench.path);
    const bool known = state == bench.old_state || (!again && state == bench.new_state);
    CHECK(known);
    if (state == bench.old_state) CHECK(state_of(bench.path + ".until-20181015T160000Z") == bench.new_state);
  }
}

TEST_CASE("restore: refuses what is no good backup, and a file that a daemon has", "[storage]") {
  const Bench bench;
  const auto refused = [&](const std::string& backup) {
    const auto restored = storage::restore_state_file(backup, bench.path, kNow);
    REQUIRE_FALSE(restored);
    CHECK(content(bench.path) == bench.file);
    CHECK(content(bench.path + "-wal") == bench.log);
    return restored.error();
  };
  CHECK(refused(bench.folder.file("none.db")).code() == Errc::not_found);
  std::string bytes = content(bench.backup);
  std::fill_n(bytes.begin() + 2 * 4096, 4096, '\xff');
  std::ofstream(bench.folder.file("bad.db"), std::ios::binary) << bytes;
  CHECK(refused(bench.folder.file("bad.db")).code() == Errc::corrupt);
  CHECK(refused(bench.path).code() == Errc::invalid_argument);  // itself, with its log
  {
    storage::DatabaseOptions options;
    options.path = bench.folder.file("newer.db");
    storage::SqliteStateStore store(options);
    store.database().execute("PRAGMA user_version=99");
  }
  const Error newer = refused(bench.folder.file("newer.db"));
  CHECK(newer.code() == Errc::invalid_argument);
  CHECK(newer.message().find("its version is 99") != std::string::npos);
  const auto daemon = storage::open_state_file(bench.path, {});
  CHECK(storage::restore_state_file(bench.backup, bench.path, kNow).error().code() == Errc::conflict);
  CHECK(sluice::test::dump(*daemon) == bench.new_state);
}

TEST_CASE("restore: works where the file is gone, or no database at all", "[storage]") {
  const Bench bench;
  SECTION("gone") {
    fs::remove(bench.path);
    fs::remove(bench.path + "-wal");
    const auto restored = storage::restore_state_file(bench.backup, bench.path, kNow);
    REQUIRE(restored);
    CHECK(restored->kept.empty());
  }
  SECTION("rubbish") {
    std::ofstream(bench.path) << "rubbish";
    REQUIRE(storage::restore_state_file(bench.backup, bench.path, kNow));
    CHECK(content(bench.path + ".until-20181015T160000Z") == "rubbish");
  }
  CHECK(state_of(bench.path) == bench.old_state);
}
