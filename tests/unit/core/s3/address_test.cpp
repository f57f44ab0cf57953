#include "core/s3/address.hpp"

#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using job::Addressing;

namespace {

job::Target target_of(const std::string& endpoint, const std::string& bucket = "bucket-1") {
  job::Target target;
  target.endpoint = endpoint;
  target.bucket = bucket;
  return target;
}

}  // namespace

TEST_CASE("s3 address is path style but for AWS", "[s3_address]") {
  for (const char* own : {"http://127.0.0.1:9000", "https://minio.example.com", "localhost:9000"}) {
    const auto address = s3::address_of(target_of(own));
    REQUIRE(address);
    CHECK(address->path_prefix == "/bucket-1/");
    CHECK(address->region == "us-east-1");
  }
  const auto amazon = s3::address_of(target_of("https://s3.eu-west-1.amazonaws.com"));
  REQUIRE(amazon);
  CHECK(amazon->endpoint.host == "bucket-1.s3.eu-west-1.amazonaws.com");
  CHECK(amazon->path_prefix == "/");
  CHECK(amazon->region == "eu-west-1");
  CHECK(s3::address_of(target_of("https://s3.amazonaws.com"))->region == "us-east-1");
  CHECK(s3::address_of(target_of("https://s3.dualstack.eu-west-1.amazonaws.com"))->region == "eu-west-1");
  CHECK(s3::address_of(target_of("https://s3.cn-north-1.amazonaws.com.cn"))->region == "cn-north-1");
  const auto dotted = s3::address_of(target_of("https://s3.eu-west-1.amazonaws.com", "a.b.c"));
  CHECK(dotted->path_prefix == "/a.b.c/");
}

TEST_CASE("s3 address follows the target's addressing and region", "[s3_address]") {
  job::Target target = target_of("https://s3.eu-west-1.amazonaws.com");
  target.addressing = Addressing::path;
  target.region = "eu-central-1";
  CHECK(s3::address_of(target)->path_prefix == "/bucket-1/");
  CHECK(s3::address_of(target)->region == "eu-central-1");
  target = target_of("http://store.example.com:9000");
  target.addressing = Addressing::virtual_host;
  CHECK(s3::address_of(target)->endpoint.host == "bucket-1.store.example.com");
  CHECK(s3::address_of(target)->path_prefix == "/");
}

TEST_CASE("s3 address takes every name that a store may give a bucket", "[s3_address]") {
  for (const std::string& good : {std::string("abc"), std::string(63, 'a'), std::string("AZ-az_09.b"),
                                  std::string("0a9"), std::string("Z_Z")}) {
    CAPTURE(good);
    CHECK(s3::address_of(target_of("http://localhost", good)));
  }
  for (const std::string& bad :
       {std::string(64, 'a'), std::string("abc."), std::string("a@b"), std::string("a[b"), std::string("a`b"),
        std::string("a{b"), std::string("a:b"), std::string("a\0b", 3), std::string("\xE4\xBD\xA0")}) {
    CAPTURE(bad);
    const auto refused = s3::address_of(target_of("http://localhost", bad));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::invalid_argument);
    CHECK(refused.error().message().ends_with("; correct `bucket`"));
  }
}

TEST_CASE("s3 address knows AWS by its name in any letters", "[s3_address]") {
  const auto address = s3::address_of(target_of("https://S3.EU-West-1.AmazonAWS.com"));
  REQUIRE(address);
  CHECK(address->region == "eu-west-1");
  CHECK(address->endpoint.host == "bucket-1.s3.eu-west-1.amazonaws.com");
}

TEST_CASE("s3 address refuses buckets and endpoints that cannot work", "[s3_address]") {
  for (const char* bad : {"", "ab", "a/b", "a..b", ".abc", "a b c", "a?bc"}) {
    CHECK_FALSE(s3::address_of(target_of("http://localhost", bad)));
  }
  const auto doubled = s3::address_of(target_of("https://bucket-1.s3.amazonaws.com"));
  REQUIRE_FALSE(doubled);
  CHECK(
      doubled.error().message() ==
      "use endpoint https://bucket-1.s3.amazonaws.com: it contains the bucket name; leave \"bucket-1.\" out "
      "of `endpoint`");
  CHECK_FALSE(s3::address_of(target_of("s3://bucket-1")));
}
