#include "storage/migrations.hpp"

#include "storage/sqlite_backfills.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <vector>

namespace {

using namespace sluice;
using storage::Database;
using storage::MigrationStep;

storage::DatabaseOptions at(const std::string& path) {
  storage::DatabaseOptions options;
  options.path = path;
  return options;
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, 32> digest = {};
  REQUIRE(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

int version(Database& database) {
  auto row = database.prepare("PRAGMA user_version");
  return row.step() ? row.small(0) : -1;
}

std::int64_t tables(Database& database) {
  auto row = database.prepare("SELECT count(*) FROM sqlite_schema");
  return row.step() ? row.integer(0) : -1;
}

std::string refusal(const std::string& path) {
  try {
    storage::SqliteStateStore store(at(path));
  } catch (const ErrorException& failure) {
    CHECK(failure.error().code() == Errc::invalid_argument);
    return failure.error().message();
  }
  return "not refused";
}

}  // namespace

// A changed checksum means files in the field differ from what this program expects: add a step instead.
TEST_CASE("migrations: released steps do not change", "[storage]") {
  const std::vector<std::string> released = {
      "f652d2b8b0d6387d3244134e2a1ad84560e2d77e07f9af467008a0e871d497bd",
      "4e3a145623b5b82bbd6041a3c5c55aa1c132da285d3d70c56e79f74228579434",
      "58e43959a1e30b6ad3a3fc3fd850d6a3c888005fc70a459c617ed9ae38f72f4f",
      "8c6f0e9e4aedca633e17f720f345f2c79fce65b125e534b5b79b7988e61227c1",
      "34d9e344f9946d4fdc7c1be7769dec61d51d331397db9c737405e7537c96ea89",
      "7e1683d0c70733d20a55b8c02a6e13afdfc0b473715a2123fa6faafe6f764028",
      "b2a1ce06de61c5a04c66362be5a8050adf181a54604b32817819937fa791ccf7",
      "e74bc48f878a054eb72cbf0cf276a88138270a57f77793f6486b2f9474a7b8f9"};
  const auto steps = storage::migration_steps();
  REQUIRE(steps.size() == released.size());
  for (std::size_t n = 0; n < released.size(); ++n) {
    CHECK(steps[n].version == static_cast<int>(n) + 1);
    CHECK(sha256(steps[n].sql) == released[n]);
  }
}

TEST_CASE("migrations: a step that fails half-way leaves the version before it, and works once it can",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  const std::vector<MigrationStep> good = {{1, "CREATE TABLE a(x);"},
                                           {2, "CREATE TABLE b(x); CREATE TABLE c(x);"}};
  for (std::size_t broken = 0; broken < good.size(); ++broken) {
    auto steps = good;
    const std::string sql = std::string(good[broken].sql) + " INSERT INTO nowhere VALUES(1);";
    steps[broken].sql = sql;
    Database database(at(path));
    CHECK_THROWS_AS(storage::migrate(database, steps), ErrorException);
    CHECK(version(database) == static_cast<int>(broken));
    CHECK(tables(database) == static_cast<std::int64_t>(broken));
  }
  Database database(at(path));
  CHECK(storage::migrate(database, good) == 1);
  CHECK(version(database) == 2);
  CHECK(tables(database) == 3);
  CHECK(storage::migrate(database, good) == 2);
}

TEST_CASE("migrations: a newer file is refused with the way out", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  {
    storage::SqliteStateStore store(at(path));
    store.database().execute("PRAGMA user_version=99");
  }
  CHECK(refusal(path) ==
        fmt::format("open state: state file {}: its version is 99, this program knows versions up "
                    "to {}: a newer sluice wrote it; install that one, or restore a backup made "
                    "before the upgrade",
                    path, storage::migration_steps().back().version));
}

TEST_CASE("migrations: a file of another program is refused and left as it is", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("theirs.db");
  {
    Database database(at(path));
    database.execute("CREATE TABLE theirs(x)");
  }
  CHECK(refusal(path) ==
        fmt::format("open state: state file {}: it belongs to another program; name another file "
                    "as the state file",
                    path));
  Database database(at(path));
  CHECK(tables(database) == 1);
}

TEST_CASE("migrations: backfills of earlier files keep what was asked for, and have no more to it",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  {
    Database database(at(path));
    storage::migrate(database, storage::migration_steps().first(7));
    for (const int alerts : {0, 1}) {
      database.run(
          "INSERT INTO backfills(job, from_us, to_us, parallel, descending, every_slot, run_now, alerts, "
          "priority, zone, version, actor, created_us, state) VALUES('orders', 1, 2, 3, 0, 1, 0, ?, 4, "
          "'Asia/Shanghai', 'v', 'uid 1', 5, 'running')",
          alerts);
    }
  }
  storage::SqliteStateStore store(at(path));
  storage::SqliteBackfills backfills(store);
  const auto found = backfills.unfinished_backfills();
  REQUIRE(found.size() == 2);
  CHECK(found[0].order.alerts == scheduler::EndNotices::none);
  CHECK(found[1].order.alerts == scheduler::EndNotices::failure);
  CHECK(found[1].order.parallel == 3);
  CHECK(found[1].order.priority == 4);
  CHECK(found[1].order.times.whole_day());
  CHECK(found[1].order.run_hours.always());
  CHECK(found[1].order.ranges.empty());
  CHECK(found[1].order.parameters.empty());
}
