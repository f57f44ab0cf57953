#pragma once
// Audit entries as the API shows them.

#include "core/base/clock.hpp"
#include "daemon/api/service.hpp"

#include <boost/json.hpp>

#include <vector>

namespace sluice::daemon {

boost::json::array to_json(const std::vector<scheduler::AuditRecord>& records);

// The latest actions on an instance, at most 100.
awaitable<boost::json::array> audit_of(Service& service, scheduler::Instance instance);

}  // namespace sluice::daemon
