#include "core/base/crc64.hpp"
#include "core/format/compressor.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <zlib.h>
#include <zstd.h>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using Bench = sluice::test::oss_window::WindowBench;
using job::Compression;

namespace {

std::string gunzip(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {  // member after member
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    stream.next_in = reinterpret_cast<const Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    int state = Z_OK;
    while (state == Z_OK) {
      char room[65536];
      stream.next_out = reinterpret_cast<Bytef*>(room);
      stream.avail_out = sizeof room;
      state = inflate(&stream, Z_NO_FLUSH);
      text.append(room, sizeof room - stream.avail_out);
    }
    bytes.remove_prefix(bytes.size() - stream.avail_in);
    inflateEnd(&stream);
    REQUIRE(state == Z_STREAM_END);
  }
  return text;
}

std::string unzstd(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {  // frame after frame
    const std::size_t frame = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
    REQUIRE(ZSTD_isError(frame) == 0);
    std::string plain(ZSTD_getFrameContentSize(bytes.data(), frame), '\0');
    REQUIRE(ZSTD_decompress(plain.data(), plain.size(), bytes.data(), frame) == plain.size());
    text += plain;
    bytes.remove_prefix(frame);
  }
  return text;
}

std::string plain_of(Compression compression, const std::string& bytes) {
  return compression == Compression::gzip ? gunzip(bytes) : unzstd(bytes);
}

job::Target packed(Compression compression) {
  job::Target target = target_of();
  target.compression = compression;
  return target;
}

// Rows that do not shrink much, so that small windows make many parts.
Shard noisy(std::uint32_t index, std::size_t rows, std::size_t rows_per_batch) {
  std::mt19937_64 random(index + 1);
  Shard shard;
  shard.index = index;
  for (std::size_t row = 0; row < rows; ++row) {
    if (row % rows_per_batch == 0) shard.batches.emplace_back();
    std::string text = fmt::format("{}.{}.", index, row);
    for (int i = 0; i < 12; ++i) text += fmt::format("{:016x}", random());
    shard.batches.back().push_back(std::move(text));
  }
  return shard;
}

objects::UploadLimits limits_of(std::uint64_t object_bytes_max) {
  objects::UploadLimits limits = small_limits();
  limits.part_bytes = 20'000;
  limits.early_part_bytes_min = 1000;
  limits.memory_bytes = 60'000;
  limits.object_bytes_max = object_bytes_max;
  return limits;
}

}  // namespace

TEST_CASE("window writer compresses objects, says so in name and type, and counts their bytes",
          "[window_writer]") {
  for (const Compression compression : {Compression::gzip, Compression::zstd}) {
    Bench bench(packed(compression), limits_of(10'000'000));
    const std::vector<Shard> shards = {noisy(0, 3, 2), noisy(1, 6000, 7)};
    const auto objects = bench.run(shards);
    REQUIRE(objects);
    REQUIRE(objects->size() == 2);
    const bool gzip = compression == Compression::gzip;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      const pipeline::ObjectInfo& object = (*objects)[i];
      CHECK(object.name == fmt::format("{}{:04}.csv.{}", kPrefix, i, gzip ? "gz" : "zst"));
      const std::string& content = bench.fake.objects.at(object.name);
      CHECK(plain_of(compression, content) == content_of(shards[i]));
      CHECK(object.bytes == content.size());
      CHECK(object.crc64 == crc64(0, content));
      bytes += content.size();
      const auto& traits = bench.fake.traits.at(object.name);
      CHECK(traits.at("content-type") == (gzip ? "application/gzip" : "application/zstd"));
      CHECK_FALSE(traits.contains("content-encoding"));
    }
    CHECK(bench.statistics.written_bytes == bytes);
    CHECK(bench.fake.count("PUT", "partNumber") > 10);
    CHECK(bench.fake.uploads.empty());
  }
}

TEST_CASE("window writer gives the same compressed bytes however the rows are cut", "[window_writer]") {
  const auto seed = Catch::rngSeed() + 23;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const Compression compression : {Compression::gzip, Compression::zstd}) {
    std::map<std::string, std::string> expected;
    for (int round = 0; round < 4; ++round) {
      Bench bench(packed(compression), limits_of(600'000));
      bench.limits.part_bytes = 5000 + random() % 30'000;
      bench.fake.clock = &bench.loop.clock;
      bench.fake.latency = std::chrono::milliseconds(1 + random() % 20);
      const std::vector<Shard> shards = {noisy(0, 9000, 1 + random() % 400), noisy(1, 40, 1 + random() % 9)};
      const auto objects = bench.run(shards);
      REQUIRE(objects);
      if (round == 0) expected = bench.fake.objects;
      REQUIRE(bench.fake.objects == expected);
      // A row of 200 bytes can be cut by the end of a block, and then stays in the object.
      REQUIRE(objects->size() > 2);
      std::string plain;
      for (const pipeline::ObjectInfo& object : *objects) {
        CHECK(object.bytes <= 600'000);
        const std::string part = plain_of(compression, bench.fake.objects.at(object.name));
        CHECK(part.ends_with('\n'));
        plain += part;
      }
      CHECK(plain == content_of(shards[0]) + content_of(shards[1]));
    }
  }
}

TEST_CASE("window writer leaves an empty window as a compressed object of nothing, or of the header",
          "[window_writer]") {
  for (const Compression compression : {Compression::gzip, Compression::zstd}) {
    for (const bool single : {false, true}) {
      job::Target target = packed(compression);
      target.write_single_object = single;
      Bench bench(target);
      REQUIRE(bench.run({shard_of(0, 0, 1, 1)}));
      REQUIRE(bench.fake.objects.size() == 1);
      CHECK_FALSE(bench.fake.objects.begin()->second.empty());
      CHECK(plain_of(compression, bench.fake.objects.begin()->second).empty());

      target.header = {"id"};
      Bench headed(target);
      REQUIRE(headed.run({}));
      CHECK(plain_of(compression, headed.fake.objects.begin()->second) == "id\n");
    }
  }
}

TEST_CASE("window writer holds at most a block of plain bytes of each shard on top of its memory",
          "[window_writer]") {
  Bench bench(packed(Compression::zstd), limits_of(100'000'000));
  bench.fake.clock = &bench.loop.clock;
  bench.fake.latency = std::chrono::milliseconds(25);
  constexpr std::size_t kShards = 6;
  std::vector<Shard> shards;
  for (std::uint32_t index = 0; index < kShards; ++index) shards.push_back(noisy(index, 4000, 50));
  const auto writer = bench.begin();
  REQUIRE(bench.loop.run(writer->prepare()));
  REQUIRE(bench.loop.run(bench.feed_all(*writer, shards)));
  REQUIRE(bench.loop.run(writer->commit()));
  const std::size_t batch = 50 * 210;
  // Frames of a block come all at once.
  CHECK(objects::memory_peak(*writer) <=
        bench.limits.memory_bytes +
            kShards * (2 * format::kBlockBytes + bench.limits.early_part_bytes_min + batch));
}
