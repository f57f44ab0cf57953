#pragma once
// What the printing commands share.

#include "daemon/base/console.hpp"
#include "daemon/http/problem.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <string_view>

namespace sluice::daemon {

Tone tone_of_state(std::string_view state);

// The value on lines of its own; returns Exit::done.
Exit print_json(const boost::json::value& value, Console& console);

// The answer, which has the member: something else than a daemon may have given it, and what is missing would
// read as nothing to tell. Throws CommandFailure.
boost::json::value with_member(boost::json::value answer, std::string_view key);

// Of listings with pages: throws CommandFailure when the next page is the one that was just read.
void require_progress(bool moved);

// Of listings that end at a limit, beside the `shown` lines, so that nobody takes them for all.
void tell_of_more(std::size_t shown, Console& console);

}  // namespace sluice::daemon
