// The description of the API and the program say the same.
#include "daemon/api/openapi.hpp"

#include "core/base/error.hpp"
#include "daemon/base/json_view.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <set>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::FakeService;

namespace {

const boost::json::value& document() {
  static const boost::json::value parsed =
      boost::json::parse(boost::json::string_view(openapi_document().data(), openapi_document().size()));
  return parsed;
}

std::string line_of(std::string method, std::string_view path, std::string_view role) {
  for (char& c : method) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format("{} {} ({})", method, path, role);
}

std::set<std::string> described_operations() {
  std::set<std::string> lines;
  for (const auto& [path, item] : JsonView(document())["paths"].members()) {
    for (const auto& [method, operation] : item.as_object()) {
      const std::string role = JsonView(operation)["x-role"].text();
      lines.insert(line_of(std::string(method), std::string_view(path), role));
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("openapi: every route is described, with the role it needs, and nothing else is") {
  std::set<std::string> served;
  for (const Route& route : routes())
    served.insert(line_of(std::string(route.method), route.pattern, to_string(route.role)));
  CHECK(described_operations() == served);
}

TEST_CASE("openapi: the values in a path are described as its parameters, in order") {
  for (const auto& [path, item] : JsonView(document())["paths"].members()) {
    std::vector<std::string> in_pattern;
    for (std::string_view rest(path); rest.find('{') != std::string_view::npos;) {
      rest = rest.substr(rest.find('{') + 1);
      in_pattern.emplace_back(rest.substr(0, rest.find('}')));
    }
    for (const auto& [method, operation] : item.as_object()) {
      std::vector<std::string> described;
      for (const auto& parameter : JsonView(operation)["parameters"].items()) {
        const std::string shared = JsonView(parameter)["$ref"].text();
        const std::string name = shared.substr(shared.rfind('/') + 1);
        const JsonView view =
            shared.empty() ? JsonView(parameter) : JsonView(document())["components"]["parameters"][name];
        if (view["in"].text() == "path") described.push_back(view["name"].text());
      }
      INFO(std::string(method) + " " + std::string(path));
      CHECK(described == in_pattern);
    }
  }
}

TEST_CASE("openapi: the document has every code of an error, and only those") {
  std::set<std::string> codes = {"method_not_allowed"};  // the only one that is no Errc
  for (int code = 0; code <= static_cast<int>(Errc::disk_full); ++code)
    codes.insert(std::string(to_string(static_cast<Errc>(code))));
  std::set<std::string> described;
  for (const auto& code : JsonView(document())["components"]["schemas"]["Code"]["enum"].items())
    described.insert(JsonView(code).text());
  CHECK(described == codes);
}

TEST_CASE("openapi: the document is served, and not again while it is the same") {
  sluice::test::Loop world{sluice::test::test_now()};
  FakeService service{world};
  const auto first = service.ask("GET", "/api/v1/openapi.json");
  REQUIRE(first.status == 200);
  CHECK(first.content_type == "application/json");
  CHECK(first.body == openapi_document());
  HttpRequest request;
  request.role = Role::viewer;
  request.method = "GET";
  request.path = "/api/v1/openapi.json";
  for (const auto& [name, value] : first.headers)
    if (name == "ETag") request.if_none_match = value;
  const auto again = world.run(dispatch(routes(), service, request));
  CHECK(again.status == 304);
  CHECK(again.body.empty());
}

TEST_CASE("openapi: a query parameter that is not described is refused, with the one that was meant") {
  sluice::test::Loop world{sluice::test::test_now()};
  FakeService service{world};
  const auto detail = [&](const char* method, const std::string& target) {
    const auto answer = service.ask(method, target);
    INFO(answer.body);
    CHECK(answer.status == 400);
    CHECK(JsonView(boost::json::parse(answer.body))["code"].text() == "invalid_argument");
    return JsonView(boost::json::parse(answer.body))["detail"].text();
  };
  CHECK(detail("GET", "/api/v1/backfills?lmit=5") ==
        "read the query: GET /api/v1/backfills has no parameter \"lmit\"; did you mean limit?");
  CHECK(detail("GET", "/api/v1/coverage?date=2018-10-16") ==
        "read the query: GET /api/v1/coverage has no parameter \"date\"; it has job");
  CHECK(detail("HEAD", "/api/v1/jobs?x") ==
        "read the query: GET /api/v1/jobs has no parameter \"x\"; it has none");
  CHECK(detail("POST", "/api/v1/jobs/orders/pause?reason=x") ==
        "read the query: POST /api/v1/jobs/{job}/pause has no parameter \"reason\"; it has none");
  CHECK(detail("GET", "/api/v1/backfills?job=a&limit=5&job=a") ==
        "read the query: \"job\" is given twice; once is allowed");
  CHECK(service.acted.empty());
  CHECK(service.ask("GET", "/?utm_source=mail").status == 200);
  CHECK(service.ask("GET", "/healthz?probe=1").status == 200);
}

TEST_CASE("openapi: a member of a body that is not described is refused, with the one that was meant") {
  sluice::test::Loop world{sluice::test::test_now()};
  FakeService service{world};
  const auto detail = [&](const std::string& target, const std::string& body) {
    const auto answer = service.ask("POST", target, true, body);
    INFO(answer.body);
    CHECK(answer.status == 400);
    return JsonView(boost::json::parse(answer.body))["detail"].text();
  };
  CHECK(detail("/api/v1/backfills", R"({"job": "orders", "paralel": 5})") ==
        "read the body: POST /api/v1/backfills has no member \"paralel\"; did you mean parallel?");
  CHECK(detail("/api/v1/reload", R"({"dryrun": true})") ==
        "read the body: POST /api/v1/reload has no member \"dryrun\"; did you mean dry_run?");
  CHECK(detail("/api/v1/jobs/orders/pause", R"({"until": "tomorrow"})") ==
        "read the body: POST /api/v1/jobs/{job}/pause has no member \"until\"; it has reason");
  CHECK(detail("/api/v1/jobs/orders/pause", "[1]") == "read the body: expected a JSON object");
  CHECK(service.acted.empty());
}
