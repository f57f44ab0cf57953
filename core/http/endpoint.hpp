#pragma once
// Hosts and ports as users write them.

#include "core/base/error.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::http {

// Where to connect. Parsed from "http://host:port" or "https://host"; see parse_endpoint().
struct Endpoint {
  bool tls = false;
  std::string host;        // name, IPv4 or IPv6 without brackets
  std::uint16_t port = 0;  // never 0 after parsing
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// Scheme http or https (default http when absent), a host, an optional port, an optional trailing "/".
// Anything else (other schemes, user info, path, query) is invalid_argument with the reason.
Result<Endpoint> parse_endpoint(std::string_view text);

// "host", "host:8080" or "[::1]:8080": the Host header of a request to `endpoint`.
std::string host_header(const Endpoint& endpoint);

}  // namespace sluice::http
