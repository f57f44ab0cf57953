#pragma once
// The port to the log of what operators did: every accepted action with its actor, kept for ever.

#include "core/base/clock.hpp"
#include "scheduler/state_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

struct AuditRecord {
  std::int64_t number = 0;  // ascending in the order in which the actions were accepted
  AuditEntry entry;
};

// What a listing wants; the latest action first. Every condition that is given must hold.
struct AuditQuery {
  std::string job;                     // the job, its instances, its backfills and theirs; empty: any
  std::string target;                  // exactly this one; empty: any
  std::string actor;                   // as it is written; empty: any
  std::string action;                  // empty: any
  std::optional<Instant> from;         // at >= from
  std::optional<Instant> to;           // at < to
  std::optional<std::int64_t> before;  // number < before (paging)
  std::size_t limit = 100;             // 1 .. 1000
};

// Failures are exceptions, and each method is one durable transaction, as in StateStore.
class AuditLog {
 public:
  virtual ~AuditLog() = default;

  // For actions that change nothing else in the store. All of them, or none.
  virtual awaitable<void> add_audit(std::vector<AuditEntry> entries) = 0;
  virtual awaitable<std::vector<AuditRecord>> find_audit(AuditQuery query) = 0;
};

}  // namespace sluice::scheduler
