#include "core/pipeline/position.hpp"
#include "core/pipeline/window.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::pipeline;

namespace {

namespace json = boost::json;

Instant at(std::int64_t us) { return Instant(Duration(us)); }

Positions sample() {
  Positions positions;
  positions.stream = "orders_1500000000000000";
  positions.enabled = at(1'500'000'000'000'000);
  ShardPosition oldest;
  oldest.shard = "a";
  oldest.polled = at(5);
  ShardPosition at_time;
  at_time.shard = "b";
  at_time.kind = ShardPosition::Kind::at_time;
  at_time.time = at(1'539'619'200'000'000);
  ShardPosition iterator;
  iterator.shard = "c \"quoted\"";
  iterator.kind = ShardPosition::Kind::iterator;
  iterator.iterator = "opaque\ttext";
  iterator.last = Sequence{-1, 1'539'619'200'000'001, 2147483647};
  iterator.next = Sequence{0, 1'539'619'500'000'001, 1};
  iterator.polled = at(1'539'619'500'000'000);
  ShardPosition ended;
  ended.shard = "d";
  ended.kind = ShardPosition::Kind::ended;
  ended.last = Sequence{1, 2, 3};
  positions.shards = {oldest, at_time, iterator, ended};
  return positions;
}

std::string failure_of(const std::string& text) {
  const auto result = positions_from_json(json::parse(text));
  if (result.has_value()) return "";
  CHECK(result.error().code() == Errc::invalid_argument);
  return result.error().message();
}

TEST_CASE("positions: come back from their JSON text as they were") {
  const std::string text = json::serialize(to_json(sample()));
  const auto back = positions_from_json(json::parse(text));
  REQUIRE(back.has_value());
  CHECK(*back == sample());
  CHECK(json::serialize(to_json(*back)) == text);
}

TEST_CASE("positions: the retention is written where it is known and must be believable") {
  Positions positions = sample();
  positions.retention = std::chrono::hours(168);
  const json::value written = to_json(positions);
  CHECK(written.at("retention_hours") == 168);
  CHECK(positions_from_json(written)->retention == std::chrono::hours(168));
  CHECK_FALSE(to_json(sample()).as_object().contains("retention_hours"));
  for (const std::int64_t hours : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{87'601}}) {
    json::value broken = written;
    broken.as_object()["retention_hours"] = hours;
    CHECK(positions_from_json(broken).error().message() ==
          "read positions.retention_hours: expected 1 to 87600");
  }
}

TEST_CASE("retention clock: counts from the shard that is furthest behind") {
  using namespace std::chrono_literals;
  Positions positions = sample();
  CHECK_FALSE(retention_clock(positions, at(0)).has_value());  // the retention is not known
  positions.retention = 24h;
  positions.shards[0].polled = Instant{};  // nothing known
  positions.shards[3].polled = at(1);      // ended: needs nothing
  const Instant now = positions.shards[1].time + 25h;
  const auto clock = retention_clock(positions, now);
  REQUIRE(clock.has_value());
  CHECK(clock->shard == "b");
  CHECK(clock->needed_from == positions.shards[1].time);
  CHECK(clock->trimmed_at == positions.shards[1].time + 24h);
  CHECK(clock->left == -1h);
  CHECK(clock->retention == 24h);
  positions.shards.resize(1);
  CHECK_FALSE(retention_clock(positions, now).has_value());
}

TEST_CASE("positions: the JSON text is the documented one") {
  Positions positions = sample();
  positions.shards.erase(positions.shards.begin(), positions.shards.begin() + 2);
  positions.shards[0].shard = "c";
  positions.shards[0].iterator = "it";
  CHECK(
      json::serialize(to_json(positions)) ==
      R"({"version":1,"stream":"orders_1500000000000000","enabled_us":1500000000000000,"shards":[)"
      R"({"shard":"c","kind":"iterator","iterator":"it","last":[-1,1539619200000001,2147483647],"next":[0,1539619500000001,1],)"
      R"("polled_us":1539619500000000},{"shard":"d","kind":"ended","last":[1,2,3],"polled_us":0}]})");
}

TEST_CASE("positions: a shard is found by its id") {
  const Positions positions = sample();
  REQUIRE(positions.find("b") != nullptr);
  CHECK(positions.find("b")->kind == ShardPosition::Kind::at_time);
  CHECK(positions.find("e") == nullptr);
}

TEST_CASE("positions: an error names the member that is wrong") {
  CHECK(failure_of("[]") == "read positions: expected an object");
  CHECK(failure_of(R"({"version":2,"stream":"s","enabled_us":1,"shards":[]})") ==
        "read positions.version: expected 1");
  CHECK(failure_of(R"({"version":1,"stream":7,"enabled_us":1,"shards":[]})") ==
        "read positions.stream: expected a string");
  CHECK(failure_of(R"({"version":1,"stream":"s","enabled_us":"x","shards":[]})") ==
        "read positions.enabled_us: expected an integer");
  CHECK(failure_of(R"({"version":1,"stream":"s","enabled_us":1})") ==
        "read positions.shards: expected an array");
  const auto shard = [](const std::string& text) {
    return failure_of(R"({"version":1,"stream":"s","enabled_us":1,"shards":[)" + text + "]}");
  };
  CHECK(shard("3") == "read positions.shards[0]: expected an object");
  CHECK(shard(R"({"shard":"a","kind":"newest","polled_us":0})") ==
        "read positions.shards[0].kind: expected oldest, at_time, iterator or ended");
  CHECK(shard(R"({"shard":"a","kind":"iterator","polled_us":0})") ==
        "read positions.shards[0].iterator: expected a string");
  CHECK(shard(R"({"shard":"a","kind":"ended","last":[1,2],"polled_us":0})") ==
        "read positions.shards[0].last: expected [epoch, time_us, row_index]");
  CHECK(shard(R"({"shard":"a","kind":"ended","last":[4294967296,2,3],"polled_us":0})") ==
        "read positions.shards[0].last: expected [epoch, time_us, row_index]");
}

TEST_CASE("positions: a time that no clock shows is refused") {
  for (const char* us :
       {"-9223372036854775808", "-62135596800000001", "253402300800000000", "9223372036854775807"}) {
    CHECK(failure_of(std::string(R"({"version":1,"stream":"s","enabled_us":)") + us + R"(,"shards":[]})") ==
          "read positions.enabled_us: expected microseconds of the years 1 to 9999");
  }
  for (const char* us : {"-62135596800000000", "0", "253402300799999999"}) {
    CHECK(failure_of(std::string(R"({"version":1,"stream":"s","enabled_us":)") + us + R"(,"shards":[]})")
              .empty());
  }
}

TEST_CASE("objects: come back from their JSON text, checksums beyond 53 bits included") {
  ObjectInfo object;
  object.name = "orders/20181015/orders__20181016000000_20181016000500_0000.csv";
  object.bytes = 1'234'567'890'123;
  object.rows = 42;
  object.crc64 = 0xfedcba9876543210;
  const std::vector<ObjectInfo> objects = {object, ObjectInfo()};
  const auto back = objects_from_json(json::parse(json::serialize(to_json(objects))));
  REQUIRE(back.has_value());
  CHECK(*back == objects);
  CHECK(*objects_from_json(to_json(objects)) == objects);  // without a text in between
}

TEST_CASE("objects: an error names the member that is wrong") {
  const auto failure = [](const std::string& text) {
    return objects_from_json(json::parse(text)).error().message();
  };
  CHECK(failure("{}") == "read instance.objects: expected an array");
  CHECK(failure(R"([{"name":"a","bytes":-1,"rows":0,"crc64":"0000000000000000"}])") ==
        "read instance.objects[0].bytes: expected an integer of at least 0");
  CHECK(failure(R"([{"name":"a","bytes":1,"rows":0,"crc64":"12"}])") ==
        "read instance.objects[0].crc64: expected 16 hexadecimal digits");
}

TEST_CASE("statistics: times are null until a record was seen") {
  Statistics statistics;
  statistics.rows = 3;
  statistics.ignored["delete_row"] = 2;
  json::value before = to_json(statistics);
  CHECK(before.at("first_record_us").is_null());
  CHECK(before.at("last_record_us").is_null());
  CHECK(before.at("rows").to_number<int>() == 3);
  CHECK(before.at("ignored").at("delete_row").to_number<int>() == 2);
  statistics.first_record = at(10);
  statistics.last_record = at(20);
  const json::value after = to_json(statistics);
  CHECK(after.at("first_record_us").as_int64() == 10);
  CHECK(after.at("last_record_us").as_int64() == 20);
}

TEST_CASE("gaps: carry shard, interval and reason") {
  const std::vector<Gap> gaps = {Gap{"s1", at(1), at(2), "trimmed"}};
  CHECK(json::serialize(to_json(gaps)) == R"([{"shard":"s1","from_us":1,"to_us":2,"reason":"trimmed"}])");
}

}  // namespace
