#include "storage/async_state_store.hpp"

#include "tests/support/run_loop.hpp"
#include "tests/support/temp_folder.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("async state store: a closed store refuses calls", "[storage]") {
  const sluice::test::TempFolder folder;
  for (const auto threading : {storage::Threading::worker, storage::Threading::caller}) {
    boost::asio::io_context loop{1};
    storage::DatabaseOptions options;
    options.path = folder.file("state.db");
    storage::AsyncStateStore store(std::make_unique<storage::SqliteStateStore>(options), threading);
    CHECK_FALSE(sluice::test::run_loop(loop, store.last_planned("orders")));
    store.close();
    CHECK_THROWS_AS(sluice::test::run_loop(loop, store.last_planned("orders")), ErrorException);
  }
}
