#pragma once
// A whole address, as channels and the heartbeat are given one.

#include "core/http/endpoint.hpp"

#include <string>
#include <string_view>

namespace sluice::daemon {

struct WebAddress {
  http::Endpoint endpoint;
  std::string target;  // path and query as they go on the wire; at least "/"
};

// "https://host:port/path?query". invalid_argument otherwise; the message never quotes the text, for robots
// carry their token in it.
Result<WebAddress> parse_web_address(std::string_view text);

}  // namespace sluice::daemon
