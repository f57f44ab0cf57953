#include "core/http/deflate.hpp"

#include "core/http/crypto.hpp"
#include "core/http/inflate.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using http::deflate_zlib;

TEST_CASE("deflate: what is deflated comes back, and is the same each time", "[http]") {
  for (const std::string& text : {std::string(), std::string("[\"a\",\"b\"]"), std::string(300'000, 'x')}) {
    CHECK(http::inflate_zlib(deflate_zlib(text), text.size()).value() == text);
    CHECK(deflate_zlib(text) == deflate_zlib(text));
  }
  CHECK(http::hex(deflate_zlib("[\"a\"]")) == "789c8b564a548a05000418015e");
}
