// Planning many rows: several in one statement, beside other calls.
#include "storage/async_state_store.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/memory_disk.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <sqlite3.h>

using namespace sluice;

namespace {

std::unique_ptr<storage::SqliteStateStore> open_in(const sluice::test::TempFolder& folder) {
  storage::DatabaseOptions options;
  options.path = folder.file("state.db");
  return std::make_unique<storage::SqliteStateStore>(options);
}

// Rows of two jobs and of a group of a backfill, in turn, each with values of its own.
std::vector<scheduler::NewInstance> mixed(int count) {
  std::vector<scheduler::NewInstance> rows;
  for (int n = 0; n < count; ++n) {
    rows.push_back(sluice::test::planned_at(n % 3 == 0 ? "payments" : "orders", 5 * n));
    if (n % 3 == 2) rows.back().id.group = 7;
    rows.back().values = {{"n", std::to_string(n)}};
    rows.back().cycle = n;
  }
  return rows;
}

awaitable<void> write_until(const bool& done, storage::AsyncStateStore& store, std::size_t& calls) {
  const std::vector<scheduler::AuditEntry> entry(1, {Instant{}, "somebody", "pause", "orders", ""});
  while (!done) {
    co_await store.add_audit(entry);
    ++calls;
  }
}

awaitable<std::size_t> add_and_say(storage::AsyncStateStore& store, int count, bool& done) {
  const std::size_t added = co_await store.add_instances(mixed(count));
  done = true;
  co_return added;
}

constexpr int kMany = static_cast<int>(storage::SqliteStateStore::kSharedRows) + 100;

void add_gap_of_nobody(storage::SqliteStateStore& store) {
  store.database().run(
      "INSERT INTO gaps(job_id, instance_id, shard, from_us, to_us, reason) VALUES(77, 77, 's', 0, 1, '')");
}

std::size_t rows_in(storage::SqliteStateStore& store) {
  storage::Statement row = store.database().prepare("SELECT count(*) FROM instances");
  return row.step() ? row.count(0) : 0;
}

}  // namespace

TEST_CASE("add instances: any number of rows of any chains keeps each with its own values", "[storage]") {
  const int count = GENERATE(1, 31, 32, 33, 64, 100, kMany);
  const sluice::test::TempFolder folder;
  const auto store = open_in(folder);
  const std::vector<scheduler::NewInstance> rows = mixed(count);
  CHECK(store->add_instances(rows) == rows.size());
  for (const scheduler::NewInstance& row : rows) {
    const auto found = store->instance(row.id);
    REQUIRE(found);
    CHECK(found->id.group == row.id.group);
    CHECK(found->values == row.values);
    CHECK(found->cycle == row.cycle);
  }
}

TEST_CASE("add instances: rows that are known already stay as they are, and are not counted", "[storage]") {
  const sluice::test::TempFolder folder;
  const auto store = open_in(folder);
  std::vector<scheduler::NewInstance> rows = mixed(100);
  store->add_instances({rows[3], rows[40], rows[99]});
  for (scheduler::NewInstance& row : rows) row.version = "another";
  CHECK(store->add_instances(rows) == 97);
  CHECK(store->add_instances(rows) == 0);
  for (const std::size_t n : {3U, 40U, 99U}) CHECK(store->instance(rows[n].id).value().version != "another");
  CHECK(store->instance(rows[41].id).value().version == "another");
}

TEST_CASE("add instances: a large planning and small calls beside it are all done", "[storage]") {
  const sluice::test::TempFolder folder;
  boost::asio::io_context loop{1};
  storage::AsyncStateStore store(open_in(folder), storage::Threading::worker);
  bool done = false;
  std::size_t calls = 0;
  for (int n = 0; n < 4; ++n)
    boost::asio::co_spawn(loop, write_until(done, store, calls), boost::asio::detached);
  CHECK(sluice::test::run_loop(loop, add_and_say(store, 2000, done)) == 2000);
  loop.restart();
  loop.run();
  CHECK(calls >= 4);
  CHECK(sluice::test::run_loop(loop, store.audit(1000)).size() == std::min<std::size_t>(calls, 1000));
  store.close();
}

TEST_CASE("add instances: a disk that fails at any step of many rows leaves all or none, and keys that hold",
          "[storage]") {
  const std::vector<scheduler::NewInstance> rows = mixed(kMany);
  bool failed = true;
  for (std::uint64_t k = 0; failed; ++k) {
    INFO("step " << k);
    sluice::test::MemoryDisk disk;
    storage::DatabaseOptions options;
    options.path = "state.db";
    options.vfs = disk.name();
    storage::SqliteStateStore store(options);
    disk.fail_from(disk.steps() + k, SQLITE_FULL);
    try {
      store.add_instances(rows);
    } catch (const ErrorException& failure) {
      CHECK(failure.error().code() == Errc::disk_full);
      CHECK(rows_in(store) == 0);
    }
    failed = disk.failed();
    disk.heal();
    CHECK_THROWS_AS(add_gap_of_nobody(store), ErrorException);
    store.add_instances(rows);
    CHECK(rows_in(store) == rows.size());
  }
}
