#pragma once
// What the printing commands share.

#include "daemon/base/console.hpp"
#include "daemon/http/problem.hpp"

#include <boost/json/value.hpp>

#include <string_view>

namespace sluice::daemon {

Tone tone_of_state(std::string_view state);

// The value on lines of its own; returns Exit::done.
Exit print_json(const boost::json::value& value, Console& console);

}  // namespace sluice::daemon
