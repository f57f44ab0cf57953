#include "storage/sqlite_catch_up.hpp"

namespace sluice::storage {

std::optional<Instant> SqliteCatchUp::watched_until() {
  Statement row = database_.prepare("SELECT until_us FROM watch");
  return row.step() ? row.maybe_instant(0) : std::nullopt;
}

void SqliteCatchUp::watch(Instant until) {
  Transaction transaction(database_);
  database_.run(
      "INSERT INTO watch(id, until_us) VALUES(1, ?) ON CONFLICT DO UPDATE SET until_us = excluded.until_us",
      until);
  transaction.commit();
}

std::vector<scheduler::Absence> SqliteCatchUp::absences() {
  Statement rows = database_.prepare("SELECT job, since_us FROM absences ORDER BY job");
  std::vector<scheduler::Absence> found;
  while (rows.step()) {
    scheduler::Absence& absence = found.emplace_back();
    absence.job = rows.text(0);
    absence.since = rows.instant(1);
  }
  return found;
}

void SqliteCatchUp::change_absences(const std::vector<scheduler::Absence>& added,
                                    const std::vector<std::string>& ended) {
  Transaction transaction(database_);
  for (const scheduler::Absence& absence : added) {
    database_.run("INSERT INTO absences(job, since_us) VALUES(?, ?) ON CONFLICT DO NOTHING", absence.job,
                  absence.since);
  }
  for (const std::string& job : ended) database_.run("DELETE FROM absences WHERE job = ?", job);
  transaction.commit();
}

std::vector<std::string> SqliteCatchUp::planned_jobs() {
  Statement rows = database_.prepare("SELECT name FROM jobs WHERE instr(name, '#') = 0 ORDER BY name");
  std::vector<std::string> found;
  while (rows.step()) found.push_back(rows.text(0));
  return found;
}

std::vector<Instant> SqliteCatchUp::never_started(const std::string& chain, Instant from, Instant to) {
  Statement rows = database_.prepare(
      "SELECT slot_us FROM instances INDEXED BY instances_unfinished WHERE job_id = (SELECT id FROM jobs "
      "WHERE "
      "name = ?) AND state NOT IN ('SUCCESS', 'SKIPPED') AND slot_us >= ? AND slot_us < ? AND attempts = 0 "
      "AND dry_run = 0 AND state IN ('NOT_RUN', 'WAIT_TIME', 'WAIT_RESOURCE') ORDER BY slot_us",
      chain, from, to);
  std::vector<Instant> found;
  while (rows.step()) found.push_back(rows.instant(0));
  return found;
}

}  // namespace sluice::storage
