#include "storage/sqlite_history.hpp"

#include <algorithm>

namespace sluice::storage {
namespace {

// Looked at in one transaction, however little there is to forget.
constexpr std::size_t kChainsAtOnce = 200;

}  // namespace

std::vector<SqliteHistory::Chain> SqliteHistory::chains(const std::string& from) {
  Statement rows = database_.prepare("SELECT id, name FROM jobs WHERE name >= ? ORDER BY name LIMIT ?", from,
                                     kChainsAtOnce + 1);
  std::vector<Chain> found;
  while (rows.step()) {
    Chain& chain = found.emplace_back();
    chain.id = rows.integer(0);
    chain.name = rows.text(1);
  }
  return found;
}

// The newest committed window before the first one that is not done: what comes next begins at its end.
std::optional<Instant> SqliteHistory::kept_from(std::int64_t chain) {
  Instant before = Instant::max();
  {
    Statement open = database_.prepare(
        "SELECT slot_us FROM instances INDEXED BY instances_unfinished WHERE job_id = ? AND state NOT IN "
        "('SUCCESS', 'SKIPPED') ORDER BY slot_us LIMIT 1",
        chain);
    if (open.step()) before = open.instant(0);
  }
  Statement newest = database_.prepare(
      "SELECT i.slot_us FROM instances i CROSS JOIN positions p ON p.instance_id = i.id WHERE i.job_id = ? "
      "AND i.slot_us < ? AND i.state = 'SUCCESS' AND p.end_json IS NOT NULL ORDER BY i.slot_us DESC LIMIT 1",
      chain, before);
  if (!newest.step()) return std::nullopt;
  return newest.instant(0);
}

// Where nothing waits and nothing was committed, as in a backfill that was cancelled, no window goes on from
// another. Its newest row stays: planning goes on behind it.
std::optional<Instant> SqliteHistory::newest_of_idle(std::int64_t chain) {
  Statement newest = database_.prepare(
      "SELECT max(slot_us) FROM instances WHERE job_id = ? AND NOT EXISTS (SELECT 1 FROM instances u INDEXED "
      "BY instances_unfinished WHERE u.job_id = ? AND u.state NOT IN ('SUCCESS', 'SKIPPED'))",
      chain, chain);
  if (!newest.step() || newest.is_null(0)) return std::nullopt;
  return newest.instant(0);
}

std::optional<Instant> SqliteHistory::forgotten_until(std::int64_t chain) {
  Statement row = database_.prepare("SELECT positions_until_us FROM history WHERE job_id = ?", chain);
  if (!row.step()) return std::nullopt;
  return row.instant(0);
}

// Windows from where it ended the last time up to `until`, oldest first, and not beyond one that ended a
// short time ago: what is forgotten is known by slot alone.
std::size_t SqliteHistory::forget_positions(std::int64_t chain, Instant until,
                                            const scheduler::HistoryLimits& limits, std::size_t most) {
  until = std::min(until, limits.positions_before);
  const Instant since = forgotten_until(chain).value_or(Instant::min());
  if (since >= until || most == 0) return 0;
  std::vector<std::pair<std::int64_t, Instant>> windows;
  {
    Statement rows = database_.prepare(
        "SELECT id, slot_us, ifnull(finished_us, slot_us) FROM instances WHERE job_id = ? AND slot_us >= ? "
        "AND slot_us < ? ORDER BY slot_us LIMIT ?",
        chain, since, until, most);
    while (rows.step()) {
      const Instant ended = rows.instant(2);
      if (ended >= limits.positions_before && ended <= limits.now) break;
      windows.emplace_back(rows.integer(0), rows.instant(1));
    }
  }
  if (windows.empty()) return 0;
  for (const auto& [row, slot] : windows) {
    database_.run("DELETE FROM positions WHERE instance_id = ?", row);
    database_.run("UPDATE attempts SET statistics_json = '' WHERE instance_id = ? AND statistics_json <> ''",
                  row);
  }
  database_.run(
      "INSERT INTO history(job_id, positions_until_us) VALUES(?, ?) "
      "ON CONFLICT DO UPDATE SET positions_until_us = excluded.positions_until_us",
      chain, windows.back().second + Duration(1));
  return windows.size();
}

// A gap stays in the ledger for ever, and with it the window it was found in. Positions were forgotten
// before, but an instance that was SKIPPED then may have run since.
std::size_t SqliteHistory::remove_rows(std::int64_t chain, Instant until,
                                       const scheduler::HistoryLimits& limits, std::size_t most) {
  std::vector<std::int64_t> found;
  {
    Statement rows = database_.prepare(
        "SELECT i.id FROM instances i WHERE i.job_id = ? AND i.slot_us < ? AND "
        "ifnull(i.finished_us, i.slot_us) NOT BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM gaps g WHERE "
        "g.instance_id = i.id) ORDER BY i.slot_us LIMIT ?",
        chain, std::min(until, limits.rows_before), limits.rows_before, limits.now, most);
    while (rows.step()) found.push_back(rows.integer(0));
  }
  for (const std::int64_t row : found) {
    database_.run("DELETE FROM objects WHERE instance_id = ?", row);
    database_.run("DELETE FROM positions WHERE instance_id = ?", row);
    database_.run("DELETE FROM attempts WHERE instance_id = ?", row);
    database_.run("DELETE FROM instances WHERE id = ?", row);
  }
  return found.size();
}

scheduler::Forgotten SqliteHistory::forget(const scheduler::HistoryLimits& limits, const std::string& from,
                                           std::size_t most) {
  Transaction transaction(database_);
  scheduler::Forgotten done;
  const std::vector<Chain> all = chains(from);
  for (std::size_t n = 0; n < all.size() && !done.next; ++n) {
    const Chain& chain = all[n];
    if (n == kChainsAtOnce) {
      done.next = chain.name;
      continue;
    }
    const std::size_t left = most - done.positions - done.rows;
    const std::optional<Instant> kept = kept_from(chain.id);
    if (!kept) {
      const Instant newest = newest_of_idle(chain.id).value_or(Instant::min());
      done.rows += remove_rows(chain.id, newest, limits, left);
    } else {
      const std::size_t positions = forget_positions(chain.id, *kept, limits, left);
      const Instant forgotten = forgotten_until(chain.id).value_or(Instant::min());
      done.positions += positions;
      done.rows += remove_rows(chain.id, forgotten, limits, left - positions);
    }
    if (done.positions + done.rows >= most) done.next = chain.name;
  }
  if (done.positions + done.rows > 0) transaction.commit();
  return done;
}

Result<void> SqliteHistory::check_repeatable(std::int64_t instance_row) {
  Statement row = database_.prepare(
      "SELECT EXISTS (SELECT 1 FROM positions p WHERE p.instance_id = i.id AND p.end_json IS NOT NULL) "
      "OR (i.slot_us >= h.positions_until_us AND EXISTS (SELECT 1 FROM instances b CROSS JOIN positions q ON "
      "q.instance_id = b.id WHERE b.job_id = i.job_id AND b.slot_us >= h.positions_until_us AND "
      "b.slot_us < i.slot_us AND b.state = 'SUCCESS' AND q.end_json IS NOT NULL)) "
      "FROM instances i JOIN history h ON h.job_id = i.job_id WHERE i.id = ?",
      instance_row);
  if (!row.step() || row.small(0) != 0) return {};
  return Error(Errc::refused_by_state,
               "run the window again: its positions are older than history.positions in sluice.yaml keeps "
               "them, and no stream keeps its records that long; its objects stay as they are");
}

awaitable<scheduler::Forgotten> AsyncHistory::forget(scheduler::HistoryLimits limits, std::string from,
                                                     std::size_t most) {
  scheduler::Forgotten done;
  const std::function<void(SqliteStateStore&)> work = [&](SqliteStateStore& file) {
    done = SqliteHistory(file.database()).forget(limits, from, most);
  };
  co_await store_.with_file(work);
  co_return done;
}

}  // namespace sluice::storage
