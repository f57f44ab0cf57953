#include "storage/async_state_store.hpp"

#include "storage/state_file.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/file_size_limit.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <filesystem>
#include <optional>

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

TEST_CASE(
    "async state store: a second backup at a time is refused, and spoils neither the first nor the next",
    "[storage]") {
  const sluice::test::TempFolder folder;
  boost::asio::io_context loop{1};
  storage::DatabaseOptions options;
  options.path = folder.file("state.db");
  storage::AsyncStateStore store(std::make_unique<storage::SqliteStateStore>(options),
                                 storage::Threading::worker);
  bool done = false;
  const auto first_done = [&](std::exception_ptr failure) {
    CHECK_FALSE(failure);
    done = true;
  };
  boost::asio::co_spawn(loop, store.backup(folder.file("first.db")), first_done);
  try {
    sluice::test::run_loop(loop, store.backup(folder.file("second.db")));
    FAIL("not refused");
  } catch (const ErrorException& failure) {
    CHECK(failure.error().code() == Errc::conflict);
  }
  const auto guard = boost::asio::make_work_guard(loop);
  while (!done) loop.run_one();
  CHECK(storage::look_at_state_file(folder.file("first.db"))->version == 8);
  CHECK_FALSE(std::filesystem::exists(folder.file("second.db")));
  sluice::test::run_loop(loop, store.backup(folder.file("second.db")));
  CHECK(storage::look_at_state_file(folder.file("second.db"))->version == 8);
}

TEST_CASE("async state store: a backup that finds the disk full leaves nothing, and can be made again",
          "[storage]") {
  const sluice::test::TempFolder folder;
  boost::asio::io_context loop{1};
  storage::DatabaseOptions options;
  options.path = folder.file("state.db");
  storage::AsyncStateStore store(std::make_unique<storage::SqliteStateStore>(options),
                                 storage::Threading::caller);
  const std::string path = folder.file("backup.db");
  {
    const sluice::test::FileSizeLimit limit(8192);
    try {
      sluice::test::run_loop(loop, store.backup(path));
      FAIL("not refused");
    } catch (const ErrorException& failure) {
      CHECK(failure.error().code() == Errc::disk_full);
      CHECK(failure.error().message().find(path + ".part") != std::string::npos);
    }
  }
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK_FALSE(std::filesystem::exists(path + ".part"));
  sluice::test::run_loop(loop, store.backup(path));
  CHECK(storage::look_at_state_file(path)->version == 8);
}
