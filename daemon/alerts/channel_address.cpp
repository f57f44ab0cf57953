#include "daemon/alerts/channel_address.hpp"

#include <algorithm>

namespace sluice::daemon {

Result<WebAddress> parse_web_address(std::string_view text) {
  const Error refused(
      Errc::invalid_argument,
      "expected an address such as https://hooks.example.com/send?token=x, without user and \"#\"");
  const bool scheme = text.starts_with("http://") || text.starts_with("https://");
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
  if (!scheme || !plain) return refused;
  const auto split = text.find_first_of("/?", text.find("//") + 2);
  const auto endpoint = http::parse_endpoint(text.substr(0, split));
  if (!endpoint) return refused;
  WebAddress address;
  address.endpoint = *endpoint;
  if (split != std::string_view::npos) address.target = text.substr(split);
  if (!address.target.starts_with('/')) address.target.insert(0, "/");
  return address;
}

}  // namespace sluice::daemon
