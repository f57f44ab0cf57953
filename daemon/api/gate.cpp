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

// A stream that goes on for as long as who asked for it may still ask for it.
class AdmittedStream final : public BodySource {
 public:
  struct Asker {
    Caller caller;
    std::string authorization;
    Role needed = Role::viewer;
  };
  AdmittedStream(const AccessConfig& access, const Clock& clock, Asker asker,
                 std::shared_ptr<BodySource> inner)
      : access_(access), clock_(clock), asker_(std::move(asker)), inner_(std::move(inner)) {}

  // Judged when the piece is there: it may have come long after it was asked for.
  awaitable<std::optional<std::string>> next() override {
    if (!inner_) co_return std::nullopt;
    std::optional<std::string> piece = co_await inner_->next();
    if (decide_access(access_, asker_.caller, asker_.authorization, clock_.now()).role >= asker_.needed)
      co_return piece;
    inner_.reset();
    co_return std::nullopt;
  }

 private:
  const AccessConfig& access_;
  const Clock& clock_;
  Asker asker_;
  std::shared_ptr<BodySource> inner_;  // none once it has ended
};

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
  const Role needed = required_role(routes(), admitted);
  note_role(admitted, needed);
  HttpResponse response = co_await parts_.inner(admitted);
  if (response.stream) {
    AdmittedStream::Asker asker{request.caller, request.authorization, needed};
    response.stream = std::make_shared<AdmittedStream>(parts_.access, parts_.clock, std::move(asker),
                                                       std::move(response.stream));
  }
  co_return response;
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

void Gate::note_role(const HttpRequest& request, Role needed) {
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
