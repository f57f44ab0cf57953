#pragma once
// The description of the HTTP API, daemon/api/openapi.json, built into the program.

#include "daemon/api/router.hpp"

#include <string_view>

namespace sluice::daemon {

// JSON of OpenAPI 3.1. Every operation has an "x-role": the least role that may use it.
std::string_view openapi_document();

// Refuses with invalid_argument what the document does not have for the route: a query parameter, or one that
// is given twice, and a member of the body. Pages outside /api/ take any.
Result<void> check_described(const Route& route, const HttpRequest& request);

namespace api {

awaitable<HttpResponse> openapi(Service& service, const HttpRequest& request, const PathValues& values);

}  // namespace api
}  // namespace sluice::daemon
