#include "core/http/transport.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using http::Endpoint;

TEST_CASE("endpoint: scheme, host and port are taken apart and completed", "[http]") {
  struct Case {
    const char* text;
    Endpoint expected;
  };
  const std::vector<Case> cases = {
      {"http://127.0.0.1:8080", {false, "127.0.0.1", 8080}},
      {"https://orders.cn-hangzhou.ots.aliyuncs.com", {true, "orders.cn-hangzhou.ots.aliyuncs.com", 443}},
      {"http://orders.cn-hangzhou.ots.aliyuncs.com/", {false, "orders.cn-hangzhou.ots.aliyuncs.com", 80}},
      {"oss-cn-hangzhou.aliyuncs.com", {false, "oss-cn-hangzhou.aliyuncs.com", 80}},
      {"localhost:65535", {false, "localhost", 65535}},
      {"HTTPS://Example.COM:1/", {true, "example.com", 1}},
      {"http://[::1]:9", {false, "::1", 9}},
      {"https://[FE80::1]", {true, "fe80::1", 443}},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const auto parsed = http::parse_endpoint(text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == expected);
  }
}

TEST_CASE("endpoint: each mistake is named", "[http]") {
  struct Case {
    const char* text;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"", "parse endpoint \"\": it has no valid host name"},
      {"ftp://a", "parse endpoint \"ftp://a\": the scheme is \"ftp\", it must be http or https"},
      {"http://", "parse endpoint \"http://\": it has no valid host name"},
      {"http://me:pw@host", "parse endpoint \"http://me:pw@host\": it has a user name, remove it"},
      {"http://host/path", "parse endpoint \"http://host/path\": it has a path, remove it"},
      {"http://host//", "parse endpoint \"http://host//\": it has a path, remove it"},
      {"http://host?a=b", "parse endpoint \"http://host?a=b\": it has a query or fragment, remove it"},
      {"http://host:", "parse endpoint \"http://host:\": the port must be a number from 1 to 65535"},
      {"http://host:0", "parse endpoint \"http://host:0\": the port must be a number from 1 to 65535"},
      {"http://host:65536",
       "parse endpoint \"http://host:65536\": the port must be a number from 1 to 65535"},
      {"http://host:80a", "parse endpoint \"http://host:80a\": the port must be a number from 1 to 65535"},
      {"http://ho st", "parse endpoint \"http://ho st\": it has no valid host name"},
      {"http://[::1", "parse endpoint \"http://[::1\": it has no valid host name"},
      {"http://[host]", "parse endpoint \"http://[host]\": it has no valid host name"},
      {"http://host#part", "parse endpoint \"http://host#part\": it has a query or fragment, remove it"},
      {"http://.host", "parse endpoint \"http://.host\": it has no valid host name"},
      {"http://-host", "parse endpoint \"http://-host\": it has no valid host name"},
      {"http://ho@st", "parse endpoint \"http://ho@st\": it has a user name, remove it"},
      {"http://ho[st", "parse endpoint \"http://ho[st\": it has no valid host name"},
      {"http://ho`st", "parse endpoint \"http://ho`st\": it has no valid host name"},
      {"http://ho{st", "parse endpoint \"http://ho{st\": it has no valid host name"},
      {"http://ho,st", "parse endpoint \"http://ho,st\": it has no valid host name"},
      {"http://[]", "parse endpoint \"http://[]\": it has no valid host name"},
      {"http://[1.2.3.4]", "parse endpoint \"http://[1.2.3.4]\": it has no valid host name"},
      {"http://[::g]", "parse endpoint \"http://[::g]\": it has no valid host name"},
      {"http://[::G]", "parse endpoint \"http://[::G]\": it has no valid host name"},
      {"http://[::`]", "parse endpoint \"http://[::`]\": it has no valid host name"},
      {"http://[fe80::1%eth0]", "parse endpoint \"http://[fe80::1%eth0]\": it has no valid host name"},
      {"http://[1:2]", "parse endpoint \"http://[1:2]\": it has no valid host name"},
      {"http://[:::]:80", "parse endpoint \"http://[:::]:80\": it has no valid host name"},
      {"http://[::1]x", "parse endpoint \"http://[::1]x\": the port must be a number from 1 to 65535"},
  };
  for (const auto& [text, message] : cases) {
    const auto parsed = http::parse_endpoint(text);
    REQUIRE(parsed.has_error());
    CHECK(parsed.error().code() == Errc::invalid_argument);
    CHECK(parsed.error().message() == message);
  }
}

TEST_CASE("endpoint: a name has up to 253 bytes, of letters, digits and three signs", "[http]") {
  CHECK(http::parse_endpoint(std::string(253, 'a'))->host.size() == 253);
  CHECK(http::parse_endpoint(std::string(254, 'a')).has_error());
  CHECK(http::parse_endpoint("https://AZ-az_09.example")->host == "az-az_09.example");
  CHECK(http::parse_endpoint("http://[::FFFF:1.2.3.4]")->host == "::ffff:1.2.3.4");
  CHECK(http::parse_endpoint("http://[0:9:a:F::]:1")->port == 1);
}

TEST_CASE("endpoint: the Host header leaves out the usual port", "[http]") {
  const std::pair<const char*, const char*> cases[] = {
      {"https://a.com", "a.com"},        {"https://a.com:443", "a.com"}, {"https://a.com:80", "a.com:80"},
      {"http://1.2.3.4:9", "1.2.3.4:9"}, {"http://[::1]", "[::1]"},      {"http://[::1]:9", "[::1]:9"}};
  for (const auto& [text, host] : cases) CHECK(http::host_header(http::parse_endpoint(text).value()) == host);
}
