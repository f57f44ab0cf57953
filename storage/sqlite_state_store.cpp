// Planning and looking. Changes of state, attempts and coverage are in sqlite_state_store_attempts.cpp.
#include "storage/sqlite_state_store.hpp"

#include "storage/instance_rows.hpp"
#include "storage/migrations.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

namespace sluice::storage {
namespace {

using scheduler::AuditEntry;
using scheduler::Coverage;
using scheduler::Instance;
using scheduler::InstanceId;
using scheduler::InstanceQuery;
using scheduler::NewInstance;
using scheduler::State;

constexpr std::size_t kListingMax = 1000;

// For each job one look into the index of what is not done: the cost does not grow with the history.
// Walks from chain to chain in the index of what is not done: a chain that is done, such as a group of a
// backfill, costs nothing, however many there have been.
const std::string kHeads = fmt::format(
    "WITH RECURSIVE open(job_id) AS ("
    "SELECT (SELECT job_id FROM instances INDEXED BY instances_unfinished "
    "WHERE state NOT IN ('SUCCESS', 'SKIPPED') ORDER BY job_id LIMIT 1) "
    "UNION ALL SELECT (SELECT n.job_id FROM instances n INDEXED BY instances_unfinished "
    "WHERE n.job_id > open.job_id AND n.state NOT IN ('SUCCESS', 'SKIPPED') ORDER BY n.job_id LIMIT 1) "
    "FROM open WHERE open.job_id IS NOT NULL) "
    "SELECT {} FROM open CROSS JOIN jobs j ON j.id = open.job_id CROSS JOIN instances i ON i.id = "
    "(SELECT u.id FROM instances u INDEXED BY instances_unfinished "
    "WHERE u.job_id = j.id AND u.slot_us <= ? AND u.state NOT IN ('SUCCESS', 'SKIPPED') "
    "ORDER BY u.slot_us LIMIT 1) ORDER BY i.slot_us, j.name",
    kInstanceColumns);

const std::string kInstance = fmt::format(
    "SELECT {} FROM jobs j JOIN instances i ON i.job_id = j.id WHERE j.name = ? AND i.slot_us = ?",
    kInstanceColumns);

const std::string kPredecessor = fmt::format(
    "SELECT {} FROM jobs j JOIN instances i ON i.job_id = j.id WHERE j.name = ? AND i.slot_us < ? "
    "ORDER BY i.slot_us DESC LIMIT 1",
    kInstanceColumns);

// Rows in one statement: they share what SQLite does for each (open four trees, read and write the counter of
// ids). A statement that may end with an error needs a copy of each page that it touches, to be undone alone.
// This one has only a foreign key to fail by, hence OR IGNORE, and ForeignKeysOff for many rows.
constexpr std::size_t kRowsTogether = 32;

std::string add_sql(std::size_t rows) {
  constexpr std::string_view kRow = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  std::string sql =
      "INSERT OR IGNORE INTO instances(job_id, slot_us, zone, cycle, values_json, window_start_us, "
      "window_end_us, "
      "version, state, reason, priority, dry_run) VALUES";
  for (std::size_t row = 0; row < rows; ++row) {
    if (row > 0) sql += ", ";
    sql += kRow;
  }
  return sql;
}

const std::string kAddOne = add_sql(1);
const std::string kAddTogether = add_sql(kRowsTogether);

// For rows whose chains were looked up in the same transaction. SQLite prepares every statement anew after
// each switch.
class ForeignKeysOff {
 public:
  explicit ForeignKeysOff(Database& database) : database_(database) { enable(0); }
  ~ForeignKeysOff() { enable(1); }
  ForeignKeysOff(const ForeignKeysOff&) = delete;
  ForeignKeysOff& operator=(const ForeignKeysOff&) = delete;

 private:
  // Unlike the pragma this works within a transaction as well: the keys are back whatever became of it.
  void enable(int wanted) noexcept {
    sqlite3_db_config(database_.handle(), SQLITE_DBCONFIG_ENABLE_FKEY, wanted, nullptr);
  }
  Database& database_;
};

// The conditions of a listing, with as many marks as it binds values. Few distinct texts, so they stay
// prepared.
std::string listing_sql(const InstanceQuery& query) {
  std::string sql = fmt::format("SELECT {} FROM instances i CROSS JOIN jobs j ON j.id = i.job_id WHERE 1",
                                kInstanceColumns);
  if (!query.job.empty()) sql += " AND i.job_id = ?";
  if (query.from) sql += " AND i.slot_us >= ?";
  if (query.to) sql += " AND i.slot_us < ?";
  // The first condition bounds the walk through the index, the second picks within one slot.
  if (query.after)
    sql += query.ascending ? " AND i.slot_us >= ? AND (i.slot_us > ? OR j.name > ?)"
                           : " AND i.slot_us <= ? AND (i.slot_us < ? OR j.name > ?)";
  if (!query.states.empty()) {
    std::string marks = "?";
    for (std::size_t n = 1; n < query.states.size(); ++n) marks += ", ?";
    sql += fmt::format(" AND i.state IN ({})", marks);
    // Said once more in the words of a partial index, so that it can serve.
    if (std::ranges::none_of(query.states, scheduler::is_done))
      sql += " AND i.state NOT IN ('SUCCESS', 'SKIPPED')";
    if (query.states == std::vector(1, State::skipped)) sql += " AND i.state = 'SKIPPED'";
  }
  sql += query.ascending ? " ORDER BY i.slot_us" : " ORDER BY i.slot_us DESC";
  if (query.job.empty()) sql += ", j.name";
  return sql + " LIMIT ?";
}

}  // namespace

SqliteStateStore::SqliteStateStore(DatabaseOptions options, std::optional<CheckDepth> check)
    : totals_(std::make_unique<Totals>()), database_(std::move(options)) {
  if (check) {
    if (const auto damage = find_damage(database_, *check)) {
      database_.mark_damaged(damage_error(database_.path(), "open state", *damage));
      throw ErrorException(*database_.damage());
    }
  }
  migrate(database_, migration_steps());
  const auto forget = [](void* totals, int change, const char*, const char* table, sqlite3_int64) {
    if (change != SQLITE_UPDATE && std::string_view(table) == "instances")
      static_cast<Totals*>(totals)->clear();
  };
  sqlite3_update_hook(database_.handle(), forget, totals_.get());
}

std::optional<std::int64_t> SqliteStateStore::job_id(const std::string& name) {
  Statement row = database_.prepare("SELECT id FROM jobs WHERE name = ?", name);
  if (!row.step()) return std::nullopt;
  return row.integer(0);
}

std::int64_t SqliteStateStore::make_job_id(const std::string& name) {
  if (const auto known = job_id(name)) return *known;
  database_.run("INSERT INTO jobs(name) VALUES(?)", name);
  return database_.last_insert_id();
}

std::size_t SqliteStateStore::add_instances(const std::vector<NewInstance>& instances) {
  std::optional<ForeignKeysOff> no_keys;
  if (instances.size() > kSharedRows) no_keys.emplace(database_);
  Transaction transaction(database_);
  std::size_t added = 0;
  for (std::span<const NewInstance> rest(instances); !rest.empty();) {
    const std::size_t together = rest.size() < kRowsTogether ? 1 : kRowsTogether;
    added += add_rows(rest.first(together));
    rest = rest.subspan(together);
  }
  transaction.commit();
  return added;
}

// Neighbours are mostly of one chain.
std::size_t SqliteStateStore::add_rows(std::span<const NewInstance> rows) {
  std::array<std::int64_t, kRowsTogether> chains{};
  std::array<std::string, kRowsTogether> values;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const InstanceId& id = rows[n].id;
    const bool same_chain = n > 0 && id.job == rows[n - 1].id.job && id.group == rows[n - 1].id.group;
    chains[n] = same_chain ? chains[n - 1] : make_job_id(chain_of(id));
    values[n] = values_text(rows[n].values);
  }
  Statement add = database_.borrow(rows.size() == 1 ? kAddOne : kAddTogether);
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const NewInstance& planned = rows[n];
    add.bind(chains[n]);
    add.bind(planned.id.scheduled);
    add.bind(planned.zone);
    add.bind(planned.cycle);
    add.bind(values[n]);
    add.bind(planned.window_start);
    add.bind(planned.window_end);
    add.bind(planned.version);
    add.bind(to_string(planned.state));
    add.bind(planned.reason);
    add.bind(planned.priority);
    add.bind(planned.dry_run ? 1 : 0);
  }
  add.step();
  return database_.changes();
}

std::optional<Instant> SqliteStateStore::last_planned(const std::string& job) {
  Statement row = database_.prepare(
      "SELECT max(slot_us) FROM instances WHERE job_id = (SELECT id FROM jobs WHERE name = ?)", job);
  return row.step() ? row.maybe_instant(0) : std::nullopt;
}

// What an operator decided about stays although it was never attempted.
std::size_t SqliteStateStore::remove_unstarted(const std::string& job, Instant after,
                                               const std::string& keep) {
  Transaction transaction(database_);
  const std::size_t removed = database_.run(
      "DELETE FROM instances WHERE job_id = (SELECT id FROM jobs WHERE name = ?) AND slot_us > ? AND "
      "attempts = 0 "
      "AND state NOT IN ('FROZEN', 'FAILURE', 'SUCCESS', 'SKIPPED') AND version <> ?",
      job, after, keep);
  transaction.commit();
  return removed;
}

std::vector<Instance> SqliteStateStore::heads(Instant now) { return collect(database_.prepare(kHeads, now)); }

std::optional<Instant> SqliteStateStore::next_due(Instant now) {
  Statement slot = database_.prepare(
      "SELECT slot_us FROM instances INDEXED BY instances_by_slot WHERE slot_us > ? AND state NOT IN "
      "('SUCCESS', 'SKIPPED') ORDER BY slot_us LIMIT 1",
      now);
  Statement retry = database_.prepare("SELECT min(retry_at_us) FROM instances WHERE retry_at_us > ?", now);
  std::optional<Instant> least;
  if (slot.step()) least = slot.instant(0);
  if (retry.step() && !retry.is_null(0)) {
    const Instant at = retry.instant(0);
    if (!least || at < *least) least = at;
  }
  return least;
}

std::optional<scheduler::CommittedEnd> SqliteStateStore::committed_before(const std::string& job,
                                                                          Instant before) {
  Statement row = database_.prepare(
      "SELECT i.slot_us, i.window_end_us, p.end_json FROM instances i CROSS JOIN positions p ON "
      "p.instance_id = i.id "
      "WHERE i.job_id = (SELECT id FROM jobs WHERE name = ?) AND i.slot_us < ? "
      "AND p.end_json IS NOT NULL ORDER BY i.slot_us DESC LIMIT 1",
      job, before);
  if (!row.step()) return std::nullopt;
  scheduler::CommittedEnd end;
  end.slot = row.instant(0);
  end.window_end = row.instant(1);
  end.positions = parse_positions(row.text(2));
  return end;
}

std::optional<pipeline::Positions> SqliteStateStore::start_positions(std::int64_t instance_row) {
  Statement row = database_.prepare("SELECT start_json FROM positions WHERE instance_id = ?", instance_row);
  if (!row.step()) return std::nullopt;
  return parse_positions(row.text(0));
}

std::optional<pipeline::Positions> SqliteStateStore::end_positions(std::int64_t instance_row) {
  Statement row = database_.prepare("SELECT end_json FROM positions WHERE instance_id = ?", instance_row);
  if (!row.step() || row.is_null(0)) return std::nullopt;
  return parse_positions(row.text(0));
}

std::vector<Instance> SqliteStateStore::instances(const InstanceQuery& query) {
  std::optional<std::int64_t> job;
  if (!query.job.empty()) {
    job = job_id(query.job);
    if (!job) return {};
  }
  Statement rows = database_.prepare(listing_sql(query));
  if (job) rows.bind(*job);
  if (query.from) rows.bind(*query.from);
  if (query.to) rows.bind(*query.to);
  if (query.after) {
    rows.bind(query.after->scheduled);
    rows.bind(query.after->scheduled);
    rows.bind(chain_of(*query.after));
  }
  for (const State state : query.states) rows.bind(to_string(state));
  rows.bind(std::clamp<std::size_t>(query.limit, 1, kListingMax));
  return collect(std::move(rows));
}

std::optional<Instance> SqliteStateStore::instance(const InstanceId& id) {
  std::vector<Instance> found = collect(database_.prepare(kInstance, chain_of(id), id.scheduled));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::optional<Instance> SqliteStateStore::predecessor(const InstanceId& id) {
  std::vector<Instance> found = collect(database_.prepare(kPredecessor, chain_of(id), id.scheduled));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<scheduler::Attempt> SqliteStateStore::attempts(std::int64_t instance_row) {
  Statement rows = database_.prepare(
      "SELECT instance_id, number, result, started_us, finished_us, error_code, error, statistics_json FROM "
      "attempts "
      "WHERE instance_id = ? ORDER BY number",
      instance_row);
  std::vector<scheduler::Attempt> found;
  while (rows.step()) found.push_back(read_attempt(rows));
  return found;
}

// The walk over all of a chain in its index: 4 ms for a year of one job. Within a transaction, which may be
// undone, it is not kept.
std::uint64_t SqliteStateStore::total(std::int64_t chain) {
  const auto known = totals_->find(chain);
  if (known != totals_->end()) return known->second;
  Statement all = database_.prepare("SELECT count(*) FROM instances WHERE job_id = ?", chain);
  const std::uint64_t found = all.step() ? all.count(0) : 0;
  if (!database_.in_transaction()) totals_->emplace(chain, found);
  return found;
}

// What is done needs no look at the rows: it is the difference of all and what is not.
std::vector<std::pair<State, std::uint64_t>> SqliteStateStore::counts(const std::string& job) {
  const auto id = job_id(job);
  if (!id) return {};
  std::map<State, std::uint64_t> counted;
  std::uint64_t done = total(*id);
  Statement unfinished = database_.prepare(
      "SELECT state, count(*) FROM instances INDEXED BY instances_unfinished "
      "WHERE job_id = ?1 AND state NOT IN ('SUCCESS', 'SKIPPED') GROUP BY state UNION ALL "
      "SELECT 'SKIPPED', count(*) FROM instances INDEXED BY instances_skipped "
      "WHERE job_id = ?1 AND state = 'SKIPPED'",
      *id);
  while (unfinished.step()) {
    const std::uint64_t count = unfinished.count(1);
    if (count == 0) continue;
    counted[parse_state(unfinished.text(0))] = count;
    done -= count;
  }
  if (done > 0) counted[State::success] = done;
  return {counted.begin(), counted.end()};
}

std::vector<AuditEntry> SqliteStateStore::audit(std::size_t limit) {
  Statement rows = database_.prepare(
      "SELECT at_us, actor, action, target, detail FROM audit ORDER BY id DESC LIMIT ?", limit);
  std::vector<AuditEntry> found;
  while (rows.step()) {
    AuditEntry& entry = found.emplace_back();
    entry.at = rows.instant(0);
    entry.actor = rows.text(1);
    entry.action = rows.text(2);
    entry.target = rows.text(3);
    entry.detail = rows.text(4);
  }
  return found;
}

std::unique_ptr<Backup> SqliteStateStore::start_backup(const std::string& path) {
  return std::make_unique<Backup>(database_, path);
}

// All rows first, then their objects: no cursor stays open while another one runs.
std::vector<Instance> SqliteStateStore::collect(Statement rows) {
  std::vector<Instance> found;
  {
    Statement cursor = std::move(rows);
    while (cursor.step()) found.push_back(read_instance(cursor));
  }
  for (Instance& instance : found) add_objects(instance);
  return found;
}

void SqliteStateStore::add_objects(Instance& instance) {
  Statement rows = database_.prepare(
      "SELECT name, bytes, rows_written, crc64 FROM objects WHERE instance_id = ? ORDER BY n", instance.row);
  while (rows.step()) {
    pipeline::ObjectInfo& object = instance.objects.emplace_back();
    object.name = rows.text(0);
    object.bytes = rows.count(1);
    object.rows = rows.count(2);
    object.crc64 = rows.count(3);
  }
}

}  // namespace sluice::storage
