#include "core/oss/client.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/oss_client_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using job::Addressing;
using sluice::test::options_for;

namespace {

// "https://host:port/prefix" of where requests go, or the reason why nowhere.
std::string address(oss::ClientOptions options) {
  const auto found = oss::address_of(options);
  if (!found) return found.error().message();
  const http::Endpoint& endpoint = found->endpoint;
  return fmt::format("{}://{}:{}{}", endpoint.tls ? "https" : "http", endpoint.host, endpoint.port,
                     found->path_prefix);
}

std::string address(const std::string& endpoint, Addressing addressing = Addressing::automatic,
                    bool cname = false) {
  oss::ClientOptions options = options_for(endpoint);
  options.addressing = addressing;
  options.cname = cname;
  return address(options);
}

}  // namespace

TEST_CASE("oss address puts the bucket in front of names", "[oss_address]") {
  CHECK(address("https://oss-cn-hangzhou.aliyuncs.com") ==
        "https://bucket-1.oss-cn-hangzhou.aliyuncs.com:443/");
  CHECK(address("oss-cn-hangzhou-internal.aliyuncs.com") ==
        "http://bucket-1.oss-cn-hangzhou-internal.aliyuncs.com:80/");
  CHECK(address("http://oss-accelerate.aliyuncs.com/") == "http://bucket-1.oss-accelerate.aliyuncs.com:80/");
  CHECK(address("https://store.example.com:8443") == "https://bucket-1.store.example.com:8443/");
}

TEST_CASE("oss address is path style on IP addresses and localhost", "[oss_address]") {
  CHECK(address("http://127.0.0.1:9001") == "http://127.0.0.1:9001/bucket-1/");
  CHECK(address("localhost:9001") == "http://localhost:9001/bucket-1/");
  CHECK(address("http://[::1]:80") == "http://::1:80/bucket-1/");
}

TEST_CASE("oss address obeys the addressing that is asked for", "[oss_address]") {
  CHECK(address("https://store.example.com", Addressing::path) == "https://store.example.com:443/bucket-1/");
  CHECK(address("http://127.0.0.1", Addressing::path) == "http://127.0.0.1:80/bucket-1/");
  CHECK(address("localhost:9001", Addressing::virtual_host) == "http://bucket-1.localhost:9001/");
  CHECK(address("http://10.0.0.7", Addressing::virtual_host) ==
        "use endpoint http://10.0.0.7: a bucket cannot stand in front of an IP address; give `endpoint` a "
        "name, or leave out `addressing`");
  CHECK(address("http://[::1]", Addressing::virtual_host).find("IP address") != std::string::npos);
}

TEST_CASE("oss address is the endpoint alone with cname", "[oss_address]") {
  CHECK(address("files.example.com", Addressing::automatic, true) == "http://files.example.com:80/");
  CHECK(address("bucket-1.example.com", Addressing::automatic, true) == "http://bucket-1.example.com:80/");
  CHECK(address("files.example.com", Addressing::path, true) ==
        "use endpoint files.example.com: a domain bound to the bucket leaves nothing to address; leave out "
        "`cname` or `addressing`");
}

TEST_CASE("oss address refuses an endpoint that holds the bucket", "[oss_address]") {
  const std::string endpoint = "http://bucket-1.oss-cn-hangzhou.aliyuncs.com";
  const std::string why = "use endpoint " + endpoint +
                          ": it contains the bucket name; leave \"bucket-1.\" out of `endpoint`, or say "
                          "`cname: true` if it is a domain of your own";
  CHECK(address(endpoint) == why);
  CHECK(address(endpoint, Addressing::virtual_host) == why);
  CHECK(address(endpoint, Addressing::path) == why);
}

TEST_CASE("oss address refuses other schemes", "[oss_address]") {
  CHECK(address("oss://exports") ==
        "parse endpoint \"oss://exports\": the scheme is \"oss\", it must be http or https");
}

TEST_CASE("oss address refuses bucket names and regions that OSS does not know", "[oss_address]") {
  for (const char* bad : {"", "ab", "Upper", "under_score", "-a-", "a.b.c", "abc-"}) {
    oss::ClientOptions options = options_for("localhost");
    options.bucket = bad;
    CHECK(address(options) ==
          fmt::format("use bucket \"{}\": a name has 3 to 63 of a-z, 0-9 and \"-\", and begins and ends with "
                      "a letter or digit; correct `bucket`",
                      bad));
  }
  oss::ClientOptions options = options_for("localhost");
  options.region = "cn-hangzhou/oss";
  CHECK(address(options) ==
        "use region \"cn-hangzhou/oss\": a region has only a-z, 0-9 and \"-\", as in cn-hangzhou; correct "
        "`region`");
  options.region = "oss-cn-hangzhou-internal";
  CHECK(address(options) == "http://localhost:80/bucket-1/");
}
