#include "storage/sqlite_backfills.hpp"

#include "storage/async_backfills.hpp"
#include "storage/sqlite_versions.hpp"
#include "tests/support/backfill_store_conformance.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/state_on_disk.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <functional>
#include <memory>

namespace {

using namespace sluice;

template <storage::Threading kThreading>
class BackfillsFixture {
 public:
  BackfillsFixture() { open(); }
  ~BackfillsFixture() { close(); }

  scheduler::StateStore& store() { return *store_; }
  scheduler::BackfillStore& backfills() { return *backfills_; }
  scheduler::CatchUpStore& catch_up() { return *catch_up_; }
  boost::asio::io_context& loop() { return loop_; }
  void reopen() {
    close();
    open();
  }

 private:
  void open() {
    storage::DatabaseOptions options;
    options.path = folder_.file("state.db");
    auto core = std::make_unique<storage::SqliteStateStore>(options);
    store_ = std::make_unique<storage::AsyncStateStore>(std::move(core), kThreading);
    backfills_ = std::make_unique<storage::AsyncBackfills>(*store_);
    catch_up_ = std::make_unique<storage::AsyncCatchUp>(*store_);
  }
  void close() {
    backfills_.reset();
    catch_up_.reset();
    store_.reset();
  }

  sluice::test::TempFolder folder_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<storage::AsyncStateStore> store_;
  std::unique_ptr<storage::AsyncBackfills> backfills_;
  std::unique_ptr<storage::AsyncCatchUp> catch_up_;
};

scheduler::Backfill asked() {
  scheduler::Backfill backfill;
  backfill.order.job = "orders";
  backfill.order.from = sluice::test::at_minute(0);
  backfill.order.to = sluice::test::at_minute(60);
  backfill.order.ranges = {{sluice::test::at_minute(0), sluice::test::at_minute(20)},
                           {sluice::test::at_minute(40), sluice::test::at_minute(60)}};
  backfill.order.parameters = {{"date", "$[yyyymmdd]"}, {"name", "a"}};
  backfill.zone = "Asia/Shanghai";
  backfill.version = "version-1";
  backfill.groups.resize(2);
  return backfill;
}

// All of them with everything that belongs to them.
std::string dump(storage::SqliteBackfills& backfills) {
  std::string text;
  for (const scheduler::Backfill& one : backfills.backfills({})) {
    text += fmt::format("{} {} {} planned {} left out {}\n", one.id, to_string(one.state), one.groups.size(),
                        one.planned, one.left_out);
    text += order_text(one.order, one.zone) + "\n";
  }
  return text;
}

using Step = std::function<void(storage::SqliteBackfills&)>;
std::vector<Step> backfill_steps() {
  using scheduler::BackfillState;
  const scheduler::AuditEntry entry;
  return {[=](auto& file) { file.add_backfill(asked(), entry); },
          [=](auto& file) { file.add_backfill(asked(), entry); },
          [=](auto& file) {
            static_cast<void>(
                file.change_backfill(1, {BackfillState::running}, BackfillState::paused, entry).value());
          },
          [](auto& file) { file.backfill_planned(2, 12); },
          [](auto& file) { file.reopen_backfill(3); },
          [](auto& file) { file.close_backfill(2); }};
}

}  // namespace

TEST_CASE("sqlite backfills: keep the contract of the ports on the store's thread", "[storage]") {
  sluice::test::check_backfill_store<BackfillsFixture<storage::Threading::worker>>();
}

TEST_CASE("sqlite backfills: keep the contract of the ports in the caller's thread", "[storage]") {
  sluice::test::check_backfill_store<BackfillsFixture<storage::Threading::caller>>();
}

TEST_CASE("sqlite backfills: the groups of finished ones cost a turn nothing", "[storage]") {
  const sluice::test::TempFolder folder;
  storage::DatabaseOptions options;
  options.path = folder.file("state.db");
  storage::SqliteStateStore store(options);
  std::uint64_t steps = 0;  // of SQLite's virtual machine
  const auto cost = [&] {
    const auto count = [](void* counter) {
      ++*static_cast<std::uint64_t*>(counter);
      return 0;
    };
    steps = 0;
    sqlite3_progress_handler(store.database().handle(), 1, count, &steps);
    const auto heads = store.heads(sluice::test::at_minute(100));
    sqlite3_progress_handler(store.database().handle(), 0, nullptr, nullptr);
    REQUIRE(heads.size() == 1);
    CHECK(heads[0].id.job == "orders");
    return steps;
  };
  const auto plan = [&](std::int64_t group) {
    std::vector<scheduler::NewInstance> rows;
    for (const int minute : {0, 5, 10}) {
      rows.push_back(sluice::test::planned_at("orders", minute));
      rows.back().id.group = group;
    }
    store.add_instances(rows);
  };
  plan(0);
  cost();
  const std::uint64_t alone = cost();
  for (std::int64_t group = 1; group <= 500; ++group) plan(group);
  store.database().run(
      "UPDATE instances SET state = 'SUCCESS' WHERE job_id IN (SELECT id FROM jobs WHERE name <> 'orders')");
  CHECK(cost() == alone);
  INFO(alone);
  CHECK(alone < 1000);
}

TEST_CASE("sqlite backfills: a disk that fails at any step leaves each change whole or undone", "[storage]") {
  const auto steps = backfill_steps();
  std::vector<std::string> expected;
  std::uint64_t disk_steps = 1;
  for (std::uint64_t k = 0; k <= disk_steps; ++k) {
    INFO("step " << k << " of " << disk_steps);
    sluice::test::MemoryDisk disk(sluice::test::new_state_file());
    const bool faultless = k == 0;
    if (!faultless) disk.fail_from(k - 1, SQLITE_FULL);
    std::size_t done = 0;
    std::unique_ptr<storage::SqliteStateStore> store;
    const auto run = [&] {
      if (!store) store = open_on(disk);
      storage::SqliteBackfills backfills(*store);
      if (faultless) expected.push_back(dump(backfills));
      for (; done < steps.size(); ++done) {
        steps[done](backfills);
        if (faultless) expected.push_back(dump(backfills));
      }
    };
    if (faultless) {
      run();
      disk_steps = disk.steps();
      continue;
    }
    CHECK_THROWS_AS(run(), ErrorException);
    disk.heal();
    if (!store) store = open_on(disk);
    storage::SqliteBackfills backfills(*store);
    CHECK(dump(backfills) == expected.at(done));
    run();
    CHECK(dump(backfills) == expected.back());
  }
}

TEST_CASE("sqlite backfills: the version of one that is not over is kept", "[storage]") {
  const sluice::test::TempFolder folder;
  storage::DatabaseOptions options;
  options.path = folder.file("state.db");
  storage::SqliteStateStore store(options);
  storage::SqliteBackfills backfills(store);
  storage::SqliteVersions versions(store.database());
  for (const char* name : {"version-1", "version-2"}) {
    scheduler::JobVersion version;
    version.job = "orders";
    version.version = name;
    versions.put_in_force({version}, {}, {});
  }
  backfills.add_backfill(asked(), scheduler::AuditEntry());
  CHECK(versions.remove_versions(sluice::test::at_minute(1000), 1) == 0);
  backfills.backfill_planned(1, 12);  // nothing was to be made, so it is over
  CHECK(versions.remove_versions(sluice::test::at_minute(1000), 1) == 1);
}
