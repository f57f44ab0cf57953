#include "core/s3/signature.hpp"

#include "tests/support/test_data.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

using namespace sluice;

namespace {

boost::json::value vectors() {
  std::ifstream file(sluice::test::test_data("s3/sign_v4.json"));
  std::stringstream content;
  content << file.rdbuf();
  return boost::json::parse(content.str());
}

std::string text_of(const boost::json::value& value) {
  return value.is_null() ? std::string() : std::string(value.as_string());
}

}  // namespace

TEST_CASE("s3 signatures equal those that AWS publishes and those of botocore", "[s3_signature]") {
  const boost::json::value file = vectors();
  http::Credentials credentials;
  credentials.access_id = text_of(file.at("meta").at("access_id"));
  credentials.key = Secret(text_of(file.at("meta").at("access_key")));
  int published = 0;
  for (const auto& one : file.at("cases").as_array()) {
    CAPTURE(text_of(one.at("name")));
    const std::string method = text_of(one.at("method"));
    const std::string path = text_of(one.at("path"));
    const std::string region = text_of(one.at("region"));
    http::Headers headers;
    for (const auto& [name, value] : one.at("headers").as_object()) {
      headers.emplace_back(std::string(name), text_of(value));
    }
    s3::Queries queries;
    for (const auto& query : one.at("queries").as_array()) {
      queries.emplace_back(text_of(query.at(0)), text_of(query.at(1)));
    }
    const s3::SignedRequest request{method, path, headers, queries};
    CHECK(s3::canonical_request(request) == text_of(one.at("canonical_request")));
    CHECK(s3::string_to_sign(request, region) == text_of(one.at("string_to_sign")));
    CHECK(s3::authorization(request, region, credentials) == text_of(one.at("authorization")));
    published += one.at("published").as_bool() ? 1 : 0;
  }
  CHECK(published == 4);
  CHECK(file.at("cases").as_array().size() == 9);
}

TEST_CASE("s3 queries go on the wire as they are signed", "[s3_signature]") {
  CHECK(s3::query_string({{"uploads", ""}, {"prefix", "a b/+&"}}) == "uploads=&prefix=a%20b%2F%2B%26");
}

TEST_CASE("s3 signatures cover headers of one name together, and blanks as AWS counts them",
          "[s3_signature]") {
  const http::Headers headers = {{"X-Amz-Meta-A", "  one   two "}, {"host", "h"}, {"x-amz-meta-a", "three"}};
  CHECK(s3::canonical_request({"GET", "/", headers, {}}) ==
        "GET\n/\n\nhost:h\nx-amz-meta-a:one two,three\n\nhost;x-amz-meta-a\n");
}
