#include "daemon/http/access.hpp"

#include "core/http/crypto.hpp"
#include "daemon/api/router.hpp"
#include "daemon/base/time_text.hpp"
#include "daemon/http/access_config.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

const std::string kText = token_of(std::string(kTokenBytes, 'k'));
constexpr Instant kNow{std::chrono::sys_days(std::chrono::year(2026) / 12 / 31) + 12h};

Token token(const std::string& name, Role role, const std::string& text) {
  Token out;
  out.name = name;
  out.role = role;
  out.sha256 = http::sha256(text);
  return out;
}

Caller remote(bool loopback = false) {
  Caller caller;
  caller.name = "203.0.113.7";
  caller.loopback = loopback;
  return caller;
}

std::size_t compared = 0;
int counting(const void* left, const void* right, std::size_t size) {
  ++compared;
  return compare_bytes(left, right, size);
}

}  // namespace

TEST_CASE("access: every token is compared, wherever the right one stands") {
  std::vector<Token> tokens;
  for (const char* name : {"a", "b", "c", "d"}) tokens.push_back(token(name, Role::viewer, name));
  for (std::size_t place = 0; place < tokens.size(); ++place) {
    compared = 0;
    CHECK(find_token(tokens, http::sha256(tokens[place].name), counting) == place);
    CHECK(compared == tokens.size());
  }
  compared = 0;
  CHECK_FALSE(find_token(tokens, http::sha256("e"), counting));
  CHECK(compared == tokens.size());
  CHECK_FALSE(find_token(tokens, "short"));
  CHECK_FALSE(find_token({}, http::sha256("a")));
}

TEST_CASE("access: tokens are 256 random bits behind a prefix that scanners of secrets can find") {
  const std::string one = new_token();
  CHECK(one.size() == kTokenPrefix.size() + 64);
  CHECK(one.starts_with("sluice_"));
  CHECK(one != new_token());
  CHECK(bearer_token("Bearer " + one) == one);
}

TEST_CASE("access: only a bearer token is one") {
  CHECK(bearer_token("bearer abc") == "abc");
  for (const std::string& wrong :
       {std::string("Basic YTpi"), std::string("Bearer"), std::string("Bearer "), std::string("Bearer a b"),
        std::string("Bearer \x80"), std::string("abc"), "Bearer " + std::string(257, 'a')}) {
    INFO(wrong);
    CHECK_FALSE(bearer_token(wrong));
  }
}

TEST_CASE("access: the Unix socket is for the administrator, and needs no token") {
  Caller caller;
  caller.unix_socket = true;
  caller.name = "uid 1000 (unix socket)";
  const Access access = decide_access({}, caller, "Bearer nonsense", kNow);
  CHECK(access.role == Role::admin);
  CHECK(access.actor == "uid 1000 (unix socket)");
  CHECK(access.refused.empty());
}

TEST_CASE("access: without a token one may look at most, and beyond loopback not even that") {
  AccessConfig config;
  CHECK(decide_access(config, remote(true), "", kNow).role == Role::viewer);
  CHECK(decide_access(config, remote(true), "", kNow).actor == "anonymous (203.0.113.7)");
  CHECK_FALSE(decide_access(config, remote(true), "", kNow).can_sign_in);
  CHECK(decide_access(config, remote(), "", kNow).role == Role::none);
  config.anonymous = Role::none;
  config.tokens.push_back(token("alice", Role::operator_, kText));
  CHECK(decide_access(config, remote(true), "", kNow).role == Role::none);
  CHECK(decide_access(config, remote(true), "", kNow).can_sign_in);
}

TEST_CASE("access: a token gives its role and its name, a refused one neither") {
  AccessConfig config;
  config.tokens.push_back(token("alice", Role::operator_, kText));
  const Access access = decide_access(config, remote(), "Bearer " + kText, kNow);
  CHECK(access.role == Role::operator_);
  CHECK(access.actor == "token alice (203.0.113.7)");
  const Access refused = decide_access(config, remote(true), "Bearer " + kText + "0", kNow);
  CHECK(refused.role == Role::none);
  CHECK(refused.refused == "no such token");
  CHECK(refused.actor.find("alice") == std::string::npos);
}

TEST_CASE("access: a token is good through its last day, UTC") {
  AccessConfig config;
  config.tokens.push_back(token("alice", Role::admin, kText));
  config.tokens[0].expires = end_of_date("2026-12-31");
  CHECK(decide_access(config, remote(), "Bearer " + kText, kNow).role == Role::admin);
  const Access late = decide_access(config, remote(), "Bearer " + kText, kNow + 12h);
  CHECK(late.role == Role::none);
  CHECK(late.refused == "token alice has expired");
  CHECK_FALSE(end_of_date("2026-02-30"));
  CHECK_FALSE(end_of_date("2026-1-1"));
  CHECK_FALSE(end_of_date("tomorrow!!"));
}

TEST_CASE("access: a client certificate lets look, and is named beside a token") {
  AccessConfig config;
  config.tokens.push_back(token("alice", Role::operator_, kText));
  Caller caller = remote();
  caller.certificate = "laptop";
  CHECK(decide_access(config, caller, "", kNow).role == Role::viewer);
  CHECK(decide_access(config, caller, "", kNow).actor == "certificate laptop (203.0.113.7)");
  CHECK(decide_access(config, caller, "Bearer " + kText, kNow).actor ==
        "token alice (203.0.113.7, certificate laptop)");
}

TEST_CASE("router: what changes something takes at least an operator, what reaches beyond jobs an admin") {
  for (const Route& route : routes()) {
    INFO(route.pattern);
    if (route.method == "POST") CHECK(route.role >= Role::operator_);
    if (route.method == "GET") CHECK(route.role <= Role::viewer);
    const bool wide = route.pattern == "/api/v1/backup" || route.pattern == "/api/v1/reload" ||
                      route.pattern == "/api/v1/diff";
    CHECK((route.role == Role::admin) == wide);
  }
}

TEST_CASE("router: a refusal names the role needed and the role had, and asks to sign in where that helps") {
  sluice::test::Loop world{sluice::test::test_now()};
  sluice::test::FakeService service(world);
  HttpRequest request;
  request.method = "POST";
  request.path = "/api/v1/reload";
  request.actor = "token bob (203.0.113.7)";
  request.role = Role::operator_;
  request.can_sign_in = true;
  const auto ask = [&] { return world.run(dispatch(routes(), service, request)); };
  const HttpResponse refused = ask();
  CHECK(refused.status == 403);
  CHECK(refused.body.find("takes the role admin, and token bob (203.0.113.7) has the role operator") !=
        std::string::npos);
  request.actor = "anonymous (203.0.113.7)";
  request.role = Role::none;
  CHECK(ask().status == 401);
  CHECK(ask().headers[0].first == "WWW-Authenticate");
  request.can_sign_in = false;
  CHECK(ask().status == 403);
  request.method = "GET";
  request.path = "/healthz";
  CHECK(ask().status == 200);
}
