#include "core/http/headers.hpp"
#include "core/http/transport.hpp"

#include <boost/asio/ip/address_v6.hpp>
#include <fmt/format.h>

#include <charconv>

namespace sluice::http {
namespace {

constexpr std::size_t kHostBytesMax = 253;  // of a DNS name

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

// Without a zone: what stands for a network interface here means nothing to the other side.
bool is_v6(std::string_view host) {
  if (host.find('%') != std::string_view::npos) return false;
  boost::system::error_code failure;
  boost::asio::ip::make_address_v6(std::string(host), failure);
  return !failure;
}

Error invalid(std::string_view text, std::string_view reason) {
  return Error(Errc::invalid_argument, fmt::format("parse endpoint \"{}\": {}", text, reason));
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// Takes the host off the front of `rest`; "" if there is none or it has a forbidden character.
std::string take_host(std::string_view& rest) {
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) return {};
    const std::string_view host = rest.substr(1, close - 1);
    if (!is_v6(host)) return {};
    rest.remove_prefix(close + 1);
    return to_lower(host);
  }
  const std::string_view host = rest.substr(0, rest.find(':'));
  if (host.size() > kHostBytesMax || host.starts_with('.') || host.starts_with('-')) return {};
  if (!std::all_of(host.begin(), host.end(), is_name_char)) return {};
  rest.remove_prefix(host.size());
  return to_lower(host);
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  std::string_view rest = text;
  if (const auto scheme_end = text.find("://"); scheme_end != std::string_view::npos) {
    const std::string scheme = to_lower(text.substr(0, scheme_end));
    if (scheme != "http" && scheme != "https") {
      return invalid(text, fmt::format("the scheme is \"{}\", it must be http or https", scheme));
    }
    endpoint.tls = scheme == "https";
    rest.remove_prefix(scheme_end + 3);
  }
  if (rest.find('@') != std::string_view::npos) return invalid(text, "it has a user name, remove it");
  if (rest.find('?') != std::string_view::npos || rest.find('#') != std::string_view::npos) {
    return invalid(text, "it has a query or fragment, remove it");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) return invalid(text, "it has a path, remove it");
  endpoint.host = take_host(rest);
  if (endpoint.host.empty()) return invalid(text, "it has no valid host name");
  endpoint.port = endpoint.tls ? 443 : 80;
  if (rest.empty()) return endpoint;
  const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : std::nullopt;
  if (!port) return invalid(text, "the port must be a number from 1 to 65535");
  endpoint.port = *port;
  return endpoint;
}

std::string_view Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return {};
}

std::string host_header(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  std::string host = v6 ? fmt::format("[{}]", endpoint.host) : endpoint.host;
  const std::uint16_t usual = endpoint.tls ? 443 : 80;
  if (endpoint.port != usual) host += fmt::format(":{}", endpoint.port);
  return host;
}

}  // namespace sluice::http
