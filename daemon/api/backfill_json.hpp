#pragma once
// The order of a backfill as JSON, as it is asked for and as it is shown. docs/api.md describes it.

#include "scheduler/backfill_order.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace sluice::daemon {

// Members of a request's body; absent or null: `fallback`, false. invalid_argument names the member.
Result<std::string> body_text(const boost::json::object& body, std::string_view name, std::string fallback);
Result<bool> body_flag(const boost::json::object& body, std::string_view name);

// Times are read in `zone`. invalid_argument names the member.
Result<scheduler::BackfillOrder> backfill_order_from(const boost::json::object& body, std::string_view zone);

boost::json::object to_json(const scheduler::BackfillOrder& order, const std::string& zone);

}  // namespace sluice::daemon
