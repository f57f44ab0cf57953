#include "daemon/api.hpp"
#include "daemon/api_json.hpp"
#include "daemon/problem.hpp"

#include <spdlog/spdlog.h>

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;

awaitable<HttpResponse> act(Service& service, Action action, const HttpRequest& request,
                            const std::string& text) {
  const auto id = scheduler::parse_instance_id(text);
  if (!id) co_return problem_response(id.error());
  scheduler::Order order;
  order.action = action;
  order.actor = request.actor;
  const auto done = co_await service.act(std::move(order), *id);
  if (!done) co_return problem_response(done.error());
  spdlog::info("{} instance={} by=\"{}\"", scheduler::to_string(action), text, request.actor);
  const auto now = co_await service.store().instance(*id);
  if (!now) co_return problem_response(Error(Errc::not_found, fmt::format("find instance {}", text)));
  co_return json_response(to_json(*now));
}

// The text member `name` of a JSON object in the request's body.
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

}  // namespace

awaitable<HttpResponse> rerun(Service& service, const HttpRequest& request, const PathValues& values) {
  return act(service, Action::rerun, request, values[0]);
}
awaitable<HttpResponse> kill(Service& service, const HttpRequest& request, const PathValues& values) {
  return act(service, Action::kill, request, values[0]);
}
awaitable<HttpResponse> freeze(Service& service, const HttpRequest& request, const PathValues& values) {
  return act(service, Action::freeze, request, values[0]);
}
awaitable<HttpResponse> unfreeze(Service& service, const HttpRequest& request, const PathValues& values) {
  return act(service, Action::unfreeze, request, values[0]);
}
awaitable<HttpResponse> set_success(Service& service, const HttpRequest& request, const PathValues& values) {
  return act(service, Action::set_success, request, values[0]);
}

awaitable<HttpResponse> backup(Service& service, const HttpRequest& request, const PathValues&) {
  const auto file = body_text(request, "file");
  if (!file) co_return problem_response(file.error());
  if (file->front() != '/') {
    co_return problem_response(
        Error(Errc::invalid_argument, fmt::format("back up to {}: the path must be absolute", *file)));
  }
  const auto bytes = co_await service.backup(*file);
  if (!bytes) co_return problem_response(bytes.error());
  co_return json_response(json::object{{"file", *file}, {"bytes", *bytes}});
}

awaitable<HttpResponse> reload(Service& service, const HttpRequest&, const PathValues&) {
  const auto report = co_await service.reload();
  if (!report) co_return problem_response(report.error());
  json::array problems;
  for (const job::Problem& problem : report->problems) problems.push_back(to_json(problem));
  co_return json_response(json::object{{"jobs", report->jobs}, {"problems", std::move(problems)}});
}

}  // namespace sluice::daemon::api
