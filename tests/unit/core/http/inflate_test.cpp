#include "core/http/inflate.hpp"

#include "core/base/random.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/deflate.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using http::inflate_zlib;
using http::inflate_zlib_within;
using sluice::test::deflate;

namespace {

std::string reason(std::string_view compressed, std::size_t bytes) {
  const auto result = inflate_zlib(compressed, bytes);
  REQUIRE(result.has_error());
  CHECK(result.error().code() == Errc::corrupt);
  return result.error().message();
}

}  // namespace

TEST_CASE("inflate: what was compressed comes back", "[http]") {
  SeededRandom random(5);
  for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, std::size_t{3'000'000}}) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>('a' + random.below(size > 1000 ? 2 : 26));
    CHECK(*inflate_zlib(deflate(text), size) == text);
  }
  // The example of the protocol's reference: DescribeTable of t1.
  CHECK(*inflate_zlib(std::string_view("\x78\x9c\xe3\x62\x2a\x31\x04\x00\x01\x4b\x00\xb2", 12), 4) ==
        "\x0a\x02t1");
  CHECK(inflate_zlib(deflate(""), 0)->empty());
}

TEST_CASE("inflate: no more is read than was announced", "[http]") {
  const std::string bomb = deflate(std::string(1'000'000, 'x'));
  CHECK(reason(bomb, 999).starts_with(
      fmt::format("inflate {} bytes: more than the 999 announced at byte ", bomb.size())));
  CHECK(inflate_zlib(bomb, 1'000'000).has_value());
  CHECK(reason(bomb, 1'000'001)
            .starts_with(fmt::format("inflate {} bytes: 1000000 instead of 1000001 bytes", bomb.size())));
}

TEST_CASE("inflate: a length that cannot be is refused before memory is taken", "[http]") {
  CHECK(reason("12345678", std::size_t{4} << 30U) ==
        "inflate 8 bytes: they cannot be the 4294967296 announced");
  CHECK(reason("12345678", 9 * 1032) == "inflate 8 bytes: they cannot be the 9288 announced");
  // The best that zlib can do is allowed.
  const std::string zeros(60'000'000, '\0');
  CHECK(inflate_zlib(deflate(zeros), zeros.size()).has_value());
}

TEST_CASE("inflate: damaged data is corrupt, whichever byte is wrong", "[http]") {
  const std::string text = "one line of text, one line of text, and one more line of text";
  const std::string good = deflate(text);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x55);
    INFO(i);
    const auto result = inflate_zlib(bad, text.size());
    CHECK(result.has_error());
    CHECK(inflate_zlib(std::string_view(good).substr(0, i), text.size()).has_error());
  }
  CHECK(reason(std::string_view(good).substr(0, good.size() - 1), text.size()) ==
        fmt::format("inflate {0} bytes: cut off at byte {0}", good.size() - 1));
  CHECK(reason(good + "x", text.size()) ==
        fmt::format("inflate {} bytes: something else behind the end at byte {}", good.size() + 1,
                    good.size()));
  CHECK(reason(text, text.size()) ==
        fmt::format("inflate {} bytes: incorrect header check at byte 2", text.size()));
  CHECK(reason("", 4) == "inflate 0 bytes: cut off at byte 0");
}

TEST_CASE("inflate: data that needs a dictionary is not ours", "[http]") {
  const std::string_view foreign("\x78\xbb\x12\x34\x56\x78\x00\x00", 8);  // of a stream with a dictionary
  CHECK(reason(foreign, 4) == "inflate 8 bytes: not zlib data at byte 6");
  CHECK(inflate_zlib_within(foreign, 4).error().message() == "inflate 8 bytes: not zlib data at byte 6");
}

TEST_CASE("inflate: without an announced length there is a limit", "[http]") {
  const auto refusal = [](std::string_view compressed, std::size_t limit) {
    const auto result = inflate_zlib_within(compressed, limit);
    REQUIRE(result.has_error());
    CHECK(result.error().code() == Errc::corrupt);
    return result.error().message();
  };
  const std::string text(300'000, 'x');
  const std::string good = deflate(text);
  for (const std::size_t limit : {text.size(), text.size() + 1, std::size_t{1} << 40U}) {
    CHECK(*inflate_zlib_within(good, limit) == text);
  }
  CHECK(inflate_zlib_within(deflate(""), 0)->empty());
  CHECK_THAT(refusal(good, text.size() - 1), Catch::Contains(": more than 299999 bytes at byte "));
  CHECK_THAT(refusal(good, 0), Catch::Contains(": more than 0 bytes at byte "));
  for (std::size_t size = 1; size < good.size(); ++size) {
    CHECK(refusal(good.substr(0, size), text.size()) ==
          fmt::format("inflate {0} bytes: cut off at byte {0}", size));
  }
  CHECK(refusal("", 4) == "inflate 0 bytes: cut off at byte 0");
  CHECK_THAT(refusal(good + "x", text.size()), Catch::Contains(": something else behind the end at byte "));
  std::string bad = good;
  bad.back() = static_cast<char>(bad.back() + 1);
  CHECK_THAT(refusal(bad, text.size()), Catch::Contains(": incorrect data check at byte "));
  CHECK(refusal("text", 4) == "inflate 4 bytes: incorrect header check at byte 2");
}
