#include "storage/sqlite_operations.hpp"

#include "storage/instance_rows.hpp"
#include "storage/sqlite_history.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::storage {
namespace {

using scheduler::AuditEntry;
using scheduler::Change;
using scheduler::Pause;
using scheduler::State;
using scheduler::WaitingRange;

// The first line repeats the words of the partial index, so that it serves. What has left objects in the
// target, or may have, is not skipped: the next window would bring its records once more. Bound: chain, from,
// to.
constexpr std::string_view kWaitingRange =
    "job_id = (SELECT id FROM jobs WHERE name = ?) AND state NOT IN ('SUCCESS', 'SKIPPED') "
    "AND slot_us >= ? AND slot_us < ? AND dry_run = 0 "
    "AND ((state IN ('NOT_RUN', 'WAIT_TIME', 'WAIT_RESOURCE') AND attempts = 0) OR (state = 'RETRY_WAIT' "
    "AND NOT EXISTS (SELECT 1 FROM positions p WHERE p.instance_id = instances.id AND p.end_json IS NOT "
    "NULL) AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.instance_id = instances.id AND "
    "(a.result = 'lost' OR CASE WHEN json_valid(a.statistics_json) THEN "
    "CAST(json_extract(a.statistics_json, '$.left_behind') AS INTEGER) > 0 END))))";

const std::string kSkip = fmt::format(
    "UPDATE instances SET state = 'SKIPPED', reason = ?, retry_at_us = NULL WHERE {}", kWaitingRange);

const std::string kWaiting = fmt::format(
    "SELECT count(*), min(slot_us), max(slot_us) FROM instances INDEXED BY instances_unfinished "
    "WHERE {}",
    kWaitingRange);

}  // namespace

void SqliteOperations::add_audit(const AuditEntry& entry) {
  database_.run("INSERT INTO audit(at_us, actor, action, target, detail) VALUES(?, ?, ?, ?, ?)", entry.at,
                entry.actor, entry.action, entry.target, entry.detail);
}

Result<void> SqliteOperations::apply(const Change& change) {
  std::string present;
  {
    Statement row = database_.prepare("SELECT state FROM instances WHERE id = ?", change.instance_row);
    if (!row.step()) {
      return Error(Errc::not_found, fmt::format("change instance: there is no row {}", change.instance_row));
    }
    present = row.text(0);
  }
  const auto is_present = [&](State state) { return to_string(state) == present; };
  if (std::ranges::none_of(change.from, is_present)) {
    return Error(Errc::conflict, fmt::format("change instance row {} to {}: it is {} by now",
                                             change.instance_row, to_string(change.to), present));
  }
  if (present == to_string(State::success) && !is_done(change.to)) {
    const Result<void> repeatable = SqliteHistory(database_).check_repeatable(change.instance_row);
    if (!repeatable) return repeatable.error().in("rerun " + change.entry.target);
  }
  if (!is_present(change.to)) {
    database_.run("UPDATE instances SET state = ?, reason = ?, failures = 0, retry_at_us = NULL WHERE id = ?",
                  to_string(change.to), change.reason, change.instance_row);
  }
  database_.run(
      "UPDATE instances SET priority = ifnull(?, priority), released = max(released, ?) WHERE id = ?",
      change.priority, change.release ? 1 : 0, change.instance_row);
  if (change.redefinition) {
    const scheduler::Redefinition& newest = *change.redefinition;
    database_.run(
        "UPDATE instances SET version = ?, values_json = ?, window_start_us = ?, window_end_us = ? "
        "WHERE id = ?",
        newest.version, values_text(newest.values), newest.window_start, newest.window_end,
        change.instance_row);
  }
  add_audit(change.entry);
  return {};
}

Result<void> SqliteOperations::operate_all(const std::vector<Change>& changes) {
  Transaction transaction(database_);
  for (const Change& change : changes) {
    const Result<void> applied = apply(change);
    if (!applied) return applied;
  }
  transaction.commit();
  return {};
}

std::size_t SqliteOperations::skip_rows(const WaitingRange& range, const std::string& reason) {
  return database_.run(kSkip, reason, range.chain, range.from, range.to);
}

std::size_t SqliteOperations::skip(const WaitingRange& range, const std::string& reason,
                                   const AuditEntry& entry) {
  Transaction transaction(database_);
  const std::size_t skipped = skip_rows(range, reason);
  if (skipped == 0) return 0;
  add_audit(entry);
  transaction.commit();
  return skipped;
}

scheduler::Waiting SqliteOperations::waiting(const WaitingRange& range) {
  Statement row = database_.prepare(kWaiting, range.chain, range.from, range.to);
  scheduler::Waiting found;
  if (!row.step()) return found;
  found.count = row.count(0);
  found.oldest = row.maybe_instant(1);
  found.newest = row.maybe_instant(2);
  return found;
}

std::optional<Instant> SqliteOperations::committed_after(const std::string& chain, Instant slot) {
  Statement row = database_.prepare(
      "SELECT i.slot_us FROM instances i CROSS JOIN positions p ON p.instance_id = i.id "
      "WHERE i.job_id = (SELECT id FROM jobs WHERE name = ?) AND i.slot_us > ? AND p.end_json IS NOT NULL "
      "ORDER BY i.slot_us LIMIT 1",
      chain, slot);
  if (!row.step()) return std::nullopt;
  return row.instant(0);
}

void SqliteOperations::finish_dry_run(std::int64_t instance_row, Instant now) {
  Transaction transaction(database_);
  database_.run(
      "UPDATE instances SET state = 'SUCCESS', started_us = ?1, finished_us = ?1 WHERE id = ?2 "
      "AND dry_run = 1 AND state IN ('NOT_RUN', 'WAIT_TIME', 'WAIT_RESOURCE')",
      now, instance_row);
  transaction.commit();
}

std::vector<Pause> SqliteOperations::pauses() {
  Statement rows = database_.prepare("SELECT job, since_us, actor, reason FROM pauses ORDER BY job");
  std::vector<Pause> found;
  while (rows.step()) {
    Pause& pause = found.emplace_back();
    pause.job = rows.text(0);
    pause.since = rows.instant(1);
    pause.actor = rows.text(2);
    pause.reason = rows.text(3);
  }
  return found;
}

void SqliteOperations::pause(const Pause& pause, const AuditEntry& entry) {
  Transaction transaction(database_);
  database_.run("INSERT OR REPLACE INTO pauses(job, since_us, actor, reason) VALUES(?, ?, ?, ?)", pause.job,
                pause.since, pause.actor, pause.reason);
  add_audit(entry);
  transaction.commit();
}

std::size_t SqliteOperations::resume(const std::string& job, const std::optional<WaitingRange>& skipped,
                                     const std::string& reason, const AuditEntry& entry) {
  Transaction transaction(database_);
  database_.run("DELETE FROM pauses WHERE job = ?", job);
  const std::size_t count = skipped ? skip_rows(*skipped, reason) : 0;
  add_audit(entry);
  transaction.commit();
  return count;
}

}  // namespace sluice::storage
