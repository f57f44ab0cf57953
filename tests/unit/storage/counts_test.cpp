// Instances by state, asked again and again: what that costs, and that it stays right.
#include "storage/sqlite_state_store.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

using namespace sluice;

namespace {

constexpr int kInstances = 3000;

storage::DatabaseOptions in(const sluice::test::TempFolder& folder) {
  storage::DatabaseOptions options;
  options.path = folder.file("state.db");
  return options;
}

void plan(storage::SqliteStateStore& store, int from, int to) {
  std::vector<scheduler::NewInstance> rows;
  for (int n = from; n < to; ++n) {
    rows.push_back(sluice::test::planned_at("orders", 5 * n));
    rows.back().state = scheduler::State::skipped;
  }
  store.add_instances(rows);
}

std::uint64_t counted(storage::SqliteStateStore& store) {
  std::uint64_t all = 0;
  for (const auto& [state, count] : store.counts("orders")) all += count;
  return all;
}

// Steps of SQLite's machine for one more count; those through the index of what was skipped are not meant.
int steps_of_count(storage::SqliteStateStore& store) {
  const auto steps = [&] {
    int sum = 0;
    sqlite3* handle = store.database().handle();
    for (sqlite3_stmt* each = sqlite3_next_stmt(handle, nullptr); each != nullptr;
         each = sqlite3_next_stmt(handle, each)) {
      const bool whole =
          std::string_view(sqlite3_sql(each)).starts_with("SELECT count(*) FROM instances WHERE");
      if (whole) sum += sqlite3_stmt_status(each, SQLITE_STMTSTATUS_VM_STEP, 0);
    }
    return sum;
  };
  const int before = steps();
  counted(store);
  return steps() - before;
}

}  // namespace

TEST_CASE("counts: asked again they cost no walk over the history", "[storage]") {
  const sluice::test::TempFolder folder;
  storage::SqliteStateStore store(in(folder));
  plan(store, 0, kInstances);
  CHECK(steps_of_count(store) > 0);
  CHECK(steps_of_count(store) == 0);
  CHECK(counted(store) == kInstances);
}

TEST_CASE("counts: what is added, removed, forgotten or undone counts as it is", "[storage]") {
  const sluice::test::TempFolder folder;
  storage::SqliteStateStore store(in(folder));
  plan(store, 0, 10);
  CHECK(counted(store) == 10);
  plan(store, 5, 12);
  CHECK(counted(store) == 12);
  store.add_instances({sluice::test::planned_at("orders", 5 * 20)});
  CHECK(counted(store) == 13);
  CHECK(store.remove_unstarted("orders", sluice::test::at_minute(0)) == 1);
  CHECK(counted(store) == 12);
  {
    const storage::Transaction undone(store.database());
    store.database().run("DELETE FROM instances WHERE id > 0");
    CHECK(counted(store) == 0);
  }
  CHECK(counted(store) == 12);
  store.database().run("DELETE FROM instances WHERE slot_us < ?", sluice::test::at_minute(10));
  CHECK(counted(store) == 10);
}

TEST_CASE("sqlite: a checkpoint is wanted after a write, not after questions", "[storage]") {
  const sluice::test::TempFolder folder;
  storage::SqliteStateStore store(in(folder));
  CHECK(store.wants_checkpoint());
  store.checkpoint();
  CHECK_FALSE(store.wants_checkpoint());
  CHECK(counted(store) == 0);
  CHECK_FALSE(store.wants_checkpoint());
  plan(store, 0, 1);
  CHECK(store.wants_checkpoint());
  store.checkpoint();
  CHECK(counted(store) == 1);
  CHECK_FALSE(store.wants_checkpoint());
}

TEST_CASE("sqlite: a checkpoint is wanted while a large answer is still cached", "[storage]") {
  const sluice::test::TempFolder folder;
  storage::SqliteStateStore store(in(folder));
  plan(store, 0, 12'000);
  store.checkpoint();
  scheduler::InstanceQuery query;
  query.limit = 1000;
  for (std::vector<scheduler::Instance> page = store.instances(query); !page.empty();
       page = store.instances(query)) {
    query.after = page.back().id;
  }
  CHECK(store.wants_checkpoint());
  store.checkpoint();
  CHECK_FALSE(store.wants_checkpoint());
}
