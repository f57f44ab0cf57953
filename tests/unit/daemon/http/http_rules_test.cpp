#include "daemon/http/http_rules.hpp"

#include "daemon/http/http_message.hpp"

#include <boost/beast/http.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

namespace {

using Fields = boost::beast::http::fields;

int head_status(std::string_view text) {
  const Head head = scan_head(text, 16 * 1024);
  if (head.refusal) return head.refusal->status;
  return head.complete ? 200 : 100;
}

struct Asked {
  DoorNames names = door_names("127.0.0.1", 7788, {"sluice.example.com", "Other.example.com:8443"}, false);
  Fields fields;
  std::string method = "GET";

  explicit Asked(const std::string& host = "127.0.0.1:7788") { fields.insert("Host", host); }
  Asked& with(const std::string& name, const std::string& value) {
    fields.insert(name, value);
    return *this;
  }
  Asked& as(const std::string& other) {
    method = other;
    return *this;
  }
  int status(unsigned version = 11) const {
    const auto refusal = refuse_by_fields(names, fields, method, version);
    return refusal ? refusal->status : 200;
  }
};

}  // namespace

TEST_CASE("rules: a head is lines that end in CR LF, an empty one last") {
  CHECK(head_status("") == 100);
  CHECK(head_status("GET / HTTP/1.1\r\nHost: x\r") == 100);
  CHECK(head_status("GET / HTTP/1.1\r\nHost: x\r\n") == 100);
  CHECK(head_status("GET / HTTP/1.1\r\nHost:\tx\r\n\r\nbody\n\x01") == 200);
  CHECK(head_status("GET / HTTP/1.1\nHost: x\n\n") == 400);
  CHECK(head_status("GET / HTTP/1.1\r\nHost: x\n\r\n") == 400);
  CHECK(head_status("GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n") == 400);
  CHECK(head_status(std::string_view("GET /\0 HTTP/1.1\r\n\r\n", 19)) == 400);
  CHECK(head_status("\r\nGET / HTTP/1.1\r\n\r\n") == 400);
}

TEST_CASE("rules: no header goes on in the next line") {
  CHECK(head_status("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n") == 400);
  CHECK(head_status("GET / HTTP/1.1\r\nA: b\r\n\t") == 400);
}

TEST_CASE("rules: request line, number of fields and size are limited as soon as they are too large") {
  CHECK(head_status("GET /" + std::string(kRequestLineBytesMax, 'a')) == 414);
  std::string many = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < kHeaderFieldsMax; ++i) many += "A: b\r\n";
  CHECK(head_status(many + "\r\n") == 200);
  CHECK(head_status(many + "A: b\r\n\r\n") == 431);
  CHECK(head_status("GET / HTTP/1.1\r\nA: " + std::string(16 * 1024, 'a')) == 431);
}

TEST_CASE("rules: a door answers to its own names only") {
  CHECK(Asked().status() == 200);
  CHECK(Asked("LOCALHOST:7788").status() == 200);
  CHECK(Asked("[::1]:7788").status() == 200);
  CHECK(Asked("sluice.example.com").status() == 200);
  CHECK(Asked("sluice.example.com:7788").status() == 200);
  CHECK(Asked("other.example.com:8443").status() == 200);
  for (const char* host : {"127.0.0.1", "evil.example:7788", "other.example.com", "sluice.example.com:1",
                           "sluice.example.com.evil.example", ""}) {
    INFO(host);
    CHECK(Asked(host).status() == 421);
  }
  CHECK(Asked().with("Host", "127.0.0.1:7788").status() == 400);
  Asked without;
  without.fields.erase("Host");
  CHECK(without.status(11) == 400);
  CHECK(without.status(10) == 421);
}

TEST_CASE("rules: names of a door beyond loopback are its address and those given") {
  const DoorNames door = door_names("192.0.2.1", 443, {"a.example"}, true);
  CHECK(door.hosts == std::vector<std::string>{"192.0.2.1:443", "192.0.2.1", "a.example:443", "a.example"});
  CHECK(door_names("0.0.0.0", 7788, {}, true).hosts.empty());
}

TEST_CASE("rules: an Origin must be our own, and https where we speak TLS") {
  CHECK(Asked().with("Origin", "http://127.0.0.1:7788").status() == 200);
  CHECK(Asked().with("Origin", "https://sluice.example.com").status() == 200);
  for (const char* origin : {"http://evil.example", "null", "", "http://127.0.0.1", "http://127.0.0.1:7788/",
                             "file://", "https://127.0.0.1:7788.evil.example"}) {
    INFO(origin);
    CHECK(Asked().with("Origin", origin).status() == 403);
    CHECK(Asked().as("POST").with("Origin", origin).status() == 403);
  }
  Asked secured;
  secured.names.tls = true;
  secured.with("Origin", "http://127.0.0.1:7788");
  CHECK(secured.status() == 403);
}

TEST_CASE("rules: a foreign page may link to the dashboard, and nothing else") {
  const auto from = [](const char* site) { return Asked().with("Sec-Fetch-Site", site); };
  CHECK(from("same-origin").as("POST").status() == 200);
  CHECK(from("none").status() == 200);
  for (const char* site : {"cross-site", "same-site"}) {
    INFO(site);
    CHECK(from(site).status() == 403);
    CHECK(from(site).with("Sec-Fetch-Mode", "no-cors").with("Sec-Fetch-Dest", "image").status() == 403);
    CHECK(from(site).with("Sec-Fetch-Mode", "navigate").with("Sec-Fetch-Dest", "document").status() == 200);
    CHECK(from(site).with("Sec-Fetch-Mode", "navigate").with("Sec-Fetch-Dest", "iframe").status() == 403);
    CHECK(from(site)
              .as("POST")
              .with("Sec-Fetch-Mode", "navigate")
              .with("Sec-Fetch-Dest", "document")
              .status() == 403);
  }
}

TEST_CASE("rules: a body is JSON, whole, with one length, and sent without asking") {
  const auto post = [] { return Asked().as("POST"); };
  CHECK(post().status() == 200);
  CHECK(post().with("Content-Length", "0").status() == 200);
  CHECK(post().with("Content-Length", "2").status() == 415);
  CHECK(post().with("Content-Length", "2").with("Content-Type", "text/plain").status() == 415);
  CHECK(post().with("Content-Length", "2").with("Content-Type", "application/jsonp").status() == 415);
  CHECK(
      post().with("Content-Length", "2").with("Content-Type", "Application/JSON ; charset=utf-8").status() ==
      200);
  CHECK(post().with("Content-Length", "2").with("Content-Length", "2").status() == 400);
  CHECK(post().with("Content-Length", "2, 2").status() == 400);
  CHECK(post().with("Transfer-Encoding", "chunked").status() == 411);
  CHECK(post().with("Content-Length", "2").with("Transfer-Encoding", "identity").status() == 411);
  CHECK(post().with("Content-Length", "2").with("Expect", "100-continue").status() == 417);
  CHECK(Asked().with("Authorization", "a").with("Authorization", "b").status() == 400);
}

TEST_CASE("rules: what a peer calls itself is one line of UTF-8 in logs, answers and the state file") {
  CHECK(loggable("ops \"x\"\r\n\x7f\xff") == "ops ?x?????");
  CHECK(loggable("\xe5\xbc\xa0") == "\xe5\xbc\xa0");
  std::string longer;
  for (int n = 0; n < 100; ++n) longer += "\xe5\xbc\xa0";
  const std::string cut = loggable(longer);
  CHECK(cut.size() <= 200);
  CHECK(cut == longer.substr(0, 195) + "...");
  CHECK(loggable(std::string(200, 'x')) == std::string(200, 'x'));
}
