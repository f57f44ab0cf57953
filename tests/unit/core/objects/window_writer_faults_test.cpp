#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using namespace std::chrono_literals;
using sluice::test::FakeOssTransport;
using Bench = sluice::test::oss_window::WindowBench;
using Fault = sluice::test::FakeOssTransport::Fault;

TEST_CASE("window writer takes everything back when any one request fails for good", "[window_writer]") {
  const std::vector<Shard> shards = {shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7), shard_of(2, 1, 10, 1)};
  Bench clean;
  REQUIRE(clean.run(shards));
  const std::size_t steps = clean.fake.seen.size();
  REQUIRE(steps > 8);
  for (std::size_t step = 0; step < steps; ++step) {
    for (const Fault kind :
         {Fault::drop_request, Fault::lose_answer, Fault::late_error, Fault::wrong_checksum}) {
      Bench bench;
      std::string method;
      std::string object;
      std::string part;
      bool failing = false;
      // From step `step` on that one request fails for good; the requests of the abort pass.
      bench.fake.fault = [&](const FakeOssTransport::Seen& seen, std::size_t number) {
        const auto part_number = seen.queries.find("partNumber");
        const std::string now_part = part_number == seen.queries.end() ? "" : part_number->second;
        if (number == step) {
          method = seen.method;
          object = seen.object;
          part = now_part;
          failing = true;
        }
        const bool same = failing && seen.method == method && seen.object == object && now_part == part;
        return same && number < step + 5 ? kind : Fault::none;
      };
      const auto result = bench.run(shards);
      CAPTURE(step, static_cast<int>(kind), method, object);
      if (result) {
        CHECK(bench.fake.objects == clean.fake.objects);
      } else {
        CHECK(bench.fake.objects.empty());
      }
      CHECK(bench.fake.uploads.empty());
    }
  }
}

TEST_CASE("window writer repairs any single fault by itself", "[window_writer]") {
  const std::vector<Shard> shards = {shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7), shard_of(2, 1, 10, 1)};
  Bench clean;
  REQUIRE(clean.run(shards));
  for (std::size_t step = 0; step < clean.fake.seen.size(); ++step) {
    for (const Fault kind : {Fault::drop_request, Fault::lose_answer, Fault::cut_answer, Fault::server_error,
                             Fault::late_error}) {
      Bench bench;
      bench.fake.fault = [&](const auto&, std::size_t number) { return number == step ? kind : Fault::none; };
      const auto result = bench.run(shards);
      CAPTURE(step, static_cast<int>(kind));
      REQUIRE(result);
      CHECK(bench.fake.objects == clean.fake.objects);
      CHECK(bench.fake.uploads.empty());
      CHECK(bench.statistics.retries == 1);
    }
  }
}

TEST_CASE("window writer cleans up after an attempt that died at any request", "[window_writer]") {
  const std::vector<Shard> shards = {shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7), shard_of(3, 25, 100, 9)};
  const std::vector<Shard> fewer = {shards[0], shards[1]};
  Bench clean;
  REQUIRE(clean.run(fewer));
  for (std::size_t step = 0; step < 30; ++step) {
    Bench bench;
    // The network is gone from `step` on, for the abort too: as good as a crash.
    bench.fake.fault = [&](const auto&, std::size_t number) {
      return number >= step ? Fault::drop_request : Fault::none;
    };
    (void)bench.run(shards);
    bench.fake.fault = nullptr;
    bench.fake.objects["t__other"] = "not ours";
    REQUIRE(bench.run(fewer));
    CAPTURE(step);
    CHECK(bench.fake.uploads.empty());
    CHECK(bench.fake.objects.erase("t__other") == 1);
    CHECK(bench.fake.objects == clean.fake.objects);
  }
}

TEST_CASE("window writer that fails while it replaces objects leaves those that were there",
          "[window_writer]") {
  Bench bench;
  bench.fake.objects[kPrefix + "0000.csv"] = "0.0.xxxxx\n";
  bench.fake.fault = [](const FakeOssTransport::Seen& seen, std::size_t) {
    return seen.method == "PUT" && seen.object.ends_with("0001.csv") ? Fault::server_error : Fault::none;
  };
  const auto result = bench.run({shard_of(0, 1, 10, 1), shard_of(1, 1, 10, 1)});
  REQUIRE_FALSE(result);
  CHECK(bench.fake.objects == std::map<std::string, std::string>{{kPrefix + "0000.csv", "0.0.xxxxx\n"}});
}

TEST_CASE("window writer that is stopped in the middle takes everything back", "[window_writer]") {
  Bench bench;
  bench.fake.clock = &bench.loop.clock;
  bench.fake.latency = 50ms;
  const std::vector<Shard> shards = {shard_of(0, 100, 100, 5), shard_of(1, 100, 100, 5)};
  const auto made = bench.make_writer(bench.target, bench.limits);
  const auto writer = (*made)->begin(bench.window, bench.statistics, bench.log, bench.dirty);
  REQUIRE(bench.loop.run(writer->prepare()));
  TaskGroup reading(bench.loop.io.get_executor());
  Result<void> first;
  for (const Shard& shard : shards) reading.start(bench.feed_into(*writer, shard, first));
  bench.loop.clock.advance(220ms);
  CHECK(bench.fake.uploads.size() == 2);
  reading.stop();
  bench.loop.run(reading.join());
  SECTION("and has left nothing behind") {
    bench.loop.run(writer->abort());
    CHECK(bench.fake.uploads.empty());
    CHECK(bench.fake.objects.empty());
    CHECK_FALSE(writer->left_behind());
  }
  SECTION("or tells that it could not") {
    bench.fake.fault = [](const FakeOssTransport::Seen&, std::size_t) { return Fault::drop_request; };
    bench.loop.run(writer->abort());
    CHECK(writer->left_behind());
  }
}

TEST_CASE("window writer that cannot take everything back says so within its limit", "[window_writer]") {
  Bench bench;
  bench.fake.clock = &bench.loop.clock;
  bool dead = false;
  bench.fake.fault = [&](const FakeOssTransport::Seen& seen, std::size_t) {
    if (seen.method == "POST" && seen.queries.contains("uploadId")) dead = true;
    return dead ? Fault::drop_request : Fault::none;
  };
  const Instant start = bench.loop.clock.now();
  const auto result = bench.run({shard_of(0, 50, 100, 5)});
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == Errc::unavailable);
  CHECK(bench.loop.clock.now() - start < 3min);
  CHECK(bench.log.lines.back().starts_with(
      "could not take everything back: list uploads of bucket bucket-1: "));
}

TEST_CASE("window writer takes back what a commit made visible, and nothing else", "[window_writer]") {
  Bench bench;
  REQUIRE(bench.run({shard_of(0, 3, 10, 2)}));
  bench.window.label = "full";
  const auto made = bench.make_writer(bench.target, bench.limits);
  const auto writer = (*made)->begin(bench.window, bench.statistics, bench.log, bench.dirty);
  const std::vector<Shard> shards = {shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7)};
  REQUIRE(bench.loop.run(writer->prepare()));
  REQUIRE(bench.loop.run(bench.feed_all(*writer, shards)));
  REQUIRE(bench.loop.run(writer->commit()));
  CHECK(bench.fake.objects.size() == 3);
  CHECK(bench.fake.objects.at("t__full_20181016080000_0001.csv") == content_of(shards[1]));
  bench.loop.run(writer->abort());
  REQUIRE(bench.fake.objects.size() == 1);
  CHECK(bench.fake.objects.contains(kPrefix + "0000.csv"));
  CHECK(bench.fake.uploads.empty());
}
