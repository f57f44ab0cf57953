#include "daemon/api/gate.hpp"

#include "core/http/crypto.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

const std::string kText = token_of(std::string(kTokenBytes, 'k'));
constexpr Instant kNow{std::chrono::sys_days(std::chrono::year(2026) / 12 / 31) + 12h};

Token alice(Role role) {
  Token token;
  token.name = "alice";
  token.role = role;
  token.sha256 = http::sha256(kText);
  return token;
}

Caller remote() {
  Caller caller;
  caller.name = "203.0.113.7";
  return caller;
}

struct Endless final : BodySource {
  awaitable<std::optional<std::string>> next() override { co_return "piece"; }
};

awaitable<HttpResponse> answer_endlessly(const HttpRequest&) {
  HttpResponse response;
  response.stream = std::make_shared<Endless>();
  co_return response;
}

HttpRequest get(const std::string& path, Caller caller, const std::string& authorization = "") {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  request.caller = std::move(caller);
  request.authorization = authorization;
  return request;
}

}  // namespace

TEST_CASE("gate: a refused token is answered late, counted, and told of without the token") {
  sluice::test::Loop world{kNow};
  AccessConfig config;
  config.tokens.push_back(alice(Role::operator_));
  Metrics metrics;
  declare_all(metrics, "1");
  std::size_t let_in = 0;
  Gate gate(
      Gate::Parts{config, world.clock, metrics, [&](const HttpRequest& request) -> awaitable<HttpResponse> {
                    ++let_in;
                    HttpResponse response;
                    response.body = request.actor + request.authorization;
                    co_return response;
                  }});
  HttpRequest request;
  request.method = "GET";
  request.path = "/healthz";
  request.caller = remote();
  request.authorization = "Bearer wrong";
  const Duration before = world.clock.monotonic();
  const HttpResponse refused = world.run(gate.answer(request));
  CHECK(refused.status == 401);
  CHECK(refused.headers[0].second == "Bearer realm=\"sluice\", error=\"invalid_token\"");
  CHECK(world.clock.monotonic() - before >= kRefusalDelay);
  CHECK(let_in == 0);
  CHECK(metrics.text().find("sluice_http_refusals_total{reason=\"token\"} 1") != std::string::npos);
  request.authorization = "Bearer " + kText;
  CHECK(world.run(gate.answer(request)).body == "token alice (203.0.113.7)");
}

TEST_CASE("gate: of many refusals a line goes to the log now and then, with their number") {
  RareLines lines(10s);
  CHECK(lines.pass(0s) == 0U);
  CHECK_FALSE(lines.pass(1s));
  CHECK_FALSE(lines.pass(9s));
  CHECK(lines.pass(10s) == 2U);
}

TEST_CASE(
    "gate: an open stream ends before the first piece after its token is withdrawn, lowered or expired") {
  sluice::test::Loop world{kNow};
  AccessConfig config;
  config.tokens = {alice(Role::viewer)};
  Metrics metrics;
  declare_all(metrics, "1");
  Gate gate(Gate::Parts{config, world.clock, metrics, answer_endlessly});
  const HttpRequest request = get("/api/v1/events", remote(), "Bearer " + kText);
  const HttpResponse response = world.run(gate.answer(request));
  CHECK(world.run(response.stream->next()) == "piece");
  CHECK(world.run(response.stream->next()) == "piece");
  SECTION("withdrawn") { config.tokens.clear(); }
  SECTION("lowered") { config.tokens[0].role = Role::none; }
  SECTION("expired") { config.tokens[0].expires = world.clock.now(); }
  SECTION("another's hash under the same name") { config.tokens[0].sha256 = http::sha256("another"); }
  CHECK_FALSE(world.run(response.stream->next()));
  config.tokens = {alice(Role::viewer)};
  CHECK_FALSE(world.run(response.stream->next()));
}

TEST_CASE("gate: an open stream of a token that is raised goes on, and so does one that needs none") {
  sluice::test::Loop world{kNow};
  AccessConfig config;
  config.tokens = {alice(Role::viewer)};
  Metrics metrics;
  declare_all(metrics, "1");
  Gate gate(Gate::Parts{config, world.clock, metrics, answer_endlessly});
  const HttpRequest of_alice = get("/api/v1/events", remote(), "Bearer " + kText);
  const HttpResponse with_token = world.run(gate.answer(of_alice));
  Caller here = remote();
  here.unix_socket = true;
  const HttpRequest of_admin = get("/api/v1/events", here);
  const HttpResponse over_socket = world.run(gate.answer(of_admin));
  Caller local = remote();
  local.loopback = true;
  const HttpRequest of_nobody = get("/api/v1/events", local);
  const HttpResponse anonymous = world.run(gate.answer(of_nobody));
  config.tokens = {alice(Role::admin)};
  for (const HttpResponse* one : {&with_token, &over_socket, &anonymous})
    CHECK(world.run(one->stream->next()) == "piece");
  config.tokens.clear();
  config.anonymous = Role::none;
  CHECK_FALSE(world.run(anonymous.stream->next()));
  CHECK(world.run(over_socket.stream->next()) == "piece");
}
