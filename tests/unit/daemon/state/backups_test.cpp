#include "daemon/state/backups.hpp"

#include "core/job/civil_time.hpp"
#include "storage/state_file.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

struct Keeper {
  explicit Keeper(std::size_t kept = 4) : keep(kept) { declare_all(metrics, "1"); }
  ~Keeper() {
    cancel.emit(boost::asio::cancellation_type::terminal);
    world.clock.settle();
    store.close();
  }
  void start() {
    const auto on_end = [this](std::exception_ptr) { ended = true; };
    boost::asio::co_spawn(world.io, backups.run(),
                          boost::asio::bind_cancellation_slot(cancel.slot(), on_end));
    world.clock.settle();
  }
  // To the next look, and until it is over: the threads of store and check take real time.
  void pass(Duration time) {
    world.clock.advance(time);
    finish_round();
  }
  void finish_round() {
    while (!ended && !world.clock.next_wake()) turn();
  }
  void turn() {
    world.io.restart();
    world.io.run_one();
  }
  // Runs `sql` on the file that the store has open.
  void spoil(const std::string& sql) {
    auto run_sql = [&](storage::Database& database) { database.execute(sql); };
    bool spoilt = false;
    const auto work = [&]() -> awaitable<void> {
      co_await store.with_database(run_sql);
      spoilt = true;
    };
    boost::asio::co_spawn(world.io, work(), [](std::exception_ptr) {});
    while (!spoilt) turn();
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const KeptBackup& kept : kept_backups(copies, world.clock.now()))
      found.push_back(fs::path(kept.path).filename().string());
    return found;
  }

  std::size_t keep;
  sluice::test::Loop world{job::parse_local("2018-10-16T00:07+08:00").value()};
  sluice::test::TempFolder folder;
  std::string file = (fs::path(folder.path()) / "sluice.db").string();
  std::string copies = (fs::path(folder.path()) / "backups").string();
  Metrics metrics;
  storage::AsyncStateStore store{storage::open_state_file(file, {}), storage::Threading::worker};
  bool doubt = false;
  bool ended = false;
  Backups backups{
      Backups::Parts{world.clock, store, metrics, file, copies, 1h, keep, [this] { return doubt; }}};
  boost::asio::cancellation_signal cancel;
};

}  // namespace

TEST_CASE("backups: one is made soon after the start and then every hour, and the newest four stay") {
  Keeper keeper;
  keeper.start();
  CHECK(keeper.names().empty());
  keeper.pass(1min);
  CHECK(keeper.names() == std::vector<std::string>{"sluice-20181015T160800Z.db"});
  CHECK(keeper.metrics.text().find("sluice_backup_timestamp_seconds 1539619680") != std::string::npos);
  for (int hour = 0; hour < 5; ++hour) keeper.pass(1h);
  CHECK(keeper.names() == std::vector<std::string>{"sluice-20181015T180800Z.db", "sluice-20181015T190800Z.db",
                                                   "sluice-20181015T200800Z.db",
                                                   "sluice-20181015T210800Z.db"});
  const auto report =
      storage::look_at_state_file(kept_backups(keeper.copies, keeper.world.clock.now()).back().path);
  REQUIRE(report.has_value());
  CHECK_FALSE(report->damage.has_value());
}

TEST_CASE("backups: a restart waits for the next hour, and a clock in doubt makes none") {
  Keeper keeper;
  fs::create_directories(keeper.copies);
  std::ofstream(fs::path(keeper.copies) / "sluice-20181015T154700Z.db") << "x";
  std::ofstream(fs::path(keeper.copies) / "mine.db") << "x";
  keeper.start();
  keeper.pass(39min);
  CHECK(keeper.names().size() == 1);
  keeper.doubt = true;
  keeper.pass(1min);
  CHECK(keeper.names().size() == 1);
  keeper.doubt = false;
  keeper.pass(1h);
  CHECK(keeper.names().size() == 2);
  CHECK(fs::exists(fs::path(keeper.copies) / "mine.db"));
}

TEST_CASE("backups: a folder that is there keeps its mode, and loses copies that were cut off") {
  Keeper keeper;
  fs::create_directories(keeper.copies);
  fs::permissions(keeper.copies, fs::perms::owner_all | fs::perms::group_all);
  const fs::path cut_off = fs::path(keeper.copies) / "sluice-20181015T154700Z.db.part";
  const fs::path other = fs::path(keeper.copies) / "mine.db.part";
  std::ofstream(cut_off) << "x";
  std::ofstream(other) << "x";
  keeper.start();
  CHECK_FALSE(fs::exists(cut_off));
  CHECK(fs::exists(other));
  keeper.pass(1min);
  CHECK(keeper.names().size() == 1);
  CHECK(fs::status(keeper.copies).permissions() == (fs::perms::owner_all | fs::perms::group_all));
}

TEST_CASE("backups: copies from a clock that was ahead go first, and are not the newest") {
  Keeper keeper(2);
  fs::create_directories(keeper.copies);
  std::ofstream(fs::path(keeper.copies) / "sluice-20181016T120000Z.db") << "x";
  std::ofstream(fs::path(keeper.copies) / "sluice-20181016T130000Z.db") << "x";
  keeper.start();
  keeper.pass(1min);
  CHECK(keeper.names() ==
        std::vector<std::string>{"sluice-20181016T130000Z.db", "sluice-20181015T160800Z.db"});
  keeper.pass(1h);
  CHECK(keeper.names() ==
        std::vector<std::string>{"sluice-20181015T160800Z.db", "sluice-20181015T170800Z.db"});
}

TEST_CASE("backups: damage of the state file stops the store, keeps the good copies and is noted") {
  Keeper keeper;
  keeper.start();
  keeper.pass(1min);
  keeper.spoil(
      "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name = 'instances_by_slot'; "
      "PRAGMA writable_schema=RESET");
  keeper.pass(1h);
  CHECK(keeper.names() == std::vector<std::string>{"sluice-20181015T160800Z.db"});
  CHECK(keeper.metrics.text().find("\nsluice_state_damaged 1\n") != std::string::npos);
  CHECK(fs::exists(keeper.file + ".damaged"));
}

TEST_CASE("backups: a row that belongs to none is damage of the state file, as it is of the copy") {
  Keeper keeper;
  keeper.start();
  keeper.spoil("PRAGMA foreign_keys=OFF");
  keeper.spoil("INSERT INTO positions(instance_id, start_json) VALUES(4711, '{}')");
  keeper.pass(1min);
  CHECK(keeper.names().empty());
  CHECK(keeper.metrics.text().find("\nsluice_state_damaged 1\n") != std::string::npos);
  CHECK(fs::exists(keeper.file + ".damaged"));
}

TEST_CASE("backups: a stop ends it after a copy that could not be made") {
  Keeper keeper;
  keeper.start();
  fs::create_directories(fs::path(keeper.copies) / "sluice-20181015T160800Z.db.part" / "in the way");
  keeper.pass(1min);
  CHECK(keeper.names().empty());
  keeper.cancel.emit(boost::asio::cancellation_type::terminal);
  keeper.world.clock.settle();
  CHECK(keeper.ended);
}

TEST_CASE("backups: a stop while a copy is made ends it, and leaves none that was not looked at") {
  Keeper keeper;
  keeper.start();
  keeper.world.clock.advance(1min);
  keeper.turn();  // begun: the first step is on the store's thread
  CHECK(keeper.names().empty());
  keeper.cancel.emit(boost::asio::cancellation_type::terminal);
  keeper.finish_round();
  CHECK(keeper.ended);
  CHECK(fs::is_empty(keeper.copies));
}

TEST_CASE("backups: none are made, and none removed, where none shall be kept") {
  Keeper keeper(0);
  fs::create_directories(keeper.copies);
  std::ofstream(fs::path(keeper.copies) / "sluice-20181014T154700Z.db") << "x";
  keeper.start();
  CHECK_FALSE(keeper.world.clock.next_wake().has_value());
  CHECK(keeper.names() == std::vector<std::string>{"sluice-20181014T154700Z.db"});
}

TEST_CASE("backups: a folder that may not be looked into is an error, one that is not there has none") {
  const Instant now = job::parse_local("2018-10-16T00:07+08:00").value();
  sluice::test::TempFolder folder;
  const fs::path closed = fs::path(folder.path()) / "backups";
  const auto none = look_for_backups(closed.string(), now);
  REQUIRE(none.has_value());
  CHECK(none->empty());
  fs::create_directories(closed);
  fs::permissions(closed, fs::perms::none);
  constexpr uid_t kNobody = 65534;
  const bool root = ::geteuid() == 0;  // who may look everywhere
  if (root) REQUIRE(::seteuid(kNobody) == 0);
  const auto refused = look_for_backups(closed.string(), now);
  if (root) REQUIRE(::seteuid(0) == 0);
  fs::permissions(closed, fs::perms::owner_all);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == Errc::permission_denied);
  CHECK(refused.error().message() ==
        "look into " + closed.string() + ": Permission denied; run it as the daemon's user");
}

TEST_CASE(
    "backups: a start without state file is refused where it cannot be told whether there are backups") {
  const Instant now = job::parse_local("2018-10-16T00:07+08:00").value();
  sluice::test::TempFolder folder;
  const std::string file = folder.path("sluice.db");
  const std::string copies = folder.write("backups", "no folder");
  const auto refused = [&] {
    try {
      open_backed_up(file, copies, now);
    } catch (const ErrorException& failure) {
      return failure.error().message();
    }
    return std::string();
  };
  CHECK(refused() == "open state: state file " + file +
                         ": it is missing or empty, and whether there are backups of it cannot be told: look "
                         "into " +
                         copies + ": Not a directory");
  CHECK_FALSE(fs::exists(file));
  storage::open_state_file(file, {});
  CHECK(refused().empty());  // there is nothing to ask them for
  fs::remove(file);
  fs::remove(copies);
  CHECK(refused().empty());
}
