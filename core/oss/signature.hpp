#pragma once
// Request signatures of OSS, versions 1 (HMAC-SHA1) and 4 (HMAC-SHA256), as pure functions. A token is sent
// as x-oss-security-token, which is signed like every header of that kind.

#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::oss {

// One query parameter, decoded. Without a value, or with an empty one, only the name is sent and signed.
struct Query {
  explicit Query(std::string name_, std::string value_ = {})
      : name(std::move(name_)), value(std::move(value_)) {}
  std::string name;
  std::string value;
};
using Queries = std::vector<Query>;

// What a signature covers. All values as the server decodes them.
struct SignedRequest {
  std::string_view method;
  std::string_view resource;  // "/bucket/object", "/bucket/" or "/", whatever the addressing form
  const http::Headers& headers;
  const Queries& queries;
};

using http::Credentials;

// Version 1. The date is that of x-oss-date, or of Date. Queries that version 1 does not sign are left out.
std::string string_to_sign_v1(const SignedRequest& request);
std::string authorization_v1(const SignedRequest& request, const Credentials& credentials);

// Version 4. `region` like "cn-hangzhou"; the headers hold x-oss-date ("20231203T121212Z") and
// x-oss-content-sha256. `additional` names further headers to sign, lower case and sorted.
std::string canonical_request_v4(const SignedRequest& request, const std::vector<std::string>& additional);
std::string string_to_sign_v4(const SignedRequest& request, const std::vector<std::string>& additional,
                              std::string_view region);
std::string authorization_v4(const SignedRequest& request, const std::vector<std::string>& additional,
                             std::string_view region, const Credentials& credentials);

// "cn-hangzhou" of "cn-hangzhou", "oss-cn-hangzhou" and "oss-cn-hangzhou-internal".
std::string bare_region(std::string_view region);

// "name=value&name" as it goes on the wire.
std::string query_string(const Queries& queries);

}  // namespace sluice::oss
