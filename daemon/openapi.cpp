#include "daemon/openapi.hpp"

#include "core/job/problems.hpp"
#include "daemon/etag.hpp"
#include "daemon/json_view.hpp"
#include "daemon/web_assets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sluice::daemon {
namespace {

using Names = std::vector<std::string>;

const EmbeddedFile& embedded_document() {
  const auto files = embedded_files();
  return *std::ranges::find(files, std::string_view("openapi.json"), &EmbeddedFile::name);
}

std::string key_of(std::string_view method, std::string_view pattern) {
  std::string key = fmt::format("{} {}", method, pattern);
  for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return key;
}

// By key_of().
std::map<std::string, Names> read_query_names() {
  const boost::json::value document =
      boost::json::parse(boost::json::string_view(openapi_document().data(), openapi_document().size()));
  const JsonView shared = JsonView(document)["components"]["parameters"];
  std::map<std::string, Names> found;
  for (const auto& [path, operations] : JsonView(document)["paths"].members()) {
    for (const auto& [method, operation] : JsonView(operations).members()) {
      Names& names = found[key_of(std::string_view(method), std::string_view(path))];
      for (const boost::json::value& item : JsonView(operation)["parameters"].items()) {
        const std::string reference = JsonView(item)["$ref"].text();
        const JsonView parameter =
            reference.empty() ? JsonView(item) : shared[reference.substr(reference.rfind('/') + 1)];
        if (parameter["in"].text() == "query") names.push_back(parameter["name"].text());
      }
    }
  }
  return found;
}

Error unknown_parameter(const Route& route, std::string_view name, const Names& names) {
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string_view meant = job::closest(name, known);
  std::string way_out = known.empty() ? "it has none" : fmt::format("it has {}", job::join_names(known));
  if (!meant.empty()) way_out = fmt::format("did you mean {}?", meant);
  return Error(Errc::invalid_argument, fmt::format("read the query: {} {} has no parameter \"{}\"; {}",
                                                   route.method, route.pattern, name, way_out));
}

}  // namespace

std::string_view openapi_document() { return embedded_document().content; }

Result<void> check_query(const Route& route, const HttpRequest& request) {
  static const std::map<std::string, Names> described = read_query_names();
  const auto operation = described.find(key_of(route.method, route.pattern));
  if (operation == described.end() || !route.pattern.starts_with("/api/")) return {};
  for (auto pair = request.query.begin(); pair != request.query.end(); ++pair) {
    const std::string& name = pair->first;
    if (std::ranges::find(operation->second, name) == operation->second.end())
      return unknown_parameter(route, name, operation->second);
    const bool again =
        std::any_of(request.query.begin(), pair, [&](const auto& earlier) { return earlier.first == name; });
    if (again)
      return Error(Errc::invalid_argument,
                   fmt::format("read the query: \"{}\" is given twice; once is allowed", name));
  }
  return {};
}

namespace api {

awaitable<HttpResponse> openapi(Service&, const HttpRequest& request, const PathValues&) {
  HttpResponse response;
  response.body = embedded_document().content;
  add_etag(request, etag_of_digest(embedded_document().sha256), response);
  co_return response;
}

}  // namespace api
}  // namespace sluice::daemon
