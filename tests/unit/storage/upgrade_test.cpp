// State files of every version that was ever written open, keep what they hold, and go on.
#include "storage/migrations.hpp"
#include "storage/state_file.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/test_data.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace sluice;

namespace {

// A step that was never the last one of a released program: only an interrupted upgrade leaves it.
bool is_passed_through(int version) { return version >= 3 && version <= 6; }

std::string dump_name(int version) { return sluice::test::test_data(fmt::format("state/v{}.sql", version)); }

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

storage::DatabaseOptions file_at(const std::string& path) {
  storage::DatabaseOptions options;
  options.path = path;
  return options;
}

// A file of `version` as its program wrote it.
void make_file(const std::string& path, int version) {
  storage::Database database(file_at(path));
  database.execute(text_of(dump_name(is_passed_through(version) ? 2 : version)));
  storage::migrate(database, storage::migration_steps().first(static_cast<std::size_t>(version)));
}

// Every row of the tables that version 1 had, by the columns it had.
std::vector<std::string> rows_of(storage::Database& database) {
  const std::vector<std::string> selects = {
      "SELECT id || '|' || name FROM jobs ORDER BY 1",
      "SELECT id || '|' || job_id || '|' || slot_us || '|' || values_json || '|' || window_start_us || '|' "
      "|| "
      "window_end_us || '|' || version || '|' || state || '|' || reason || '|' || attempts || '|' || "
      "rows_written || '|' || bytes_written FROM instances ORDER BY id",
      "SELECT instance_id || '|' || n || '|' || name || '|' || bytes || '|' || crc64 FROM objects ORDER BY 1",
      "SELECT instance_id || '|' || number || '|' || result || '|' || error FROM attempts ORDER BY 1",
      "SELECT instance_id || '|' || start_json || '|' || coalesce(end_json, '') FROM positions ORDER BY 1",
      "SELECT job_id || '|' || instance_id || '|' || shard || '|' || reason FROM gaps ORDER BY 1",
      "SELECT job_id || '|' || from_us || '|' || until_us || '|' || windows || '|' || rows_written FROM "
      "coverage ORDER BY 1",
      "SELECT at_us || '|' || action FROM audit ORDER BY 1"};
  std::vector<std::string> rows;
  for (const std::string& select : selects) {
    auto statement = database.prepare(select);
    while (statement.step()) rows.push_back(statement.text(0));
  }
  return rows;
}

std::string one_text(storage::Database& database, const std::string& sql) {
  auto row = database.prepare(sql);
  return row.step() ? row.text(0) : "none";
}

}  // namespace

TEST_CASE("upgrade: there is a file of every version before the newest", "[storage]") {
  for (const storage::MigrationStep& step : storage::migration_steps()) {
    if (step.version == storage::migration_steps().back().version || is_passed_through(step.version))
      continue;
    INFO("a new migration needs a file of the version before it: tests/data/state/README.md");
    CHECK(std::filesystem::exists(dump_name(step.version)));
  }
}

TEST_CASE("upgrade: a file of each version opens, keeps what it holds, and its chain goes on", "[storage]") {
  const int newest = storage::migration_steps().back().version;
  for (int version = 1; version < newest; ++version) {
    CAPTURE(version);
    const sluice::test::TempFolder folder;
    const std::string path = folder.file("sluice.db");
    make_file(path, version);
    std::vector<std::string> before;
    {
      storage::Database database(file_at(path));
      REQUIRE(one_text(database, "PRAGMA user_version") == std::to_string(version));
      before = rows_of(database);
      REQUIRE(before.size() > 20);
    }
    const auto looked = storage::look_at_state_file(path);
    REQUIRE(looked);
    CHECK(looked->version == version);
    CHECK_FALSE(looked->damage);
    CHECK(looked->written);
    CHECK(looked->durable.at(0).chain == "orders");
    storage::SqliteStateStore store(file_at(path), storage::CheckDepth::complete);
    storage::Database& database = store.database();
    CHECK(one_text(database, "PRAGMA user_version") == std::to_string(newest));
    CHECK(one_text(database, "PRAGMA integrity_check") == "ok");
    CHECK(one_text(database, "SELECT count(*) FROM pragma_foreign_key_check") == "0");
    CHECK(rows_of(database) == before);

    // The next window begins where the newest committed one before it ended.
    std::vector<scheduler::NewInstance> planned = {sluice::test::planned_at("orders", 300)};
    CHECK(store.add_instances(planned) == 1);
    scheduler::InstanceQuery query;
    query.job = "orders";
    query.ascending = true;
    std::optional<scheduler::Instance> next;
    std::optional<Instant> committed;
    for (const scheduler::Instance& instance : store.instances(query)) {
      if (instance.state == scheduler::State::success && !next) committed = instance.id.scheduled;
      if (!scheduler::is_done(instance.state) && instance.state != scheduler::State::frozen && !next)
        next = instance;
    }
    REQUIRE(next);
    REQUIRE(committed);
    const auto start = store.committed_before("orders", next->id.scheduled);
    REQUIRE(start);
    const std::string stored =
        one_text(database,
                 "SELECT p.end_json FROM positions p JOIN instances i ON i.id = p.instance_id "
                 "WHERE p.end_json IS NOT NULL AND i.slot_us < " +
                     std::to_string(next->id.scheduled.time_since_epoch().count()) +
                     " ORDER BY i.slot_us DESC LIMIT 1");
    CHECK(boost::json::serialize(pipeline::to_json(start->positions)) == stored);
    const auto attempt = store.begin_attempt(next->row, start->positions, sluice::test::at_minute(400));
    REQUIRE(attempt);
    store.succeed(*attempt, sluice::test::outcome_at(99, 5), sluice::test::at_minute(401));
    CHECK(store.instance(next->id)->state == scheduler::State::success);
    CHECK(store.committed_before("orders", sluice::test::at_minute(1000)).has_value());
    CHECK(store.coverage("orders").until >= next->window_end);
  }
}
