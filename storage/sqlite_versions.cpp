#include "storage/sqlite_versions.hpp"

#include "storage/sqlite_audit.hpp"

namespace sluice::storage {
namespace {

using scheduler::JobVersion;

constexpr std::string_view kLook =
    "SELECT job, version, first_seen_us, since_us, actor, effective_us, present, replaces FROM job_versions ";
const std::string kPresent = std::string(kLook) + "WHERE present = 1 ORDER BY id DESC";
const std::string kOfJob = std::string(kLook) + "WHERE job = ? ORDER BY id DESC";

JobVersion read_version(const Statement& row) {
  JobVersion version;
  version.job = row.text(0);
  version.version = row.text(1);
  version.first_seen = row.instant(2);
  version.since = row.instant(3);
  version.actor = row.text(4);
  version.effective = row.maybe_instant(5);
  version.present = row.integer(6) != 0;
  version.replaces = row.text(7);
  return version;
}

void retire(Database& database, const std::string& job) {
  database.run("UPDATE job_versions SET present = 0 WHERE job = ? AND present = 1", job);
}

// One that comes back is written anew, behind the others.
void put(Database& database, const JobVersion& version) {
  Instant first_seen = version.first_seen;
  {
    Statement known = database.prepare("SELECT first_seen_us FROM job_versions WHERE job = ? AND version = ?",
                                       version.job, version.version);
    if (known.step()) first_seen = known.instant(0);
  }
  database.run("DELETE FROM job_versions WHERE job = ? AND version = ?", version.job, version.version);
  const job::DefinitionText& text = version.text;
  database.run(
      "INSERT INTO job_versions(job, version, first_seen_us, since_us, actor, effective_us, present, "
      "replaces, file, "
      "definition, script_file, script, missing) VALUES(?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)",
      version.job, version.version, first_seen, version.since, version.actor, version.effective,
      version.replaces, text.file, text.text, text.script_file, text.script, text.missing);
}

}  // namespace

void SqliteVersions::put_in_force(const std::vector<JobVersion>& versions,
                                  const std::vector<std::string>& removed,
                                  const std::vector<scheduler::AuditEntry>& entries) {
  Transaction transaction(database_);
  for (const std::string& job : removed) retire(database_, job);
  for (const JobVersion& version : versions) {
    retire(database_, version.job);
    put(database_, version);
  }
  for (const scheduler::AuditEntry& entry : entries) add_audit_row(database_, entry);
  transaction.commit();
}

std::vector<JobVersion> SqliteVersions::versions(const std::string& job) {
  Statement rows = job.empty() ? database_.prepare(kPresent) : database_.prepare(kOfJob, job);
  std::vector<JobVersion> found;
  while (rows.step()) found.push_back(read_version(rows));
  return found;
}

std::optional<JobVersion> SqliteVersions::version(const std::string& job, const std::string& version) {
  Statement row = database_.prepare(
      "SELECT job, version, first_seen_us, since_us, actor, effective_us, present, replaces, file, "
      "definition, "
      "script_file, script, missing FROM job_versions WHERE job = ? AND version = ?",
      job, version);
  if (!row.step()) return std::nullopt;
  JobVersion found = read_version(row);
  found.text.file = row.text(8);
  found.text.text = row.text(9);
  found.text.script_file = row.text(10);
  found.text.script = row.text(11);
  found.text.missing = row.text(12);
  return found;
}

// An instance's chain is called by its job, and by "JOB#GROUP" in a backfill, whose instances may still have
// to be made. Chain by chain: a walk over all that is not done, for each version, takes minutes ('$' is the
// character behind '#').
std::size_t SqliteVersions::remove_versions(Instant before, std::size_t most) {
  Transaction transaction(database_);
  const std::size_t removed = database_.run(
      "DELETE FROM job_versions WHERE id IN (SELECT v.id FROM job_versions v WHERE v.present = 0 AND "
      "(v.since_us < ?1 OR (SELECT count(*) FROM job_versions later WHERE later.job = v.job AND later.id > "
      "v.id) >= ?2) AND NOT EXISTS (SELECT 1 FROM instances i INDEXED BY instances_unfinished WHERE i.job_id "
      "IN (SELECT j.id FROM jobs j WHERE j.name = v.job OR (j.name >= v.job || '#' AND j.name < v.job || "
      "'$'))"
      " AND i.state NOT IN ('SUCCESS', 'SKIPPED') AND i.version = v.version) AND NOT EXISTS (SELECT 1 FROM "
      "backfills b WHERE b.closed = 0 AND b.job = v.job AND b.version = v.version) LIMIT ?3)",
      before, most, kRemovedAtOnce);
  transaction.commit();
  return removed;
}

}  // namespace sluice::storage
