// The whole write path, broken off at each of its writes, syncs and truncations.
#include "tests/unit/storage/memory_disk.hpp"
#include "tests/unit/storage/scenario.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>

namespace {

using namespace sluice;
using sluice::test::MemoryDisk;
using storage::SqliteStateStore;

std::unique_ptr<SqliteStateStore> open_on(const MemoryDisk& disk) {
  storage::DatabaseOptions options;
  options.path = "state.db";
  options.vfs = disk.name();
  return std::make_unique<SqliteStateStore>(options);
}

std::uint64_t steps_of_scenario() {
  MemoryDisk disk;
  auto store = open_on(disk);
  for (const auto& step : sluice::test::scenario()) step(*store);
  store->checkpoint();
  return disk.steps();
}

// Runs what is left of the scenario from step `done` on; stops at the first error, which it returns.
std::optional<Error> run_from(SqliteStateStore& store, std::size_t& done) {
  const auto steps = sluice::test::scenario();
  try {
    for (; done < steps.size(); ++done) steps[done](store);
    store.checkpoint();
  } catch (const ErrorException& failure) {
    return failure.error();
  }
  return std::nullopt;
}

// A disk that fails at step `k`, then works again: with the same connection, and after a restart.
void check_failure_at(std::uint64_t k, int code, Errc kind, const std::vector<std::string>& expected) {
  MemoryDisk disk;
  disk.fail_from(k, code);
  std::size_t done = 0;
  std::unique_ptr<SqliteStateStore> store;
  std::optional<Error> error;
  try {
    store = open_on(disk);
    error = run_from(*store, done);
  } catch (const ErrorException& failure) {
    error = failure.error();
  }
  REQUIRE(disk.failed());
  if (error) CHECK(error->code() == kind);
  if (store) CHECK(sluice::test::dump(*store) == expected[done]);
  disk.heal();
  if (!store) store = open_on(disk);
  const auto again = run_from(*store, done);
  INFO((again ? again->message() : std::string()));
  REQUIRE_FALSE(again);
  CHECK(sluice::test::dump(*store) == expected.back());
  store.reset();
  store = open_on(disk);
  CHECK(sluice::test::dump(*store) == expected.back());
}

}  // namespace

TEST_CASE("sqlite state store: a full disk at any step is disk_full, half-does nothing and heals",
          "[storage]") {
  const auto expected = sluice::test::scenario_dumps();
  const std::uint64_t steps = steps_of_scenario();
  REQUIRE(steps > 50);
  for (std::uint64_t k = 0; k < steps; ++k) {
    INFO("step " << k << " of " << steps);
    check_failure_at(k, SQLITE_FULL, Errc::disk_full, expected);
  }
}

TEST_CASE("sqlite state store: an I/O error at any step is io, half-does nothing and heals", "[storage]") {
  const auto expected = sluice::test::scenario_dumps();
  const std::uint64_t steps = steps_of_scenario();
  for (std::uint64_t k = 0; k < steps; ++k) {
    INFO("step " << k << " of " << steps);
    check_failure_at(k, SQLITE_IOERR_WRITE, Errc::io, expected);
  }
}

TEST_CASE("sqlite state store: a power cut at any step loses nothing that was acknowledged", "[storage]") {
  const auto expected = sluice::test::scenario_dumps();
  const std::uint64_t steps = steps_of_scenario();
  for (std::uint64_t k = 0; k < steps; ++k) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      INFO("step " << k << " of " << steps << ", seed " << seed);
      MemoryDisk disk;
      disk.fail_from(k, SQLITE_IOERR_WRITE);
      std::size_t done = 0;
      try {
        auto store = open_on(disk);
        run_from(*store, done);
      } catch (const ErrorException&) {
        CHECK(done == 0);
      }
      SeededRandom random(seed);
      disk.cut_power(random);
      disk.heal();
      auto store = open_on(disk);
      const std::string found = sluice::test::dump(*store);
      // The step under way may have become durable without an answer.
      const bool whole =
          found == expected[done] || (done + 1 < expected.size() && found == expected[done + 1]);
      CHECK(whole);
    }
  }
}
