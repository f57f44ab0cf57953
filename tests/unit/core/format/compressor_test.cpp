#include "core/format/compressor.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>
#include <zlib.h>
#include <zstd.h>

using namespace sluice;
using format::ByteBuffer;
using job::Compression;

namespace {

// As every reader of the format does: member after member until the input ends.
std::string gunzip(std::string_view bytes) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string input(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string plain;
  std::vector<char> room(100'000);
  while (stream.avail_in > 0) {
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    plain.append(room.data(), room.size() - stream.avail_out);
    if (status == Z_STREAM_END) inflateReset(&stream);
    if (status != Z_OK && status != Z_STREAM_END) FAIL("inflate: " << status);
  }
  inflateEnd(&stream);
  return plain;
}

std::string unzstd(std::string_view bytes) {
  ZSTD_DStream* const stream = ZSTD_createDStream();
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  std::string plain;
  std::vector<char> room(100'000);
  std::size_t left = 0;
  do {
    ZSTD_outBuffer output{room.data(), room.size(), 0};
    left = ZSTD_decompressStream(stream, &output, &input);
    if (ZSTD_isError(left) != 0) FAIL("zstd: " << ZSTD_getErrorName(left));
    plain.append(room.data(), output.pos);
  } while (input.pos < input.size || left != 0);
  ZSTD_freeDStream(stream);
  return plain;
}

std::string rows(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text;
  while (text.size() < bytes) text += "order-" + std::to_string(random() % 1'000'000) + ",paid,null\n";
  text.resize(bytes);
  return text;
}

std::string noise(std::size_t bytes) {
  std::mt19937_64 random(3);
  std::string text(bytes, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

}  // namespace

TEST_CASE("compressor: a row of frames is one stream to its readers", "[compressor]") {
  for (const Compression compression : {Compression::gzip, Compression::zstd}) {
    const auto compressor = format::make_compressor(compression);
    REQUIRE(compressor != nullptr);
    ByteBuffer out;
    std::string plain;
    for (const std::string& block : {rows(format::kBlockBytes, 1), rows(format::kBlockBytes, 2),
                                     std::string("x"), noise(format::kBlockBytes), rows(1234, 4)}) {
      compressor->append_frame(block, out);
      plain += block;
    }
    CHECK((compression == Compression::gzip ? gunzip(out.view()) : unzstd(out.view())) == plain);
    CHECK(out.size() < plain.size());
  }
}

TEST_CASE("compressor: a block gives the same bytes whatever went before it", "[compressor]") {
  for (const Compression compression : {Compression::gzip, Compression::zstd}) {
    const auto used = format::make_compressor(compression);
    ByteBuffer other;
    for (int i = 0; i < 3; ++i) used->append_frame(noise(50'000), other);
    ByteBuffer again;
    used->append_frame(rows(100'000, 1), again);
    ByteBuffer fresh;
    format::make_compressor(compression)->append_frame(rows(100'000, 1), fresh);
    CHECK(again.view() == fresh.view());
  }
}

TEST_CASE("compressor: gzip members hold no time of day", "[compressor]") {
  ByteBuffer out;
  format::make_compressor(Compression::gzip)->append_frame("x", out);
  CHECK(out.view(0, 8) == std::string_view("\x1f\x8b\x08\0\0\0\0\0", 8));
}

TEST_CASE("compressor: there is none for no compression", "[compressor]") {
  CHECK(format::make_compressor(Compression::none) == nullptr);
}
