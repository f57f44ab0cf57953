#include "core/s3/etag.hpp"

#include "core/http/crypto.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

namespace {

std::optional<std::string> md5_of(const std::string& etag, const std::string& encryption = "") {
  http::Response answer;
  answer.headers.emplace_back("ETag", etag);
  if (!encryption.empty()) answer.headers.emplace_back("x-amz-server-side-encryption", encryption);
  return s3::md5_of_etag(answer);
}

const std::string kHello = "5d41402abc4b2a76b9719d911017c592";

}  // namespace

TEST_CASE("s3 etag is an MD5 unless it has another form or a key of KMS is in play", "[s3_etag]") {
  CHECK(md5_of('"' + kHello + '"') == http::md5("hello"));
  CHECK(md5_of("5D41402ABC4B2A76B9719D911017C592") == http::md5("hello"));
  CHECK(md5_of('"' + kHello + '"', "AES256") == http::md5("hello"));
  CHECK_FALSE(md5_of('"' + kHello + '"', "aws:kms"));
  CHECK_FALSE(md5_of('"' + kHello + "-1\""));
  for (const char* other : {"", "\"\"", "\"", "\"opaque\"", "5d41402abc4b2a76b9719d911017c59g",
                            "gd41402abc4b2a76b9719d911017c592", "5d41402abc4b2a76b9719d911017c5/2",
                            "5d41402abc4b2a76b9719d911017c5:2", "5d41402abc4b2a76b9719d911017c5`2",
                            "\"5d41402abc4b2a76b9719d911017c592", "5d41402abc4b2a76b9719d911017c592\""}) {
    CHECK_FALSE(md5_of(other));
  }
}

// The ETag that versitygw and S3Proxy give to 5 MiB of "a" followed by "tail".
TEST_CASE("s3 etag of an upload is the MD5 of its parts' MD5s", "[s3_etag]") {
  const std::string first(5 * 1024 * 1024, 'a');
  const std::vector<objects::Part> parts = {{1, '"' + http::hex(http::md5(first)) + '"'},
                                            {3, http::hex(http::md5("tail"))}};
  CHECK(s3::upload_etag(parts) == "30dcfd3901d1c613b7fb532281748544-2");
  CHECK_FALSE(s3::upload_etag({{1, "opaque"}}));
  CHECK(s3::as_upload_etag("\"30DCFD3901D1C613B7FB532281748544-2\"") == "30dcfd3901d1c613b7fb532281748544-2");
  for (const std::string& other :
       {kHello, kHello + "-", kHello + "-x", kHello + "-1x", kHello + "+1", kHello + kHello,
        "x" + kHello.substr(1) + "-1", std::string("x-1"), std::string()}) {
    CHECK_FALSE(s3::as_upload_etag(other));
  }
}
