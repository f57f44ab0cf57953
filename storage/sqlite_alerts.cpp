#include "storage/sqlite_alerts.hpp"

#include "scheduler/backfill.hpp"
#include "scheduler/reason.hpp"
#include "storage/alert_rows.hpp"
#include "storage/instance_rows.hpp"

#include <fmt/format.h>

#include <limits>
#include <stdexcept>

namespace sluice::storage {
namespace {

using scheduler::AlertChange;
using scheduler::AttemptResult;
using scheduler::ChainFacts;
using scheduler::Delivery;
using scheduler::DeliveryState;
using scheduler::Incident;
using scheduler::Instance;
using scheduler::Notice;
using scheduler::State;

constexpr std::size_t kFailedShown = 100;
// Of one incident that nobody ever ends, the newest are shown.
constexpr std::size_t kDeliveriesShown = 1000;

// For each recurring chain a range of the index of what is not done, and one look each into two others.
constexpr std::string_view kChains =
    "SELECT j.id, j.name, c.until_us, "
    "(SELECT max(l.slot_us) FROM instances l WHERE l.job_id = j.id), "
    "(SELECT count(*) FROM instances s INDEXED BY instances_skipped WHERE s.job_id = j.id AND s.state = "
    "'SKIPPED') "
    "FROM jobs j LEFT JOIN coverage c ON c.job_id = j.id WHERE instr(j.name, '#') = 0";

// What catch-up skips; what an operator skips is no news.
const std::string kIsMissed = fmt::format("reason LIKE '{}%'", scheduler::kMissed);
const std::string kSkippedByCatchUp = fmt::format(
    "SELECT count(*) FROM instances INDEXED BY instances_skipped WHERE job_id = ? AND state = 'SKIPPED' "
    "AND {}",
    kIsMissed);

constexpr std::string_view kOpen =
    "SELECT id, slot_us, state, failures, started_us, reason FROM instances INDEXED BY instances_unfinished "
    "WHERE job_id = ? AND state NOT IN ('SUCCESS', 'SKIPPED') AND slot_us <= ? ORDER BY slot_us";

const std::string kNewestSkip = fmt::format(
    "SELECT {} FROM instances i JOIN jobs j ON j.id = i.job_id WHERE i.job_id = ? AND i.state = 'SKIPPED' "
    "AND i.{} ORDER BY i.slot_us DESC LIMIT 1",
    kInstanceColumns, kIsMissed);

const std::string kByRow =
    fmt::format("SELECT {} FROM instances i JOIN jobs j ON j.id = i.job_id WHERE i.id = ?", kInstanceColumns);

const std::string kOpenOfCycle = fmt::format(
    "SELECT {} FROM jobs j JOIN instances i INDEXED BY instances_unfinished ON i.job_id = j.id "
    "WHERE j.name = ? AND i.state NOT IN ('SUCCESS', 'SKIPPED') AND i.slot_us < ? AND i.cycle = ? "
    "ORDER BY i.slot_us LIMIT 1",
    kInstanceColumns);

const std::string kPendingDeliveries = fmt::format(
    "SELECT {} FROM deliveries d JOIN notices n ON n.id = d.notice_id WHERE d.state = 'pending' ORDER BY "
    "d.id",
    kDeliveryColumns);
const std::string kFailedDeliveries = fmt::format(
    "SELECT {} FROM deliveries d JOIN notices n ON n.id = d.notice_id WHERE d.state = 'failed' "
    "ORDER BY d.id DESC LIMIT ?",
    kDeliveryColumns);
const std::string kDelivery = fmt::format(
    "SELECT {} FROM deliveries d JOIN notices n ON n.id = d.notice_id WHERE d.id = ?", kDeliveryColumns);
const std::string kDeliveriesOfIncident = fmt::format(
    "SELECT * FROM (SELECT {} FROM notices n JOIN deliveries d ON d.notice_id = n.id WHERE n.incident_id = ? "
    "ORDER BY d.id DESC LIMIT ?) ORDER BY 1",
    kDeliveryColumns);

// An acknowledgement may have come since the incident was read, so it is not written here; but it ends when
// the incident is opened again.
const std::string kStoreIncident = fmt::format(
    "INSERT INTO incidents({}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT(id) DO UPDATE SET kind = excluded.kind, facts_json = excluded.facts_json, "
    "channels_json = excluded.channels_json, seen_us = excluded.seen_us, "
    "acknowledged_us = iif({opened_again}, NULL, acknowledged_us), "
    "acknowledged_by = iif({opened_again}, '', acknowledged_by), "
    "recovered_us = excluded.recovered_us, notified_json = excluded.notified_json, "
    "told = excluded.told, worse = excluded.worse, closed = excluded.closed",
    kIncidentColumns,
    fmt::arg("opened_again", "incidents.recovered_us IS NOT NULL AND excluded.recovered_us IS NULL"));

AttemptResult parse_last_result(const std::string& text) {
  for (const AttemptResult result : {AttemptResult::failed, AttemptResult::lost, AttemptResult::killed,
                                     AttemptResult::timed_out, AttemptResult::success, AttemptResult::open}) {
    if (to_string(result) == text) return result;
  }
  return AttemptResult::failed;
}

std::vector<Incident> collect_incidents(Statement rows) {
  std::vector<Incident> incidents;
  while (rows.step()) incidents.push_back(read_incident(rows));
  return incidents;
}

std::vector<Delivery> collect_deliveries(Statement rows) {
  std::vector<Delivery> deliveries;
  while (rows.step()) deliveries.push_back(read_delivery(rows));
  return deliveries;
}

}  // namespace

std::vector<ChainFacts> SqliteAlerts::chain_facts(Instant now) {
  struct Row {
    std::int64_t job_id = 0;
    ChainFacts facts;
  };
  std::vector<Row> rows;
  {
    Statement chains = database_.prepare(kChains);
    while (chains.step()) {
      Row& row = rows.emplace_back();
      row.job_id = chains.integer(0);
      row.facts.chain = chains.text(1);
      row.facts.covered_until = chains.maybe_instant(2);
      row.facts.last_planned = chains.maybe_instant(3);
      row.facts.skipped = chains.count(4);  // in all, for now
    }
  }
  std::vector<ChainFacts> all;
  for (Row& row : rows) {
    add_open(row.facts, row.job_id, now);
    row.facts.skipped = skipped_by_catch_up(row.job_id, row.facts.skipped);
    if (row.facts.skipped > 0) {
      Statement newest = database_.prepare(kNewestSkip, row.job_id);
      if (newest.step()) row.facts.newest_skip = read_instance(newest);
    }
    all.push_back(std::move(row.facts));
  }
  return all;
}

std::uint64_t SqliteAlerts::skipped_by_catch_up(std::int64_t job_id, std::uint64_t all) {
  if (all == 0) return 0;
  if (skips_ != nullptr) {
    const auto known = skips_->find(job_id);
    if (known != skips_->end() && known->second.all == all) return known->second.by_catch_up;
  }
  Statement count = database_.prepare(kSkippedByCatchUp, job_id);
  const std::uint64_t found = count.step() ? count.count(0) : 0;
  if (skips_ != nullptr) (*skips_)[job_id] = Skips{all, found};
  return found;
}

void SqliteAlerts::add_open(ChainFacts& facts, std::int64_t job_id, Instant now) {
  std::int64_t head = 0;
  std::int64_t able = 0;
  std::int64_t failure = 0;
  std::int64_t retry = 0;
  std::int64_t running = 0;
  Instant running_since = Instant::max();
  {
    Statement open = database_.prepare(kOpen, job_id, now);
    while (open.step()) {
      const std::int64_t row = open.integer(0);
      const State state = parse_state(open.text(2));
      ++facts.open;
      if (facts.open == 1) head = row;
      if (facts.open == 2) facts.second_slot = open.instant(1);
      if (able == 0 && !scheduler::waits_for_person(state)) able = row;
      const bool failed = state == State::failure || state == State::lost;
      const auto why = scheduler::reason_code(state, false, open.text(5));
      if (failed && why != scheduler::ReasonCode::killed) {
        ++facts.failed;
        if (failure == 0) failure = row;
      }
      if (!failed && open.integer(3) > 0 && retry == 0) retry = row;
      const auto since = open.maybe_instant(4);
      if (state == State::running && since && *since < running_since) {
        running = row;
        running_since = *since;
      }
    }
  }
  if (head != 0) facts.head = instance(head);
  if (able != 0) facts.first_able = able == head ? facts.head : instance(able);
  if (retry != 0) facts.retry = instance(retry);
  if (running != 0) facts.running = instance(running);
  if (failure == 0) return;
  facts.failure = instance(failure);
  Statement last = database_.prepare(
      "SELECT result FROM attempts WHERE instance_id = ? ORDER BY number DESC LIMIT 1", failure);
  if (last.step()) facts.failure_result = parse_last_result(last.text(0));
}

Instance SqliteAlerts::instance(std::int64_t row) {
  Statement found = database_.prepare(kByRow, row);
  if (!found.step()) throw std::logic_error("an instance that was just seen is gone");
  return read_instance(found);
}

std::optional<Instance> SqliteAlerts::first_open_of_cycle(const std::string& chain, int cycle,
                                                          Instant before) {
  Statement found = database_.prepare(kOpenOfCycle, chain, before, cycle);
  if (!found.step()) return std::nullopt;
  return read_instance(found);
}

std::vector<Incident> SqliteAlerts::current_incidents(Instant since) {
  return collect_incidents(database_.prepare(
      fmt::format(
          "SELECT {0} FROM incidents WHERE id IN (SELECT id FROM incidents INDEXED BY incidents_current "
          "WHERE closed = 0 UNION SELECT id FROM incidents INDEXED BY incidents_seen WHERE seen_us > ?) "
          "ORDER BY id",
          kIncidentColumns),
      since));
}

std::int64_t SqliteAlerts::store(const Incident& incident) {
  const auto known = incident.id == 0 ? std::optional<std::int64_t>() : std::optional(incident.id);
  database_.run(kStoreIncident, known, incident.key, to_string(incident.kind), facts_text(incident.facts),
                channels_text(incident.channels), incident.opened, incident.seen, incident.recovered,
                incident.acknowledged, incident.acknowledged_by, instants_text(incident.notified),
                incident.told, incident.worse, incident.event, incident.closed);
  return known ? *known : database_.last_insert_id();
}

std::int64_t SqliteAlerts::add_notice(const Notice& notice) {
  const auto incident = notice.incident == 0 ? std::optional<std::int64_t>() : std::optional(notice.incident);
  database_.run(
      "INSERT INTO notices(incident_id, event, kind, facts_json, at_us, opened_us) VALUES(?, ?, ?, ?, ?, ?)",
      incident, to_string(notice.event), to_string(notice.kind), facts_text(notice.facts), notice.at,
      notice.opened);
  return database_.last_insert_id();
}

void SqliteAlerts::add_delivery(std::int64_t notice, const std::string& channel, Instant now) {
  database_.run("INSERT INTO deliveries(notice_id, channel, state, next_us) VALUES(?, ?, 'pending', ?)",
                notice, channel, now);
}

std::vector<std::int64_t> SqliteAlerts::apply(const std::vector<AlertChange>& changes,
                                              const std::map<std::string, std::string>& marks, Instant now,
                                              scheduler::Forget forget) {
  Transaction transaction(database_);
  std::vector<std::int64_t> ids;
  for (const AlertChange& change : changes) {
    ids.push_back(store(change.incident));
    if (!change.notice) continue;
    Notice notice;
    notice.incident = ids.back();
    notice.event = *change.notice;
    notice.kind = change.incident.kind;
    notice.facts = change.incident.facts;
    notice.at = now;
    notice.opened = change.incident.opened;
    const std::int64_t stored = add_notice(notice);
    for (const std::string& channel : change.incident.channels) add_delivery(stored, channel, now);
  }
  for (const auto& [name, value] : marks) {
    if (value.empty()) {
      database_.run("DELETE FROM alert_marks WHERE name = ?", name);
    } else {
      database_.run("INSERT INTO alert_marks VALUES(?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                    name, value);
    }
  }
  if (!changes.empty() && forget == scheduler::Forget::old) forget_old(now);
  transaction.commit();
  return ids;
}

void SqliteAlerts::forget_old(Instant now) {
  const Instant before = now - kKept;
  constexpr std::string_view kOld =
      "(SELECT id FROM incidents INDEXED BY incidents_seen WHERE seen_us < ? AND closed = 1)";
  database_.run(fmt::format("DELETE FROM deliveries WHERE notice_id IN (SELECT id FROM notices WHERE "
                            "incident_id IN {})",
                            kOld),
                before);
  database_.run(fmt::format("DELETE FROM notices WHERE incident_id IN {}", kOld), before);
  database_.run("DELETE FROM incidents WHERE seen_us < ? AND closed = 1", before);
}

std::map<std::string, std::string> SqliteAlerts::marks() {
  std::map<std::string, std::string> found;
  Statement rows = database_.prepare("SELECT name, value FROM alert_marks");
  while (rows.step()) found[rows.text(0)] = rows.text(1);
  return found;
}

Result<void> SqliteAlerts::acknowledge(std::int64_t id, const scheduler::AuditEntry& entry) {
  Transaction transaction(database_);
  const auto found = incident(id);
  if (!found) {
    return Error(Errc::not_found,
                 fmt::format("acknowledge incident {}: no such incident; sluice incidents lists "
                             "them",
                             id));
  }
  if (found->recovered) {
    return Error(Errc::refused_by_state, fmt::format("acknowledge incident {}: it is over already", id));
  }
  database_.run(
      "UPDATE incidents SET acknowledged_us = ?, acknowledged_by = ? WHERE id = ? AND acknowledged_us "
      "IS NULL",
      entry.at, entry.actor, id);
  database_.run("INSERT INTO audit(at_us, actor, action, target, detail) VALUES(?, ?, ?, ?, ?)", entry.at,
                entry.actor, entry.action, entry.target, entry.detail);
  transaction.commit();
  return {};
}

std::int64_t SqliteAlerts::add_test(const std::string& channel, Instant now) {
  Transaction transaction(database_);
  Notice notice;
  notice.event = scheduler::NoticeEvent::test;
  notice.kind = scheduler::AlertKind::channel;
  notice.at = now;
  notice.opened = now;
  add_delivery(add_notice(notice), channel, now);
  const std::int64_t id = database_.last_insert_id();
  transaction.commit();
  return id;
}

std::vector<Delivery> SqliteAlerts::pending() {
  return collect_deliveries(database_.prepare(kPendingDeliveries));
}

void SqliteAlerts::record(const Delivery& delivery) {
  Transaction transaction(database_);
  database_.run(
      "UPDATE deliveries SET state = ?, tries = ?, next_us = ?, ended_us = ?, error = ? WHERE id = ? AND "
      "state = "
      "'pending'",
      to_string(delivery.state), delivery.tries, delivery.next, delivery.ended, delivery.error, delivery.id);
  transaction.commit();
}

std::vector<Incident> SqliteAlerts::incidents(const scheduler::IncidentQuery& query) {
  const std::int64_t below = query.before > 0 ? query.before : std::numeric_limits<std::int64_t>::max();
  const std::string kind(query.kind ? to_string(*query.kind) : "");
  return collect_incidents(database_.prepare(
      fmt::format("SELECT {} FROM incidents WHERE id < ?1 {} AND (?2 = '' OR facts_json ->> 'job' = ?2) "
                  "AND (?3 = '' OR kind = ?3) ORDER BY id DESC LIMIT ?4",
                  kIncidentColumns, query.all ? "" : "AND recovered_us IS NULL"),
      below, query.job, kind, query.limit));
}

std::optional<Incident> SqliteAlerts::incident(std::int64_t id) {
  Statement row =
      database_.prepare(fmt::format("SELECT {} FROM incidents WHERE id = ?", kIncidentColumns), id);
  if (!row.step()) return std::nullopt;
  return read_incident(row);
}

std::vector<Delivery> SqliteAlerts::deliveries(std::int64_t incident) {
  if (incident == 0) return collect_deliveries(database_.prepare(kFailedDeliveries, kFailedShown));
  return collect_deliveries(database_.prepare(kDeliveriesOfIncident, incident, kDeliveriesShown));
}

std::optional<Delivery> SqliteAlerts::delivery(std::int64_t id) {
  Statement row = database_.prepare(kDelivery, id);
  if (!row.step()) return std::nullopt;
  return read_delivery(row);
}

}  // namespace sluice::storage
