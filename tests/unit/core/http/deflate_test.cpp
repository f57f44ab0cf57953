#include "core/http/deflate.hpp"

#include "core/http/crypto.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace sluice::http {
namespace {

std::string refusal(std::string_view bytes, std::size_t limit) {
  const auto result = inflate(bytes, limit);
  REQUIRE(result.has_error());
  CHECK(result.error().code() == Errc::corrupt);
  return result.error().message();
}

TEST_CASE("deflate: what is deflated comes back") {
  for (const std::string& text : {std::string(), std::string("[\"a\",\"b\"]"), std::string(300'000, 'x')}) {
    CHECK(inflate(deflate(text), text.size()).value() == text);
  }
}

TEST_CASE("deflate: the bytes are those of a plain zlib stream") {
  CHECK(hex(deflate("[\"a\"]")) == "789c8b564a548a05000418015e");
}

TEST_CASE("deflate: a result beyond the limit is refused") {
  const std::string bomb = deflate(std::string(10'000'000, 'x'));
  CHECK(bomb.size() < 20'000);
  CHECK(refusal(bomb, 1000) == "inflate: more than 1000 bytes");
  CHECK(refusal(deflate("ab"), 1) == "inflate: more than 1 bytes");
  CHECK(refusal(deflate("a"), 0) == "inflate: more than 0 bytes");
}

TEST_CASE("deflate: anything but one whole stream is refused") {
  const std::string whole = deflate("some text, some text");
  CHECK(refusal("", 100) == "inflate: the stream is cut off");
  CHECK(refusal("text", 100) == "inflate: not a zlib stream");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    CHECK(refusal(whole.substr(0, size), 100) == "inflate: the stream is cut off");
  }
  CHECK(refusal(whole + "x", 100) == "inflate: 1 bytes follow the stream");
  std::string wrong = whole;
  wrong.back() = static_cast<char>(wrong.back() + 1);
  CHECK(refusal(wrong, 100) == "inflate: not a zlib stream");
}

}  // namespace
}  // namespace sluice::http
