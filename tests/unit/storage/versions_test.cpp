#include "storage/async_state_store.hpp"
#include "storage/sqlite_audit.hpp"
#include "storage/sqlite_backfills.hpp"
#include "storage/sqlite_versions.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/version_store_conformance.hpp"
#include "tests/unit/storage/memory_disk.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>

namespace {

using namespace sluice;

class SqliteVersionsFixture {
 public:
  SqliteVersionsFixture() {
    storage::DatabaseOptions options;
    options.path = folder_.file("state.db");
    auto core = std::make_unique<storage::SqliteStateStore>(options);
    store_ = std::make_unique<storage::AsyncStateStore>(std::move(core), storage::Threading::worker);
  }
  // Completions go to the loop, so the store's thread ends first.
  ~SqliteVersionsFixture() { store_.reset(); }

  scheduler::VersionStore& store() { return *store_; }
  scheduler::AuditLog& audit() { return *store_; }
  boost::asio::io_context& loop() { return loop_; }
  void name(const std::string& chain, const std::string& version) {
    scheduler::NewInstance instance = sluice::test::planned_at("", 5);
    const scheduler::Chain parts = scheduler::parse_chain(chain);
    instance.id.job = parts.job;
    instance.id.group = parts.group;
    instance.version = version;
    sluice::test::run_loop(loop_, store_->add_instances({instance}));
  }

 private:
  sluice::test::TempFolder folder_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<storage::AsyncStateStore> store_;
};

std::unique_ptr<storage::SqliteStateStore> open_on(const sluice::test::MemoryDisk& disk) {
  storage::DatabaseOptions options;
  options.path = "state.db";
  options.vfs = disk.name();
  return std::make_unique<storage::SqliteStateStore>(options);
}

// What a reload writes, and what is there of it.
void write_all(storage::SqliteStateStore& store) {
  storage::SqliteVersions versions(store.database());
  versions.put_in_force(
      {sluice::test::version_at("orders", "b", 5), sluice::test::version_at("users", "u", 5)}, {"old"},
      {sluice::test::audit_at("reload", "orders", 5), sluice::test::audit_at("reload", "users", 5)});
}

std::string all_of(storage::SqliteStateStore& store) {
  storage::SqliteVersions versions(store.database());
  std::string text;
  for (const char* job : {"orders", "users", "old"}) {
    for (const auto& kept : versions.versions(job))
      text += kept.job + kept.version + (kept.present ? "* " : " ");
  }
  return text + std::to_string(storage::find_audit(store.database(), {}).size());
}

void prepare(storage::SqliteStateStore& store) {
  storage::SqliteVersions(store.database())
      .put_in_force({sluice::test::version_at("orders", "a", 0), sluice::test::version_at("old", "o", 0)}, {},
                    {});
}

}  // namespace

TEST_CASE("sqlite versions: keep the contract of the ports", "[storage]") {
  sluice::test::check_version_store<SqliteVersionsFixture>();
}

TEST_CASE("sqlite audit: what was done to a backfill belongs to its job", "[storage]") {
  sluice::test::MemoryDisk disk;
  auto store = open_on(disk);
  storage::SqliteBackfills backfills(*store);
  for (const char* job : {"orders", "users", "orders"}) {
    scheduler::Backfill backfill;
    backfill.order.job = job;
    backfill.zone = "UTC";
    const auto made = backfills.add_backfill(backfill, sluice::test::audit_at("backfill", job, 1));
    const auto paused = sluice::test::audit_at("backfill pause", scheduler::backfill_name(made.id), 2);
    REQUIRE(backfills.change_backfill(made.id, {scheduler::BackfillState::running},
                                      scheduler::BackfillState::paused, paused));
  }
  scheduler::AuditQuery query;
  query.job = "orders";
  std::string found;
  for (const auto& record : storage::find_audit(store->database(), query))
    found += record.entry.action + " " + record.entry.target + "; ";
  CHECK(found == "backfill pause backfill 3; backfill orders; backfill pause backfill 1; backfill orders; ");
  query.target = "backfill 2";
  CHECK(storage::find_audit(store->database(), query).empty());
}

TEST_CASE("sqlite versions: without a job the ones in force of all jobs are listed, newest first",
          "[storage]") {
  sluice::test::MemoryDisk disk;
  auto store = open_on(disk);
  storage::SqliteVersions versions(store->database());
  CHECK(versions.versions("").empty());
  prepare(*store);
  write_all(*store);
  std::string found;
  for (const auto& version : versions.versions("")) found += version.job + version.version + " ";
  CHECK(found == "usersu ordersb ");
  CHECK(versions.versions("none").empty());
  CHECK_FALSE(versions.version("orders", "none"));
}

TEST_CASE("sqlite versions: a disk that fails at any step leaves all of a reload or nothing", "[storage]") {
  const std::string before = "ordersa* oldo* 0";
  const std::string after = "ordersb* ordersa usersu* oldo 2";
  bool failed = true;
  for (std::uint64_t k = 0; failed; ++k) {
    INFO("step " << k);
    sluice::test::MemoryDisk disk;
    auto store = open_on(disk);
    prepare(*store);
    disk.fail_from(disk.steps() + k, SQLITE_IOERR_WRITE);
    try {
      write_all(*store);
      CHECK(all_of(*store) == after);
    } catch (const ErrorException& failure) {
      CHECK(failure.error().code() == Errc::io);
      CHECK(all_of(*store) == before);
    }
    failed = disk.failed();
    disk.heal();
    store.reset();
    store = open_on(disk);
    const std::string found = all_of(*store);
    CHECK((found == before || found == after));
    write_all(*store);  // the next try
    CHECK(all_of(*store).starts_with("ordersb* ordersa usersu* oldo "));
    REQUIRE(k < 100);
  }
}

TEST_CASE("sqlite versions: old ones go a few at a time, and through the store's thread all of them",
          "[storage]") {
  const sluice::test::TempFolder folder;
  boost::asio::io_context loop{1};
  storage::DatabaseOptions options;
  options.path = folder.file("state.db");
  auto file = std::make_unique<storage::SqliteStateStore>(options);
  storage::SqliteVersions versions(file->database());
  constexpr int kVersions = 60;
  for (int n = 0; n < kVersions; ++n)
    versions.put_in_force({sluice::test::version_at("orders", fmt::format("v{}", n), n)}, {}, {});
  const std::size_t few = versions.remove_versions(sluice::test::at_minute(1000), 1000);
  CHECK(few > 0);
  CHECK(few <= 20);
  storage::AsyncStateStore store(std::move(file), storage::Threading::worker);
  CHECK(sluice::test::run_loop(loop, store.remove_versions(sluice::test::at_minute(1000), 1000)) ==
        kVersions - 1 - few);
  CHECK(sluice::test::run_loop(loop, store.versions("orders")).size() == 1);
  store.close();
}
