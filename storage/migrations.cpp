#include "storage/migrations.hpp"

#include "storage/migration_alerts.hpp"

#include <fmt/format.h>

#include <array>

namespace sluice::storage {
namespace {

// Times are microseconds since 1970, UTC. The partial indexes hold only what is not done yet, so that
// deciding costs the same on the first day and after ten years.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE jobs(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE instances(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES jobs(id),
  slot_us INTEGER NOT NULL,
  zone TEXT NOT NULL,
  cycle INTEGER NOT NULL,
  values_json TEXT NOT NULL,
  window_start_us INTEGER NOT NULL,
  window_end_us INTEGER NOT NULL,
  version TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  retry_at_us INTEGER,
  started_us INTEGER,
  finished_us INTEGER,
  rows_written INTEGER NOT NULL DEFAULT 0,
  bytes_written INTEGER NOT NULL DEFAULT 0,
  UNIQUE(job_id, slot_us)
) STRICT;
CREATE INDEX instances_unfinished ON instances(job_id, slot_us, state) WHERE state <> 'SUCCESS';
CREATE INDEX instances_by_slot ON instances(slot_us, job_id);
CREATE INDEX instances_to_retry ON instances(retry_at_us) WHERE retry_at_us IS NOT NULL;
CREATE TABLE objects(
  instance_id INTEGER NOT NULL REFERENCES instances(id),
  n INTEGER NOT NULL,
  name TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  rows_written INTEGER NOT NULL,
  crc64 INTEGER NOT NULL,
  PRIMARY KEY(instance_id, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts(
  instance_id INTEGER NOT NULL REFERENCES instances(id),
  number INTEGER NOT NULL,
  result TEXT NOT NULL,
  started_us INTEGER NOT NULL,
  finished_us INTEGER,
  error_code TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  statistics_json TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(instance_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_open ON attempts(instance_id) WHERE result = 'open';
CREATE TABLE positions(
  instance_id INTEGER PRIMARY KEY REFERENCES instances(id),
  start_json TEXT NOT NULL,
  end_json TEXT
) STRICT;
CREATE TABLE gaps(
  id INTEGER PRIMARY KEY,
  job_id INTEGER NOT NULL REFERENCES jobs(id),
  instance_id INTEGER NOT NULL REFERENCES instances(id),
  shard TEXT NOT NULL,
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX gaps_by_job ON gaps(job_id, from_us);
CREATE INDEX gaps_by_instance ON gaps(instance_id);
CREATE TABLE coverage(
  job_id INTEGER PRIMARY KEY REFERENCES jobs(id),
  from_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL,
  windows INTEGER NOT NULL,
  rows_written INTEGER NOT NULL
) STRICT;
CREATE TABLE audit(
  id INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
)sql";

// A skipped instance is done as well. jobs holds one row for each chain: "orders", "orders#7".
constexpr std::string_view kStates = R"sql(
ALTER TABLE instances ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
ALTER TABLE instances ADD COLUMN dry_run INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
DROP INDEX instances_unfinished;
CREATE INDEX instances_unfinished ON instances(job_id, slot_us, state)
  WHERE state NOT IN ('SUCCESS', 'SKIPPED');
CREATE INDEX instances_skipped ON instances(job_id, slot_us) WHERE state = 'SKIPPED';
)sql";

// A group of a backfill is a chain, "orders#7"; its id is never used twice. `watch` has one row: the last
// instant at which the daemon is known to have run.
constexpr std::string_view kBackfills = R"sql(
CREATE TABLE backfills(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job TEXT NOT NULL,
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  parallel INTEGER NOT NULL,
  descending INTEGER NOT NULL,
  every_slot INTEGER NOT NULL,
  run_now INTEGER NOT NULL,
  alerts INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  zone TEXT NOT NULL,
  version TEXT NOT NULL,
  actor TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  state TEXT NOT NULL,
  planned INTEGER NOT NULL DEFAULT 0,
  left_out INTEGER NOT NULL DEFAULT 0,
  closed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX backfills_open ON backfills(id) WHERE closed = 0;
CREATE TABLE backfill_groups(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  backfill_id INTEGER NOT NULL REFERENCES backfills(id),
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  first_day INTEGER NOT NULL,
  last_day INTEGER NOT NULL
) STRICT;
CREATE INDEX backfill_groups_by_backfill ON backfill_groups(backfill_id);
CREATE TABLE watch(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  until_us INTEGER NOT NULL
) STRICT;
CREATE TABLE absences(
  job TEXT PRIMARY KEY,
  since_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// The definitions that were in force, by the order in which they came in; the audit log by what it is about.
constexpr std::string_view kVersions = R"sql(
CREATE TABLE job_versions(
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  version TEXT NOT NULL,
  first_seen_us INTEGER NOT NULL,
  since_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  effective_us INTEGER,
  replaces TEXT NOT NULL,
  present INTEGER NOT NULL,
  file TEXT NOT NULL,
  definition TEXT NOT NULL,
  script_file TEXT NOT NULL,
  script TEXT NOT NULL,
  missing TEXT NOT NULL,
  UNIQUE(job, version)
) STRICT;
CREATE INDEX audit_by_target ON audit(target, id);
CREATE INDEX audit_by_time ON audit(at_us);
)sql";

constexpr std::string_view kPauses = R"sql(
CREATE TABLE pauses(
  job TEXT PRIMARY KEY,
  since_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Of windows with an earlier slot the positions are forgotten.
constexpr std::string_view kHistory = R"sql(
CREATE TABLE history(
  job_id INTEGER PRIMARY KEY REFERENCES jobs(id),
  positions_until_us INTEGER NOT NULL
) STRICT;
)sql";

// What else is asked of a backfill. Times are minutes of the local day; rows of the two tables count in their
// order.
constexpr std::string_view kBackfillOrders = R"sql(
ALTER TABLE backfills ADD COLUMN notices TEXT NOT NULL DEFAULT 'none';
UPDATE backfills SET notices = 'failure' WHERE alerts <> 0;
ALTER TABLE backfills DROP COLUMN alerts;
ALTER TABLE backfills ADD COLUMN times_begin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE backfills ADD COLUMN times_end INTEGER NOT NULL DEFAULT 1440;
ALTER TABLE backfills ADD COLUMN hours_begin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE backfills ADD COLUMN hours_end INTEGER NOT NULL DEFAULT 1440;
ALTER TABLE backfills ADD COLUMN weekends INTEGER NOT NULL DEFAULT 0;
CREATE TABLE backfill_ranges(
  id INTEGER PRIMARY KEY,
  backfill_id INTEGER NOT NULL REFERENCES backfills(id),
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL
) STRICT;
CREATE INDEX backfill_ranges_by_backfill ON backfill_ranges(backfill_id);
CREATE TABLE backfill_parameters(
  id INTEGER PRIMARY KEY,
  backfill_id INTEGER NOT NULL REFERENCES backfills(id),
  name TEXT NOT NULL,
  expression TEXT NOT NULL
) STRICT;
CREATE INDEX backfill_parameters_by_backfill ON backfill_parameters(backfill_id);
)sql";

constexpr std::array kSteps = {
    MigrationStep{1, kFirst},           //
    MigrationStep{2, kStates},          //
    MigrationStep{3, kBackfills},       //
    MigrationStep{4, kAlertTables},     //
    MigrationStep{5, kVersions},        //
    MigrationStep{6, kPauses},          //
    MigrationStep{7, kHistory},         //
    MigrationStep{8, kBackfillOrders},  //
};

int pragma(Database& database, std::string_view sql) {
  Statement statement = database.prepare(sql);
  return statement.step() ? statement.small(0) : 0;
}

[[noreturn]] void refuse(const Database& database, std::string_view why) {
  throw ErrorException(
      Error(Errc::invalid_argument, fmt::format("open state: state file {}: {}", database.path(), why)));
}

// A file without version may be new, or a stranger's.
void check_owner(Database& database, int version) {
  const int id = pragma(database, "PRAGMA application_id");
  if (id == kApplicationId) return;
  const bool empty = id == 0 && version == 0 && pragma(database, "SELECT count(*) FROM sqlite_schema") == 0;
  if (!empty) refuse(database, "it belongs to another program; name another file as the state file");
}

}  // namespace

std::span<const MigrationStep> migration_steps() { return kSteps; }

int migrate(Database& database, std::span<const MigrationStep> steps) {
  const int found = pragma(database, "PRAGMA user_version");
  const int known = steps.empty() ? 0 : steps.back().version;
  check_owner(database, found);
  if (found > known) {
    refuse(database,
           fmt::format("its version is {}, this program knows versions up to {}: a newer sluice wrote "
                       "it; install that one, or restore a backup made before the upgrade",
                       found, known));
  }
  for (const MigrationStep& step : steps) {
    if (step.version <= found) continue;
    Transaction transaction(database);
    database.execute(std::string(step.sql));
    database.execute(
        fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, step.version));
    transaction.commit();
  }
  return found;
}

}  // namespace sluice::storage
