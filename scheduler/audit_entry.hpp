#pragma once
// One line of the audit log.

#include "core/base/time.hpp"

#include <string>

namespace sluice::scheduler {

// An accepted action of an operator, kept for ever.
struct AuditEntry {
  Instant at{};
  std::string actor;   // "uid 1000 (unix socket)"
  std::string action;  // "rerun"
  std::string target;  // instance id or job
  std::string detail;
};

}  // namespace sluice::scheduler
