#include "storage/async_backfills.hpp"
#include "tests/support/backfill_store_conformance.hpp"
#include "tests/support/temp_folder.hpp"

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

  test::TempFolder folder_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<storage::AsyncStateStore> store_;
  std::unique_ptr<storage::AsyncBackfills> backfills_;
  std::unique_ptr<storage::AsyncCatchUp> catch_up_;
};

}  // namespace

TEST_CASE("sqlite backfills: keep the contract of the ports on the store's thread", "[storage]") {
  test::check_backfill_store<BackfillsFixture<storage::Threading::worker>>();
}

TEST_CASE("sqlite backfills: keep the contract of the ports in the caller's thread", "[storage]") {
  test::check_backfill_store<BackfillsFixture<storage::Threading::caller>>();
}
