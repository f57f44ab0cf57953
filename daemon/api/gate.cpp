#include "daemon/api/gate.hpp"

#include "daemon/api/router.hpp"
#include "daemon/http/problem.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace sluice::daemon {
namespace {

std::string held_back_text(std::size_t held_back) {
  return held_back == 0 ? std::string() : fmt::format(" ({} more since the last line)", held_back);
}

}  // namespace

std::optional<std::size_t> RareLines::pass(Duration now) noexcept {
  if (next_ && now < *next_) {
    ++held_back_;
    return std::nullopt;
  }
  next_ = now + interval_;
  return std::exchange(held_back_, 0);
}

awaitable<HttpResponse> Gate::answer(const HttpRequest& request) {
  Access access = decide_access(parts_.access, request.caller, request.authorization, parts_.clock.now());
  if (!access.refused.empty()) {
    auto refusing = refuse(request, std::move(access));
    co_return co_await std::move(refusing);
  }
  HttpRequest admitted = request;
  admitted.authorization.clear();
  admitted.role = access.role;
  admitted.can_sign_in = access.can_sign_in;
  admitted.actor = std::move(access.actor);
  note_role(admitted);
  co_return co_await parts_.inner(admitted);
}

awaitable<HttpResponse> Gate::refuse(const HttpRequest& request, Access access) {
  parts_.metrics.add("sluice_http_refusals_total", {{"reason", "token"}});
  if (const auto held_back = token_lines_.pass(parts_.clock.monotonic()))
    spdlog::warn("refused {} {} from={}: {}{}", request.method, loggable(request.path), request.caller.name,
                 access.refused, held_back_text(*held_back));
  co_await parts_.clock.sleep_for(kRefusalDelay);
  co_return unauthorized("sign in: the token is not accepted; it is unknown, withdrawn or expired",
                         "invalid_token");
}

void Gate::note_role(const HttpRequest& request) {
  const Role needed = required_role(routes(), request);
  if (request.role >= needed) return;
  parts_.metrics.add("sluice_http_refusals_total", {{"reason", "role"}});
  if (const auto held_back = role_lines_.pass(parts_.clock.monotonic()))
    spdlog::warn("refused {} {} actor=\"{}\" role={} needs={}{}", request.method, loggable(request.path),
                 request.actor, to_string(request.role), to_string(needed), held_back_text(*held_back));
}

HttpResponse unauthorized(std::string_view detail, std::string_view problem) {
  HttpResponse response = problem_response(401, "unauthenticated", detail);
  std::string challenge = "Bearer realm=\"sluice\"";
  if (!problem.empty()) challenge += fmt::format(", error=\"{}\"", problem);
  response.headers.emplace_back("WWW-Authenticate", std::move(challenge));
  return response;
}

}  // namespace sluice::daemon
