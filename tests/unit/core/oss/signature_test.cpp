#include "core/oss/signature.hpp"

#include "tests/support/oss_vectors.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using oss::Queries;
using sluice::test::credentials_of;
using sluice::test::headers_of;
using sluice::test::text_of;

namespace {

Queries queries_of(const boost::json::value& json) {
  Queries queries;
  if (!json.is_object()) return queries;
  for (const auto& [name, value] : json.as_object()) queries.emplace_back(std::string(name), text_of(value));
  return queries;
}

}  // namespace

TEST_CASE("signature version 1 equals the official client's", "[signature]") {
  const boost::json::value json = sluice::test::oss_vectors("sign_v1.json");
  for (const auto& entry : json.at("header_auth").as_array()) {
    CAPTURE(entry.at("name").as_string());
    const std::string method = text_of(entry.at("method"));
    const std::string resource = text_of(entry.at("canonicalized_base_resource"));
    const http::Headers headers = headers_of(entry.at("headers"));
    const Queries queries = queries_of(entry.at("sub_resources"));
    const oss::SignedRequest request{method, resource, headers, queries};
    CHECK(oss::string_to_sign_v1(request) == text_of(entry.at("string_to_sign")));
    CHECK(oss::authorization_v1(request, credentials_of(entry)) == text_of(entry.at("authorization")));
  }
  CHECK(json.at("header_auth").as_array().size() == 14);
}

TEST_CASE("signature version 4 equals the official client's", "[signature]") {
  const boost::json::value json = sluice::test::oss_vectors("sign_v4.json");
  const oss::Credentials credentials = credentials_of(json.at("meta"));
  for (const auto& entry : json.at("header_auth").as_array()) {
    CAPTURE(entry.at("name").as_string());
    const std::string method = text_of(entry.at("method"));
    std::string resource = "/";
    if (!text_of(entry.at("bucket")).empty()) resource += text_of(entry.at("bucket")) + "/";
    resource += text_of(entry.at("object"));
    const http::Headers headers = headers_of(entry.at("headers"));
    const Queries queries = queries_of(entry.at("queries"));
    std::vector<std::string> additional;
    for (const auto& name : entry.at("additional_headers").as_array()) additional.push_back(text_of(name));
    const std::string region = text_of(entry.at("region"));
    const oss::SignedRequest request{method, resource, headers, queries};
    CHECK(oss::canonical_request_v4(request, additional) == text_of(entry.at("canonical_request")));
    CHECK(oss::string_to_sign_v4(request, additional, region) == text_of(entry.at("string_to_sign")));
    CHECK(oss::authorization_v4(request, additional, region, credentials) ==
          text_of(entry.at("authorization")));
  }
  CHECK(json.at("header_auth").as_array().size() == 13);
}

TEST_CASE("whole recorded requests get the recorded signatures", "[signature]") {
  const boost::json::value json = sluice::test::oss_vectors("requests.json");
  const oss::Credentials credentials = credentials_of(json.at("meta"));
  for (const auto& entry : json.at("requests").as_array()) {
    CAPTURE(entry.at("operation").as_string(), entry.at("signature").as_string(),
            entry.at("style").as_string());
    const std::string method = text_of(entry.at("method"));
    const sluice::test::OssTarget target =
        sluice::test::oss_target_of(text_of(entry.at("url")), text_of(entry.at("style")) == "path");
    http::Headers headers;
    std::string expected;
    for (const auto& [name, value] : headers_of(entry.at("headers"))) {
      if (name == "authorization")
        expected = value;
      else
        headers.emplace_back(name, value);
    }
    const oss::SignedRequest request{method, target.resource, headers, target.queries};
    const std::string ours = text_of(entry.at("signature")) == "v1"
                                 ? oss::authorization_v1(request, credentials)
                                 : oss::authorization_v4(request, {}, "cn-hangzhou", credentials);
    CHECK(ours == expected);
  }
  CHECK(json.at("requests").as_array().size() == 72);
}

TEST_CASE("region names are stripped to the bare region", "[signature]") {
  CHECK(oss::bare_region("oss-cn-hangzhou-internal") == "cn-hangzhou");
  CHECK(oss::bare_region("oss-cn-hangzhou") == "cn-hangzhou");
  CHECK(oss::bare_region("ap-southeast-1") == "ap-southeast-1");
}
