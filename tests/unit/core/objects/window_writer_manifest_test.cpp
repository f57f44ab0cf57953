#include "core/base/crc64.hpp"
#include "core/objects/manifest.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using sluice::test::FakeOssTransport;
using Bench = sluice::test::oss_window::WindowBench;
using Fault = sluice::test::FakeOssTransport::Fault;

namespace {

const std::string kManifest = "proof/orders__20181016080000_20181016080500.json";

job::Target with_manifest(job::WriteMode mode = job::WriteMode::truncate) {
  job::Target target = target_of(mode);
  target.manifest = "proof/";
  return target;
}

pipeline::WindowFacts facts() {
  pipeline::WindowFacts facts;
  facts.definition = "0123456789ab";
  facts.records = 41;
  pipeline::ShardPosition shard;
  shard.shard = "shard-a";
  shard.kind = pipeline::ShardPosition::Kind::at_time;
  shard.time = Instant(Duration(7));
  facts.start.shards = {shard};
  shard.kind = pipeline::ShardPosition::Kind::iterator;
  shard.iterator = "a page";
  shard.last = pipeline::Sequence{1, 2, 3};
  shard.polled = Instant(Duration(9));
  facts.end.shards = {shard};
  return facts;
}

}  // namespace

TEST_CASE("window writer writes a manifest of its objects behind them", "[window_writer]") {
  Bench bench(with_manifest());
  bench.facts = facts();
  const auto objects = bench.run({shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7)});
  REQUIRE(objects);
  CHECK(objects->size() == 2);
  CHECK(bench.fake.completed.back() == kManifest);
  const auto manifest = objects::parse_manifest(bench.fake.objects.at(kManifest));
  REQUIRE(manifest);
  CHECK(manifest->window.job == "orders");
  CHECK(manifest->window.start == bench.window.start);
  CHECK(manifest->window.end == bench.window.end);
  CHECK(manifest->definition == "0123456789ab");
  CHECK(manifest->records == 41);
  CHECK(manifest->rows == 38);
  CHECK(manifest->objects == *objects);
  CHECK(manifest->shards == objects::shards_between(bench.facts.start, bench.facts.end));
  CHECK(bench.statistics.written_bytes == (*objects)[0].bytes + (*objects)[1].bytes);

  // A repetition writes the same bytes, whenever it runs.
  const std::string first = bench.fake.objects.at(kManifest);
  bench.loop.clock.advance(std::chrono::hours(3));
  bench.facts.end.shards[0].polled = bench.loop.clock.now();
  bench.facts.end.shards[0].iterator = "another page";
  REQUIRE(bench.run({shard_of(0, 3, 10, 1), shard_of(1, 35, 100, 9)}));
  CHECK(bench.fake.objects.at(kManifest) == first);
  CHECK(bench.fake.objects.size() == 3);
}

TEST_CASE("window writer writes a manifest of an empty window, with and without an object",
          "[window_writer]") {
  for (const bool empty_object : {true, false}) {
    job::Target target = with_manifest();
    target.empty_object = empty_object;
    Bench bench(target);
    REQUIRE(bench.run({}));
    const auto manifest = objects::parse_manifest(bench.fake.objects.at(kManifest));
    REQUIRE(manifest);
    CHECK(manifest->objects.size() == (empty_object ? 1 : 0));
    CHECK(manifest->rows == 0);
    CHECK(bench.fake.objects.size() == (empty_object ? 2 : 1));
  }
}

TEST_CASE("window writer that cannot write its manifest leaves no object", "[window_writer]") {
  for (const auto mode : {job::WriteMode::truncate, job::WriteMode::append, job::WriteMode::non_conflict}) {
    Bench bench(with_manifest(mode));
    bench.fake.fault = [](const FakeOssTransport::Seen& seen, std::size_t) {
      return seen.method == "PUT" && seen.object == kManifest ? Fault::server_error : Fault::none;
    };
    REQUIRE_FALSE(bench.run({shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7)}));
    CHECK(bench.fake.objects.empty());
    CHECK(bench.fake.uploads.empty());
  }
}

TEST_CASE("window writer puts manifests of archived objects where they can be read", "[window_writer]") {
  using Classes = std::pair<std::string, std::string>;  // of the objects, of the manifest
  const auto& [given, kept] =
      GENERATE(Classes("Archive", "Standard"), Classes("ColdArchive", "Standard"),
               Classes("DeepColdArchive", "Standard"), Classes("IA", "IA"), Classes("Standard", "Standard"));
  job::Target target = with_manifest();
  target.storage_class = given;
  target.encryption = "AES256";
  Bench bench(target);
  const auto objects = bench.run({shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7)});
  REQUIRE(objects);
  for (const auto& object : *objects) CHECK(bench.fake.traits[object.name]["x-oss-storage-class"] == given);
  CHECK(bench.fake.traits[kManifest]["x-oss-storage-class"] == kept);
  CHECK(bench.fake.traits[kManifest]["x-oss-server-side-encryption"] == "AES256");
}

TEST_CASE("window writer takes its manifest back with its objects", "[window_writer]") {
  Bench bench(with_manifest());
  const auto writer = bench.begin();
  REQUIRE(bench.loop.run(writer->prepare()));
  REQUIRE(bench.loop.run(bench.feed_all(*writer, {shard_of(0, 3, 10, 2)})));
  REQUIRE(bench.loop.run(writer->commit()));
  CHECK(bench.fake.objects.size() == 2);
  bench.loop.run(writer->abort());
  CHECK(bench.fake.objects.empty());
}

TEST_CASE("window writer in nonConflict mode refuses a manifest that is not its own", "[window_writer]") {
  Bench bench(with_manifest(job::WriteMode::non_conflict));
  bench.fake.objects[kManifest] = "{}";
  CHECK(bench.run({}).error().code() == Errc::conflict);
  CHECK(bench.fake.objects == std::map<std::string, std::string>{{kManifest, "{}"}});
}

TEST_CASE("window writer with truncateScope prefix keeps the manifest that lies under the prefix",
          "[window_writer]") {
  job::Target target = with_manifest();
  target.truncate_scope = job::TruncateScope::prefix;
  target.object = "proof/t";
  target.manifest = "proof/t_manifests";
  Bench bench(target);
  bench.fake.objects = {
      {"proof/t_manifests/orders__20181016075500_20181016080000.json", "of a window that goes"},
      {"proof/t__20181016075500_20181016080000_0000.csv", "goes"}};
  REQUIRE(bench.run({shard_of(0, 3, 10, 2)}));
  CHECK(bench.fake.objects.size() == 2);
  CHECK(bench.fake.objects.contains("proof/t_manifests/orders__20181016080000_20181016080500.json"));
}

TEST_CASE("window writer refuses a manifest it could not name", "[window_writer]") {
  job::Target target = target_of();
  target.manifest = "/m";
  Bench bench(target);
  CHECK_THROWS_WITH(bench.begin(), Catch::Contains("correct `manifest`"));
}
