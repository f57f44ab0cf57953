#include "storage/state_file.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/scenario.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

using namespace sluice;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 4096;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

void fill(storage::SqliteStateStore& store) {
  std::vector<scheduler::NewInstance> instances;
  for (int minute = 0; minute < 60; minute += 5)
    instances.push_back(sluice::test::planned_at("users", minute));
  store.add_instances(instances);
  for (const auto& step : sluice::test::scenario()) step(store);
}

std::string make_state(const std::string& path) {
  const auto store = storage::open_state_file(path, {});
  fill(*store);
  return sluice::test::dump(*store);
}

// The state, or what refused it.
struct Opened {
  std::string state;
  std::optional<Error> error;
};
Opened open(const std::string& path, const std::vector<std::string>& backups = {},
            std::uint64_t checked_whole_max = storage::kCheckedWholeMax) {
  Opened opened;
  try {
    const auto store = storage::open_state_file(path, backups, checked_whole_max);
    opened.state = sluice::test::dump(*store);
  } catch (const ErrorException& failure) {
    opened.error = failure.error();
  }
  return opened;
}

// What a daemon that was killed leaves: the file, and commits in its log.
struct Killed {
  explicit Killed(const std::string& path) {
    storage::DatabaseOptions options;
    options.path = path;
    storage::SqliteStateStore store(options);
    store.checkpoint();
    for (const auto& step : sluice::test::scenario()) {
      step(store);
      states.push_back(sluice::test::dump(store));
    }
    file = bytes_of(path);
    log = bytes_of(path + "-wal");
  }
  void put(const std::string& path) const {
    write_bytes(path, file);
    write_bytes(path + "-wal", log);
  }
  std::vector<std::string> states;  // after each commit
  std::string file;
  std::string log;
};

}  // namespace

TEST_CASE("state file: damage to any page is found, or changes nothing that can be read", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string expected = make_state(path);
  const std::string whole = bytes_of(path);
  REQUIRE(whole.size() % kPage == 0);
  const auto damage_and_look = [&](const std::string& bytes) {
    write_bytes(path, bytes);
    const auto report = storage::look_at_state_file(path);
    const bool found = !report || report->damage;
    CHECK(bytes_of(path) == bytes);
    const Opened opened = open(path);
    if (!found) {
      CHECK_FALSE(opened.error);
      CHECK(opened.state == expected);
    }
    // What a start refuses is left as it is.
    if (opened.error) {
      CHECK(bytes_of(path) == bytes);
      CHECK(bytes_of(path + "-wal").empty());
      CHECK(opened.error->code() == Errc::corrupt);
    }
  };
  for (std::size_t page = 0; page < whole.size() / kPage; ++page) {
    CAPTURE(page);
    for (const char filler : {'\0', '\xff', 'x'}) {
      std::string bytes = whole;
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(page * kPage), kPage, filler);
      damage_and_look(bytes);
    }
    damage_and_look(whole.substr(0, page * kPage));
  }
}

TEST_CASE("state file: damage that is met later stops all writing and leaves the log", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  make_state(path);
  const std::string bytes = bytes_of(path);
  auto store = storage::open_state_file(path, {});
  store->add_instances({sluice::test::planned_at("late", 1)});
  store->database().mark_damaged(Error(Errc::corrupt, "found by a backup"));
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { store->add_instances({sluice::test::planned_at("later", 1)}); },
           [&] { store->checkpoint(); }, [&] { store->last_planned("late"); }}) {
    try {
      call();
      FAIL("not refused");
    } catch (const ErrorException& failure) {
      CHECK(failure.error().message() == "found by a backup");
    }
  }
  const std::string log = bytes_of(path + "-wal");
  CHECK_FALSE(log.empty());
  store.reset();
  CHECK(bytes_of(path) == bytes);
  CHECK(bytes_of(path + "-wal") == log);
}

TEST_CASE("state file: a log that breaks off before durable commits is refused, one that was cut is not",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const Killed killed(path);
  constexpr std::size_t kFrame = 24 + kPage;
  const std::size_t frames = (killed.log.size() - 32) / kFrame;
  REQUIRE(frames > 10);
  std::vector<std::size_t> commits;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    const std::string size = killed.log.substr(32 + frame * kFrame + 4, 4);
    if (size != std::string(4, '\0')) commits.push_back(frame);
  }
  const auto is_one_of_before = [&](const Opened& opened) {
    return std::count(killed.states.begin(), killed.states.end(), opened.state) > 0;
  };
  SECTION("whole") {
    killed.put(path);
    const Opened opened = open(path);
    REQUIRE_FALSE(opened.error);
    CHECK(opened.state == killed.states.back());
  }
  SECTION("a frame is damaged") {
    for (std::size_t frame = 0; frame < frames; ++frame) {
      CAPTURE(frame, frames);
      killed.put(path);
      std::string log = killed.log;
      for (std::size_t at = 0; at < 64; ++at) log[32 + frame * kFrame + 24 + at] ^= '\x55';
      write_bytes(path + "-wal", log);
      const auto later = std::count_if(commits.begin(), commits.end(), [&](auto n) { return n > frame; });
      const Opened opened = open(path);
      if (later >= 2) {
        REQUIRE(opened.error);
        CHECK(opened.error->code() == Errc::corrupt);
        CHECK(bytes_of(path) == killed.file);
        CHECK(bytes_of(path + "-wal") == log);
      } else if (!opened.error) {
        CHECK(is_one_of_before(opened));
      }
    }
  }
  SECTION("its header is damaged") {
    killed.put(path);
    std::string log = killed.log;
    log[1] ^= '\x55';
    write_bytes(path + "-wal", log);
    REQUIRE(open(path).error);
    CHECK(bytes_of(path + "-wal") == log);
  }
  SECTION("it is cut anywhere, as by a power cut") {
    for (std::size_t frame = 0; frame < frames; ++frame) {
      killed.put(path);
      write_bytes(path + "-wal", killed.log.substr(0, 32 + frame * kFrame + 100));
      const Opened opened = open(path);
      REQUIRE_FALSE(opened.error);
    }
  }
  SECTION("the state file is empty beside it") {
    killed.put(path);
    write_bytes(path, "");
    const Opened opened = open(path);
    REQUIRE(opened.error);
    CHECK(opened.error->code() == Errc::corrupt);
    CHECK(bytes_of(path + "-wal") == killed.log);
  }
}

TEST_CASE("state file: one that is gone is not made anew where there are backups of it", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const Opened refused = open(path, {"/b/1.db", "/b/2.db"});
  REQUIRE(refused.error);
  CHECK(refused.error->code() == Errc::corrupt);
  CHECK(refused.error->message() ==
        "open state: state file " + path +
            ": it is missing or empty, but there are backups of it; \"sluice state restore /b/2.db\" "
            "restores the newest one; to begin anew, move the backups elsewhere");
  CHECK_FALSE(fs::exists(path));
  CHECK_FALSE(open(path).error);
}

TEST_CASE("state file: damage noted while the daemon ran makes the next start look at all of it",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  const std::string expected = make_state(path);
  storage::note_damage(path, Error(Errc::corrupt, "seen by a backup"));
  CHECK(open(path).state == expected);  // nothing was wrong after all
  CHECK_FALSE(fs::exists(path + ".damaged"));
  std::string bytes = bytes_of(path);
  const std::size_t root = bytes.size() / kPage / 2;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(root * kPage), kPage, '\xff');
  write_bytes(path, bytes);
  storage::note_damage(path, Error(Errc::corrupt, "seen by a backup"));
  const auto whole_max = GENERATE(as<std::uint64_t>{}, storage::kCheckedWholeMax, 1);  // of any size
  const Opened opened = open(path, {}, whole_max);
  REQUIRE(opened.error);
  CHECK(opened.error->code() == Errc::corrupt);
  CHECK(fs::exists(path + ".damaged"));
  CHECK(bytes_of(path) == bytes);
}

TEST_CASE("state file: after damage that was noted a row that an index or its owner lacks is refused as well",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  make_state(path);
  {
    const auto store = storage::open_state_file(path, {});
    storage::Database& database = store->database();
    SECTION("an index") {
      // One that is made anew over nothing takes the name and the pages of the one that had all rows.
      database.execute(
          "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = sql || ' WHERE slot_us < 0' WHERE name "
          "= "
          "'instances_by_slot'; PRAGMA writable_schema=RESET; REINDEX instances_by_slot; PRAGMA "
          "writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, ' WHERE slot_us < 0', '') WHERE "
          "name = 'instances_by_slot'; PRAGMA writable_schema=RESET");
    }
    SECTION("its owner") {
      database.execute(
          "PRAGMA foreign_keys=OFF; INSERT INTO positions(instance_id, start_json) VALUES(4711, '{}')");
    }
  }
  CHECK_FALSE(open(path).error);  // an end in order: all of it is looked at in the next copy
  storage::note_damage(path, Error(Errc::corrupt, "seen by a backup"));
  const Opened opened = open(path);
  REQUIRE(opened.error);
  CHECK(opened.error->code() == Errc::corrupt);
  CHECK(fs::exists(path + ".damaged"));
}

TEST_CASE("state file: a start after a kill looks at all of it, though the log was empty", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  make_state(path);
  CHECK_FALSE(fs::exists(path + "-wal"));
  std::string bytes = bytes_of(path);
  const std::size_t root = bytes.size() / kPage / 2;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(root * kPage), kPage, '\xff');
  write_bytes(path, bytes);
  write_bytes(path + "-wal", "");
  const Opened opened = open(path);
  REQUIRE(opened.error);
  CHECK(opened.error->code() == Errc::corrupt);
  CHECK(bytes_of(path) == bytes);
}

TEST_CASE("state file: garbage within the text of a position is found", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  make_state(path);
  std::string bytes = bytes_of(path);
  const std::string text = "{\"version\":1,";
  std::size_t found = 0;
  for (std::size_t at = 0; (at = bytes.find(text, at)) != std::string::npos; ++found)
    bytes.replace(at, text.size(), text.size(), '\x91');
  REQUIRE(found > 0);
  write_bytes(path, bytes);
  const auto report = storage::look_at_state_file(path);
  REQUIRE(report.has_value());
  REQUIRE(report->damage.has_value());
  CHECK(report->damage->find("a text of positions.") != std::string::npos);
  storage::note_damage(path, Error(Errc::corrupt, "seen by a backup"));
  CHECK(open(path).error);
}

TEST_CASE("state file: a look tells what it is, of files and copies, and refuses one in use", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("sluice.db");
  CHECK(storage::look_at_state_file(path).error().code() == Errc::not_found);
  {
    const auto store = storage::open_state_file(path, {});
    fill(*store);
    const auto in_use = storage::look_at_state_file(path);
    REQUIRE_FALSE(in_use);
    CHECK(in_use.error().code() == Errc::conflict);
  }
  {
    const auto store = storage::open_state_file(path, {});
    store->checkpoint();
    CHECK(storage::look_at_state_file(path).error().code() == Errc::conflict);
  }
  const auto report = storage::look_at_state_file(path);
  REQUIRE(report);
  CHECK_FALSE(report->damage);
  CHECK(report->version == 8);
  CHECK(report->written);
  REQUIRE(report->durable.size() == 1);
  CHECK(report->durable[0].chain == "orders");
  write_bytes(folder.file("text"), std::string(8192, 'x'));
  CHECK(storage::look_at_state_file(folder.file("text"))->damage == "file is not a database");
  const Killed killed(folder.file("killed.db"));
  killed.put(folder.file("killed.db"));
  const auto of_killed = storage::look_at_state_file(folder.file("killed.db"));
  REQUIRE(of_killed);
  CHECK_FALSE(of_killed->damage);
  CHECK(of_killed->durable.size() == 1);
  CHECK(bytes_of(folder.file("killed.db-wal")) == killed.log);
  CHECK(bytes_of(folder.file("killed.db")) == killed.file);
}
