#include "core/oss/client.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::oss {
namespace {

bool is_ip_or_local(std::string_view host) {
  if (host == "localhost" || host.find(':') != std::string_view::npos) return true;  // ":" only in IPv6
  return std::all_of(host.begin(), host.end(),
                     [](char byte) { return byte == '.' || (byte >= '0' && byte <= '9'); });
}

bool is_bucket_name(std::string_view name) {
  const auto alphanumeric = [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
  };
  if (name.size() < 3 || name.size() > 63) return false;
  if (!alphanumeric(name.front()) || !alphanumeric(name.back())) return false;
  return std::all_of(name.begin(), name.end(), [&](char byte) { return alphanumeric(byte) || byte == '-'; });
}

}  // namespace

Result<Address> address_of(const ClientOptions& options) {
  if (!is_bucket_name(options.bucket)) {
    return Error(
        Errc::invalid_argument,
        fmt::format("use bucket \"{}\": a name has 3 to 63 of a-z, 0-9 and \"-\", and begins and ends with a "
                    "letter or digit; correct `bucket`",
                    options.bucket));
  }
  const Result<http::Endpoint> endpoint = http::parse_endpoint(options.endpoint);
  if (!endpoint) return endpoint.error();
  Address address;
  address.endpoint = *endpoint;
  address.path_prefix = "/";
  if (options.cname) return address;
  if (is_ip_or_local(endpoint->host)) {
    address.path_prefix = fmt::format("/{}/", options.bucket);
    return address;
  }
  if (endpoint->host.starts_with(options.bucket + ".")) {
    return Error(Errc::invalid_argument,
                 fmt::format("use endpoint {}: it contains the bucket name; leave \"{}.\" out of `endpoint`",
                             options.endpoint, options.bucket));
  }
  address.endpoint.host = options.bucket + "." + endpoint->host;
  return address;
}

}  // namespace sluice::oss
