// The description of the API and the program say the same.
#include "daemon/openapi.hpp"

#include "core/base/error.hpp"
#include "daemon/json_view.hpp"

#include "fake_service.hpp"
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <set>

using namespace sluice;
using namespace sluice::daemon;
using test::FakeService;

namespace {

const boost::json::value& document() {
  static const boost::json::value parsed =
      boost::json::parse(boost::json::string_view(openapi_document().data(), openapi_document().size()));
  return parsed;
}

std::string line_of(std::string method, std::string_view path, bool control) {
  for (char& c : method) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format("{} {}{}", method, path, control ? " (control)" : "");
}

std::set<std::string> described_operations() {
  std::set<std::string> lines;
  for (const auto& [path, item] : JsonView(document())["paths"].members()) {
    for (const auto& [method, operation] : item.as_object()) {
      const std::string role = JsonView(operation)["x-role"].text();
      INFO(std::string(path));
      CHECK((role == "viewer" || role == "operator" || role == "admin"));
      lines.insert(line_of(std::string(method), std::string_view(path), role != "viewer"));
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("openapi: every route is described, with the role it needs, and nothing else is") {
  std::set<std::string> served;
  for (const Route& route : routes())
    served.insert(line_of(std::string(route.method), route.pattern, route.control));
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

TEST_CASE("openapi: the document is served, and not again while it is the same") {
  test::Loop world{test::test_now()};
  FakeService service{world};
  const auto first = service.ask("GET", "/api/v1/openapi.json");
  REQUIRE(first.status == 200);
  CHECK(first.content_type == "application/json");
  CHECK(first.body == openapi_document());
  HttpRequest request;
  request.method = "GET";
  request.path = "/api/v1/openapi.json";
  for (const auto& [name, value] : first.headers)
    if (name == "ETag") request.if_none_match = value;
  const auto again = world.run(dispatch(routes(), service, request));
  CHECK(again.status == 304);
  CHECK(again.body.empty());
}
