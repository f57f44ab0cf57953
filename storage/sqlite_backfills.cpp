#include "storage/sqlite_backfills.hpp"

#include "storage/instance_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace sluice::storage {
namespace {

using scheduler::Backfill;
using scheduler::BackfillGroup;
using scheduler::BackfillState;
using scheduler::State;

constexpr std::string_view kBackfillColumns =
    "b.id, b.job, b.from_us, b.to_us, b.parallel, b.descending, b.every_slot, b.run_now, b.notices, "
    "b.priority, b.zone, b.version, b.actor, b.created_us, b.state, b.planned, b.left_out, b.closed, "
    "b.times_begin, b.times_end, b.hours_begin, b.hours_end, b.weekends";

// The chain of a group is a row of jobs under this name.
constexpr std::string_view kGroupChains =
    "FROM backfill_groups g JOIN backfills b ON b.id = g.backfill_id JOIN jobs j ON j.name = b.job || '#' || "
    "g.id";

[[noreturn]] void refuse_word(std::int64_t id, std::string_view what, std::string_view word) {
  throw ErrorException(
      Error(Errc::corrupt,
            fmt::format("read backfill {}: no {} {}; restore a backup of the state file", id, what, word)));
}

scheduler::DayPart read_day_part(const Statement& row, int column) {
  return {std::chrono::minutes(row.integer(column)), std::chrono::minutes(row.integer(column + 1))};
}

Backfill read_backfill(const Statement& row) {
  Backfill backfill;
  backfill.id = row.integer(0);
  backfill.order.job = row.text(1);
  backfill.order.from = row.instant(2);
  backfill.order.to = row.instant(3);
  backfill.order.parallel = row.small(4);
  backfill.order.descending = row.integer(5) != 0;
  backfill.order.all = row.integer(6) != 0;
  backfill.order.run_now = row.integer(7) != 0;
  const std::string notices = row.text(8);
  const auto told = scheduler::end_notices_from_string(notices);
  if (!told) refuse_word(backfill.id, "notices", notices);
  backfill.order.alerts = *told;
  backfill.order.priority = row.small(9);
  backfill.zone = row.text(10);
  backfill.version = row.text(11);
  backfill.actor = row.text(12);
  backfill.created = row.instant(13);
  const std::string state = row.text(14);
  const auto known = scheduler::backfill_state_from_string(state);
  if (!known) refuse_word(backfill.id, "state", state);
  backfill.state = *known;
  backfill.planned = row.integer(15) != 0;
  backfill.left_out = row.count(16);
  const bool closed = row.integer(17) != 0;
  if (closed && backfill.state != BackfillState::cancelled) backfill.state = BackfillState::done;
  backfill.order.times = read_day_part(row, 18);
  backfill.order.run_hours.hours = read_day_part(row, 20);
  backfill.order.run_hours.weekends = row.integer(22) != 0;
  return backfill;
}

BackfillGroup read_group(const Statement& row) {
  BackfillGroup group;
  group.id = row.integer(0);
  group.from = row.instant(1);
  group.to = row.instant(2);
  group.first_date = std::chrono::sys_days(std::chrono::days(row.small(3)));
  group.last_date = std::chrono::sys_days(std::chrono::days(row.small(4)));
  return group;
}

void write_audit(Database& database, const scheduler::AuditEntry& entry) {
  database.run("INSERT INTO audit(at_us, actor, action, target, detail) VALUES(?, ?, ?, ?, ?)", entry.at,
               entry.actor, entry.action, entry.target, entry.detail);
}

}  // namespace

Backfill SqliteBackfills::add_backfill(Backfill backfill, const scheduler::AuditEntry& entry) {
  Transaction transaction(database_);
  const scheduler::BackfillOrder& order = backfill.order;
  database_.run(
      "INSERT INTO backfills(job, from_us, to_us, parallel, descending, every_slot, run_now, notices, "
      "priority, zone, version, actor, created_us, state, times_begin, times_end, hours_begin, hours_end, "
      "weekends) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      order.job, order.from, order.to, order.parallel, order.descending ? 1 : 0, order.all ? 1 : 0,
      order.run_now ? 1 : 0, scheduler::to_string(order.alerts), order.priority, backfill.zone,
      backfill.version, backfill.actor, backfill.created, scheduler::to_string(BackfillState::running),
      order.times.begin.count(), order.times.end.count(), order.run_hours.hours.begin.count(),
      order.run_hours.hours.end.count(), order.run_hours.weekends ? 1 : 0);
  backfill.id = database_.last_insert_id();
  for (BackfillGroup& group : backfill.groups) {
    database_.run(
        "INSERT INTO backfill_groups(backfill_id, from_us, to_us, first_day, last_day) VALUES(?, ?, ?, ?, ?)",
        backfill.id, group.from, group.to, group.first_date.time_since_epoch().count(),
        group.last_date.time_since_epoch().count());
    group.id = database_.last_insert_id();
  }
  add_details(backfill);
  write_audit(database_, entry);
  transaction.commit();
  return backfill;
}

void SqliteBackfills::add_details(const Backfill& backfill) {
  for (const scheduler::BackfillRange& range : backfill.order.ranges) {
    database_.run("INSERT INTO backfill_ranges(backfill_id, from_us, to_us) VALUES(?, ?, ?)", backfill.id,
                  range.from, range.to);
  }
  for (const auto& [name, expression] : backfill.order.parameters) {
    database_.run("INSERT INTO backfill_parameters(backfill_id, name, expression) VALUES(?, ?, ?)",
                  backfill.id, name, expression);
  }
}

void SqliteBackfills::read_details(Backfill& backfill) {
  Statement groups = database_.prepare(
      "SELECT id, from_us, to_us, first_day, last_day FROM backfill_groups WHERE backfill_id = ? ORDER BY id",
      backfill.id);
  while (groups.step()) backfill.groups.push_back(read_group(groups));
  Statement ranges = database_.prepare(
      "SELECT from_us, to_us FROM backfill_ranges WHERE backfill_id = ? ORDER BY id", backfill.id);
  while (ranges.step())
    backfill.order.ranges.push_back(scheduler::BackfillRange{ranges.instant(0), ranges.instant(1)});
  Statement parameters = database_.prepare(
      "SELECT name, expression FROM backfill_parameters WHERE backfill_id = ? ORDER BY id", backfill.id);
  while (parameters.step()) backfill.order.parameters.emplace_back(parameters.text(0), parameters.text(1));
}

void SqliteBackfills::backfill_planned(std::int64_t id, std::size_t left_out) {
  Transaction transaction(database_);
  database_.run("UPDATE backfills SET planned = 1, left_out = ?, closed = ? WHERE id = ?", left_out,
                has_open_instances(id) ? 0 : 1, id);
  transaction.commit();
}

Result<void> SqliteBackfills::change_backfill(std::int64_t id, const std::vector<BackfillState>& from,
                                              BackfillState to, const scheduler::AuditEntry& entry) {
  Transaction transaction(database_);
  const auto present = backfill(id);
  if (!present) return Error(Errc::not_found, fmt::format("find backfill {}: there is none", id));
  if (std::ranges::find(from, present->state) == from.end()) {
    return Error(Errc::refused_by_state,
                 fmt::format("change backfill {}: it is {}", id, scheduler::to_string(present->state)));
  }
  database_.run("UPDATE backfills SET state = ? WHERE id = ?", scheduler::to_string(to), id);
  write_audit(database_, entry);
  transaction.commit();
  return {};
}

std::size_t SqliteBackfills::skip_waiting(std::int64_t id, const std::string& reason) {
  Transaction transaction(database_);
  const std::size_t skipped = database_.run(
      fmt::format("UPDATE instances SET state = 'SKIPPED', reason = ?, retry_at_us = NULL WHERE job_id IN "
                  "(SELECT j.id {} WHERE b.id = ?) AND state IN ('NOT_RUN', 'WAIT_TIME', 'WAIT_RESOURCE', "
                  "'RETRY_WAIT') AND state NOT IN ('SUCCESS', 'SKIPPED')",
                  kGroupChains),
      reason, id);
  transaction.commit();
  return skipped;
}

void SqliteBackfills::close_backfill(std::int64_t id) {
  Transaction transaction(database_);
  if (has_open_instances(id)) return;
  database_.run("UPDATE backfills SET closed = 1 WHERE id = ? AND (planned = 1 OR state = 'cancelled')", id);
  transaction.commit();
}

void SqliteBackfills::reopen_backfill(std::int64_t group) {
  Transaction transaction(database_);
  database_.run(
      "UPDATE backfills SET closed = 0 WHERE id = (SELECT backfill_id FROM backfill_groups WHERE id = ?)",
      group);
  transaction.commit();
}

// What waits for a person does not keep a cancelled backfill open.
bool SqliteBackfills::has_open_instances(std::int64_t id) {
  Statement row = database_.prepare(
      fmt::format("SELECT 1 {} WHERE b.id = ? AND EXISTS (SELECT 1 FROM instances u INDEXED BY "
                  "instances_unfinished WHERE u.job_id = j.id AND u.state NOT IN ('SUCCESS', 'SKIPPED') AND "
                  "(b.state <> 'cancelled' OR u.state NOT IN ('FAILURE', 'LOST', 'FROZEN'))) LIMIT 1",
                  kGroupChains),
      id);
  return row.step();
}

std::vector<Backfill> SqliteBackfills::unfinished_backfills() {
  return collect(database_.prepare(
      fmt::format("SELECT {} FROM backfills b WHERE b.closed = 0 ORDER BY b.id", kBackfillColumns)));
}

std::vector<Backfill> SqliteBackfills::backfills(const scheduler::BackfillQuery& query) {
  const std::int64_t below = query.before > 0 ? query.before : std::numeric_limits<std::int64_t>::max();
  return collect(database_.prepare(
      fmt::format("SELECT {} FROM backfills b WHERE (?1 = '' OR b.job = ?1) AND b.id < ?2 "
                  "AND b.id > ?3 AND (?5 = '' OR "
                  "CASE WHEN b.closed AND b.state <> 'cancelled' THEN 'done' ELSE b.state END = ?5) "
                  "ORDER BY b.id DESC LIMIT ?4",
                  kBackfillColumns),
      query.job, below, query.after, std::clamp<std::size_t>(query.limit, 1, 1000),
      query.state ? to_string(*query.state) : std::string_view()));
}

std::optional<Backfill> SqliteBackfills::backfill(std::int64_t id) {
  auto found = collect(
      database_.prepare(fmt::format("SELECT {} FROM backfills b WHERE b.id = ?", kBackfillColumns), id));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::optional<Backfill> SqliteBackfills::backfill_of_group(std::int64_t group) {
  std::optional<std::int64_t> id;
  {
    Statement row = database_.prepare("SELECT backfill_id FROM backfill_groups WHERE id = ?", group);
    if (row.step()) id = row.integer(0);
  }
  return id ? backfill(*id) : std::nullopt;
}

// All rows first, then what belongs to them: no cursor stays open while another one runs.
std::vector<Backfill> SqliteBackfills::collect(Statement rows) {
  std::vector<Backfill> found;
  {
    Statement cursor = std::move(rows);
    while (cursor.step()) found.push_back(read_backfill(cursor));
  }
  for (Backfill& backfill : found) read_details(backfill);
  return found;
}

std::vector<scheduler::Instance> SqliteBackfills::open_instances(const std::string& chain, bool descending,
                                                                 std::size_t limit) {
  return store_.read_all(database_.prepare(
      fmt::format("SELECT {} FROM instances i INDEXED BY instances_unfinished JOIN jobs j ON j.id = i.job_id "
                  "WHERE i.job_id = (SELECT id FROM jobs WHERE name = ?) AND i.state NOT IN ('SUCCESS', "
                  "'SKIPPED') ORDER BY i.slot_us{} LIMIT ?",
                  kInstanceColumns, descending ? " DESC" : ""),
      chain, limit));
}

std::vector<std::pair<Instant, State>> SqliteBackfills::states(const std::string& chain, Instant from,
                                                               Instant to) {
  Statement rows = database_.prepare(
      "SELECT slot_us, state FROM instances WHERE job_id = (SELECT id FROM jobs WHERE name = ?) AND slot_us "
      ">= ? "
      "AND slot_us < ? ORDER BY slot_us",
      chain, from, to);
  std::vector<std::pair<Instant, State>> found;
  while (rows.step()) found.emplace_back(rows.instant(0), parse_state(rows.text(1)));
  return found;
}

std::vector<scheduler::Coverage> SqliteBackfills::backfilled(const std::string& job) {
  std::vector<std::string> chains;
  {
    Statement rows = database_.prepare(
        fmt::format(
            "SELECT j.name {} JOIN coverage c ON c.job_id = j.id WHERE b.job = ? ORDER BY g.id DESC LIMIT ?",
            kGroupChains),
        job, scheduler::kBackfilledShown);
    while (rows.step()) chains.push_back(rows.text(0));
  }
  std::ranges::reverse(chains);
  std::vector<scheduler::Coverage> found;
  for (const std::string& chain : chains) found.push_back(store_.coverage(chain));
  return found;
}

}  // namespace sluice::storage
