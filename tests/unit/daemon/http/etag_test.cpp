#include "daemon/http/etag.hpp"

#include "tests/unit/daemon/api/fake_service.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::FakeService;

namespace {

std::string header(const HttpResponse& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name) return value;
  return "";
}

HttpResponse answer_to(const std::string& wanted, std::string body = "twelve rows") {
  HttpRequest request;
  request.if_none_match = wanted;
  HttpResponse answer;
  answer.body = std::move(body);
  return with_etag(request, std::move(answer));
}

struct Fixture {
  sluice::test::Loop world{sluice::test::test_now()};
  FakeService service{world};

  HttpResponse ask(const std::string& target, const std::string& wanted = "",
                   const std::string& method = "GET") {
    const auto parsed = parse_target(target).value();
    HttpRequest request;
    request.role = Role::viewer;
    request.method = method;
    request.path = parsed.path;
    request.query = parsed.query;
    request.if_none_match = wanted;
    return world.run(dispatch(routes(), service, request));
  }
};

}  // namespace

TEST_CASE("etag: an answer that somebody has is not sent again") {
  const HttpResponse first = answer_to("");
  const std::string tag = header(first, "ETag");
  CHECK(first.status == 200);
  CHECK(tag.size() == 18);
  CHECK(header(first, "Cache-Control") == "private, no-cache");
  const std::vector<std::string> lists = {
      tag, "W/" + tag, "*", "\"old\", " + tag, tag + " ,\t\"x\"", "\"x\",,W/" + tag};
  for (const std::string& wanted : lists) {
    INFO(wanted);
    const HttpResponse again = answer_to(wanted);
    CHECK(again.status == 304);
    CHECK(again.body.empty());
    CHECK(header(again, "ETag") == tag);
  }
}

TEST_CASE("etag: another answer, and a header that names nothing, is answered in full") {
  const std::string tag = header(answer_to(""), "ETag");
  CHECK(answer_to(tag, "thirteen rows").status == 200);
  for (const char* wanted : {"", ",", "W/", "w/\"x\"", "\"x\"", "**"}) {
    INFO(wanted);
    CHECK(answer_to(wanted).status == 200);
  }
  CHECK(answer_to(tag.substr(1, 16)).status == 200);  // without its quotes it is no tag
}

TEST_CASE("etag: a list changes its tag with an instance, not with time") {
  for (const char* target :
       {"/api/v1/instances?limit=2", "/api/v1/jobs/orders/windows?last=10",
        "/api/v1/jobs/orders/windows?date=2018-10-16", "/api/v1/instances/orders@2018-10-16T00:00%2B08:00"}) {
    INFO(target);
    Fixture f;
    f.service.plan(2);
    const std::string tag = header(f.ask(target), "ETag");
    REQUIRE(!tag.empty());
    f.world.clock.advance(std::chrono::seconds(1));
    CHECK(f.ask(target, tag).status == 304);
    CHECK(f.ask(target, tag, "HEAD").status == 304);
    f.service.fail(0, Error(Errc::unavailable, "connect: refused"));
    const HttpResponse changed = f.ask(target, tag);
    CHECK(changed.status == 200);
    CHECK(header(changed, "ETag") != tag);
  }
}

TEST_CASE("etag: an answer in which a clock runs has none") {
  Fixture f;
  f.service.plan(2);
  for (const char* target : {"/api/v1/status", "/api/v1/jobs", "/api/v1/jobs/orders", "/api/v1/coverage"}) {
    INFO(target);
    const HttpResponse answer = f.ask(target, "*");
    CHECK(answer.status == 200);
    CHECK(header(answer, "ETag").empty());
  }
}

TEST_CASE("etag: a refusal has none") {
  Fixture f;
  CHECK(f.ask("/api/v1/instances?job=nobody", "*").status == 404);
  CHECK(f.ask("/api/v1/instances?limit=0", "*").status == 400);
}
