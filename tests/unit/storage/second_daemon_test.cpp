#include "storage/sqlite_state_store.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"

namespace {

using namespace sluice;

storage::DatabaseOptions options_for(const std::string& path) {
  storage::DatabaseOptions options;
  options.path = path;
  return options;
}

}  // namespace

TEST_CASE("behaviour 3: two daemons on one state: the second is refused before it does anything",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  {
    storage::SqliteStateStore first(options_for(path));
    first.add_instances({sluice::test::planned_at("orders", 0)});
    try {
      storage::SqliteStateStore second(options_for(path));
      FAIL("both have it");
    } catch (const ErrorException& failure) {
      CHECK(failure.error().code() == Errc::conflict);
    }
    // The first goes on as if nothing had been.
    const auto row = first.instance(sluice::test::planned_at("orders", 0).id).value().row;
    REQUIRE(first.begin_attempt(row, sluice::test::positions_at(1), sluice::test::at_minute(0)));
    CHECK(
        first.begin_attempt(row, sluice::test::positions_at(1), sluice::test::at_minute(0)).error().code() ==
        Errc::conflict);
  }
  storage::SqliteStateStore next(options_for(path));
  CHECK(next.attempts(next.instance(sluice::test::planned_at("orders", 0).id).value().row).size() == 1);
}
