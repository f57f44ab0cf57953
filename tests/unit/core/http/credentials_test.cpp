#include "core/http/credentials.hpp"

#include "core/base/utf8.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using namespace sluice::http;

namespace {

const Credentials kKeys{"LTAI-public", Secret("a-secret-key-0123456789"), Secret("CAIS-token-abcdefghij")};

}  // namespace

TEST_CASE("credentials: key and token are masked wherever a text has them, the id is not", "[http]") {
  CHECK(masked("a-secret-key-0123456789CAIS-token-abcdefghij of LTAI-public, a-secret-key-0123456789",
               kKeys) == "************ of LTAI-public, ******");
  CHECK(masked("a-secret-key-of another", kKeys) == "a-secret-key-of another");
  CHECK(masked("", kKeys).empty());
  CHECK(masked("no key, no token", Credentials{"id", Secret(""), Secret("")}) == "no key, no token");
  CHECK(masked("key k, kk", Credentials{"id", Secret("k"), Secret("")}) == "******ey ******, ************");
}

TEST_CASE("credentials: a secret that is cut anywhere leaves no more of it than says nothing", "[http]") {
  const std::string text = "invalid token CAIS-token-abcdefghij, get a new one";
  for (std::size_t bytes = 20; bytes <= text.size(); ++bytes) {
    const std::string seen = masked(foreign_line(text, bytes), kKeys);
    INFO(seen);
    CHECK(seen.find("CAIS-tok") == std::string::npos);
  }
  CHECK(masked("invalid token CAIS-token..., request 5", kKeys) == "invalid token ******..., request 5");
}
