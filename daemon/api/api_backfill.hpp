#pragma once
// Backfills in the API: how they look. The handlers are in api.hpp.

#include "daemon/api/service.hpp"

#include <boost/json.hpp>

namespace sluice::daemon {

// With the state it is in now, its counts and those of its groups.
awaitable<boost::json::object> backfill_with_counts(Service& service, scheduler::Backfill backfill);

}  // namespace sluice::daemon
