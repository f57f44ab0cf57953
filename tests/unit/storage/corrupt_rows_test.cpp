// Rows that SQLite finds whole, with words in them that sluice never writes.
#include "storage/sqlite_alerts.hpp"
#include "storage/sqlite_backfills.hpp"
#include "storage/sqlite_operations.hpp"
#include "storage/sqlite_state_store.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <optional>
#include <string>

using namespace sluice;

namespace {

using sluice::test::at_minute;
using storage::SqliteAlerts;
using storage::SqliteBackfills;
using storage::SqliteOperations;
using storage::SqliteStateStore;

constexpr std::string_view kWayOut = "; restore a backup of the state file";

// One instance with an attempt and positions, one incident told to one channel, one backfill.
struct Filled {
  Filled() : store(options()) {
    store.add_instances({sluice::test::planned_at("orders", 0)});
    row = store.instance(id)->row;
    const auto attempt = store.begin_attempt(row, sluice::test::positions_at(0), at_minute(0)).value();
    store.succeed(attempt, sluice::test::outcome_at(0, 3), at_minute(1));
    scheduler::AlertChange told;
    told.incident.key = "failure orders";
    told.incident.kind = scheduler::AlertKind::exhausted;
    told.incident.channels = {"ops"};
    told.notice = scheduler::NoticeEvent::opened;
    SqliteAlerts(store.database()).apply({told}, {}, at_minute(1));
    scheduler::Backfill backfill;
    backfill.order.job = "orders";
    SqliteBackfills(store).add_backfill(backfill, {});
  }
  // An attempt of the instance behind it.
  scheduler::Attempt begin_next() {
    store.add_instances({sluice::test::planned_at("orders", 5)});
    const auto next = store.instance(sluice::test::planned_at("orders", 5).id)->row;
    return store.begin_attempt(next, sluice::test::positions_at(5), at_minute(5)).value();
  }
  storage::DatabaseOptions options() const {
    storage::DatabaseOptions made;
    made.path = folder.file("state.db");
    return made;
  }

  sluice::test::TempFolder folder;
  SqliteStateStore store;
  scheduler::InstanceId id = sluice::test::planned_at("orders", 0).id;
  std::int64_t row = 0;
};

// What reading says after the change; nothing when it reads.
std::string refused(const std::string& change, const std::function<void(Filled&)>& read) {
  Filled filled;
  read(filled);
  filled.store.database().execute(change);
  try {
    read(filled);
  } catch (const ErrorException& failure) {
    CHECK(failure.error().code() == Errc::corrupt);
    return failure.error().message();
  }
  return "";
}

void read_instance(Filled& filled) { filled.store.instance(filled.id); }
void read_attempts(Filled& filled) { filled.store.attempts(filled.row); }
void read_positions(Filled& filled) { filled.store.end_positions(filled.row); }
void read_incidents(Filled& filled) { SqliteAlerts(filled.store.database()).incidents({}); }
void read_deliveries(Filled& filled) { SqliteAlerts(filled.store.database()).deliveries(1); }
void read_backfills(Filled& filled) { SqliteBackfills(filled.store).backfills({}); }

}  // namespace

TEST_CASE(
    "corrupt rows: an instance, an attempt or positions with a foreign word are refused, and it is named",
    "[storage]") {
  const std::string values = "read state: parameter values of an instance: ";
  const std::string state = "read state: state of an instance: ";
  const std::string pairs = values + "not a list of name and value";
  CHECK(refused("UPDATE instances SET state = 'DONE'", read_instance) ==
        state + "\"DONE\" is none" + std::string(kWayOut));
  CHECK(refused("UPDATE instances SET values_json = '{}'", read_instance) ==
        values + "not a list" + std::string(kWayOut));
  CHECK(refused("UPDATE instances SET values_json = '['", read_instance).starts_with(values));
  for (const std::string one : {"7", "[\"a\"]", "[1, \"b\"]", "[\"a\", 2]"}) {
    CHECK(refused("UPDATE instances SET values_json = '[" + one + "]'", read_instance) ==
          pairs + std::string(kWayOut));
  }
  CHECK(refused("UPDATE attempts SET result = 'good'", read_attempts) ==
        "read state: result of an attempt: \"good\" is none" + std::string(kWayOut));
  CHECK(
      refused("UPDATE positions SET end_json = '{}'", read_positions).starts_with("read state: positions: "));
}

TEST_CASE("corrupt rows: an incident or a delivery with a foreign word is refused, and it is named",
          "[storage]") {
  const std::string start = "read alerts of the state file: ";
  const auto of_incident = [&](const std::string& change) {
    return refused("UPDATE incidents SET " + change, read_incidents);
  };
  CHECK(of_incident("kind = 'gone'") == start + "a kind reads \"gone\"" + std::string(kWayOut));
  CHECK(of_incident("facts_json = '[]'") == start + "facts reads \"[]\"" + std::string(kWayOut));
  CHECK(of_incident("facts_json = '{'") == start + "a JSON text reads \"{\"" + std::string(kWayOut));
  CHECK(of_incident("channels_json = '{}'") == start + "channels reads \"{}\"" + std::string(kWayOut));
  CHECK(of_incident("notified_json = '1'") == start + "times of notices reads \"1\"" + std::string(kWayOut));
  CHECK(refused("UPDATE deliveries SET state = 'gone'", read_deliveries) ==
        start + "the state of a delivery reads \"gone\"" + std::string(kWayOut));
  CHECK(refused("UPDATE notices SET event = 'gone'", read_deliveries) ==
        start + "the event of a notice reads \"gone\"" + std::string(kWayOut));
}

TEST_CASE("corrupt rows: facts of an incident that are missing or of another kind count as unknown",
          "[storage]") {
  Filled filled;
  filled.store.database().execute(
      "UPDATE incidents SET facts_json = '{\"job\": 7, \"count\": \"many\"}', channels_json = '[\"ops\", "
      "7]', "
      "notified_json = '[1, \"then\"]'");
  const auto incident = SqliteAlerts(filled.store.database()).incident(1);
  REQUIRE(incident);
  CHECK(incident->facts.job.empty());
  CHECK(incident->facts.count == 0);
  CHECK_FALSE(incident->facts.window_end);
  CHECK(incident->channels == std::vector<std::string>{"ops"});
  CHECK(incident->notified.size() == 1);
}

TEST_CASE("corrupt rows: a number of an incident that is no whole one, or too large, counts as unknown",
          "[storage]") {
  Filled filled;
  for (const std::string number : {"1.5", "1e300", "99999999999999999999"}) {
    CAPTURE(number);
    filled.store.database().run("UPDATE incidents SET facts_json = ?",
                                "{\"count\": " + number + ", \"until_us\": " + number + "}");
    const auto incident = SqliteAlerts(filled.store.database()).incident(1);
    REQUIRE(incident);
    CHECK(incident->facts.count == 0);
    CHECK_FALSE(incident->facts.until);
  }
}

TEST_CASE("corrupt rows: a backfill with a foreign word is refused, and it is named", "[storage]") {
  CHECK(refused("UPDATE backfills SET state = 'gone'", read_backfills) ==
        "read backfill 1: no state gone" + std::string(kWayOut));
  CHECK(refused("UPDATE backfills SET notices = 'gone'", read_backfills) ==
        "read backfill 1: no notices gone" + std::string(kWayOut));
}

TEST_CASE("corrupt rows: an attempt whose start positions are gone is not closed as if it had none",
          "[storage]") {
  Filled filled;
  const scheduler::Attempt attempt = filled.begin_next();
  const std::int64_t row = attempt.instance_row;
  filled.store.database().run("DELETE FROM positions WHERE instance_id = ?", row);
  try {
    filled.store.succeed(attempt, sluice::test::outcome_at(5, 3), at_minute(6));
    FAIL("not refused");
  } catch (const ErrorException& failure) {
    CHECK(failure.error().code() == Errc::corrupt);
    CHECK(failure.error().message() == "close attempt: instance row " + std::to_string(row) +
                                           " has no start positions" + std::string(kWayOut));
  }
  CHECK(filled.store.instance(sluice::test::planned_at("orders", 5).id)->state == scheduler::State::running);
}

TEST_CASE("corrupt rows: statistics that are none do not keep a window that waits from being skipped",
          "[storage]") {
  Filled filled;
  const scheduler::Attempt attempt = filled.begin_next();
  const std::int64_t row = attempt.instance_row;
  filled.store.fail(attempt, scheduler::AttemptResult::failed, Error(Errc::unavailable, "503"), {},
                    at_minute(8), at_minute(6));
  for (const char* damaged : {"", "{", "[]", "{\"left_behind\":\"x\"}"}) {
    CAPTURE(damaged);
    filled.store.database().run("UPDATE attempts SET statistics_json = ? WHERE instance_id = ?", damaged,
                                row);
    CHECK(SqliteOperations(filled.store.database()).waiting({"orders", at_minute(0), at_minute(10)}).count ==
          1);
  }
}
