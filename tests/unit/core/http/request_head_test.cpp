// The head of a request as it goes on the wire, and what may not go there.
#include "core/http/connection.hpp"
#include "core/http/proxy.hpp"
#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using http::Request;
using http::Route;

namespace {

Route route_to(const std::string& url) {
  Route route;
  route.endpoint = *http::parse_endpoint(url);
  return route;
}

Request get(const std::string& target = "/a") {
  Request request;
  request.method = "GET";
  request.target = target;
  return request;
}

std::string head_of(const Request& request, const std::string& url = "http://host:81") {
  return http::serialize_head(route_to(url), request).value();
}

}  // namespace

TEST_CASE("request head: the Host is the endpoint's unless the request names one", "[http]") {
  CHECK(head_of(get()) == "GET /a HTTP/1.1\r\nHost: host:81\r\n\r\n");
  CHECK(head_of(get(), "https://[::1]") == "GET /a HTTP/1.1\r\nHost: [::1]\r\n\r\n");
  Request named = get();
  named.host = "bucket.host";
  named.headers = {{"X-A", "1"}, {"X-B", ""}};
  CHECK(head_of(named) == "GET /a HTTP/1.1\r\nHost: bucket.host\r\nX-A: 1\r\nX-B: \r\n\r\n");
}

TEST_CASE("request head: a length is told where there is a body, or a method that has one", "[http]") {
  const std::string body = "12345";
  for (const auto& [method, told] :
       {std::pair("GET", false), std::pair("HEAD", false), std::pair("DELETE", false),
        std::pair("POST", true), std::pair("PUT", true)}) {
    CAPTURE(method);
    Request request = get();
    request.method = method;
    CHECK((head_of(request).find("Content-Length: 0\r\n") != std::string::npos) == told);
    request.body = body;
    CHECK(head_of(request).find("Content-Length: 5\r\n") != std::string::npos);
  }
}

TEST_CASE("request head: nothing that would end a line early goes on the wire", "[http]") {
  for (const std::string& end : {std::string("\r"), std::string("\n"), std::string(1, '\0')}) {
    const std::string bad = "a" + end + "b";
    Request method = get();
    method.method = bad;
    Request host = get();
    host.host = bad;
    Request name = get();
    name.headers = {{"X-A", "1"}, {bad, "2"}, {"X-B", "3"}};
    Request value = get();
    value.headers = {{"X-A", bad}, {"X-B", "3"}};
    for (const Request& request : {method, host, get("/" + bad), name, value}) {
      const auto head = http::serialize_head(route_to("http://host"), request);
      REQUIRE(head.has_error());
      CHECK(head.error().code() == Errc::invalid_argument);
    }
  }
  CHECK(http::serialize_head(route_to("http://host"), get("/a b")).has_error());
}

TEST_CASE("request head: a proxy sees the whole URL and the login of plain requests only", "[http]") {
  const http::Proxy proxy = http::parse_proxy("http://user:word@proxy:3128").value();
  Route route = route_to("http://host:81");
  route.proxy = &proxy;
  CHECK(http::serialize_head(route, get()).value() ==
        "GET http://host:81/a HTTP/1.1\r\nHost: host:81\r\nProxy-Authorization: Basic dXNlcjp3b3Jk\r\n\r\n");
  route.endpoint.tls = true;
  CHECK(http::serialize_head(route, get()).value() == "GET /a HTTP/1.1\r\nHost: host:81\r\n\r\n");
  const http::Proxy open = http::parse_proxy("http://proxy:3128").value();
  route.endpoint.tls = false;
  route.proxy = &open;
  CHECK(http::serialize_head(route, get()).value() ==
        "GET http://host:81/a HTTP/1.1\r\nHost: host:81\r\n\r\n");
}
