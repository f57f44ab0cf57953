// What the target's keys do to names, number and properties of a window's objects.

#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using sluice::test::FakeOssTransport;
using Bench = sluice::test::oss_window::WindowBench;
using Objects = std::map<std::string, std::string>;

namespace {

Shard rows_of(std::uint32_t index, std::vector<std::string> rows, std::size_t columns) {
  Shard shard;
  shard.index = index;
  shard.batches = {std::move(rows)};
  shard.columns = columns;
  return shard;
}

std::vector<std::string> keys_of(const Objects& objects) {
  std::vector<std::string> keys;
  for (const auto& [name, content] : objects) keys.push_back(name);
  return keys;
}

}  // namespace

TEST_CASE("window writer says of its objects what the target wants", "[window_writer]") {
  job::Target target = target_of();
  target.storage_class = "IA";
  target.encryption = "KMS";
  target.encryption_key_id = "key-1";
  target.metadata = {{"team", "blue"}, {"source", "orders"}};
  target.manifest = "m";
  Bench bench(target);
  REQUIRE(bench.run({shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7)}));
  for (const auto& [name, traits] : bench.fake.traits) {
    CAPTURE(name);
    CHECK(traits.at("content-type") == (name.starts_with("m/") ? "application/json" : "text/csv"));
    CHECK(traits.at("x-oss-storage-class") == "IA");
    CHECK(traits.at("x-oss-server-side-encryption") == "KMS");
    CHECK(traits.at("x-oss-server-side-encryption-key-id") == "key-1");
    CHECK(traits.at("x-oss-meta-team") == "blue");
    CHECK(traits.at("x-oss-meta-source") == "orders");
  }
  CHECK(bench.fake.traits.size() == 3);
}

TEST_CASE("window writer begins a further object when maxFileSize is reached", "[window_writer]") {
  job::Target target = target_of();
  target.object_bytes_max = 2500;
  Bench bench(target);
  const Shard shard = shard_of(0, 60, 100, 7);
  const auto objects = bench.run({shard});
  REQUIRE(objects);
  CHECK(objects->size() == 3);
  CHECK((*objects)[0].bytes == 2500);
  CHECK((*objects)[2].name == kPrefix + "0000_3.csv");
  CHECK(bench.fake.objects.at((*objects)[2].name) == content_of(shard).substr(5000));
}

TEST_CASE("window writer sends parts of blockSizeInMB, but never of more than half its memory",
          "[window_writer]") {
  job::Target target = target_of();
  target.part_bytes = 1500;
  Bench bench(target);
  REQUIRE(bench.run({shard_of(0, 60, 100, 7)}));
  std::vector<std::size_t> sizes;
  for (const auto& seen : bench.fake.seen) {
    if (seen.queries.contains("partNumber")) sizes.push_back(seen.body_bytes);
  }
  CHECK(sizes == std::vector<std::size_t>{1500, 1500, 1500, 1500});

  target.part_bytes = 1'000'000;
  Bench large(target);
  REQUIRE(large.run({shard_of(0, 60, 100, 7)}));
  CHECK(large.fake.count("PUT", "partNumber") == 3);
  CHECK(large.fake.objects.size() == 1);
}

TEST_CASE("window writer never sends a part that its store would refuse", "[window_writer]") {
  for (const bool single : {false, true}) {
    job::Target target = target_of();
    target.write_single_object = single;
    target.part_bytes = 1500;
    Bench bench(target);
    bench.part_bytes_min = 2200;
    bench.fake.part_bytes_min = 2200;
    bench.fake.clock = &bench.loop.clock;
    bench.fake.latency = std::chrono::milliseconds(20);
    const std::vector<Shard> shards = {shard_of(0, 150, 100, 7), shard_of(1, 130, 90, 3),
                                       shard_of(2, 90, 77, 5)};
    REQUIRE(bench.run(shards));
    CHECK(bench.fake.count("PUT", "partNumber") > 6);
    std::string all;
    for (const auto& [name, content] : bench.fake.objects) all += content;
    CHECK(all == content_of(shards[0]) + content_of(shards[1]) + content_of(shards[2]));
  }
}

TEST_CASE("window writer leaves no object of an empty window where none is wanted", "[window_writer]") {
  for (const bool single : {false, true}) {
    job::Target target = target_of();
    target.write_single_object = single;
    target.empty_object = false;
    target.header = {"id"};
    Bench bench(target);
    // One that an earlier attempt wrote is gone then.
    const std::string old = single ? "t" : kPrefix + "0000.csv";
    bench.fake.objects[old] = "old";
    const auto objects = bench.run({shard_of(0, 0, 0, 1)});
    REQUIRE(objects);
    CHECK(objects->empty());
    CHECK(bench.fake.objects.empty());
    REQUIRE(bench.run({shard_of(0, 1, 10, 1)}));
    CHECK(bench.fake.objects.size() == 1);
  }
}

TEST_CASE("window writer gives each value of `partition` an object of its own", "[window_writer]") {
  job::Target target = target_of();
  target.partition_columns = 2;
  target.header = {"id", "day", "country"};
  Bench bench(target);
  // In whatever order they come, and however they are cut.
  Shard shard = rows_of(0, {}, 3);
  shard.batches = {{"1,mon,de", "2,mon,fr", "3,mon,de"}, {"4,tue,de"}, {"5,mon,de", "6,tue,de"}};
  const auto objects = bench.run({shard, rows_of(2, {"7,mon,de"}, 3)});
  REQUIRE(objects);
  CHECK(bench.fake.objects ==
        Objects{{kPrefix + "0000_de,mon.csv", "id,day,country\n1,mon,de\n3,mon,de\n5,mon,de\n"},
                {kPrefix + "0000_fr,mon.csv", "id,day,country\n2,mon,fr\n"},
                {kPrefix + "0000_de,tue.csv", "id,day,country\n4,tue,de\n6,tue,de\n"},
                {kPrefix + "0002_de,mon.csv", "id,day,country\n7,mon,de\n"}});
  CHECK((*objects)[0].rows == 3);
  // A repetition replaces them, and deletes those of values that are no more.
  REQUIRE(bench.run({rows_of(0, {"2,mon,fr"}, 3)}));
  CHECK(keys_of(bench.fake.objects) == std::vector<std::string>{kPrefix + "0000_fr,mon.csv"});
}

TEST_CASE("window writer makes values safe for the names of objects", "[window_writer]") {
  job::Target target = target_of();
  target.partition_columns = 1;
  Bench bench(target);
  REQUIRE(bench.run({rows_of(0, {"1,a/../b", "2,\x01", "3,", "4,Ü", "5,7", "6,a_2", "7,a"}, 2)}));
  CHECK(keys_of(bench.fake.objects) ==
        std::vector<std::string>{kPrefix + "0000_%01.csv", kPrefix + "0000_.csv", kPrefix + "0000_7.csv",
                                 kPrefix + "0000_a%2F..%2Fb.csv", kPrefix + "0000_a.csv",
                                 kPrefix + "0000_a_2_1.csv", kPrefix + "0000_Ü.csv"});
}

TEST_CASE("window writer rolls the objects of each value of `partition` over by themselves",
          "[window_writer]") {
  job::Target target = target_of();
  target.partition_columns = 1;
  target.object_bytes_max = 20;
  Bench bench(target);
  REQUIRE(bench.run({rows_of(0, {"1111111,a", "2,b", "2222222,a", "3333333,a", "3,b"}, 2)}));
  CHECK(bench.fake.objects == Objects{{kPrefix + "0000_a.csv", "1111111,a\n2222222,a\n"},
                                      {kPrefix + "0000_a_2.csv", "3333333,a\n"},
                                      {kPrefix + "0000_b.csv", "2,b\n3,b\n"}});
}

TEST_CASE("window writer refuses more values of `partition` than it can hold", "[window_writer]") {
  job::Target target = target_of();
  target.partition_columns = 1;
  Bench many(target);
  many.limits.partitions_max = 3;
  const auto refused = many.run({rows_of(0, {"1,a", "1,b", "1,c", "1,d"}, 2)});
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(refused.error().message() == "write " + kPrefix +
                                         "0000_d.csv: shard 0 has more than 3 values of `partition` in this "
                                         "window; take columns with fewer values, or none");
  CHECK(many.fake.objects.empty());

  Bench wide(target);
  Shard shard = rows_of(0, {}, 2);
  for (int value = 0; value < 200; ++value) {
    shard.batches.push_back({fmt::format("{},{}", std::string(90, 'x'), value)});
  }
  const auto full = wide.run({shard});
  CHECK(full.error().code() == Errc::refused_by_state);
  CHECK(
      full.error().message().ends_with("bytes wait in memory, of no object enough for a part (100 bytes at "
                                       "least); take columns with fewer values, or none"));
  CHECK(wide.fake.objects.empty());

  objects::UploadLimits limits = small_limits();
  limits.draft_bytes = 500;
  Bench tiny(target, limits);  // rows of next to nothing: what each object takes by itself counts
  Shard small = rows_of(0, {}, 2);
  for (int value = 0; value < 15; ++value) small.batches.push_back({fmt::format("1,{}", value)});
  CHECK(tiny.run({small}).has_value());
  for (int value = 15; value < 20; ++value) small.batches.push_back({fmt::format("1,{}", value)});
  CHECK(tiny.run({small}).error().code() == Errc::refused_by_state);
}

TEST_CASE("window writer lets the object of each shard fill a least part, however large, with `partition`",
          "[window_writer]") {
  job::Target target = target_of();
  target.partition_columns = 1;
  Bench bench(target);
  bench.part_bytes_min = 2200;  // of 4000 bytes of memory
  bench.fake.part_bytes_min = 2200;
  const auto shards_with = [](std::size_t values) {
    std::vector<Shard> shards;
    for (std::uint32_t index = 0; index < 16; ++index) {
      shards.push_back(shard_of(index, 60, 100, 1));
      shards.back().columns = 2;
      std::size_t row = 0;
      for (auto& batch : shards.back().batches) batch[0] += fmt::format(",{}", row++ % values);
    }
    return shards;
  };
  const auto objects = bench.run(shards_with(1));
  REQUIRE(objects);
  CHECK(objects->size() == 16);
  CHECK(bench.fake.count("PUT", "partNumber") >= 32);

  Bench many(target);
  many.part_bytes_min = 2200;
  const auto refused = many.run(shards_with(30));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK_THAT(refused.error().message(), Catch::Contains("enough for a part (2200 bytes at least); take"));
  CHECK(many.fake.objects.empty());
}

TEST_CASE("window writer with truncateScope prefix deletes all else under the prefix, last of all",
          "[window_writer]") {
  job::Target target = target_of();
  target.truncate_scope = job::TruncateScope::prefix;
  Bench bench(target);
  bench.fake.objects = {{kPrefix + "0000.csv", "old"},
                        {kPrefix + "0007.csv", "old"},
                        {"t__20181016075500_20181016080000_0000.csv", "an earlier window"},
                        {"t_sibling/x", "also"},
                        {"t", "also"},
                        {"s", "kept"},
                        {"t__full_20181016080000_0000.csv", "the table that came with this window"}};
  bench.fake.fault = [&](const FakeOssTransport::Seen& seen, std::size_t) {
    if (seen.method == "DELETE") {
      CHECK(bench.fake.objects.at(kPrefix + "0000.csv") == "0.0.xxxxx\n");
      CHECK(bench.fake.objects.contains(kPrefix + "0001.csv"));
    }
    return FakeOssTransport::Fault::none;
  };
  REQUIRE(bench.run({shard_of(0, 1, 10, 1), shard_of(1, 35, 100, 7)}));
  CHECK(keys_of(bench.fake.objects) == std::vector<std::string>{"s", kPrefix + "0000.csv",
                                                                kPrefix + "0001.csv",
                                                                "t__full_20181016080000_0000.csv"});
}

TEST_CASE("window writer with truncateScope prefix deletes nothing for a window that fails",
          "[window_writer]") {
  job::Target target = target_of();
  target.truncate_scope = job::TruncateScope::prefix;
  Bench bench(target);
  bench.fake.objects = {{"t_earlier", "kept"}};
  bench.fake.fault = [](const FakeOssTransport::Seen& seen, std::size_t) {
    return seen.method == "PUT" && seen.object.ends_with("0001.csv") ? FakeOssTransport::Fault::server_error
                                                                     : FakeOssTransport::Fault::none;
  };
  REQUIRE_FALSE(bench.run({shard_of(0, 1, 10, 1), shard_of(1, 1, 10, 1)}));
  CHECK(bench.fake.objects == Objects{{"t_earlier", "kept"}});
}

TEST_CASE("window writer replaces what its window wrote under another suffix", "[window_writer]") {
  Bench bench;
  bench.in_ledger = bench.run({shard_of(0, 1, 10, 1)}).value();
  bench.target.suffix = ".txt";
  REQUIRE(bench.run({shard_of(0, 1, 10, 1)}));
  CHECK(keys_of(bench.fake.objects) == std::vector<std::string>{kPrefix + "0000.txt"});
}
