#include "core/http/crypto.hpp"
#include "daemon/base/time_text.hpp"
#include "daemon/config/config.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

TEST_CASE("cli: token prints a token once, and lines for sluice.yaml that know it") {
  sluice::test::CommandFixture f;
  REQUIRE(f.run({"token", "alice", "--role", "operator", "--expires", "2999-03-31", "--output", "json"}) ==
          0);
  const auto printed = boost::json::parse(f.out.str());
  const std::string token(printed.at("token").as_string());
  CHECK(bearer_token("Bearer " + token) == token);
  const auto loaded = parse_config("sluice.yaml", std::string(printed.at("yaml").as_string()));
  REQUIRE(loaded.config);
  REQUIRE(loaded.config->access.tokens.size() == 1);
  const Token& kept = loaded.config->access.tokens[0];
  CHECK(kept.name == "alice");
  CHECK(kept.role == Role::operator_);
  CHECK(kept.sha256 == http::sha256(token));
  CHECK(kept.expires == end_of_date("2999-03-31"));
  f.out.str("");
  REQUIRE(f.run({"token", "bob", "--role", "viewer", "--expires", "90d"}) == 0);
  CHECK(f.out.str().starts_with("sluice_"));
  CHECK(f.out.str().find("    bob: {role: viewer, sha256: ") != std::string::npos);
}

TEST_CASE("cli: token refuses names, roles and dates that sluice.yaml would not take") {
  sluice::test::CommandFixture f;
  CHECK(f.run({"token", "a b", "--role", "viewer"}) == 2);
  CHECK(f.run({"token", "a: b", "--role", "viewer"}) == 2);
  CHECK(f.run({"token", "alice", "--role", "root"}) == 2);
  CHECK(f.run({"token", "alice"}) == 2);
  CHECK(f.run({"token", "alice", "--role", "viewer", "--expires", "soon"}) == 2);
  CHECK(f.run({"token", "alice", "--role", "viewer", "--expires", "2020-02-29"}) == 2);
  CHECK(f.run({"token", "alice", "--role", "viewer", "--expires", "23h"}) == 2);
  CHECK(f.out.str().empty());
}
