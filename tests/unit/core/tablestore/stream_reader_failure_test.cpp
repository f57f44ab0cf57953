#include "core/tablestore/stream_reader.hpp"
#include "tests/support/stream_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using pipeline::Positions;
using sluice::test::Rows;
using sluice::test::StreamFixture;

TEST_CASE("stream reader: a broken record fails the window and names shard and offset") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.write(shard, 1, 1min);
  fixture.stream.shard(shard).log[0].bytes.back() ^= 1;
  const auto outcome = fixture.read(0, *fixture.plan(0));
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().code() == Errc::corrupt);
  CHECK_THAT(outcome.error().message(),
             Catch::StartsWith("read shard shard-000: decode stream record: at offset ") &&
                 Catch::Contains("expected row checksum"));
}

TEST_CASE("stream reader: a sequence that does not ascend fails the window") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.write(shard, 1, 2min);
  fixture.stream.write_at(shard, {{sluice::test::WireCell{"pk", std::int64_t{2}, {}, {}}}, {}, false, {}},
                          pipeline::Sequence{1, (fixture.midnight + 1min).time_since_epoch().count(), 0});
  const auto outcome = fixture.read(0, *fixture.plan(0));
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().code() == Errc::corrupt);
}

TEST_CASE("stream reader: tables without stream are refused with the way out") {
  StreamFixture fixture;
  fixture.stream.add_shard();
  SECTION("the stream is off") {
    fixture.stream.is_on = false;
    const auto result = fixture.plan(0);
    REQUIRE(result.has_error());
    CHECK(result.error().code() == Errc::not_found);
    CHECK_THAT(result.error().message(), Catch::Contains("switch it on"));
  }
  SECTION("there is no such table") {
    fixture.source.table = "order";
    CHECK(fixture.plan(0).error().code() == Errc::not_found);
  }
  SECTION("the stream is being switched on") {
    fixture.stream.status = StreamStatus::enabling;
    CHECK(fixture.plan(0).error().code() == Errc::unavailable);
  }
}

TEST_CASE("stream reader: what it cannot do is refused before anything is asked") {
  StreamFixture fixture;
  fixture.stream.add_shard();
  SECTION("time series in column mode") {
    fixture.source.mode = job::ReadMode::column;
    fixture.source.is_time_series = true;
  }
  SECTION("no columns") { fixture.source.columns.clear(); }
  CHECK(fixture.plan(0).error().code() == Errc::invalid_argument);
  CHECK(fixture.stream.calls.empty());
}

TEST_CASE("stream reader: records trimmed since the last window fail it, or become a gap") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.write(shard, 1, 1min);
  fixture.write(shard, 2, 5min);
  fixture.write(shard, 3, 6min);
  fixture.write(shard, 4, 7min);
  const auto first = fixture.read(0, *fixture.plan(0));
  fixture.stream.trim(shard, 2);
  const auto start = fixture.plan(1, first->end);
  SECTION("the window fails") {
    const auto outcome = fixture.read(1, *start);
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::trimmed);
    CHECK_THAT(outcome.error().message(), Catch::Contains("records after 2018-10-16T00:04:59.999999Z up to "
                                                          "2018-10-16T00:06:00Z are lost"));
  }
  SECTION("the gap is recorded") {
    fixture.source.on_gap = job::OnGap::proceed;
    const auto outcome = fixture.read(1, *start);
    REQUIRE(outcome.has_value());
    CHECK(fixture.writer.rows == Rows{{0, {"3,value", "4,value"}}});
    REQUIRE(outcome->gaps.size() == 1);
    CHECK(outcome->gaps[0].shard == shard);
    CHECK(outcome->gaps[0].to == fixture.midnight + 6min);
    CHECK(fixture.log.has("! shard shard-000: records after"));
  }
}

TEST_CASE("stream reader: an idle shard whose iterator was trimmed loses nothing") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.write(shard, 1, 1min);
  fixture.write(shard, 2, 2min);
  const auto first = fixture.read(0, *fixture.plan(0));  // polled at 01:00
  fixture.write(shard, 3, 6min);
  Positions before = first->end;
  before.shards[0].iterator = shard + "@0";  // a server whose iterators do not move on
  fixture.stream.trim(shard, 1);
  const auto outcome = fixture.read(1, *fixture.plan(1, before));
  REQUIRE(outcome.has_value());
  CHECK(outcome->gaps.empty());
}

TEST_CASE("stream reader: a vanished shard becomes a gap where gaps are allowed, and is then forgotten") {
  StreamFixture fixture;
  const std::string lost = fixture.stream.add_shard("lost");
  const std::string kept = fixture.stream.add_shard("kept");
  const auto first = fixture.read(0, *fixture.plan(0));
  fixture.stream.lose(lost);
  fixture.write(kept, 1, 6min);
  CHECK(fixture.plan(1, first->end).error().code() == Errc::trimmed);
  fixture.source.on_gap = job::OnGap::proceed;
  const auto outcome = fixture.read(1, *fixture.plan(1, first->end));
  REQUIRE(outcome.has_value());
  CHECK(fixture.statistics.rows == 1);
  REQUIRE(outcome->gaps.size() == 1);
  CHECK(outcome->gaps[0].shard == "lost");
  CHECK(fixture.plan(2, outcome->end)->shards.size() == 1);
}

TEST_CASE("stream reader: a child that is listed while the window is read does not count as vanished") {
  StreamFixture fixture;
  fixture.source.on_gap = job::OnGap::proceed;
  const std::string parent = fixture.stream.add_shard("parent");
  fixture.write(parent, 1, 1min);
  const auto start = fixture.plan(0);
  bool is_split = false;
  bool is_listed = false;
  fixture.stream.fault = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "GetStreamRecord" && !std::exchange(is_split, true)) fixture.stream.split(parent);
    is_listed = is_listed || (is_split && operation == "DescribeStream");
    if (!is_listed || operation != "GetShardIterator") return std::nullopt;
    return Error(Errc::not_found, "get shard iterator: no such shard");
  };
  const auto outcome = fixture.read(0, *start);
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().code() == Errc::unavailable);
  CHECK_THAT(outcome.error().message(), Catch::Contains("the stream lists it, but"));
}

TEST_CASE("stream reader: an idle shard that was split and has expired since loses nothing") {
  StreamFixture fixture;
  const std::string parent = fixture.stream.add_shard("parent");
  fixture.write(parent, 1, 1min);
  const auto first = fixture.read(0, *fixture.plan(0));
  const auto [left, right] = fixture.stream.split(parent);
  fixture.write(left, 2, 6min);
  fixture.write(right, 3, 7min);
  fixture.stream.lose(parent);
  const auto start = fixture.plan(1, first->end);
  REQUIRE(start.has_value());
  CHECK(fixture.log.has("! shard parent is no longer listed; it was read to within the stream's retention"));
  const auto outcome = fixture.read(1, *start);
  REQUIRE(outcome.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"2,value"}}, {1, {"3,value"}}});
  CHECK(outcome->gaps.empty());
}

TEST_CASE("stream reader: says how long needed records are kept, and warns when little of it is left") {
  StreamFixture fixture;
  fixture.stream.add_shard();
  const auto first = fixture.read(0, *fixture.plan(0));
  REQUIRE(first.has_value());
  CHECK(first->end.retention == 168h);
  CHECK(
      fixture.log.has("records after 2018-10-16T00:00:00Z are needed; the stream keeps them until "
                      "2018-10-23T00:00:00Z, 6 d 23 h from now"));
  fixture.log.lines.clear();
  fixture.loop.clock.advance(84h + 1us);
  SECTION("half of it by itself") {
    REQUIRE(fixture.plan(1, first->end).has_value());
    CHECK(fixture.log.has("! records after 2018-10-16T01:00:00Z are needed"));
  }
  SECTION("or what the job says") {
    fixture.source.retention_warning = 80h;
    REQUIRE(fixture.plan(1, first->end).has_value());
    CHECK_FALSE(fixture.log.has("! records"));
    CHECK(fixture.log.has("3 d 11 h from now"));
  }
}

TEST_CASE("stream reader: a record from the future is exported and told, and the shard goes on") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.write(shard, 1, 1min);
  fixture.write(shard, 2, 48h);
  fixture.write(shard, 3, 2min);
  fixture.write(shard, 4, 6min);
  const auto first = fixture.read(0, *fixture.plan(0));
  REQUIRE(first.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"1,value", "2,value", "3,value"}}});
  CHECK(fixture.statistics.ahead == 1);
  CHECK(
      fixture.log.has("! shard shard-000: 1 records have a time far ahead of the server's clock, up to "
                      "2018-10-18T00:00:00Z; they are exported here and close no window"));
  const auto second = fixture.read(1, *fixture.plan(1, first->end));
  REQUIRE(second.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"4,value"}}});
}

TEST_CASE("stream reader: a stream switched off and on fails the window, or is told once as a gap") {
  StreamFixture fixture;
  const std::string old = fixture.stream.add_shard("old");
  fixture.write(old, 1, 1min);
  const auto planned = fixture.plan(0);
  const auto first = fixture.read(0, *planned);
  fixture.loop.clock.advance(10min);
  fixture.stream.lose(old);
  fixture.stream.stream_id = "orders_2";
  fixture.stream.enabled = fixture.loop.clock.now();
  const std::string fresh = fixture.stream.add_shard("new");
  fixture.write(fresh, 2, 70min + 1s);
  fixture.loop.clock.advance(10min);

  CHECK(fixture.plan(1, first->end).error().code() == Errc::stream_changed);
  CHECK(fixture.read(1, first->end).error().code() == Errc::stream_changed);
  CHECK(fixture.read(0, *planned, first->end).error().code() == Errc::stream_changed);

  fixture.source.on_gap = job::OnGap::proceed;
  const auto start = fixture.plan(14, first->end);
  REQUIRE(start.has_value());
  const auto outcome = fixture.read(14, *start);
  REQUIRE(outcome.has_value());
  CHECK(fixture.statistics.rows == 1);
  REQUIRE(outcome->gaps.size() == 1);
  CHECK(outcome->gaps[0].shard.empty());
  CHECK(outcome->gaps[0].to == fixture.stream.enabled);
  const auto later = fixture.read(15, *fixture.plan(15, outcome->end));
  REQUIRE(later.has_value());
  CHECK(later->gaps.empty());
}

}  // namespace
