#include "core/s3/address.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::s3 {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";

// Other stores are more generous than AWS with letters; none takes what would change the path.
bool is_bucket_name(std::string_view name) {
  const auto may_stand = [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '.' || byte == '_';
  };
  if (name.size() < 3 || name.size() > 63 || name.front() == '.' || name.back() == '.') return false;
  return name.find("..") == std::string_view::npos && std::all_of(name.begin(), name.end(), may_stand);
}

bool is_amazon(std::string_view host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

// "eu-west-1" of "s3.eu-west-1.amazonaws.com" and "s3.dualstack.eu-west-1.amazonaws.com".
std::string region_of_host(std::string_view host) {
  host.remove_suffix(host.size() - host.rfind(".amazonaws."));
  if (!host.starts_with("s3.")) return std::string(kDefaultRegion);
  return std::string(host.substr(host.rfind('.') + 1));
}

}  // namespace

Result<Address> address_of(const job::Target& target) {
  if (!is_bucket_name(target.bucket)) {
    return Error(Errc::invalid_argument,
                 fmt::format("use bucket \"{}\": a name has 3 to 63 letters, digits, \"-\", \".\" and \"_\"; "
                             "correct `bucket`",
                             target.bucket));
  }
  const Result<http::Endpoint> endpoint = http::parse_endpoint(target.endpoint);
  if (!endpoint) return endpoint.error();
  Address address;
  address.endpoint = *endpoint;
  const bool amazon = is_amazon(endpoint->host);
  address.region = target.region;
  if (address.region.empty()) {
    address.region = amazon ? region_of_host(endpoint->host) : std::string(kDefaultRegion);
  }
  const bool dotted = target.bucket.find('.') != std::string::npos;
  const bool hosted = target.addressing == job::Addressing::virtual_host ||
                      (target.addressing == job::Addressing::automatic && amazon && !dotted);
  if (endpoint->host.starts_with(target.bucket + ".")) {
    return Error(Errc::invalid_argument,
                 fmt::format("use endpoint {}: it contains the bucket name; leave \"{}.\" out of `endpoint`",
                             target.endpoint, target.bucket));
  }
  address.path_prefix = hosted ? "/" : fmt::format("/{}/", target.bucket);
  if (hosted) address.endpoint.host = target.bucket + "." + endpoint->host;
  return address;
}

}  // namespace sluice::s3
