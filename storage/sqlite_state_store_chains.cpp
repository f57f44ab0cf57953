// What dependencies ask about the instances of a chain. Every question is a walk through an index, bounded by
// what it answers.
#include "storage/instance_rows.hpp"
#include "storage/sqlite_state_store.hpp"

#include <fmt/format.h>

namespace sluice::storage {
namespace {

const std::string kRunnable = fmt::format(
    "SELECT {} FROM instances i INDEXED BY instances_unfinished CROSS JOIN jobs j ON j.id = i.job_id "
    "WHERE i.job_id = ? AND i.slot_us > ? AND i.slot_us <= ? AND i.state NOT IN ('SUCCESS', 'SKIPPED') "
    "AND i.state IN ('NOT_RUN', 'WAIT_TIME', 'WAIT_RESOURCE', 'RETRY_WAIT', 'RUNNING') "
    "ORDER BY i.slot_us LIMIT ?",
    kInstanceColumns);

const std::string kFirstOpen = fmt::format(
    "SELECT {} FROM instances i INDEXED BY instances_unfinished CROSS JOIN jobs j ON j.id = i.job_id "
    "WHERE i.job_id = ? AND i.slot_us BETWEEN ? AND ? AND i.state NOT IN ('SUCCESS', 'SKIPPED') "
    "ORDER BY i.slot_us LIMIT 1",
    kInstanceColumns);

const std::string kOfOtherZones = fmt::format(
    "SELECT {} FROM instances i CROSS JOIN jobs j ON j.id = i.job_id "
    "WHERE i.job_id = ? AND i.slot_us >= ? AND i.slot_us < ? AND i.zone <> ? ORDER BY i.slot_us",
    kInstanceColumns);

}  // namespace

std::vector<scheduler::Instance> SqliteStateStore::runnable(const std::string& job, Instant after,
                                                            Instant now, std::size_t limit) {
  const auto id = job_id(job);
  if (!id) return {};
  return collect(database_.prepare(kRunnable, *id, after, now, limit));
}

std::vector<scheduler::Instance> SqliteStateStore::of_other_zones(const std::string& job,
                                                                  const std::string& zone, Instant from,
                                                                  Instant before) {
  const auto id = job_id(job);
  if (!id) return {};
  return collect(database_.prepare(kOfOtherZones, *id, from, before, zone));
}

std::optional<scheduler::Instance> SqliteStateStore::head(const std::string& job) {
  const auto id = job_id(job);
  if (!id) return std::nullopt;
  std::vector<scheduler::Instance> found =
      collect(database_.prepare(kFirstOpen, *id, Instant::min(), Instant::max()));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

scheduler::SlotProgress SqliteStateStore::progress(const std::string& job, Instant first, Instant last) {
  scheduler::SlotProgress progress;
  const auto id = job_id(job);
  if (!id) return progress;
  {
    // One aggregate each: SQLite turns a lone min() or max() into one look at the end of the index.
    Statement ends = database_.prepare(
        "SELECT (SELECT min(slot_us) FROM instances WHERE job_id = ?1), "
        "(SELECT max(slot_us) FROM instances WHERE job_id = ?1)",
        *id);
    if (ends.step()) {
      progress.first_planned = ends.maybe_instant(0);
      progress.last_planned = ends.maybe_instant(1);
    }
    Statement planned = database_.prepare(
        "SELECT count(*) FROM instances WHERE job_id = ? AND slot_us BETWEEN ? AND ?", *id, first, last);
    if (planned.step()) progress.planned = planned.count(0);
    Statement open = database_.prepare(
        "SELECT count(*) FROM instances INDEXED BY instances_unfinished WHERE job_id = ? AND slot_us BETWEEN "
        "? AND ? AND state NOT IN ('SUCCESS', 'SKIPPED')",
        *id, first, last);
    if (open.step()) progress.open = open.count(0);
  }
  if (progress.open == 0) return progress;
  std::vector<scheduler::Instance> found = collect(database_.prepare(kFirstOpen, *id, first, last));
  if (!found.empty()) progress.first_open = std::move(found.front());
  return progress;
}

}  // namespace sluice::storage
