#pragma once
// Request signatures of S3 (AWS4-HMAC-SHA256) as pure functions.

#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::s3 {

// Query parameters, decoded, in the order in which they are sent.
using Queries = std::vector<std::pair<std::string, std::string>>;

// What a signature covers: all of the request, its headers with Host, x-amz-date ("20231203T121212Z") and
// x-amz-content-sha256.
struct SignedRequest {
  std::string_view method;
  std::string_view path;  // as it goes on the wire
  const http::Headers& headers;
  const Queries& queries;
};

std::string canonical_request(const SignedRequest& request);
std::string string_to_sign(const SignedRequest& request, std::string_view region);

// Value of the header Authorization.
std::string authorization(const SignedRequest& request, std::string_view region,
                          const http::Credentials& credentials);

// "name=value&name=" as it goes on the wire.
std::string query_string(const Queries& queries);

}  // namespace sluice::s3
