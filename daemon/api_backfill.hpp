#pragma once
// Backfills in the API: what is asked for, and how they look. The handlers are in api.hpp.

#include "daemon/service.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace sluice::daemon {

// Reads the members job, from and to (or first_date and last_date), parallel, order, all, run_now, alerts and
// priority of a JSON object. Times are read in `zone`. invalid_argument names the member.
Result<scheduler::BackfillOrder> backfill_order_from(const boost::json::object& body, std::string_view zone);

// With the state it is in now, its counts and those of its groups.
awaitable<boost::json::object> backfill_with_counts(Service& service, scheduler::Backfill backfill);

}  // namespace sluice::daemon
