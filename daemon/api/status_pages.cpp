#include "daemon/api/api.hpp"
#include "daemon/api/readiness.hpp"
#include "daemon/base/web_assets.hpp"
#include "daemon/http/etag.hpp"
#include "daemon/http/problem.hpp"

namespace sluice::daemon::pages {
namespace {

std::string_view type_of(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  if (name.ends_with(".txt")) return "text/plain; charset=utf-8";
  return "";
}

}  // namespace

awaitable<HttpResponse> healthz(Service&, const HttpRequest&, const PathValues&) {
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "ok\n";
  co_return response;
}

awaitable<HttpResponse> readyz(Service& service, const HttpRequest&, const PathValues&) {
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  const auto readiness = co_await readiness_of(service);
  if (!readiness.is_ready()) response.status = 503;
  for (const scheduler::Instance& late : readiness.late) {
    response.body += fmt::format("{} is late: {} {}\n", scheduler::to_string(late.id, late.zone),
                                 scheduler::to_string(late.state), late.reason);
  }
  for (const std::string& trouble : {readiness.status.clock_in_doubt, readiness.status.store_failure}) {
    if (!trouble.empty()) response.body += trouble + "\n";
  }
  if (readiness.status.draining) response.body += "stopping\n";
  if (response.body.empty()) response.body = "ok\n";
  co_return response;
}

awaitable<HttpResponse> metrics(Service& service, const HttpRequest&, const PathValues&) {
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = co_await service.metrics();
  co_return response;
}

awaitable<HttpResponse> asset(Service&, const HttpRequest& request, const PathValues&) {
  const std::string_view name = request.path == "/" ? "index.html" : std::string_view(request.path).substr(1);
  for (const EmbeddedFile& file : embedded_files()) {
    const std::string_view type = type_of(file.name);
    if (file.name != name || type.empty()) continue;
    HttpResponse response;
    response.content_type = type;
    response.body = file.content;
    add_etag(request, etag_of_digest(file.sha256), response);
    co_return response;
  }
  co_return problem_response(404, "not_found", fmt::format("find {}: there is no such page", request.path));
}

}  // namespace sluice::daemon::pages
