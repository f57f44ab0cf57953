// The whole write path, broken off at each of its writes, syncs and truncations.
#include "tests/unit/storage/scenario.hpp"
#include "tests/unit/storage/state_on_disk.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>

namespace {

using namespace sluice;
using sluice::test::MemoryDisk;
using sluice::test::new_state_file;
using sluice::test::open_on;
using storage::SqliteStateStore;

// Where the disk is broken off: while a new state file gets its schema, and anywhere in the scenario on one
// that has it.
struct Place {
  const MemoryDisk::Files* files;
  std::uint64_t step;
};

std::vector<Place> places() {
  static const MemoryDisk::Files none;
  MemoryDisk empty;
  auto made = open_on(empty);
  std::vector<Place> found;
  for (std::uint64_t step = 0; step < empty.steps(); ++step) found.push_back({&none, step});
  REQUIRE(found.size() > 50);
  MemoryDisk disk(new_state_file());
  auto store = open_on(disk);
  for (const auto& step : sluice::test::scenario()) step(*store);
  store->checkpoint();
  REQUIRE(disk.steps() > 50);
  for (std::uint64_t step = 0; step < disk.steps(); ++step) found.push_back({&new_state_file(), step});
  return found;
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

// A disk that fails at a step, then works again: with the same connection, and after a restart.
void check_failure_at(const Place& place, int code, Errc kind, const std::vector<std::string>& expected) {
  INFO("step " << place.step << (place.files->empty() ? " of a new file" : ""));
  MemoryDisk disk(*place.files);
  disk.fail_from(place.step, code);
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
  for (const Place& place : places()) check_failure_at(place, SQLITE_FULL, Errc::disk_full, expected);
}

TEST_CASE("sqlite state store: an I/O error at any step is io, half-does nothing and heals", "[storage]") {
  const auto expected = sluice::test::scenario_dumps();
  for (const Place& place : places()) check_failure_at(place, SQLITE_IOERR_WRITE, Errc::io, expected);
}

TEST_CASE("sqlite state store: a power cut at any step loses nothing that was acknowledged", "[storage]") {
  const auto expected = sluice::test::scenario_dumps();
  for (const Place& place : places()) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      INFO("step " << place.step << (place.files->empty() ? " of a new file" : "") << ", seed " << seed);
      MemoryDisk disk(*place.files);
      disk.fail_from(place.step, SQLITE_IOERR_WRITE);
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
