// Changes of state, attempts and the coverage ledger.
#include "storage/instance_rows.hpp"
#include "storage/sqlite_history.hpp"
#include "storage/sqlite_state_store.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sluice::storage {
namespace {

using scheduler::Attempt;
using scheduler::AttemptResult;
using scheduler::AuditEntry;
using scheduler::Instance;
using scheduler::State;

const std::string kRunning = fmt::format(
    "SELECT {} FROM instances i INDEXED BY instances_unfinished JOIN jobs j ON j.id = i.job_id "
    "WHERE i.state = 'RUNNING' AND i.state NOT IN ('SUCCESS', 'SKIPPED') ORDER BY i.id",
    kInstanceColumns);

// What an interval of coverage ends at, up to the job, ?1. What was skipped of a chain comes with a later
// window.
constexpr std::string_view missing_windows(bool chained) {
  return chained ? "instances INDEXED BY instances_unfinished WHERE job_id = ?1 AND state NOT IN ('SUCCESS', "
                   "'SKIPPED')"
                 : "instances WHERE job_id = ?1 AND state <> 'SUCCESS'";
}

}  // namespace

// A due time belongs to the waiting for a retry and ends with it.
Result<void> SqliteStateStore::change(std::int64_t instance_row, const std::vector<State>& from, State to,
                                      const std::string& reason) {
  std::string present;
  {
    Statement row = database_.prepare("SELECT state FROM instances WHERE id = ?", instance_row);
    if (!row.step())
      return Error(Errc::not_found, fmt::format("change instance: there is no row {}", instance_row));
    present = row.text(0);
  }
  const auto is_present = [&](State state) { return to_string(state) == present; };
  if (std::ranges::none_of(from, is_present)) {
    return Error(Errc::refused_by_state,
                 fmt::format("change instance to {}: it is {} by now", to_string(to), present));
  }
  if (present == to_string(State::success) && !is_done(to)) {
    const Result<void> repeatable = SqliteHistory(database_).check_repeatable(instance_row);
    if (!repeatable) return repeatable;
  }
  database_.run(
      "UPDATE instances SET state = ?1, reason = ?2, retry_at_us = iif(?1 = 'RETRY_WAIT', retry_at_us, NULL) "
      "WHERE id = ?3",
      to_string(to), reason, instance_row);
  return {};
}

Result<void> SqliteStateStore::change_state(std::int64_t instance_row, const std::vector<State>& from,
                                            State to, const std::string& reason) {
  Transaction transaction(database_);
  Result<void> changed = change(instance_row, from, to, reason);
  if (changed) transaction.commit();
  return changed;
}

Result<void> SqliteStateStore::operate(std::int64_t instance_row, const std::vector<State>& from, State to,
                                       const std::string& reason, const AuditEntry& entry) {
  Transaction transaction(database_);
  Result<void> changed = change(instance_row, from, to, reason);
  if (!changed) return changed;
  database_.run("UPDATE instances SET failures = 0, retry_at_us = NULL WHERE id = ?", instance_row);
  database_.run("INSERT INTO audit(at_us, actor, action, target, detail) VALUES(?, ?, ?, ?, ?)", entry.at,
                entry.actor, entry.action, entry.target, entry.detail);
  transaction.commit();
  return changed;
}

// An operator may have put the instance back meanwhile, with another definition or with all of its reruns.
Result<void> SqliteStateStore::check_unchanged(const scheduler::Claim& claim) {
  if (!claim.read) return {};
  scheduler::Claim::Read present;
  {
    Statement row = database_.prepare(
        "SELECT version, failures, window_start_us, window_end_us FROM instances WHERE id = ?", claim.row);
    if (!row.step()) return {};
    present.version = row.text(0);
    present.failures = row.small(1);
    present.window_start = row.instant(2);
    present.window_end = row.instant(3);
  }
  if (present == *claim.read) return {};
  return Error(Errc::conflict, "begin attempt: the instance was changed since it was read");
}

Result<Attempt> SqliteStateStore::begin_attempt(const scheduler::Claim& claim,
                                                const pipeline::Positions& start, Instant now) {
  const std::int64_t instance_row = claim.row;
  Transaction transaction(database_);
  const Result<void> unchanged = check_unchanged(claim);
  if (!unchanged) return unchanged.error();
  const std::vector<State> from = {State::not_run, State::wait_time, State::wait_resource, State::retry_wait};
  const Result<void> changed = change(instance_row, from, State::running, "");
  if (!changed) {
    const Error& error = changed.error();
    if (error.code() == Errc::refused_by_state) return Error(Errc::conflict, error.message());
    return error;
  }
  database_.run(
      "UPDATE instances SET attempts = attempts + 1, started_us = ?, finished_us = NULL WHERE id = ?", now,
      instance_row);
  Attempt attempt;
  attempt.instance_row = instance_row;
  attempt.started = now;
  {
    Statement row = database_.prepare("SELECT attempts FROM instances WHERE id = ?", instance_row);
    if (row.step()) attempt.number = row.small(0);
  }
  database_.run("INSERT INTO attempts(instance_id, number, result, started_us) VALUES(?, ?, ?, ?)",
                instance_row, attempt.number, to_string(attempt.result), now);
  // A window that succeeded once is read again from where it was read then.
  database_.run(
      "INSERT INTO positions(instance_id, start_json) VALUES(?, ?) "
      "ON CONFLICT DO UPDATE SET start_json = excluded.start_json WHERE end_json IS NULL",
      instance_row, positions_text(start));
  transaction.commit();
  return attempt;
}

// False when it is not open: a repeated call, or one that comes after the attempt was given up.
bool SqliteStateStore::close_attempt(const Attempt& attempt, AttemptResult result, const Error* error,
                                     const pipeline::Statistics& statistics, Instant now) {
  const std::string_view code = error == nullptr ? std::string_view() : to_string(error->code());
  const std::string_view text = error == nullptr ? std::string_view() : std::string_view(error->message());
  const std::size_t closed = database_.run(
      "UPDATE attempts SET result = ?, finished_us = ?, error_code = ?, error = ?, statistics_json = ? "
      "WHERE instance_id = ? AND number = ? AND result = 'open'",
      to_string(result), now, code, text, boost::json::serialize(pipeline::to_json(statistics)),
      attempt.instance_row, attempt.number);
  return closed == 1;
}

void SqliteStateStore::succeed(const Attempt& attempt, const scheduler::Outcome& outcome, Instant now) {
  Transaction transaction(database_);
  if (!close_attempt(attempt, AttemptResult::success, nullptr, outcome.statistics, now)) return;
  Subject closed = subject(attempt.instance_row);
  closed.chained = !outcome.end.stream.empty();
  replace_objects(attempt.instance_row, outcome.objects);
  replace_gaps(attempt.instance_row, closed.job_id, outcome.gaps);
  database_.run("UPDATE positions SET end_json = ? WHERE instance_id = ?", positions_text(outcome.end),
                attempt.instance_row);
  extend_coverage(closed, pipeline::rows_written(outcome.statistics));
  database_.run(
      "UPDATE instances SET state = ?, reason = '', failures = 0, retry_at_us = NULL, finished_us = ?, "
      "rows_written = ?, bytes_written = ? WHERE id = ?",
      to_string(State::success), now, pipeline::rows_written(outcome.statistics),
      outcome.statistics.written_bytes, attempt.instance_row);
  transaction.commit();
}

void SqliteStateStore::fail(const Attempt& attempt, AttemptResult result, const Error& error,
                            const pipeline::Statistics& statistics, std::optional<Instant> retry_at,
                            Instant now) {
  Transaction transaction(database_);
  if (!close_attempt(attempt, result, &error, statistics, now)) return;
  database_.run(
      "UPDATE instances SET state = ?, reason = ?, failures = failures + ?, retry_at_us = ?, finished_us = ? "
      "WHERE id = ?",
      to_string(retry_at ? State::retry_wait : State::failure), error.message(),
      result == AttemptResult::failed ? 1 : 0, retry_at, now, attempt.instance_row);
  transaction.commit();
}

std::vector<Instance> SqliteStateStore::close_lost(Instant now, const std::vector<std::string>& never_again) {
  Transaction transaction(database_);
  std::vector<Instance> lost = collect(database_.prepare(kRunning));
  database_.run(
      "UPDATE attempts SET result = ?, finished_us = ?, error_code = ?, error = ? WHERE result = 'open'",
      to_string(AttemptResult::lost), now, to_string(Errc::cancelled),
      "the daemon ended while the attempt ran");
  for (Instance& instance : lost) {
    const bool denied = std::ranges::count(never_again, instance.id.job) > 0;
    instance.state = denied ? State::lost : State::wait_resource;
    instance.reason = fmt::format("attempt {} was lost: the daemon ended while it ran{}", instance.attempts,
                                  denied ? scheduler::kNotRunAgain : "");
    instance.finished = now;
    database_.run("UPDATE instances SET state = ?, reason = ?, finished_us = ? WHERE id = ?",
                  to_string(instance.state), instance.reason, now, instance.row);
  }
  transaction.commit();
  return lost;
}

SqliteStateStore::Subject SqliteStateStore::subject(std::int64_t instance_row) {
  Statement row = database_.prepare(
      "SELECT i.job_id, i.slot_us, i.window_start_us, i.window_end_us, i.rows_written, p.end_json IS NOT "
      "NULL "
      "FROM instances i JOIN positions p ON p.instance_id = i.id WHERE i.id = ?",
      instance_row);
  if (!row.step()) {
    throw ErrorException(
        Error(Errc::corrupt, fmt::format("close attempt: instance row {} has no start positions; "
                                         "restore a backup of the state file",
                                         instance_row)));
  }
  Subject subject;
  subject.job_id = row.integer(0);
  subject.slot = row.instant(1);
  subject.window_start = row.instant(2);
  subject.window_end = row.instant(3);
  subject.repeated = row.integer(5) != 0;
  subject.rows = subject.repeated ? row.count(4) : 0;
  return subject;
}

void SqliteStateStore::replace_objects(std::int64_t instance_row,
                                       const std::vector<pipeline::ObjectInfo>& objects) {
  database_.run("DELETE FROM objects WHERE instance_id = ?", instance_row);
  int n = 0;
  for (const pipeline::ObjectInfo& object : objects) {
    database_.run(
        "INSERT INTO objects(instance_id, n, name, bytes, rows_written, crc64) VALUES(?, ?, ?, ?, ?, ?)",
        instance_row, n++, object.name, object.bytes, object.rows, object.crc64);
  }
}

void SqliteStateStore::replace_gaps(std::int64_t instance_row, std::int64_t job_id,
                                    const std::vector<pipeline::Gap>& gaps) {
  database_.run("DELETE FROM gaps WHERE instance_id = ?", instance_row);
  for (const pipeline::Gap& gap : gaps) {
    database_.run(
        "INSERT INTO gaps(job_id, instance_id, shard, from_us, to_us, reason) VALUES(?, ?, ?, ?, ?, ?)",
        job_id, instance_row, gap.shard, gap.from, gap.to, gap.reason);
  }
}

// Positions chain from success to success, so a window behind the newest one extends the interval whatever
// lies between their times; an instance set to success by hand has no data of its own and the next one brings
// it. Windows of a table have no positions and stand for themselves: what a skipped one left out, none
// brings.
void SqliteStateStore::extend_coverage(const Subject& subject, std::uint64_t rows) {
  std::optional<Instant> from;
  std::optional<Instant> until;
  {
    Statement row =
        database_.prepare("SELECT from_us, until_us FROM coverage WHERE job_id = ?", subject.job_id);
    if (row.step()) {
      from = row.instant(0);
      until = row.instant(1);
    }
  }
  if (!until) {
    database_.run(
        "INSERT INTO coverage(job_id, from_us, until_us, windows, rows_written) VALUES(?, ?, ?, 1, ?)",
        subject.job_id, subject.window_start, subject.window_end, rows);
    return;
  }
  database_.run("UPDATE coverage SET windows = windows + ?, rows_written = rows_written + ? WHERE job_id = ?",
                subject.repeated ? 0 : 1, rows - subject.rows, subject.job_id);
  if (subject.window_end <= *until) {
    if (subject.window_start < *from) join_coverage(subject, *from);
    return;
  }
  database_.run("UPDATE coverage SET until_us = ? WHERE job_id = ?", subject.window_end, subject.job_id);
  if (predecessor_succeeded(subject)) return;
  database_.run("UPDATE coverage SET from_us = ? WHERE job_id = ?", subject.window_start, subject.job_id);
}

// Without an order an earlier window may be the last to end: it joins what lies before it with what begins at
// `from`, unless there is still another one missing between them.
void SqliteStateStore::join_coverage(const Subject& subject, Instant from) {
  const std::string_view missing = missing_windows(subject.chained);
  {
    Statement between = database_.prepare(
        fmt::format("SELECT 1 FROM {} AND slot_us > ?2 AND window_start_us < ?3 LIMIT 1", missing),
        subject.job_id, subject.slot, from);
    if (between.step()) return;
  }
  database_.run(
      fmt::format(
          "UPDATE coverage SET from_us = min(from_us, (SELECT min(i.window_start_us) FROM instances i "
          "JOIN positions p ON p.instance_id = i.id WHERE i.job_id = ?1 AND i.slot_us <= ?2 AND "
          "p.end_json IS NOT NULL AND i.slot_us > coalesce((SELECT max(slot_us) FROM {} AND "
          "slot_us < ?2), ?3))) WHERE job_id = ?1",
          missing),
      subject.job_id, subject.slot, Instant::min());
}

bool SqliteStateStore::predecessor_succeeded(const Subject& subject) {
  Statement row = database_.prepare(
      "SELECT state FROM instances WHERE job_id = ? AND slot_us < ? ORDER BY slot_us DESC LIMIT 1",
      subject.job_id, subject.slot);
  if (!row.step()) return false;
  const scheduler::State state = parse_state(row.text(0));
  return subject.chained ? is_done(state) : state == scheduler::State::success;
}

scheduler::Coverage SqliteStateStore::coverage(const std::string& job) {
  scheduler::Coverage coverage;
  coverage.job = job;
  const auto id = job_id(job);
  if (!id) return coverage;
  Statement row = database_.prepare(
      "SELECT from_us, until_us, windows, rows_written FROM coverage WHERE job_id = ?", *id);
  if (!row.step()) return coverage;
  coverage.begun = coverage.from = row.instant(0);
  coverage.until = row.instant(1);
  coverage.windows = row.count(2);
  coverage.rows = row.count(3);
  Statement gaps = database_.prepare(
      "SELECT g.shard, g.from_us, g.to_us, g.reason FROM gaps g JOIN instances i ON i.id = g.instance_id "
      "WHERE g.job_id = ? ORDER BY i.slot_us, g.id",
      *id);
  while (gaps.step()) {
    pipeline::Gap& gap = coverage.gaps.emplace_back();
    gap.shard = gaps.text(0);
    gap.from = gaps.instant(1);
    gap.to = gaps.instant(2);
    gap.reason = gaps.text(3);
    // What is free of gaps begins behind the last one.
    coverage.from = std::min(std::max(*coverage.from, gap.to), *coverage.until);
  }
  return coverage;
}

}  // namespace sluice::storage
