#include "core/oss/client.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::oss {
namespace {

using job::Addressing;

bool is_ip(std::string_view host) {
  if (host.find(':') != std::string_view::npos) return true;  // only in IPv6
  return std::all_of(host.begin(), host.end(),
                     [](char byte) { return byte == '.' || (byte >= '0' && byte <= '9'); });
}

bool is_alphanumeric(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'); }

bool is_alphanumeric_or_dash(char byte) { return is_alphanumeric(byte) || byte == '-'; }

bool is_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  if (!is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) return false;
  return std::all_of(name.begin(), name.end(), is_alphanumeric_or_dash);
}

Error unusable(std::string_view what, std::string_view value, std::string_view why) {
  return Error(Errc::invalid_argument, fmt::format("use {} {}: {}", what, value, why));
}

Result<void> check_names(const ClientOptions& options) {
  if (!is_bucket_name(options.bucket)) {
    return unusable("bucket", fmt::format("\"{}\"", options.bucket),
                    "a name has 3 to 63 of a-z, 0-9 and \"-\", and begins and ends with a letter or digit; "
                    "correct `bucket`");
  }
  const std::string& region = options.region;
  if (!std::all_of(region.begin(), region.end(), is_alphanumeric_or_dash)) {
    return unusable("region", fmt::format("\"{}\"", region),
                    "a region has only a-z, 0-9 and \"-\", as in cn-hangzhou; correct `region`");
  }
  return {};
}

// Whether the bucket stands in the path.
Result<bool> in_path(const ClientOptions& options, const std::string& host) {
  const bool ip = is_ip(host);
  if (options.addressing == Addressing::automatic) return ip || host == "localhost";
  if (options.addressing == Addressing::path) return true;
  if (ip) {
    return unusable("endpoint", options.endpoint,
                    "a bucket cannot stand in front of an IP address; give `endpoint` a name, or leave out "
                    "`addressing`");
  }
  return false;
}

}  // namespace

Result<Address> address_of(const ClientOptions& options) {
  const Result<void> names = check_names(options);
  if (!names) return names.error();
  const Result<http::Endpoint> endpoint = http::parse_endpoint(options.endpoint);
  if (!endpoint) return endpoint.error();
  Address address;
  address.endpoint = *endpoint;
  address.path_prefix = "/";
  if (options.cname) {
    if (options.addressing == Addressing::automatic) return address;
    return unusable(
        "endpoint", options.endpoint,
        "a domain bound to the bucket leaves nothing to address; leave out `cname` or `addressing`");
  }
  if (endpoint->host.starts_with(options.bucket + ".")) {
    return unusable("endpoint", options.endpoint,
                    fmt::format("it contains the bucket name; leave \"{}.\" out of `endpoint`, or say "
                                "`cname: true` if it is a domain of your own",
                                options.bucket));
  }
  const Result<bool> path = in_path(options, endpoint->host);
  if (!path) return path.error();
  if (*path) {
    address.path_prefix = fmt::format("/{}/", options.bucket);
  } else {
    address.endpoint.host = options.bucket + "." + endpoint->host;
  }
  return address;
}

}  // namespace sluice::oss
