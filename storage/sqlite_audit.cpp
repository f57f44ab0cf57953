#include "storage/sqlite_audit.hpp"

#include <algorithm>
#include <string>

namespace sluice::storage {
namespace {

constexpr std::size_t kAuditPageMax = 1000;

// The conditions, with as many marks as find_audit() binds values.
std::string audit_sql(const scheduler::AuditQuery& query) {
  std::string sql = "SELECT id, at_us, actor, action, target, detail FROM audit WHERE 1";
  // '$' and 'A' follow '#' and '@': ranges that the index on targets can serve. The last are
  // backfill_name()s: backfills are never removed, and few enough to be gone through.
  if (!query.job.empty()) {
    sql +=
        " AND (target = ? OR (target >= ? || '#' AND target < ? || '$') OR (target >= ? || '@' AND target < "
        "? || "
        "'A') OR target IN (SELECT 'backfill ' || id FROM backfills WHERE job = ?))";
  }
  if (!query.target.empty()) sql += " AND target = ?";
  if (!query.actor.empty()) sql += " AND actor = ?";
  if (!query.action.empty()) sql += " AND action = ?";
  if (query.from) sql += " AND at_us >= ?";
  if (query.to) sql += " AND at_us < ?";
  if (query.before) sql += " AND id < ?";
  return sql + " ORDER BY id DESC LIMIT ?";
}

}  // namespace

void add_audit_row(Database& database, const scheduler::AuditEntry& entry) {
  database.run("INSERT INTO audit(at_us, actor, action, target, detail) VALUES(?, ?, ?, ?, ?)", entry.at,
               entry.actor, entry.action, entry.target, entry.detail);
}

void add_audit(Database& database, const std::vector<scheduler::AuditEntry>& entries) {
  Transaction transaction(database);
  for (const scheduler::AuditEntry& entry : entries) add_audit_row(database, entry);
  transaction.commit();
}

std::vector<scheduler::AuditRecord> find_audit(Database& database, const scheduler::AuditQuery& query) {
  Statement rows = database.prepare(audit_sql(query));
  if (!query.job.empty()) {
    for (int mark = 0; mark < 6; ++mark) rows.bind(query.job);
  }
  for (const std::string* text : {&query.target, &query.actor, &query.action}) {
    if (!text->empty()) rows.bind(*text);
  }
  if (query.from) rows.bind(*query.from);
  if (query.to) rows.bind(*query.to);
  if (query.before) rows.bind(*query.before);
  rows.bind(std::clamp<std::size_t>(query.limit, 1, kAuditPageMax));
  std::vector<scheduler::AuditRecord> found;
  while (rows.step()) {
    scheduler::AuditRecord& record = found.emplace_back();
    record.number = rows.integer(0);
    record.entry.at = rows.instant(1);
    record.entry.actor = rows.text(2);
    record.entry.action = rows.text(3);
    record.entry.target = rows.text(4);
    record.entry.detail = rows.text(5);
  }
  return found;
}

}  // namespace sluice::storage
