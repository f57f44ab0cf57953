#include "daemon/api/openapi.hpp"

#include "core/job/problems.hpp"
#include "daemon/base/json_view.hpp"
#include "daemon/base/web_assets.hpp"
#include "daemon/http/etag.hpp"

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

struct Described {
  Names query;
  std::optional<Names> body;  // the members that its object may have; nothing: it takes no body
};

std::string_view last_segment(std::string_view reference) {
  return reference.substr(reference.rfind('/') + 1);
}

Names query_names(const JsonView& operation, const JsonView& shared) {
  Names names;
  for (const boost::json::value& item : operation["parameters"].items()) {
    const std::string reference = JsonView(item)["$ref"].text();
    const JsonView parameter =
        reference.empty() ? JsonView(item) : shared["parameters"][last_segment(reference)];
    if (parameter["in"].text() == "query") names.push_back(parameter["name"].text());
  }
  return names;
}

std::optional<Names> body_names(const JsonView& operation, const JsonView& shared) {
  if (operation["requestBody"].is_null()) return std::nullopt;
  const JsonView schema = operation["requestBody"]["content"]["application/json"]["schema"];
  const std::string reference = schema["$ref"].text();
  const JsonView object = reference.empty() ? schema : shared["schemas"][last_segment(reference)];
  Names names;
  for (const auto& [name, member] : object["properties"].members()) names.emplace_back(name);
  return names;
}

// By key_of().
std::map<std::string, Described> read_described() {
  const boost::json::value document =
      boost::json::parse(boost::json::string_view(openapi_document().data(), openapi_document().size()));
  const JsonView shared = JsonView(document)["components"];
  std::map<std::string, Described> found;
  for (const auto& [path, operations] : JsonView(document)["paths"].members()) {
    for (const auto& [method, operation] : JsonView(operations).members()) {
      Described& described = found[key_of(std::string_view(method), std::string_view(path))];
      described.query = query_names(JsonView(operation), shared);
      described.body = body_names(JsonView(operation), shared);
    }
  }
  return found;
}

// nullptr for a page outside /api/.
const Described* description_of(const Route& route) {
  static const std::map<std::string, Described> all = read_described();
  const auto operation = all.find(key_of(route.method, route.pattern));
  return operation == all.end() || !route.pattern.starts_with("/api/") ? nullptr : &operation->second;
}

// `where` is "query" or "body", `what` "parameter" or "member".
Error unknown_name(const Route& route, std::string_view where, std::string_view what, std::string_view name,
                   const Names& names) {
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string_view meant = job::closest(name, known);
  std::string way_out = known.empty() ? "it has none" : fmt::format("it has {}", job::join_names(known));
  if (!meant.empty()) way_out = fmt::format("did you mean {}?", meant);
  return Error(Errc::invalid_argument, fmt::format("read the {}: {} {} has no {} \"{}\"; {}", where,
                                                   route.method, route.pattern, what, name, way_out));
}

Result<void> check_query(const Route& route, const HttpRequest& request, const Names& names) {
  for (auto pair = request.query.begin(); pair != request.query.end(); ++pair) {
    const std::string& name = pair->first;
    if (std::ranges::find(names, name) == names.end())
      return unknown_name(route, "query", "parameter", name, names);
    const bool again =
        std::any_of(request.query.begin(), pair, [&](const auto& earlier) { return earlier.first == name; });
    if (again)
      return Error(Errc::invalid_argument,
                   fmt::format("read the query: \"{}\" is given twice; once is allowed", name));
  }
  return {};
}

Result<void> check_body(const Route& route, const HttpRequest& request, const Names& names) {
  boost::system::error_code failure;
  const boost::json::value body = boost::json::parse(request.body, failure);
  if (failure) return {};  // the handler says what it expects
  for (const auto& [name, member] : JsonView(body).members()) {
    if (std::ranges::find(names, std::string_view(name)) == names.end())
      return unknown_name(route, "body", "member", name, names);
  }
  return {};
}

}  // namespace

std::string_view openapi_document() { return embedded_document().content; }

Result<void> check_described(const Route& route, const HttpRequest& request) {
  const Described* described = description_of(route);
  if (described == nullptr) return {};
  const auto query = check_query(route, request, described->query);
  if (!query || !described->body || request.body.empty()) return query;
  return check_body(route, request, *described->body);
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
