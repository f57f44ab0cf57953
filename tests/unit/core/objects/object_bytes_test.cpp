#include "core/objects/object_bytes.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>

using namespace sluice;
using objects::ObjectBytes;

namespace {

std::string noise(std::size_t size) {
  std::mt19937_64 random(size);
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

}  // namespace

TEST_CASE("object bytes: plain ones can be sent as they come", "[object_bytes]") {
  ObjectBytes bytes(nullptr);
  bytes.open().append("abcdef");
  CHECK_FALSE(bytes.absorb());
  CHECK(bytes.ready() == 6);
  CHECK(bytes.take(4).view() == "abcd");
  CHECK(bytes.size() == 6);
  CHECK(bytes.held() == 2);
  CHECK(bytes.may_pass(5));
  CHECK_FALSE(bytes.may_pass(6));
  bytes.end();
  CHECK(bytes.take(2).view() == "ef");
}

TEST_CASE("object bytes: compressed ones do not depend on how they came", "[object_bytes]") {
  const std::string text = noise(700'000);
  for (const auto compression : {job::Compression::gzip, job::Compression::zstd}) {
    const auto compressor = format::make_compressor(compression);
    std::string whole;
    for (const std::size_t step : {700'000U, 1000U, 262'144U, 99'999U}) {
      ObjectBytes bytes(compressor.get());
      std::string got;
      for (std::size_t at = 0; at < text.size(); at += step) {
        bytes.open().append(std::string_view(text).substr(at, step));
        bytes.absorb();
        CHECK(bytes.held() - bytes.ready() < format::kBlockBytes);
        got += bytes.take(bytes.ready()).view();
      }
      bytes.end();
      got += bytes.take(bytes.ready()).view();
      CHECK(bytes.size() == got.size());
      if (whole.empty()) whole = got;
      CHECK((got == whole));
    }
  }
}

TEST_CASE("object bytes: what does not shrink never makes an object longer than was foreseen",
          "[object_bytes]") {
  const std::string block = noise(format::kBlockBytes);
  for (const auto compression : {job::Compression::gzip, job::Compression::zstd}) {
    const auto compressor = format::make_compressor(compression);
    ObjectBytes bytes(compressor.get());
    constexpr std::uint64_t kMax = 1'000'000;
    int blocks = 0;
    do {
      bytes.open().append(block);
      CHECK(bytes.absorb());
      ++blocks;
    } while (!bytes.is_full(kMax));
    bytes.open().append(std::string_view(block).substr(1));
    bytes.end();
    CHECK(bytes.size() <= kMax);
    CHECK(blocks == 2);
  }
}

TEST_CASE("object bytes: a compressed object of nothing has a frame", "[object_bytes]") {
  const auto compressor = format::make_compressor(job::Compression::gzip);
  ObjectBytes bytes(compressor.get());
  bytes.end();
  CHECK(bytes.ready() > 0);
  const std::uint64_t size = bytes.size();
  bytes.end();
  CHECK(bytes.size() == size);
}
