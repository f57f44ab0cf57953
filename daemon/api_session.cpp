// Who asks, and what the door they came through lets them do.
#include "daemon/api.hpp"
#include "daemon/api_json.hpp"

namespace sluice::daemon::api {

awaitable<HttpResponse> session(Service&, const HttpRequest& request, const PathValues&) {
  co_return json_response(
      boost::json::object{{"role", request.control ? "admin" : "viewer"}, {"actor", request.actor}});
}

}  // namespace sluice::daemon::api
