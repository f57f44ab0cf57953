#include "daemon/api/router.hpp"

#include "daemon/api/gate.hpp"
#include "daemon/api/openapi.hpp"
#include "daemon/http/problem.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <spdlog/spdlog.h>

namespace sluice::daemon {
namespace {

std::string_view next_segment(std::string_view& rest) {
  const auto slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return segment;
}

HttpResponse wrong_method(const std::vector<std::string_view>& allowed) {
  HttpResponse response = problem_response(405, "method_not_allowed", "use one of the methods in Allow");
  response.headers.emplace_back("Allow", fmt::format("{}", fmt::join(allowed, ", ")));
  return response;
}

awaitable<HttpResponse> run_handler(const Route& route, Service& service, const HttpRequest& request,
                                    const PathValues& values) {
  try {
    co_return co_await route.handler(service, request, values);
  } catch (const ErrorException& failure) {
    spdlog::error("answer {} {}: {}", request.method, loggable(request.path), failure.error().message());
    co_return problem_response(failure.error());
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == boost::asio::error::operation_aborted) throw;
    spdlog::error("answer {} {}: {}", request.method, loggable(request.path), failure.what());
    co_return problem_response(500, "internal", "the daemon's log has the reason");
  } catch (const std::exception& failure) {
    spdlog::error("answer {} {}: {}", request.method, loggable(request.path), failure.what());
    co_return problem_response(500, "internal", "the daemon's log has the reason");
  }
}

// Who has signed in needs another token; who has not needs one; where there are none, the Unix socket is
// left.
HttpResponse refuse_role(const Route& route, const HttpRequest& request) {
  const std::string lacking =
      fmt::format("{} {}: takes the role {}, and {} has the role {}", request.method, request.path,
                  to_string(route.role), request.actor, to_string(request.role));
  const bool anonymous = request.actor.starts_with("anonymous");
  if (request.can_sign_in && anonymous) return unauthorized(lacking + "; sign in with a token");
  const std::string_view way_out = request.can_sign_in
                                       ? "; use a token of that role"
                                       : "; use the Unix socket (sluice --socket PATH), or make a token "
                                         "(sluice token --help)";
  return problem_response(403, "permission_denied", lacking + std::string(way_out));
}

std::string_view method_of(const HttpRequest& request) {
  return request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
}

}  // namespace

Role required_role(std::span<const Route> table, const HttpRequest& request) {
  PathValues values;
  for (const Route& route : table) {
    if (route.method == method_of(request) && match(route.pattern, request.path, values)) return route.role;
  }
  return Role::none;
}

bool match(std::string_view pattern, std::string_view path, PathValues& values) {
  values.clear();
  if (std::count(pattern.begin(), pattern.end(), '/') != std::count(path.begin(), path.end(), '/'))
    return false;
  while (!pattern.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view given = next_segment(path);
    if (!wanted.empty() && wanted.front() == '{') {
      if (given.empty()) return false;
      values.emplace_back(given);
    } else if (wanted != given) {
      return false;
    }
  }
  return path.empty();
}

awaitable<HttpResponse> dispatch(std::span<const Route> table, Service& service, const HttpRequest& request) {
  const std::string_view method = method_of(request);
  std::vector<std::string_view> allowed;
  PathValues values;
  for (const Route& route : table) {
    if (!match(route.pattern, request.path, values)) continue;
    if (route.method != method) {
      allowed.push_back(route.method);
      continue;
    }
    if (request.role < route.role) co_return refuse_role(route, request);
    const auto checked = check_described(route, request);
    if (!checked) co_return problem_response(checked.error());
    co_return co_await run_handler(route, service, request, values);
  }
  if (!allowed.empty()) co_return wrong_method(allowed);
  co_return problem_response(404, "not_found", fmt::format("find {}: there is no such page", request.path));
}

}  // namespace sluice::daemon
