#pragma once
// The table of what can be asked: method, pattern, handler, and the role it takes.

#include "core/base/clock.hpp"
#include "daemon/api/service.hpp"
#include "daemon/http/http_message.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

// The values of the "{...}" segments of the matched pattern, in order.
using PathValues = std::vector<std::string>;

// References stay valid until the handler has returned.
using Handler = awaitable<HttpResponse> (*)(Service& service, const HttpRequest& request,
                                            const PathValues& values);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/api/v1/instances/{id}/why"; a "{...}" matches one non-empty segment
  Handler handler;
  Role role = Role::viewer;  // the least that may ask
};

// All routes. Each one has its description in daemon/api/openapi.json, which a test compares with them.
std::span<const Route> routes();

// True if `path` matches `pattern`; fills `values`.
bool match(std::string_view pattern, std::string_view path, PathValues& values);

// The role that the request takes; none when there is no such page.
Role required_role(std::span<const Route> table, const HttpRequest& request);

// Finds the route and runs it. A role too low: 401 if a token may help, else 403, naming the role needed and
// the role had. Unknown path: 404; a query parameter it does not have: 400; wrong method: 405 with Allow;
// HEAD is served as GET (the server leaves the body out). Exceptions of handlers become 500, or the status of
// the Error they carry; cancellation passes through. `table` must outlive the call.
awaitable<HttpResponse> dispatch(std::span<const Route> table, Service& service, const HttpRequest& request);

}  // namespace sluice::daemon
