// Rows that cannot be written are left out, and nothing else is.

#include "core/objects/manifest.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using Bench = sluice::test::oss_window::WindowBench;

namespace {

class NotedRows final : public pipeline::DirtyRows {
 public:
  Result<void> add(const pipeline::DirtyRow& row) override {
    rows.emplace(row.shard, row.row);
    CHECK(row.column == 1);
    return {};
  }
  std::set<std::pair<std::uint32_t, std::uint64_t>> rows;
};

// Each of these ways to write is to leave the clean rows.
std::vector<job::Target> ways() {
  std::vector<job::Target> all;
  all.push_back(target_of());
  all.push_back(target_of());
  all.back().object_bytes_max = 700;
  all.push_back(target_of());
  all.back().write_single_object = true;
  all.push_back(target_of());
  all.back().file_format = job::FileFormat::text;
  all.push_back(target_of(job::WriteMode::non_conflict));
  return all;
}

}  // namespace

TEST_CASE("window writer leaves dirty rows out in every mode, and tells where they stood",
          "[window_writer]") {
  const auto seed = Catch::rngSeed() + 37;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::size_t way = 0;
  for (job::Target target : ways()) {
    CAPTURE(way++);
    target.manifest = "m";
    for (int round = 0; round < 10; ++round) {
      Bench bench(target);
      NotedRows noted;
      bench.dirty_rows = &noted;
      std::set<std::pair<std::uint32_t, std::uint64_t>> expected_rows;
      std::string expected;
      std::vector<Shard> shards;
      for (std::uint32_t index = 0; index < 3; ++index) {
        shards.push_back(shard_of(index, random() % 200, 60, 1 + random() % 9));
        std::uint64_t place = 0;
        for (auto& batch : shards.back().batches) {
          for (std::string& row : batch) {
            ++place;
            if (random() % 4 > 0) continue;
            row = kDirty;
            expected_rows.emplace(index, place);
          }
        }
        expected += content_of(shards.back());
      }
      const auto objects = bench.run(shards);
      REQUIRE(objects);
      std::string content;
      for (const pipeline::ObjectInfo& object : *objects) content += bench.fake.objects.at(object.name);
      REQUIRE(content == expected);
      CHECK(noted.rows == expected_rows);
      const auto manifest =
          objects::parse_manifest(bench.fake.objects.at("m/orders__20181016080000_20181016080500.json"));
      CHECK(manifest->dirty_rows == expected_rows.size());
    }
  }
}

TEST_CASE("window writer gives a shard of dirty rows only no object", "[window_writer]") {
  job::Target target = target_of();
  target.header = {"id"};
  for (const std::size_t partition : {0U, 1U}) {
    target.partition_columns = partition;
    Bench bench(target);
    NotedRows noted;
    bench.dirty_rows = &noted;
    Shard dirty = shard_of(0, 2, 10, 1);
    for (auto& batch : dirty.batches) batch.assign(batch.size(), kDirty);
    const auto objects = bench.run({dirty, shard_of(1, 1, 10, 1)});
    REQUIRE(objects);
    CHECK(noted.rows.size() == 2);
    CHECK(objects->size() == 1);
    CHECK(bench.fake.objects.size() == 1);
  }
}
