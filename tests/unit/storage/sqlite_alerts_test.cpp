#include "storage/sqlite_alerts.hpp"

#include "scheduler/catch_up.hpp"
#include "storage/sqlite_state_store.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/state_on_disk.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>

namespace {

using namespace sluice;
using namespace std::chrono_literals;
using scheduler::AlertChange;
using scheduler::AlertKind;
using scheduler::DeliveryState;
using scheduler::Incident;
using scheduler::NoticeEvent;
using scheduler::State;
using sluice::test::at_minute;
using storage::SqliteAlerts;
using storage::SqliteStateStore;

scheduler::IncidentQuery listing(bool all, std::size_t limit = 100, std::int64_t before = 0) {
  scheduler::IncidentQuery query;
  query.all = all;
  query.limit = limit;
  query.before = before;
  return query;
}

struct File {
  File() { reopen(); }
  void reopen() {
    store.reset();
    storage::DatabaseOptions options;
    options.path = folder.file("state.db");
    store = std::make_unique<SqliteStateStore>(options);
  }
  SqliteAlerts alerts() { return SqliteAlerts(store->database()); }
  void plan(const std::string& chain, std::vector<int> minutes) {
    std::vector<scheduler::NewInstance> rows;
    for (const int minute : minutes) {
      auto row = sluice::test::planned_at("orders", minute);
      row.id.group = scheduler::parse_chain(chain).group;
      rows.push_back(std::move(row));
    }
    store->add_instances(rows);
  }
  std::int64_t row(int minute) { return store->instance(sluice::test::planned_at("orders", minute).id)->row; }
  void attempt(int minute, scheduler::AttemptResult result, std::optional<Instant> retry_at = std::nullopt) {
    const auto attempt =
        store->begin_attempt(row(minute), sluice::test::positions_at(minute), at_minute(minute)).value();
    if (result == scheduler::AttemptResult::success) {
      store->succeed(attempt, sluice::test::outcome_at(minute, 3), at_minute(minute + 1));
    } else {
      store->fail(attempt, result, Error(Errc::unavailable, "get records: 503"), {}, retry_at,
                  at_minute(minute + 1));
    }
  }
  scheduler::ChainFacts facts(int minute) {
    const auto all = alerts().chain_facts(at_minute(minute));
    REQUIRE(all.size() == 1);
    return all[0];
  }

  sluice::test::TempFolder folder;
  std::unique_ptr<SqliteStateStore> store;
};

// As catch-up writes it.
std::string catch_up_reason() {
  job::CatchUp none;
  none.policy = job::CatchUp::Policy::none;
  const std::vector<Instant> missed = {at_minute(15)};
  return scheduler::choose_missed(none, missed, at_minute(20), true).reason;
}

Incident sample(const std::string& key, std::vector<std::string> channels = {"ops", "mail"}) {
  Incident incident;
  incident.key = key;
  incident.kind = AlertKind::exhausted;
  incident.facts.job = "orders";
  incident.facts.instance = "orders@2018-10-16T00:05+08:00";
  incident.facts.business_date = "2018-10-15";
  incident.facts.zone = "Asia/Shanghai";
  incident.facts.window_start = at_minute(-5);
  incident.facts.window_end = at_minute(0);
  incident.facts.until = at_minute(-5);
  incident.facts.error = "it said \"no\" \xE4\xBD\xA0\n";
  incident.facts.count = 287;
  incident.facts.length = 90min;
  incident.channels = std::move(channels);
  incident.opened = at_minute(5);
  incident.seen = at_minute(6);
  incident.notified = {at_minute(5), at_minute(6)};
  incident.told = true;
  incident.worse = true;
  return incident;
}

AlertChange change_of(Incident incident, std::optional<NoticeEvent> notice) {
  AlertChange change;
  change.incident = std::move(incident);
  change.notice = notice;
  return change;
}

scheduler::AuditEntry entry_of(const std::string& actor, Instant at) {
  scheduler::AuditEntry entry;
  entry.at = at;
  entry.actor = actor;
  entry.action = "acknowledge";
  entry.target = "incident 1";
  return entry;
}

std::string show(const Incident& i) {
  return fmt::format("{} {} {} {}/{} {} {} {}-{} {} {} {} {} {} {}{}{}{} {}", i.id, i.key, to_string(i.kind),
                     i.facts.job, i.facts.instance, i.facts.error, i.facts.count,
                     i.opened.time_since_epoch().count(), i.seen.time_since_epoch().count(),
                     i.recovered.has_value(), i.acknowledged.has_value(), i.acknowledged_by,
                     i.notified.size(), i.channels.size(), i.told, i.worse, i.event, i.closed,
                     i.facts.length.count());
}

// Every way to write, each step possible again where it did not happen.
using Step = std::function<void(SqliteAlerts&)>;
std::vector<Step> alert_scenario() {
  return {
      [](SqliteAlerts& alerts) {
        alerts.apply(
            {change_of(sample("failure orders"), NoticeEvent::opened), change_of(sample("lag orders"), {})},
            {{"running", "yes"}, {"skipped orders", "3"}}, at_minute(7));
      },
      [](SqliteAlerts& alerts) {
        auto delivery = alerts.pending().at(0);
        delivery.tries = 1;
        delivery.next = at_minute(9);
        delivery.error = "send: 500";
        alerts.record(delivery);
      },
      [](SqliteAlerts& alerts) { static_cast<void>(alerts.acknowledge(1, entry_of("uid 7", at_minute(8)))); },
      [](SqliteAlerts& alerts) {
        auto delivery = alerts.pending().at(0);
        delivery.state = DeliveryState::sent;
        delivery.ended = at_minute(9);
        alerts.record(delivery);
      },
      [](SqliteAlerts& alerts) {
        auto incident = *alerts.incident(1);
        incident.recovered = at_minute(10);
        incident.closed = true;
        alerts.apply({change_of(incident, NoticeEvent::recovered)}, {{"running", ""}}, at_minute(10));
      },
      [](SqliteAlerts& alerts) { alerts.add_test("ops", at_minute(11)); },
  };
}

std::string dump(SqliteAlerts& alerts) {
  std::string out;
  for (const Incident& incident : alerts.incidents(listing(true))) out += show(incident) + "\n";
  for (const auto& delivery : alerts.pending()) {
    out += fmt::format("{} {} {} {} {}\n", delivery.id, delivery.channel, delivery.tries, delivery.error,
                       to_string(delivery.notice.event));
  }
  for (const auto& delivery : alerts.deliveries(1))
    out += fmt::format("{} {}\n", delivery.id, to_string(delivery.state));
  for (const auto& [name, value] : alerts.marks()) out += name + "=" + value + "\n";
  return out;
}

}  // namespace

TEST_CASE("sqlite alerts: an incident, its notices and its deliveries survive a restart as they were",
          "[storage]") {
  File file;
  auto written = sample("failure orders");
  const auto ids = file.alerts().apply({change_of(written, NoticeEvent::opened)}, {}, at_minute(7));
  REQUIRE(ids.size() == 1);
  file.reopen();
  auto alerts = file.alerts();
  written.id = ids[0];
  const auto read = alerts.incident(ids[0]);
  REQUIRE(read);
  CHECK(show(*read) == show(written));
  CHECK(read->facts == written.facts);
  CHECK(read->channels == written.channels);
  CHECK(read->notified == written.notified);
  const auto pending = alerts.pending();
  REQUIRE(pending.size() == 2);
  CHECK(pending[0].channel == "ops");
  CHECK(pending[1].channel == "mail");
  CHECK(pending[0].notice.id == pending[1].notice.id);
  CHECK(pending[0].notice.incident == ids[0]);
  CHECK(pending[0].notice.facts == written.facts);
  CHECK(pending[0].notice.at == at_minute(7));
  CHECK(pending[0].notice.opened == at_minute(5));
  CHECK(pending[0].next == at_minute(7));
}

TEST_CASE("sqlite alerts: facts that are not UTF-8 are stored as text, and read where they were not",
          "[storage]") {
  File file;
  auto alerts = file.alerts();
  auto incident = sample("definitions");
  incident.facts.error = "/etc/jobs.d/\xb6\xa9.yaml:1:1: error: \xE4\xBD\xA0\n";
  alerts.apply({change_of(incident, NoticeEvent::opened)}, {}, at_minute(7));
  CHECK(alerts.incident(1)->facts.error == "/etc/jobs.d/??.yaml:1:1: error: \xE4\xBD\xA0\n");
  file.store->database().execute("UPDATE incidents SET facts_json = replace(facts_json, '??.', x'b6a92e')");
  file.store->database().execute("UPDATE notices SET facts_json = replace(facts_json, '??.', x'b6a92e')");
  CHECK(alerts.incident(1)->facts.error == "/etc/jobs.d/??.yaml:1:1: error: \xE4\xBD\xA0\n");
  CHECK(alerts.incident(1)->facts.count == 287);
  CHECK(alerts.pending().at(0).notice.facts == alerts.incident(1)->facts);
}

TEST_CASE("sqlite alerts: current incidents are those not closed, and those seen lately", "[storage]") {
  File file;
  auto alerts = file.alerts();
  auto closed = sample("a");
  closed.closed = true;
  closed.recovered = at_minute(6);
  auto old = closed;
  old.key = "b";
  old.seen = at_minute(-3000);
  auto open = sample("c");
  open.seen = at_minute(-3000);
  alerts.apply({change_of(closed, {}), change_of(old, {}), change_of(open, {})}, {}, at_minute(7));
  std::string keys;
  for (const Incident& incident : alerts.current_incidents(at_minute(-1440))) keys += incident.key;
  CHECK(keys == "ac");
  keys.clear();
  for (const Incident& incident : alerts.incidents(listing(false))) keys += incident.key;
  CHECK(keys == "c");
  keys.clear();
  for (const Incident& incident : alerts.incidents(listing(true, 2))) keys += incident.key;
  CHECK(keys == "cb");
  CHECK(alerts.incidents(listing(true, 2, 2)).at(0).key == "a");
}

TEST_CASE("sqlite alerts: an acknowledgement is kept with its actor and audited; nothing later overwrites it",
          "[storage]") {
  File file;
  auto alerts = file.alerts();
  alerts.apply({change_of(sample("a"), {})}, {}, at_minute(7));
  auto stale = *alerts.incident(1);
  REQUIRE(alerts.acknowledge(1, entry_of("uid 7", at_minute(8))));
  REQUIRE(alerts.acknowledge(1, entry_of("uid 8", at_minute(9))));
  stale.seen = at_minute(10);
  alerts.apply({change_of(stale, {})}, {}, at_minute(10));
  CHECK(alerts.incident(1)->acknowledged == at_minute(8));
  CHECK(alerts.incident(1)->acknowledged_by == "uid 7");
  CHECK(file.store->audit(10).size() == 2);
  CHECK(alerts.acknowledge(9, entry_of("uid 7", at_minute(8))).error().code() == Errc::not_found);
  stale.recovered = at_minute(11);
  alerts.apply({change_of(stale, {})}, {}, at_minute(11));
  CHECK(alerts.acknowledge(1, entry_of("uid 7", at_minute(12))).error().code() == Errc::refused_by_state);
}

TEST_CASE("sqlite alerts: an incident that is opened again is not acknowledged any more", "[storage]") {
  File file;
  auto alerts = file.alerts();
  alerts.apply({change_of(sample("a"), {})}, {}, at_minute(7));
  REQUIRE(alerts.acknowledge(1, entry_of("uid 7", at_minute(8))));
  auto incident = *alerts.incident(1);
  incident.recovered = at_minute(9);
  incident.closed = true;
  alerts.apply({change_of(incident, {})}, {}, at_minute(9));
  CHECK(alerts.incident(1)->acknowledged_by == "uid 7");  // whose it was
  incident.recovered.reset();
  incident.closed = false;
  alerts.apply({change_of(incident, {})}, {}, at_minute(10));
  CHECK_FALSE(alerts.incident(1)->acknowledged);
  CHECK(alerts.incident(1)->acknowledged_by.empty());
  REQUIRE(alerts.acknowledge(1, entry_of("uid 8", at_minute(11))));
  alerts.apply({change_of(incident, {})}, {}, at_minute(12));
  CHECK(alerts.incident(1)->acknowledged == at_minute(11));
  CHECK(alerts.incident(1)->acknowledged_by == "uid 8");
}

TEST_CASE("sqlite alerts: a delivery that has ended stays ended", "[storage]") {
  File file;
  auto alerts = file.alerts();
  alerts.apply({change_of(sample("a", {"ops"}), NoticeEvent::opened)}, {}, at_minute(7));
  auto delivery = alerts.pending().at(0);
  delivery.state = DeliveryState::sent;
  delivery.ended = at_minute(8);
  alerts.record(delivery);
  delivery.state = DeliveryState::failed;
  alerts.record(delivery);
  CHECK(alerts.pending().empty());
  CHECK(alerts.deliveries(1).at(0).state == DeliveryState::sent);
  CHECK(alerts.deliveries(0).empty());
}

TEST_CASE("sqlite alerts: incidents that are over are forgotten after 90 days, with all that hangs on them",
          "[storage]") {
  File file;
  auto alerts = file.alerts();
  auto over = sample("a");
  over.closed = true;
  over.recovered = at_minute(6);
  alerts.apply({change_of(over, NoticeEvent::recovered), change_of(sample("b"), NoticeEvent::opened)}, {},
               at_minute(7));
  const Instant later = at_minute(6) + SqliteAlerts::kKept + 1min;
  alerts.apply({change_of(sample("c"), {})}, {}, later, scheduler::Forget::nothing);
  CHECK(alerts.incident(1));
  alerts.apply({change_of(sample("d"), {})}, {}, later);
  CHECK_FALSE(alerts.incident(1));
  CHECK(alerts.incident(2));
  CHECK(alerts.pending().size() == 2);
}

TEST_CASE(
    "sqlite alerts: how a chain stands: head, failure, retry, the longest run, what is missing and skipped",
    "[storage]") {
  using scheduler::AttemptResult;
  File file;
  file.plan("orders", {0, 5, 10, 15, 20, 25});
  CHECK(file.facts(-1).open == 0);
  CHECK_FALSE(file.facts(-1).head);
  CHECK(file.facts(-1).last_planned == at_minute(25));
  file.attempt(0, AttemptResult::success);
  CHECK(file.facts(4).open == 0);
  CHECK(file.facts(4).covered_until == at_minute(-5));

  file.attempt(5, AttemptResult::failed, at_minute(8));
  auto facts = file.facts(20);
  CHECK(facts.open == 4);
  CHECK(facts.head->id.scheduled == at_minute(5));
  CHECK(facts.second_slot == at_minute(10));
  CHECK(facts.first_able->id.scheduled == at_minute(5));
  CHECK(facts.retry->id.scheduled == at_minute(5));
  CHECK_FALSE(facts.failure);

  file.attempt(5, AttemptResult::timed_out);
  facts = file.facts(20);
  CHECK(facts.failed == 1);
  CHECK(facts.failure->id.scheduled == at_minute(5));
  CHECK(facts.failure_result == AttemptResult::timed_out);
  CHECK(facts.first_able->id.scheduled == at_minute(10));
  CHECK_FALSE(file.facts(5).first_able);
  CHECK_FALSE(facts.retry);

  REQUIRE(file.store->begin_attempt(file.row(10), sluice::test::positions_at(1), at_minute(12)));
  CHECK(file.facts(20).running->id.scheduled == at_minute(10));

  REQUIRE(file.store->change_state(file.row(15), {State::wait_time}, State::skipped, catch_up_reason()));
  REQUIRE(file.store->change_state(file.row(20), {State::wait_time}, State::skipped,
                                   "skipped by uid 7: no need"));
  facts = file.facts(25);
  CHECK(facts.skipped == 1);
  CHECK(facts.newest_skip->id.scheduled == at_minute(15));
  CHECK(facts.open == 3);
}

TEST_CASE("sqlite alerts: of several failures and retries the first is told, of runs the longest",
          "[storage]") {
  using scheduler::AttemptResult;
  File file;
  file.plan("orders", {0, 5, 10, 15, 20, 25, 30});
  file.attempt(0, AttemptResult::lost);
  file.attempt(5, AttemptResult::failed);
  file.attempt(10, AttemptResult::failed, at_minute(50));
  file.attempt(15, AttemptResult::failed, at_minute(50));
  for (const auto& [minute, since] : {std::pair(20, 38), std::pair(25, 36), std::pair(30, 37)})
    REQUIRE(file.store->begin_attempt(file.row(minute), sluice::test::positions_at(1), at_minute(since)));
  const auto facts = file.facts(40);
  CHECK(facts.open == 7);
  CHECK(facts.failed == 2);
  CHECK(facts.failure->id.scheduled == at_minute(0));
  CHECK(facts.failure_result == AttemptResult::lost);
  CHECK(facts.retry->id.scheduled == at_minute(10));
  CHECK(facts.running->id.scheduled == at_minute(25));
}

TEST_CASE("sqlite alerts: a failure without an attempt counts as failed", "[storage]") {
  File file;
  file.plan("orders", {0});
  REQUIRE(file.store->change_state(file.row(0), {State::wait_time}, State::failure, "start: no such table"));
  const auto facts = file.facts(5);
  CHECK(facts.failed == 1);
  CHECK(facts.failure_result == scheduler::AttemptResult::failed);
}

TEST_CASE("sqlite alerts: what an operator killed counts as no failure", "[storage]") {
  File file;
  file.plan("orders", {0, 5});
  REQUIRE(file.store->change_state(file.row(0), {State::wait_time}, State::failure, "killed by uid 7"));
  const auto facts = file.facts(5);
  CHECK(facts.open == 2);
  CHECK(facts.failed == 0);
  CHECK_FALSE(facts.failure);
  CHECK(facts.head->state == State::failure);
}

TEST_CASE("sqlite alerts: only recurring chains are watched by rules", "[storage]") {
  File file;
  file.plan("orders", {0, 5});
  file.plan("orders#7", {0});
  const auto all = file.alerts().chain_facts(at_minute(5));
  REQUIRE(all.size() == 1);
  CHECK(all[0].chain == "orders");
  CHECK(all[0].open == 2);
}

TEST_CASE("sqlite alerts: the first open instance of a cycle", "[storage]") {
  File file;
  file.plan("orders", {0, 5, 10});
  auto alerts = file.alerts();
  CHECK(alerts.first_open_of_cycle("orders", 2, at_minute(10))->id.scheduled == at_minute(5));
  CHECK_FALSE(alerts.first_open_of_cycle("orders", 2, at_minute(5)));
  file.attempt(5, scheduler::AttemptResult::success);
  CHECK_FALSE(alerts.first_open_of_cycle("orders", 2, at_minute(10)));
}

TEST_CASE("sqlite alerts: a disk that fails at any step leaves each change whole or undone, and heals",
          "[storage]") {
  std::vector<std::string> expected;
  std::uint64_t steps = 0;
  {
    sluice::test::MemoryDisk disk(sluice::test::new_state_file());
    const auto store = open_on(disk);
    SqliteAlerts alerts(store->database());
    expected.push_back(dump(alerts));
    for (const Step& step : alert_scenario()) {
      step(alerts);
      expected.push_back(dump(alerts));
    }
    steps = disk.steps();
  }
  for (std::uint64_t k = 0; k < steps; ++k) {
    INFO("step " << k << " of " << steps);
    sluice::test::MemoryDisk disk(sluice::test::new_state_file());
    disk.fail_from(k, SQLITE_FULL);
    std::size_t done = 0;
    const auto scenario = alert_scenario();
    const auto run = [&](SqliteStateStore& store) {
      SqliteAlerts alerts(store.database());
      for (; done < scenario.size(); ++done) scenario[done](alerts);
    };
    std::unique_ptr<SqliteStateStore> store;
    CHECK_THROWS_AS((store = open_on(disk), run(*store)), ErrorException);
    disk.heal();
    if (!store) store = open_on(disk);
    SqliteAlerts alerts(store->database());
    CHECK(dump(alerts) == expected[done]);
    run(*store);
    CHECK(dump(alerts) == expected.back());
  }
}
