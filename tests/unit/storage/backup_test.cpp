#include "storage/async_state_store.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/state_store_conformance.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/scenario.hpp"

#include <catch2/catch.hpp>

#include <fstream>

namespace {

using namespace sluice;

std::unique_ptr<storage::SqliteStateStore> open(const std::string& path) {
  storage::DatabaseOptions options;
  options.path = path;
  return std::make_unique<storage::SqliteStateStore>(options);
}

void fill(storage::SqliteStateStore& store) {
  std::vector<scheduler::NewInstance> instances;
  for (int minute = 0; minute < 20'000; ++minute)
    instances.push_back(sluice::test::planned_at("users", minute));
  store.add_instances(instances);
  for (const auto& step : sluice::test::scenario()) step(store);
}

}  // namespace

TEST_CASE("backup: the copy is the state, also when it changes meanwhile", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string copy = folder.file("copy.db");
  std::ofstream(copy) << "an older backup";
  std::string expected;
  {
    const auto store = open(folder.file("state.db"));
    fill(*store);
    const auto backup = store->start_backup(copy);
    REQUIRE_FALSE(backup->step());
    CHECK(std::filesystem::file_size(copy) < 100);
    std::vector<scheduler::NewInstance> late = {sluice::test::planned_at("late", 1)};
    store->add_instances(late);
    while (!backup->step()) continue;
    expected = sluice::test::dump(*store);
  }
  const auto restored = open(copy);
  CHECK(sluice::test::dump(*restored) == expected);
  CHECK(restored->last_planned("late"));
  CHECK_FALSE(std::filesystem::exists(copy + ".part"));
}

TEST_CASE("backup: an abandoned one leaves the older copy and no part", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string copy = folder.file("copy.db");
  std::ofstream(copy) << "an older backup";
  const auto store = open(folder.file("state.db"));
  fill(*store);
  store->start_backup(copy)->step();
  CHECK_FALSE(std::filesystem::exists(copy + ".part"));
  CHECK(std::filesystem::file_size(copy) == 15);
  CHECK(store->add_instances({sluice::test::planned_at("late", 1)}) == 1);
}

TEST_CASE("backup: runs through the store's thread and names a target that cannot be", "[storage]") {
  const sluice::test::TempFolder folder;
  boost::asio::io_context loop{1};
  storage::AsyncStateStore store(open(folder.file("state.db")), storage::Threading::worker);
  sluice::test::run_loop(loop, store.backup(folder.file("copy.db")));
  CHECK(std::filesystem::exists(folder.file("copy.db")));
  const std::string missing = folder.file("missing/copy.db");
  try {
    sluice::test::run_loop(loop, store.backup(missing));
    FAIL("no exception");
  } catch (const ErrorException& failure) {
    CHECK(failure.error().code() == Errc::not_found);
    CHECK(failure.error().message() == "write backup " + missing + ".part: No such file or directory");
  }
  sluice::test::run_loop(loop, store.backup(folder.file("copy.db")));
}
