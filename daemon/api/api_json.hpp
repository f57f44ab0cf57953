#pragma once
// How the things of the scheduler look in the API. Times are UTC, RFC 3339; the zone of a job is given beside
// them.

#include "daemon/api/service.hpp"
#include "daemon/base/time_text.hpp"
#include "daemon/http/http_message.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>

namespace sluice::daemon {

boost::json::value time_or_null(const std::optional<Instant>& instant);
boost::json::value text_or_null(const std::string& text);  // null when empty

std::optional<job::Job> find_job(const Service& service, std::string_view name);
Error no_such_job(std::string_view name);  // not_found

// Loaded, or with instances from when it was.
awaitable<bool> is_known_job(Service& service, std::string name);

// With the slots that its schedule gives next after `now`.
boost::json::object to_json(const job::Job& job, Instant now);
boost::json::object to_json(const scheduler::Instance& instance);
// {id, state, reason, reason_code}: where a list has no room for more.
boost::json::object state_json(const scheduler::Instance& instance);
boost::json::object to_json(const scheduler::Attempt& attempt);
boost::json::object to_json(const PlannedInstance& planned);
boost::json::object to_json(const LogPart& part);
boost::json::object to_json(const job::Problem& problem);
boost::json::object to_json(const scheduler::BlockedChain& chain);

// With "lag_seconds": how far `until` lies behind `now`; null before the first window.
boost::json::object to_json(const scheduler::Coverage& coverage, const job::Job& job, Instant now,
                            bool fresh);

// The whole number in query key `name`, `fallback` when absent, an error outside [least, most].
Result<std::uint64_t> number_parameter(const HttpRequest& request, std::string_view name,
                                       std::uint64_t fallback, std::uint64_t least, std::uint64_t most);

HttpResponse json_response(const boost::json::value& value);

}  // namespace sluice::daemon
