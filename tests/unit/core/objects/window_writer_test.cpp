#include "core/objects/window_writer.hpp"

#include "core/base/crc64.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using namespace std::chrono_literals;
using pipeline::ObjectInfo;
using pipeline::RowBatch;
using sluice::test::FakeOssTransport;
using Bench = sluice::test::oss_window::WindowBench;
using Fault = sluice::test::FakeOssTransport::Fault;

TEST_CASE("window writer puts small shards and uploads large ones in parts", "[window_writer]") {
  Bench bench;
  const std::vector<Shard> shards = {shard_of(0, 3, 10, 2), shard_of(2, 100, 100, 7)};
  const auto objects = bench.run(shards);
  REQUIRE(objects);
  REQUIRE(objects->size() == 2);
  CHECK((*objects)[0].name == kPrefix + "0000.csv");
  CHECK((*objects)[1].name == kPrefix + "0002.csv");
  CHECK((*objects)[1].rows == 100);
  CHECK((*objects)[1].bytes == 10'000);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string& content = bench.fake.objects.at((*objects)[i].name);
    CHECK(content == content_of(shards[i]));
    CHECK((*objects)[i].bytes == content.size());
    CHECK((*objects)[i].crc64 == crc64(0, content));
  }
  CHECK(bench.fake.uploads.empty());
  CHECK(bench.fake.count("PUT", "partNumber") == 10);
  CHECK(bench.fake.count("PUT") == 11);
  CHECK(bench.statistics.written_bytes == 10'030);
  CHECK(bench.statistics.retries == 0);
}

TEST_CASE("window writer shows nothing before the commit and then all in order of index", "[window_writer]") {
  Bench bench;
  std::vector<Shard> shards;
  for (std::uint32_t index : {5U, 1U, 3U, 0U}) shards.push_back(shard_of(index, 40, 100, 3));
  bench.fake.fault = [&](const FakeOssTransport::Seen& seen, std::size_t) {
    if (seen.method == "PUT") CHECK(bench.fake.objects.empty());
    return Fault::none;
  };
  REQUIRE(bench.run(shards));
  CHECK(bench.fake.completed == std::vector<std::string>{kPrefix + "0000.csv", kPrefix + "0001.csv",
                                                         kPrefix + "0003.csv", kPrefix + "0005.csv"});
}

TEST_CASE("window writer leaves one object where no shard has rows", "[window_writer]") {
  Bench bench;
  const auto objects = bench.run({shard_of(4, 0, 0, 1)});
  REQUIRE(objects);
  REQUIRE(objects->size() == 1);
  CHECK(bench.fake.objects == std::map<std::string, std::string>{{kPrefix + "0000.csv", ""}});

  job::Target target = target_of();
  target.header = {"id", "n,1"};
  Bench headed(target);
  REQUIRE(headed.run({}));
  CHECK(headed.fake.objects.at(kPrefix + "0000.csv") == "id,\"n,1\"\n");
}

TEST_CASE("window writer begins every object with the header", "[window_writer]") {
  job::Target target = target_of();
  target.header = {"id"};
  Bench bench(target);
  bench.limits.object_bytes_max = 2503;
  const Shard shard = shard_of(0, 60, 100, 60);
  const auto objects = bench.run({shard});
  REQUIRE(objects);
  REQUIRE(objects->size() == 3);
  CHECK((*objects)[1].name == kPrefix + "0000_2.csv");
  CHECK((*objects)[2].name == kPrefix + "0000_3.csv");
  std::string joined;
  for (const ObjectInfo& object : *objects) {
    const std::string& content = bench.fake.objects.at(object.name);
    CHECK(content.starts_with("id\n"));
    CHECK(content.size() <= 2503);
    joined += content.substr(3);
  }
  CHECK(joined == content_of(shard));
  CHECK((*objects)[0].rows + (*objects)[1].rows + (*objects)[2].rows == 60);
}

TEST_CASE("window writer gives the same bytes and names however the rows are cut", "[window_writer]") {
  std::mt19937_64 random(11);
  std::map<std::string, std::string> expected;
  for (int round = 0; round < 25; ++round) {
    Bench bench;
    bench.limits.object_bytes_max = 7777;
    bench.fake.clock = &bench.loop.clock;
    bench.fake.latency = std::chrono::milliseconds(1 + random() % 20);
    std::vector<Shard> shards;
    for (std::uint32_t index = 0; index < 5; ++index) {
      shards.push_back(shard_of(index, index * 70, 30 + 41 * index, 1 + random() % 40));
    }
    REQUIRE(bench.run(shards));
    if (round == 0) expected = bench.fake.objects;
    REQUIRE(bench.fake.objects == expected);
    CHECK(bench.fake.uploads.empty());
  }
}

TEST_CASE("window writer sends up to four parts of a shard and eight over all side by side",
          "[window_writer]") {
  Bench bench;
  bench.limits.memory_bytes = 1'000'000;
  bench.fake.clock = &bench.loop.clock;
  bench.fake.latency = 10ms;
  std::vector<Shard> shards;
  for (std::uint32_t index = 0; index < 6; ++index) shards.push_back(shard_of(index, 100, 100, 5));
  REQUIRE(bench.run(shards));
  CHECK(bench.fake.in_flight_of_peak == 4);
  CHECK(bench.fake.in_flight_peak == 8);
  for (const Shard& shard : shards) {
    CHECK(bench.fake.objects.at(fmt::format("{}{:04}.csv", kPrefix, shard.index)) == content_of(shard));
  }
}

TEST_CASE("window writer in truncate mode replaces this window's objects and touches no others",
          "[window_writer]") {
  Bench bench;
  bench.fake.objects[kPrefix + "0000.csv"] = "old";
  bench.fake.objects[kPrefix + "0003.csv"] = "old";
  bench.fake.objects[kPrefix + "0003_2.csv"] = "old";
  bench.fake.objects[kPrefix + "notes.txt"] = "kept";
  bench.fake.objects["t__20181016075500_20181016080000_0000.csv"] = "kept";
  bench.fake.objects["t_sibling"] = "kept";
  REQUIRE(bench.run({shard_of(0, 1, 10, 1)}));
  CHECK(bench.fake.objects ==
        std::map<std::string, std::string>{{kPrefix + "0000.csv", "0.0.xxxxx\n"},
                                           {kPrefix + "notes.txt", "kept"},
                                           {"t__20181016075500_20181016080000_0000.csv", "kept"},
                                           {"t_sibling", "kept"}});
}

TEST_CASE("window writer in append mode leaves objects alone that it did not write", "[window_writer]") {
  Bench bench(target_of(job::WriteMode::append));
  bench.fake.objects[kPrefix + "0003.csv"] = "kept";
  REQUIRE(bench.run({shard_of(0, 1, 10, 1)}));
  CHECK(bench.fake.objects.size() == 2);
}

TEST_CASE("window writer in append mode doubles no rows when a repetition has fewer objects",
          "[window_writer]") {
  Bench bench(target_of(job::WriteMode::append));
  bench.fake.objects[kPrefix + "0003.csv"] = "kept";
  bench.in_ledger = bench.run({shard_of(0, 1, 10, 1), shard_of(1, 1, 10, 1)}).value();
  REQUIRE(bench.run({shard_of(0, 2, 10, 1)}));
  CHECK(bench.fake.objects.size() == 2);
  CHECK(bench.fake.objects.contains(kPrefix + "0000.csv"));
  CHECK(bench.fake.objects.contains(kPrefix + "0003.csv"));
}

TEST_CASE("window writer in nonConflict mode refuses a window whose names exist", "[window_writer]") {
  Bench bench(target_of(job::WriteMode::non_conflict));
  bench.fake.objects["t__20181016075500_20181016080000_0000.csv"] = "an earlier window";
  bench.in_ledger = bench.run({shard_of(0, 1, 10, 1)}).value();
  const auto again = bench.run({shard_of(0, 1, 10, 1)});
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Errc::conflict);
  CHECK(again.error().message() ==
        "write " + kPrefix +
            "0000.csv: exists already in bucket bucket-1; delete it or use another "
            "`object` or `writeMode`");
}

TEST_CASE("window writer keeps its memory bounded over many shards", "[window_writer]") {
  objects::UploadLimits limits = small_limits();
  limits.part_bytes = 1000;
  limits.early_part_bytes_min = 100;
  limits.early_parts_max = 1900;
  limits.object_bytes_max = 1'000'000;
  limits.memory_bytes = 4000;
  Bench bench(target_of(), limits);
  bench.fake.clock = &bench.loop.clock;
  bench.fake.latency = 25ms;
  constexpr std::uint32_t kShards = 20;
  constexpr std::size_t kRow = 60;
  constexpr std::size_t kBatch = 3 * kRow;
  std::vector<Shard> shards;
  for (std::uint32_t index = 0; index < kShards; ++index) shards.push_back(shard_of(index, 150, kRow, 3));
  sluice::test::Loop& loop = bench.loop;
  const auto made = bench.make_writer(bench.target, limits);
  REQUIRE(made);
  const auto writer = (*made)->begin(bench.window, bench.statistics, bench.log, bench.dirty);
  REQUIRE(loop.run(writer->prepare()));
  REQUIRE(loop.run(bench.feed_all(*writer, shards)));
  REQUIRE(loop.run(writer->commit()));
  for (const Shard& shard : shards) {
    CHECK(bench.fake.objects.at(fmt::format("{}{:04}.csv", kPrefix, shard.index)) == content_of(shard));
  }
  CHECK(objects::memory_peak(*writer) <=
        limits.memory_bytes + kShards * (limits.early_part_bytes_min + kBatch));
  CHECK(objects::memory_peak(*writer) > limits.memory_bytes);
}

TEST_CASE("window writer keeps to the rate it is given", "[window_writer]") {
  Bench bench;
  bench.settings.bytes_per_second = 1000;
  const Instant start = bench.loop.clock.now();
  REQUIRE(bench.run({shard_of(0, 100, 100, 10)}));
  const Duration taken = bench.loop.clock.now() - start;
  CHECK(taken >= 8s);
  CHECK(taken <= 11s);
}

TEST_CASE("window writer fails at the first dirty row when none is allowed", "[window_writer]") {
  Bench bench;
  const auto made = bench.make_writer(bench.target, bench.limits);
  const auto writer = (*made)->begin(bench.window, bench.statistics, bench.log, bench.dirty);
  REQUIRE(bench.loop.run(writer->prepare()));
  RowBatch batch(1);
  pipeline::Value* value = batch.append_row();
  value->type = pipeline::ValueType::real;
  value->real = std::numeric_limits<double>::infinity();
  pipeline::ShardSink& sink = writer->open(0);
  const auto written = bench.loop.run(sink.write(batch));
  REQUIRE_FALSE(written);
  CHECK(written.error().code() == Errc::dirty_limit);
  CHECK(
      written.error().message() ==
      "dirty row 1 of shard 0: column 1 is no finite number; 1 dirty rows, setting.errorLimit.record allows "
      "0");
  bench.loop.run(writer->abort());
}

TEST_CASE("window writer refuses targets that cannot work", "[window_writer]") {
  Bench bench;
  const auto refused = [&](const job::Target& target) {
    const auto made = bench.make_writer(target, bench.limits);
    return !made && made.error().code() == Errc::invalid_argument;
  };
  job::Target target = target_of();
  target.encoding = "EBCDIC";
  CHECK(refused(target));
  target = target_of();
  target.field_delimiter = "";
  CHECK(refused(target));
  target.field_delimiter = "\"";
  CHECK(refused(target));
  target = target_of();
  target.bucket = "No Bucket";
  CHECK(refused(target));
  target = target_of(job::WriteMode::append);
  target.write_single_object = true;
  CHECK(refused(target));
}

TEST_CASE("window writer names a bucket that does not exist and the way out", "[window_writer]") {
  Bench bench;
  bench.fake.bucket_exists = false;
  const auto result = bench.run({});
  REQUIRE_FALSE(result);
  CHECK(result.error().message() ==
        "list objects of bucket bucket-1: 404 NoSuchBucket: told so, request 5C9F; create the bucket or "
        "correct "
        "`bucket`");
}

TEST_CASE("window writer joins all shards in one object, small or large", "[window_writer]") {
  job::Target target = target_of();
  target.write_single_object = true;
  target.object = "all.csv";
  target.header = {"id"};
  std::mt19937_64 random(5);
  for (std::uint32_t round = 0; round < 60; ++round) {
    Bench bench(target);
    bench.limits.memory_bytes = 6000;
    bench.fake.clock = &bench.loop.clock;
    bench.fake.latency = std::chrono::milliseconds(random() % 5);
    bench.fake.objects["all.csv"] = "old";
    bench.fake.objects["all.csv2"] = "kept";
    std::vector<Shard> shards;
    std::string expected = "id\n";
    const std::uint32_t large = round % 4;  // none large where it is 3
    for (std::uint32_t index = 0; index < 3; ++index) {
      const std::size_t rows = index == large ? 300 : random() % 20;
      shards.push_back(shard_of(index, rows, 50, 1 + random() % 9));
      expected += content_of(shards.back());
    }
    const auto objects = bench.run(shards);
    REQUIRE(objects);
    CHECK(bench.fake.objects ==
          std::map<std::string, std::string>{{"all.csv", expected}, {"all.csv2", "kept"}});
    CHECK(bench.fake.uploads.empty());
    CHECK((bench.fake.count("PUT", "partNumber") > 0) == (large < 3));
    REQUIRE(objects->size() == 1);
    CHECK((*objects)[0].bytes == expected.size());
    CHECK((*objects)[0].crc64 == crc64(0, expected));
  }
}

TEST_CASE("window writer leaves a single empty object where there are no rows", "[window_writer]") {
  job::Target target = target_of();
  target.write_single_object = true;
  Bench bench(target);
  REQUIRE(bench.run({shard_of(0, 0, 0, 1)}));
  CHECK(bench.fake.objects == std::map<std::string, std::string>{{"t", ""}});
}
