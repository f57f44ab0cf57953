#include "core/objects/single_object.hpp"

#include "core/base/crc64.hpp"
#include "core/format/compressor.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using Bench = sluice::test::oss_window::WindowBench;

namespace {

job::Target single(std::vector<std::string> header = {}) {
  job::Target target = target_of();
  target.write_single_object = true;
  target.object = "all.csv";
  target.header = std::move(header);
  return target;
}

// The simple way: each shard by itself, in blocks, one behind the other.
std::string expected_of(job::Compression compression, const std::string& header,
                        const std::vector<Shard>& shards) {
  const auto compressor = format::make_compressor(compression);
  format::ByteBuffer out;
  const auto append = [&](std::string_view text) {
    if (compressor == nullptr) return out.append(text);
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), format::kBlockBytes))) {
      compressor->append_frame(text.substr(0, format::kBlockBytes), out);
    }
  };
  append(header);
  for (const Shard& shard : shards) append(content_of(shard));
  return std::string(out.view());
}

}  // namespace

TEST_CASE("single object: any number of large shards in any order gives the simple concatenation",
          "[single_object]") {
  const auto seed = Catch::rngSeed() + 29;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    Bench bench(single({"id"}));
    bench.limits.memory_bytes = 3000 + random() % 6000;
    bench.fake.clock = &bench.loop.clock;
    bench.fake.latency = std::chrono::milliseconds(random() % 30);
    std::vector<Shard> shards;
    const std::size_t count = 1 + random() % 8;
    for (std::uint32_t index = 0; index < count; ++index) {
      const std::size_t rows = random() % 3 == 0 ? random() % 5 : random() % 400;
      shards.push_back(shard_of(index * 3, rows, 20 + random() % 80, 1 + random() % 9));
    }
    const std::string expected = expected_of(job::Compression::none, "id\n", shards);
    std::vector<Shard> order = shards;
    std::shuffle(order.begin(), order.end(), random);
    const auto objects = bench.run(order);
    CAPTURE(round);
    REQUIRE(objects);
    REQUIRE((bench.fake.objects == std::map<std::string, std::string>{{"all.csv", expected}}));
    CHECK(bench.fake.uploads.empty());
    CHECK((*objects)[0].bytes == expected.size());
    CHECK((*objects)[0].crc64 == crc64(0, expected));
    std::size_t rows = 0;
    for (const Shard& shard : shards) {
      for (const auto& batch : shard.batches) rows += batch.size();
    }
    CHECK((*objects)[0].rows == rows);
  }
}

TEST_CASE("single object: shards that come one after the other send as well", "[single_object]") {
  Bench bench(single());
  std::vector<Shard> shards;
  for (std::uint32_t index = 0; index < 12; ++index) shards.push_back(shard_of(index, 200, 50, 3));
  const auto writer = bench.begin();
  REQUIRE(bench.loop.run(writer->prepare()));
  for (const Shard& shard : shards) REQUIRE(bench.loop.run(bench.feed(*writer, shard)));
  REQUIRE(bench.loop.run(writer->commit()));
  CHECK(bench.fake.objects.at("all.csv") == expected_of(job::Compression::none, "", shards));
  CHECK(objects::memory_peak(*writer) < 2 * bench.limits.memory_bytes);
}

TEST_CASE("single object: the frames of compressed shards are one stream", "[single_object]") {
  const auto seed = Catch::rngSeed() + 31;
  CAPTURE(seed);
  for (const auto compression : {job::Compression::gzip, job::Compression::zstd}) {
    std::mt19937_64 random(seed);
    job::Target target = single({"id"});
    target.compression = compression;
    Bench bench(target);
    bench.limits.memory_bytes = 30'000;
    bench.limits.part_bytes = 3000;
    bench.limits.early_part_bytes_min = 500;
    bench.fake.part_bytes_min = 500;
    std::vector<Shard> shards;
    for (std::uint32_t index = 0; index < 4; ++index) {
      Shard& shard = shards.emplace_back();
      shard.index = index;
      for (int batch = 0; batch < 40; ++batch) {
        shard.batches.emplace_back();
        for (int row = 0; row < 60; ++row) {
          std::string text;
          for (int word = 0; word < 20; ++word) text += fmt::format("{:016x}", random());
          shard.batches.back().push_back(std::move(text));
        }
      }
    }
    REQUIRE(bench.run(shards));
    CHECK((bench.fake.objects.at("all.csv") == expected_of(compression, "id\n", shards)));
    CHECK(bench.fake.count("PUT", "partNumber") > 20);
  }
}

TEST_CASE("single object: many shards too small to send wait in memory", "[single_object]") {
  Bench bench(single());
  std::vector<Shard> shards;
  for (std::uint32_t index = 0; index < 100; ++index) shards.push_back(shard_of(index, 10, 15, 3));
  REQUIRE(bench.run(shards));
  CHECK(bench.fake.objects.at("all.csv") == expected_of(job::Compression::none, "", shards));
  CHECK(bench.fake.count("PUT", "partNumber") == 0);
}

TEST_CASE("single object: it is refused only when the part numbers are used up", "[single_object]") {
  Bench bench(single());
  bench.limits.memory_bytes = 400;
  bench.limits.part_bytes = 100;
  // One after the other, 40 parts each: the last ones find no number.
  std::vector<Shard> shards;
  for (std::uint32_t index = 0; index < 400; ++index) shards.push_back(shard_of(index, 40, 100, 1));
  const auto writer = bench.begin();
  REQUIRE(bench.loop.run(writer->prepare()));
  Result<void> fed;
  for (std::size_t i = 0; i < shards.size() && fed; ++i) fed = bench.loop.run(bench.feed(*writer, shards[i]));
  REQUIRE_FALSE(fed);
  CHECK(fed.error().code() == Errc::refused_by_state);
  CHECK(fed.error().message().starts_with(
      "write all.csv: the window has too many large shards for the 10,000 part numbers of one object, "));
  CHECK(fed.error().message().ends_with("; set `writeSingleObject` to false, or `blockSizeInMB` higher"));
  CHECK(bench.fake.count("PUT", "partNumber") > 1500);
  bench.loop.run(writer->abort());
  CHECK(bench.fake.uploads.empty());
  CHECK(bench.fake.objects.empty());
}
