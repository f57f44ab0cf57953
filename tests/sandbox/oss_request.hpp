#pragma once
// One OSS request once its bucket and key are known, and what every answer has in common.

#include "tests/sandbox/http_message.hpp"
#include "tests/sandbox/key_ring.hpp"
#include "tests/sandbox/oss_error.hpp"
#include "tests/sandbox/oss_store.hpp"

#include <string>

namespace sluice::sandbox {

struct OssRequest {
  const Request& http;
  std::string bucket;  // empty: service level
  std::string key;     // empty: bucket level

  /// Resource in signatures: /, /BUCKET/ or /BUCKET/KEY.
  std::string resource() const { return bucket.empty() ? "/" : "/" + bucket + "/" + key; }
  /// PutObject, ListParts and so on; the name that fault scripts and statistics use.
  std::string operation() const;
};

/// Finds bucket and key from Host and path: path style for IP addresses, localhost and names that begin with
/// "oss.", virtual-hosted for BUCKET.localhost. For any other host (the Node SDK sends
/// BUCKET.oss-REGION.aliyuncs.com to an IP endpoint) the path decides: it is path style if it begins with the
/// bucket of the host.
OssRequest address(const Request& request);

/// Throws OssError. Anonymous reads of public buckets pass. `time_us` is the service's time.
void authenticate_oss(const OssRequest& request, const KeyRing& keys, const std::string& bucket_acl,
                      std::int64_t time_us);

/// A decimal query value within limits; `fallback` if absent or empty. Throws OssError InvalidArgument.
std::uint64_t query_number(const OssRequest& request, const std::string& name, std::uint64_t fallback,
                           std::uint64_t least, std::uint64_t most);

/// Object key as answers carry it: percent-encoded if the request asked so.
std::string answered_key(const OssRequest& request, const std::string& key);

/// 200 with an XML body.
Response xml_response(std::string document);

}  // namespace sluice::sandbox
