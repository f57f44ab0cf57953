// How fast a window writer may be, and how much it does at once; measured on the virtual clock.

#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using namespace std::chrono_literals;
using sluice::test::FakeOssTransport;
using Bench = sluice::test::oss_window::WindowBench;

namespace {

double seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::duration<double>>(duration).count();
}

std::vector<Shard> shards_of(std::uint32_t count, std::size_t rows, std::size_t row_bytes) {
  std::vector<Shard> shards;
  for (std::uint32_t index = 0; index < count; ++index) shards.push_back(shard_of(index, rows, row_bytes, 5));
  return shards;
}

}  // namespace

TEST_CASE("window writer keeps to a rate of bytes over all its shards", "[window_writer]") {
  for (const bool single : {false, true}) {
    for (const std::uint32_t count : {1U, 4U}) {
      job::Target target = target_of();
      target.write_single_object = single;
      Bench bench(target);
      bench.settings.bytes_per_second = 2000;
      bench.fake.clock = &bench.loop.clock;
      bench.fake.latency = 10ms;
      const Instant start = bench.loop.clock.now();
      REQUIRE(bench.run(shards_of(count, 400 / count, 100)));
      const double taken = seconds(bench.loop.clock.now() - start);
      CAPTURE(single, count, taken);
      CHECK(bench.statistics.written_bytes == 40'000);
      // The first second's bytes are in the bucket from the start.
      CHECK(taken >= 19.0);
      CHECK(taken <= 20.5);
    }
  }
}

TEST_CASE("window writer keeps to a rate of rows over all its shards", "[window_writer]") {
  for (const bool single : {false, true}) {
    for (const std::uint32_t count : {1U, 4U}) {
      job::Target target = target_of();
      target.write_single_object = single;
      Bench bench(target);
      bench.settings.rows_per_second = 100;
      const Instant start = bench.loop.clock.now();
      REQUIRE(bench.run(shards_of(count, 2000 / count, 20)));
      const double taken = seconds(bench.loop.clock.now() - start);
      CAPTURE(single, count, taken);
      CHECK(taken >= 19.0);
      CHECK(taken <= 20.5);
    }
  }
}

TEST_CASE("window writer publishes objects side by side, at most eight at once, in order in the result",
          "[window_writer]") {
  Bench bench;
  bench.fake.clock = &bench.loop.clock;
  bench.fake.latency = 10ms;
  std::size_t making = 0;
  bench.fake.fault = [&](const FakeOssTransport::Seen& seen, std::size_t) {
    if (seen.method == "PUT") making = std::max(making, bench.fake.in_flight + 1);
    return FakeOssTransport::Fault::none;
  };
  const Instant start = bench.loop.clock.now();
  const auto objects = bench.run(shards_of(24, 3, 10));
  REQUIRE(objects);
  CHECK(making == 8);
  CHECK(bench.loop.clock.now() - start <= 60ms);  // two listings and three times eight
  REQUIRE(objects->size() == 24);
  for (std::size_t i = 0; i < 24; ++i) CHECK((*objects)[i].name == fmt::format("{}{:04}.csv", kPrefix, i));
}

TEST_CASE("window writer stops publishing at the first failure and takes all back", "[window_writer]") {
  Bench bench;
  bench.fake.clock = &bench.loop.clock;
  bench.fake.latency = 10ms;
  bench.fake.answer_instead = [](const FakeOssTransport::Seen& seen) -> std::optional<http::Response> {
    if (seen.method == "PUT" && seen.object.ends_with("0009.csv")) {
      return FakeOssTransport::error(403, "AccessDenied");
    }
    return std::nullopt;
  };
  const auto result = bench.run(shards_of(40, 3, 10));
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == Errc::permission_denied);
  CHECK(bench.fake.count("PUT") < 24);
  CHECK(bench.fake.objects.empty());
}

TEST_CASE("window writer keeps its memory bounded with parts side by side in one object or many",
          "[window_writer]") {
  for (const bool single : {false, true}) {
    job::Target target = target_of();
    target.write_single_object = single;
    Bench bench(target);
    bench.limits.object_bytes_max = 1'000'000;
    bench.fake.clock = &bench.loop.clock;
    bench.fake.latency = 30ms;
    constexpr std::uint32_t kShards = 16;
    constexpr std::size_t kBatch = 5 * 60;
    const auto shards = shards_of(kShards, 300, 60);
    const auto writer = bench.begin();
    REQUIRE(bench.loop.run(writer->prepare()));
    REQUIRE(bench.loop.run(bench.feed_all(*writer, shards)));
    const std::size_t kept = bench.limits.early_part_bytes_min * (single ? 2 : 1);
    CAPTURE(single);
    CHECK(objects::memory_peak(*writer) <= bench.limits.memory_bytes + kShards * (kept + kBatch));
    REQUIRE(bench.loop.run(writer->commit()));
    std::string all;
    for (const auto& [name, content] : bench.fake.objects) all += content;
    std::string expected;
    for (const Shard& shard : shards) expected += content_of(shard);
    CHECK(all == expected);
  }
}
