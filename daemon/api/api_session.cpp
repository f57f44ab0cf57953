// Who asks, and what they may do.
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"

namespace sluice::daemon::api {

awaitable<HttpResponse> session(Service&, const HttpRequest& request, const PathValues&) {
  co_return json_response(boost::json::object{
      {"role", to_string(request.role)}, {"actor", request.actor}, {"can_sign_in", request.can_sign_in}});
}

}  // namespace sluice::daemon::api
