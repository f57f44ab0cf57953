#pragma once
// The audit log in the state file; same contracts as scheduler::AuditLog, synchronous.

#include "scheduler/audit_log.hpp"
#include "storage/sqlite.hpp"

#include <vector>

namespace sluice::storage {

// One row, within the caller's transaction.
void add_audit_row(Database& database, const scheduler::AuditEntry& entry);

// Each one transaction. Failures are ErrorException, as Database says.
void add_audit(Database& database, const std::vector<scheduler::AuditEntry>& entries);
std::vector<scheduler::AuditRecord> find_audit(Database& database, const scheduler::AuditQuery& query);

}  // namespace sluice::storage
