#pragma once
// The daemon's own log on stderr: lines for people, or JSON for log collectors.

#include "core/base/time.hpp"

#include <string>
#include <string_view>

namespace sluice::daemon {

// "2018-10-16T00:15:00.123+0800 info attempt started instance=..."
inline constexpr const char* kTextLogPattern = "%Y-%m-%dT%H:%M:%S.%e%z %l %v";

// `level`: debug, info, warning, error. `format`: text, json. For the default logger, at any time.
void set_daemon_log(const std::string& level, const std::string& format);

// One line of JSON without its line end: time (UTC), level, message, and a member, always a string, for each
// key=value behind the message: {"time":"...","level":"info","message":"attempt
// started","instance":"orders@...","attempt":"1"}
std::string json_log_line(Instant time, std::string_view level, std::string_view text);

}  // namespace sluice::daemon
