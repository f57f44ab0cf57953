#include "storage/sqlite_history.hpp"
#include "storage/sqlite_operations.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/memory_disk.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

namespace {

using namespace sluice;
using scheduler::HistoryLimits;
using scheduler::State;
using storage::SqliteHistory;
using storage::SqliteStateStore;

constexpr std::size_t kAll = 1000;

std::unique_ptr<SqliteStateStore> open_at(const std::string& path, const std::string& vfs = "") {
  storage::DatabaseOptions options;
  options.path = path;
  options.vfs = vfs;
  return std::make_unique<SqliteStateStore>(options);
}

std::int64_t row_of(SqliteStateStore& store, const std::string& job, int minute) {
  return store.instance(sluice::test::planned_at(job, minute).id).value().row;
}

void plan(SqliteStateStore& store, const std::string& job, int minute) {
  store.add_instances({sluice::test::planned_at(job, minute)});
}

void succeed(SqliteStateStore& store, const std::string& job, int minute, bool with_gap = false) {
  const auto attempt = store
                           .begin_attempt(row_of(store, job, minute), sluice::test::positions_at(minute),
                                          sluice::test::at_minute(minute))
                           .value();
  scheduler::Outcome outcome = sluice::test::outcome_at(minute + 5, 3);
  pipeline::Gap gap;
  gap.shard = "shard-1";
  gap.from = sluice::test::at_minute(minute - 10);
  gap.to = sluice::test::at_minute(minute - 9);
  gap.reason = "trimmed";
  if (with_gap) outcome.gaps.push_back(gap);
  store.succeed(attempt, outcome, sluice::test::at_minute(minute + 1));
}

// Windows at 0, 5, 10, ... that succeeded.
void run_windows(SqliteStateStore& store, const std::string& job, int count) {
  for (int n = 0; n < count; ++n) {
    plan(store, job, 5 * n);
    succeed(store, job, 5 * n);
  }
}

HistoryLimits before(int positions_minute, int rows_minute = -1000) {
  HistoryLimits limits;
  limits.positions_before = sluice::test::at_minute(positions_minute);
  limits.rows_before = sluice::test::at_minute(rows_minute);
  return limits;
}

Result<void> rerun(SqliteStateStore& store, const std::string& job, int minute) {
  return store.operate(row_of(store, job, minute), {State::success}, State::wait_resource, "by hand", {});
}

struct Fixture {
  sluice::test::TempFolder folder;
  std::unique_ptr<SqliteStateStore> store = open_at(folder.file("state.db"));
  SqliteHistory history{store->database()};
  scheduler::Forgotten forget(const HistoryLimits& limits) { return history.forget(limits, "", kAll); }
  bool has_positions(int minute) {
    return store->end_positions(row_of(*store, "orders", minute)).has_value();
  }
};

}  // namespace

TEST_CASE("history: limits are ages, and instances are kept at least as long as their positions") {
  const Instant now = sluice::test::at_minute(0);
  const HistoryLimits limits = scheduler::history_limits(now, std::chrono::hours(24), std::chrono::hours(72));
  CHECK(limits.positions_before == now - std::chrono::hours(24));
  CHECK(limits.rows_before == now - std::chrono::hours(72));
  CHECK(scheduler::history_limits(now, std::chrono::hours(24), std::chrono::hours(1)).rows_before ==
        now - std::chrono::hours(24));
}

TEST_CASE("history: positions and statistics of old windows go, all else of them stays", "[storage]") {
  Fixture fixture;
  run_windows(*fixture.store, "orders", 6);
  const auto done = fixture.forget(before(15));
  CHECK(done.positions == 3);
  CHECK(done.rows == 0);
  CHECK_FALSE(done.next);
  for (const int minute : {0, 5, 10}) {
    const auto instance = fixture.store->instance(sluice::test::planned_at("orders", minute).id).value();
    CHECK_FALSE(fixture.store->start_positions(instance.row));
    CHECK_FALSE(fixture.has_positions(minute));
    CHECK(instance.state == State::success);
    CHECK(instance.rows == 3);
    CHECK(instance.objects.size() == 1);
    CHECK(fixture.store->attempts(instance.row).at(0).statistics.empty());
  }
  CHECK(fixture.has_positions(15));
  CHECK_FALSE(fixture.store->attempts(row_of(*fixture.store, "orders", 15)).at(0).statistics.empty());
  CHECK(fixture.store->coverage("orders").windows == 6);
  CHECK(fixture.forget(before(15)).positions == 0);
}

TEST_CASE("history: the newest committed window keeps its positions however old it is", "[storage]") {
  Fixture fixture;
  run_windows(*fixture.store, "orders", 3);
  CHECK(fixture.forget(before(10'000, 10'000)).positions == 2);
  CHECK(fixture.store->committed_before("orders", sluice::test::at_minute(20'000))->positions ==
        sluice::test::positions_at(15));
  CHECK(fixture.store->last_planned("orders") == sluice::test::at_minute(10));
}

TEST_CASE("history: a chain that is held up keeps what it goes on from, and all behind it", "[storage]") {
  Fixture fixture;
  run_windows(*fixture.store, "orders", 4);
  REQUIRE(rerun(*fixture.store, "orders", 10));
  CHECK(fixture.forget(before(10'000)).positions == 1);
  CHECK_FALSE(fixture.has_positions(0));
  CHECK(fixture.has_positions(5));
  CHECK(fixture.has_positions(10));
  CHECK(fixture.store->committed_before("orders", sluice::test::at_minute(10))->positions ==
        sluice::test::positions_at(10));
}

TEST_CASE("history: a window whose positions are forgotten is refused to run again, and told why",
          "[storage]") {
  Fixture fixture;
  run_windows(*fixture.store, "orders", 4);
  fixture.forget(before(10));
  const auto refused = rerun(*fixture.store, "orders", 5);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(refused.error().message() ==
        "run the window again: its positions are older than history.positions in sluice.yaml keeps them, and "
        "no "
        "stream keeps its records that long; its objects stay as they are");
  scheduler::Change change;
  change.instance_row = row_of(*fixture.store, "orders", 0);
  change.from = {State::success};
  change.to = State::wait_resource;
  CHECK_FALSE(storage::SqliteOperations(fixture.store->database()).operate_all({change}));
  CHECK(fixture.store->instance(sluice::test::planned_at("orders", 0).id)->state == State::success);
  CHECK(rerun(*fixture.store, "orders", 10));
}

TEST_CASE("history: what leaves a forgotten window done is not refused", "[storage]") {
  Fixture fixture;
  run_windows(*fixture.store, "orders", 4);
  fixture.forget(before(10));
  scheduler::Change change;
  change.instance_row = row_of(*fixture.store, "orders", 0);
  change.from = {State::success};
  change.to = State::success;
  change.priority = 3;
  CHECK(storage::SqliteOperations(fixture.store->database()).operate_all({change}));
  CHECK(fixture.store->instance(sluice::test::planned_at("orders", 0).id)->priority == 3);
  CHECK(fixture.store->change_state(change.instance_row, {State::success}, State::skipped, "by hand"));
}

TEST_CASE("history: a success by hand cannot run again once the window it would follow is forgotten",
          "[storage]") {
  Fixture fixture;
  run_windows(*fixture.store, "orders", 2);
  plan(*fixture.store, "orders", 10);
  fixture.store
      ->change_state(row_of(*fixture.store, "orders", 10), {State::wait_time}, State::success, "by hand")
      .value();
  plan(*fixture.store, "orders", 15);
  succeed(*fixture.store, "orders", 15);
  REQUIRE(fixture.forget(before(10)).positions == 2);
  CHECK_FALSE(rerun(*fixture.store, "orders", 10));
}

TEST_CASE("history: instances go later, with their attempts and objects, unless a gap was found in them",
          "[storage]") {
  Fixture fixture;
  plan(*fixture.store, "orders", 0);
  succeed(*fixture.store, "orders", 0, true);
  for (int n = 1; n < 6; ++n) {
    plan(*fixture.store, "orders", 5 * n);
    succeed(*fixture.store, "orders", 5 * n);
  }
  const auto covered = fixture.store->coverage("orders");
  const auto done = fixture.forget(before(20, 15));
  CHECK(done.positions == 4);
  CHECK(done.rows == 2);
  CHECK(fixture.store->instance(sluice::test::planned_at("orders", 0).id));
  CHECK_FALSE(fixture.store->instance(sluice::test::planned_at("orders", 5).id));
  CHECK_FALSE(fixture.store->instance(sluice::test::planned_at("orders", 10).id));
  CHECK(fixture.store->instance(sluice::test::planned_at("orders", 15).id));
  const auto still = fixture.store->coverage("orders");
  CHECK(still.from == covered.from);
  CHECK(still.until == covered.until);
  CHECK(still.windows == covered.windows);
  CHECK(still.gaps == covered.gaps);
}

TEST_CASE("history: an instance that ran again after its positions were forgotten goes with its new ones",
          "[storage]") {
  Fixture fixture;
  run_windows(*fixture.store, "orders", 1);
  plan(*fixture.store, "orders", 5);
  const std::int64_t skipped = row_of(*fixture.store, "orders", 5);
  fixture.store->change_state(skipped, {State::wait_time}, State::skipped, "by hand").value();
  for (const int minute : {10, 15, 20}) {
    plan(*fixture.store, "orders", minute);
    succeed(*fixture.store, "orders", minute);
  }
  run_windows(*fixture.store, "refunds", 3);
  fixture.forget(before(10));
  REQUIRE(fixture.store->operate(skipped, {State::skipped}, State::wait_resource, "by hand", {}));
  succeed(*fixture.store, "orders", 5);
  REQUIRE(fixture.has_positions(5));
  const auto done = fixture.forget(before(10'000, 10'000));
  CHECK(done.positions == 2);
  CHECK(done.rows == 6);
  CHECK_FALSE(fixture.store->instance(sluice::test::planned_at("orders", 5).id));
  CHECK_FALSE(fixture.store->instance(sluice::test::planned_at("refunds", 5).id));
}

TEST_CASE("history: what ended a short time ago is kept, however old its slot is", "[storage]") {
  Fixture fixture;
  run_windows(*fixture.store, "orders", 6);
  fixture.store->database().run("UPDATE instances SET finished_us = ? WHERE id = ?",
                                sluice::test::at_minute(990), row_of(*fixture.store, "orders", 10));
  HistoryLimits limits = before(900, 900);
  limits.now = sluice::test::at_minute(1000);
  auto done = fixture.forget(limits);
  CHECK(done.positions == 2);  // what is behind it waits until it is old
  CHECK(done.rows == 2);
  CHECK(fixture.has_positions(10));
  limits.now = sluice::test::at_minute(980);  // the end is of a clock that was ahead
  done = fixture.forget(limits);
  CHECK(done.positions == 3);
  CHECK(done.rows == 3);
}

TEST_CASE("history: of a chain without any committed window all done instances go but the newest",
          "[storage]") {
  Fixture fixture;
  for (const int minute : {0, 5, 10, 15}) {
    plan(*fixture.store, "orders#1", minute);
    const std::int64_t row = row_of(*fixture.store, "orders#1", minute);
    if (minute < 15)
      fixture.store->change_state(row, {State::wait_time}, State::skipped, "cancelled").value();
  }
  CHECK(fixture.forget(before(10'000, 10'000)).rows == 0);  // one waits
  fixture.store
      ->change_state(row_of(*fixture.store, "orders#1", 15), {State::wait_time}, State::skipped, "cancelled")
      .value();
  CHECK(fixture.forget(before(10'000, 10)).rows == 2);
  CHECK(fixture.forget(before(10'000, 10'000)).rows == 1);
  CHECK(fixture.store->instance(sluice::test::planned_at("orders#1", 15).id));
}

TEST_CASE("history: it goes on in small steps through all chains", "[storage]") {
  Fixture fixture;
  for (const std::string job : {"a", "b", "c"}) run_windows(*fixture.store, job, 5);
  std::optional<std::string> chain = std::string();
  std::size_t positions = 0;
  std::size_t rows = 0;
  int steps = 0;
  for (; chain; ++steps) {
    REQUIRE(steps < 100);
    const auto done = fixture.history.forget(before(10'000, 10'000), *chain, 2);
    CHECK(done.positions + done.rows <= 2);
    positions += done.positions;
    rows += done.rows;
    chain = done.next;
  }
  CHECK(positions == 12);
  CHECK(rows == 12);
  CHECK(steps >= 12);
}

TEST_CASE("history: of very many chains a step looks at some and says where to go on", "[storage]") {
  const sluice::test::MemoryDisk disk;
  auto store = open_at("state.db", disk.name());
  const auto name = [](int n) { return "job" + std::to_string(1000 + n); };
  for (int n = 0; n < 205; ++n) plan(*store, name(n), 0);  // not one of them has a window to go on from
  run_windows(*store, name(0), 2);
  run_windows(*store, name(204), 2);
  SqliteHistory history(store->database());
  const auto first = history.forget(before(10'000), "", kAll);
  CHECK(first.positions == 1);
  CHECK(first.next == name(200));
  const auto second = history.forget(before(10'000), *first.next, kAll);
  CHECK(second.positions == 1);
  CHECK_FALSE(second.next);
}

TEST_CASE("history: a disk that fails at any write leaves a step wholly done or not at all", "[storage]") {
  const auto limits = before(20, 10);
  const auto prepare = [](const sluice::test::MemoryDisk& disk) {
    auto store = open_at("state.db", disk.name());
    run_windows(*store, "orders", 5);
    return store;
  };
  std::uint64_t steps = 0;
  {
    sluice::test::MemoryDisk disk;
    auto store = prepare(disk);
    const std::uint64_t first = disk.steps();
    SqliteHistory(store->database()).forget(limits, "", kAll);
    steps = disk.steps() - first;
  }
  REQUIRE(steps > 5);
  for (std::uint64_t k = 0; k < steps; ++k) {
    INFO("step " << k << " of " << steps);
    sluice::test::MemoryDisk disk;
    auto store = prepare(disk);
    disk.fail_from(disk.steps() + k, SQLITE_IOERR_WRITE);
    CHECK_THROWS_AS(SqliteHistory(store->database()).forget(limits, "", kAll), ErrorException);
    CHECK(store->end_positions(row_of(*store, "orders", 0)));
    CHECK(store->instances({}).size() == 5);
    disk.heal();
    const auto done = SqliteHistory(store->database()).forget(limits, "", kAll);
    CHECK(done.positions == 4);
    CHECK(done.rows == 2);
  }
}
