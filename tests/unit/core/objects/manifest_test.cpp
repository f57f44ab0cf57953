#include "core/objects/manifest.hpp"

#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cstdint>

using namespace sluice;
using objects::Manifest;
using objects::ManifestPosition;
using objects::parse_manifest;
using pipeline::ShardPosition;

namespace {

Manifest sample() {
  Manifest manifest;
  manifest.definition = "0123456789ab";
  manifest.window.job = "orders";
  manifest.window.start = Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 16));
  manifest.window.end = manifest.window.start + std::chrono::minutes(5);
  ManifestPosition start;
  start.kind = ShardPosition::Kind::at_time;
  start.time = manifest.window.start;
  ManifestPosition end;
  end.kind = ShardPosition::Kind::iterator;
  end.last = pipeline::Sequence{0, 1539648299000000, 3};
  manifest.shards.push_back({0, "shard-1", start, end});
  manifest.records = 12;
  manifest.rows = 10;
  manifest.dirty_rows = 2;
  manifest.objects.push_back({"t__20181016080000_20181016080500_0000.csv", 77, 10, 18446744073709551615U});
  return manifest;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

}  // namespace

TEST_CASE("manifest: its text names the window, the shards and the objects", "[manifest]") {
  CHECK(objects::to_text(sample()) ==
        R"({"format":"sluice.manifest","version":1,"job":"orders","definition":"0123456789ab",)"
        R"("window":{"start_us":1539648000000000,"end_us":1539648300000000,"zone":"Asia/Shanghai"},)"
        R"("shards":[{"index":0,"shard":"shard-1","start":{"kind":"at_time","time_us":1539648000000000},)"
        R"("end":{"kind":"read","last":[0,1539648299000000,3]}}],)"
        R"("records":12,"rows":10,"dirty_rows":2,)"
        R"("objects":[{"name":"t__20181016080000_20181016080500_0000.csv","bytes":77,"rows":10,)"
        R"("crc64":"18446744073709551615"}]})"
        "\n");
}

TEST_CASE("manifest: what was written is read back", "[manifest]") {
  Manifest manifest = sample();
  manifest.window.label = "full";
  const auto read = parse_manifest(objects::to_text(manifest));
  REQUIRE(read);
  CHECK(objects::to_text(*read) == objects::to_text(manifest));
  CHECK(read->objects == manifest.objects);
  CHECK(read->shards == manifest.shards);
  CHECK(read->window.label == "full");
}

TEST_CASE("manifest: a shard that the start does not hold begins at its oldest record", "[manifest]") {
  pipeline::Positions start;
  pipeline::Positions end;
  ShardPosition parent;
  parent.shard = "parent";
  parent.kind = ShardPosition::Kind::iterator;
  parent.iterator = "opaque";
  parent.polled = Instant(Duration(5));
  start.shards.push_back(parent);
  parent.kind = ShardPosition::Kind::ended;
  parent.last = pipeline::Sequence{0, 7, 1};
  ShardPosition child;
  child.shard = "child";
  child.kind = ShardPosition::Kind::iterator;
  end.shards = {parent, child};
  const auto shards = objects::shards_between(start, end);
  REQUIRE(shards.size() == 2);
  CHECK(shards[0].start.kind == ShardPosition::Kind::iterator);
  CHECK_FALSE(shards[0].start.last);
  CHECK(shards[0].end.kind == ShardPosition::Kind::ended);
  CHECK(shards[0].end.last == parent.last);
  CHECK(shards[1].index == 1);
  CHECK(shards[1].start.kind == ShardPosition::Kind::oldest);
}

TEST_CASE("manifest: a text that is none is refused, naming what is wrong", "[manifest]") {
  const std::string good = objects::to_text(sample());
  const std::pair<std::string, std::string> cases[] = {
      {"", "read manifest: no JSON: incomplete JSON"},
      {"[]", "read manifest: expected an object"},
      {replaced(good, "sluice.manifest", "other"), "read manifest.format: expected sluice.manifest"},
      {replaced(good, "\"version\":1", "\"version\":2"), "read manifest.version: expected 1"},
      {replaced(good, "\"start_us\":1539648000000000", "\"start_us\":-9223372036854775808"),
       "read manifest.window.start_us: expected microseconds of the years 1 to 9999"},
      {replaced(good, "\"end_us\":1539648300000000", "\"end_us\":1539647999999999"),
       "read manifest.window.end_us: expected a time not before start_us"},
      {replaced(good, "\"zone\":\"Asia/Shanghai\"", "\"zone\":3"),
       "read manifest.window.zone: expected a string"},
      {replaced(good, "\"window\":{", "\"wind\":{"), "read manifest.window: expected an object"},
      {replaced(good, "\"kind\":\"read\"", "\"kind\":\"x\""),
       "read manifest.shards[0].end.kind: expected oldest, at_time, read or ended"},
      {replaced(good, "[0,1539648299000000,3]", "[0,1]"),
       "read manifest.shards[0].end.last: expected [epoch, time_us, row_index]"},
      {replaced(good, "\"bytes\":77", "\"bytes\":-1"),
       "read manifest.objects[0].bytes: expected an integer of at least 0"},
      {replaced(good, "18446744073709551615", "18446744073709551616"),
       "read manifest.objects[0].crc64: expected a decimal number as text"},
      {replaced(good, "\"rows\":10,\"dirty", "\"rows\":11,\"dirty"),
       "read manifest.rows: expected 10, the sum of the objects'"},
      {replaced(good, "\"18446744073709551615\"", "\"\""),
       "read manifest.objects[0].crc64: expected a decimal number as text"},
      {replaced(good, "\"18446744073709551615\"", "\"12x\""),
       "read manifest.objects[0].crc64: expected a decimal number as text"},
      {replaced(good, "\"18446744073709551615\"", "7"), "read manifest.objects[0].crc64: expected a string"},
      {replaced(good, "[0,1539648299000000,3]", "{}"),
       "read manifest.shards[0].end.last: expected [epoch, time_us, row_index]"},
      {replaced(good, "[0,1539648299000000,3]", "[0,1539648299000000,3.5]"),
       "read manifest.shards[0].end.last: expected [epoch, time_us, row_index]"},
      {replaced(good, "[0,1539648299000000,3]", "[2147483648,1539648299000000,3]"),
       "read manifest.shards[0].end.last: expected [epoch, time_us, row_index]"},
      {replaced(good, "[0,1539648299000000,3]", "[0,1539648299000000,-2147483649]"),
       "read manifest.shards[0].end.last: expected [epoch, time_us, row_index]"},
      {replaced(good, "\"index\":0", "\"index\":200000"),
       "read manifest.shards[0].index: expected numbers that ascend"},
      {replaced(good, "\"rows\":10,\"crc64\"", "\"rows\":9223372036854775808,\"crc64\""),
       "read manifest.objects[0].rows: expected an integer"},
      {replaced(good, "\"shards\":[", "\"shards\":7,\"x\":["), "read manifest.shards: expected an array"},
      {replaced(good, "shard-1", std::string(1025, 'x')),
       "read manifest.shards[0].shard: expected at most 1024 bytes"},
  };
  for (const auto& [text, message] : cases) {
    const auto read = parse_manifest(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == Errc::invalid_argument);
    CHECK(read.error().message() == message);
  }
}

TEST_CASE("manifest: one that is larger than any window's is refused before it costs anything",
          "[manifest]") {
  const auto large = parse_manifest(std::string(objects::kManifestBytesMax + 1, ' '));
  REQUIRE_FALSE(large);
  CHECK(large.error().message() == fmt::format("read manifest: {0} bytes, at most {1} are read",
                                               objects::kManifestBytesMax + 1, objects::kManifestBytesMax));
  std::string many = "[0";
  for (int n = 0; n < 200'000; ++n) many += ",0";
  const std::string good = objects::to_text(sample());
  for (const std::string member : {"shards", "objects"}) {
    const auto read =
        parse_manifest(replaced(good, "\"" + member + "\":[", "\"" + member + "\":" + many + "],\"x\":["));
    REQUIRE_FALSE(read);
    CHECK(read.error().message() == "read manifest." + member + ": expected at most 200000 entries");
  }
}

TEST_CASE("manifest: shards stand in the order of their numbers, and rows add up", "[manifest]") {
  Manifest manifest = sample();
  manifest.shards.push_back(manifest.shards[0]);
  manifest.shards[1].index = 3;
  CHECK(parse_manifest(objects::to_text(manifest)));
  for (const std::uint32_t first : {3U, 4U}) {
    manifest.shards[0].index = first;
    CHECK(parse_manifest(objects::to_text(manifest)).error().message() ==
          "read manifest.shards[1].index: expected numbers that ascend");
  }
  manifest = sample();
  manifest.objects[0].rows = INT64_MAX;
  manifest.objects.push_back(manifest.objects[0]);
  manifest.objects.push_back(manifest.objects[0]);
  manifest.rows = INT64_MAX - 2;  // what the sum would be if it could not overflow
  CHECK(parse_manifest(objects::to_text(manifest)).error().message() ==
        "read manifest.rows: expected the sum of the objects'");
}
