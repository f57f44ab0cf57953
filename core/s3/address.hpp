#pragma once
// How requests reach a bucket of an S3-compatible store.

#include "core/http/endpoint.hpp"
#include "core/job/job.hpp"

#include <string>

namespace sluice::s3 {

struct Address {
  http::Endpoint endpoint;  // to connect to
  std::string path_prefix;  // "/" or, path style, "/bucket/"
  std::string region;       // "us-east-1"
};

// Automatic addressing: the bucket in front of the host name on amazonaws.com unless its name has a dot (no
// certificate covers that), else path style. The region is the target's, or the one that a host of
// amazonaws.com names, or us-east-1. invalid_argument: unusable endpoint or bucket name, or an endpoint that
// holds the bucket already.
Result<Address> address_of(const job::Target& target);

}  // namespace sluice::s3
