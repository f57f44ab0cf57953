#include "storage/async_state_store.hpp"
#include "tests/support/state_store_conformance.hpp"
#include "tests/support/temp_folder.hpp"

#include <memory>

namespace {

using namespace sluice;

template <storage::Threading kThreading>
class SqliteFixture {
 public:
  SqliteFixture() { open(); }
  // Completions go to the loop, so the store's thread ends first.
  ~SqliteFixture() { store_.reset(); }

  scheduler::StateStore& store() { return *store_; }
  boost::asio::io_context& loop() { return loop_; }
  void reopen() {
    store_.reset();
    open();
  }

 private:
  void open() {
    storage::DatabaseOptions options;
    options.path = folder_.file("state.db");
    auto core = std::make_unique<storage::SqliteStateStore>(options);
    store_ = std::make_unique<storage::AsyncStateStore>(std::move(core), kThreading);
  }

  sluice::test::TempFolder folder_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<storage::AsyncStateStore> store_;
};

}  // namespace

TEST_CASE("sqlite state store: keeps the contract of the port on its own thread", "[storage]") {
  sluice::test::check_state_store<SqliteFixture<storage::Threading::worker>>();
}

TEST_CASE("sqlite state store: keeps the contract of the port in the caller's thread", "[storage]") {
  sluice::test::check_state_store<SqliteFixture<storage::Threading::caller>>();
}
