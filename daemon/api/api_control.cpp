#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/http/problem.hpp"

#include <algorithm>

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;

}  // namespace

Result<json::object> body_object(const HttpRequest& request, bool required) {
  if (request.body.empty() && !required) return json::object();
  boost::system::error_code failure;
  json::value value = json::parse(request.body, failure);
  if (failure || !value.is_object())
    return Error(Errc::invalid_argument, "read the body: expected a JSON object");
  return std::move(value.get_object());
}

Result<std::string> body_text(const HttpRequest& request, std::string_view name) {
  boost::system::error_code ec;
  const auto value = json::parse(request.body, ec);
  const auto* object = ec ? nullptr : value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  if (text == nullptr || text->empty()) {
    return Error(Errc::invalid_argument,
                 fmt::format("read the body: expected a JSON object with the text \"{}\"", name));
  }
  return std::string(*text);
}

awaitable<void> note_action(Service& service, std::string actor, std::string action, std::string target,
                            std::string detail) {
  scheduler::AuditEntry entry;
  entry.at = service.now();
  entry.actor = std::move(actor);
  entry.action = std::move(action);
  entry.target = std::move(target);
  entry.detail = std::move(detail);
  std::vector<scheduler::AuditEntry> entries;
  entries.push_back(std::move(entry));
  co_await service.audit().add_audit(std::move(entries));
}

awaitable<HttpResponse> backup(Service& service, const HttpRequest& request, const PathValues&) {
  const auto file = body_text(request, "file");
  if (!file) co_return problem_response(file.error());
  if (std::ranges::any_of(*file, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    co_return problem_response(
        Error(Errc::invalid_argument, "back up: the path must be free of control characters"));
  }
  if (file->front() != '/') {
    co_return problem_response(
        Error(Errc::invalid_argument, fmt::format("back up to {}: the path must be absolute", *file)));
  }
  const auto bytes = co_await service.backup(*file);
  if (!bytes) co_return problem_response(bytes.error());
  auto noting = note_action(service, request.actor, "backup", *file, fmt::format("{} bytes", *bytes));
  co_await std::move(noting);
  co_return json_response(json::object{{"file", *file}, {"bytes", *bytes}});
}

}  // namespace sluice::daemon::api
