#include "core/tablestore/stream_reader.hpp"

#include "tests/support/stream_fixture.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using pipeline::Positions;
using sluice::test::Rows;
using sluice::test::StreamFixture;
using Kind = pipeline::ShardPosition::Kind;

TEST_CASE("stream reader: windows follow each other without loss or repetition") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.write(shard, 1, -1min);
  fixture.write(shard, 2, 1min);
  fixture.write(shard, 3, 2min, Action::delete_row);
  fixture.write(shard, 4, 4min);
  fixture.write(shard, 5, 5min);
  fixture.write(shard, 6, 11min);
  const auto first = fixture.read(0, *fixture.plan(0));
  REQUIRE(first.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"2,value", "4,value"}}});
  CHECK(fixture.statistics.records == 3);
  CHECK(fixture.statistics.rows == 2);
  CHECK(fixture.statistics.shards == 1);
  CHECK(fixture.statistics.shards_done == 1);
  CHECK(fixture.statistics.ignored.at("delete_row") == 1);
  CHECK(fixture.statistics.first_record == fixture.midnight + 1min);
  CHECK(fixture.statistics.last_record == fixture.midnight + 4min);
  CHECK(fixture.statistics.read_bytes > 0);
  CHECK(fixture.statistics.requests > 0);
  CHECK(fixture.log.has("shard shard-000: 3 records, 2 rows, to position 1_1539648240000000_0"));

  const auto second = fixture.read(1, *fixture.plan(1, first->end));
  REQUIRE(second.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"5,value"}}});
  const auto third = fixture.read(2, *fixture.plan(2, second->end));
  REQUIRE(third.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"6,value"}}});
}

TEST_CASE("stream reader: positions of idle shards move on") {
  StreamFixture fixture;
  fixture.stream.add_shard();
  const auto start = fixture.plan(0);
  const auto outcome = fixture.read(0, *start);
  REQUIRE(outcome.has_value());
  CHECK(outcome->end.shards[0].kind == Kind::iterator);
  CHECK(outcome->end.shards[0].polled == fixture.loop.clock.now());
  CHECK(fixture.writer.rows.empty());
}

TEST_CASE("stream reader: a window that is not over yet is waited for, and settles") {
  StreamFixture fixture;
  fixture.stream.add_shard();
  const int number = 12;  // begins now
  const auto start = fixture.plan(number);
  REQUIRE(fixture.read(number, *start).has_value());
  CHECK(fixture.loop.clock.now() >= fixture.window(number).end + 60s);
  CHECK(fixture.loop.clock.now() < fixture.window(number).end + 70s);
}

TEST_CASE("stream reader: the server's clock decides when a window is over") {
  StreamFixture fixture;
  fixture.stream.add_shard();
  fixture.stream.server_time_skew = -10min;
  const int number = 10;  // over by our clock
  REQUIRE(fixture.read(number, *fixture.plan(number)).has_value());
  CHECK(fixture.loop.clock.now() >= fixture.window(number).end + 60s + 10min);
}

TEST_CASE(
    "stream reader: the children of a shard that ends are read in the same window, after their parents") {
  StreamFixture fixture;
  const std::string parent = fixture.stream.add_shard("p");
  const std::string other = fixture.stream.add_shard("q");
  fixture.write(parent, 1, 1min);
  fixture.write(other, 2, 1min);
  const auto start = fixture.plan(0);
  const auto [left, right] = fixture.stream.split(parent);
  fixture.write(left, 3, 2min);
  fixture.write(right, 4, 2min);
  const std::string merged = fixture.stream.merge(left, other);
  fixture.write(merged, 5, 3min);
  const auto outcome = fixture.read(0, *start);
  REQUIRE(outcome.has_value());
  CHECK(fixture.writer.rows ==
        Rows{{0, {"1,value"}}, {1, {"2,value"}}, {2, {"3,value"}}, {3, {"4,value"}}, {4, {"5,value"}}});
  std::string shards;
  for (const auto& shard : outcome->end.shards)
    shards += shard.shard + (shard.kind == Kind::ended ? "* " : " ");
  CHECK(shards == "p* q* " + left + "* " + right + " " + merged + " ");
  CHECK(fixture.statistics.shards == 5);
  CHECK(fixture.statistics.shards_done == 5);
  CHECK(fixture.log.has("shard " + left + ": came of a split or merge in this window"));

  SECTION("and so they are when the window is repeated") {
    const Rows before = fixture.writer.rows;
    fixture.write(right, 6, 4min);
    fixture.write(merged, 7, 4min);
    const auto again = fixture.read(0, *start, outcome->end);
    REQUIRE(again.has_value());
    CHECK(fixture.writer.rows == before);
    CHECK(again->end == outcome->end);
  }
}

TEST_CASE("stream reader: a repeated window whose child shard lost its first records fails") {
  StreamFixture fixture;
  fixture.stream.retention = 1h;
  fixture.stream.add_shard("p");
  const int number = 12;  // [01:00, 01:05)
  std::optional<Positions> previous;
  SECTION("in the first window of a chain") {}
  SECTION("in a later one") { previous = fixture.read(number - 1, *fixture.plan(number - 1))->end; }
  fixture.loop.clock.advance(fixture.midnight + 62min - fixture.loop.clock.now());
  const auto start = fixture.plan(number, previous);
  REQUIRE(start.has_value());
  fixture.loop.clock.advance(30s);
  const auto [left, right] = fixture.stream.split("p");
  fixture.write(right, 1, 63min);
  fixture.write(right, 2, 64min + 30s);
  fixture.loop.clock.advance(3min);
  const auto outcome = fixture.read(number, *start);
  REQUIRE(outcome.has_value());
  const Rows rows = fixture.writer.rows;
  CHECK(rows == Rows{{2, {"1,value", "2,value"}}});

  fixture.loop.clock.advance(50min);
  REQUIRE(fixture.read(number, *start, outcome->end).has_value());
  CHECK(fixture.writer.rows == rows);

  fixture.loop.clock.advance(fixture.midnight + 2h + 4min - fixture.loop.clock.now());
  fixture.stream.expire();
  const auto again = fixture.read(number, *start, outcome->end);
  REQUIRE(again.has_error());
  CHECK(again.error().code() == Errc::trimmed);
  CHECK_THAT(again.error().message(), Catch::StartsWith("read shard " + right + ": records after "));
}

TEST_CASE("stream reader: a child waits in its place while its parent has more to give") {
  StreamFixture fixture;
  const std::string parent = fixture.stream.add_shard("p");
  fixture.write(parent, 1, 1min);
  fixture.write(parent, 2, 6min);
  const auto [left, right] = fixture.stream.split(parent);
  fixture.write(left, 3, 4min);  // a slow clock
  const auto start = fixture.plan(0);
  REQUIRE(start->shards.size() == 3);
  const auto outcome = fixture.read(0, *start);
  REQUIRE(outcome.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"1,value"}}});
  CHECK(outcome->end.find(left)->kind == Kind::at_time);
  CHECK(outcome->end.find(left)->time == start->find(left)->time);
  CHECK(fixture.statistics.shards_done == 3);
  const auto next = fixture.read(1, *fixture.plan(1, outcome->end));
  REQUIRE(next.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"2,value"}}, {1, {"3,value"}}});
  CHECK(fixture.statistics.late == 1);
}

TEST_CASE("stream reader: children that wait for longer than the retention lose nothing") {
  StreamFixture fixture;
  fixture.stream.retention = 1h;
  const std::string parent = fixture.stream.add_shard("p");
  for (int i = 0; i < 12; ++i) fixture.write(parent, i, i * 5min + 4min);
  const auto left = fixture.stream.split(parent).first;
  const auto last = fixture.stream.split(left).first;  // a child of a child moves on as well
  auto positions = fixture.plan(0);
  std::size_t rows = 0;
  for (int number = 0; number < 14; ++number) {  // always 55 minutes behind
    const auto outcome = fixture.read(number, *positions);
    REQUIRE(outcome.has_value());
    for (const auto& [index, shard] : fixture.writer.rows) rows += shard.size();
    if (number == 5) {
      CHECK(pipeline::read_until(*outcome->end.find(left)) == fixture.midnight + 34min - 1us);
      CHECK(pipeline::read_until(*outcome->end.find(last)) == fixture.midnight + 34min - 1us);
      CHECK(pipeline::retention_clock(outcome->end, fixture.loop.clock.now())->left > 0min);
    }
    fixture.loop.clock.advance(5min);
    fixture.write(last, 100 + number, 1h + number * 5min + 4min);
    fixture.stream.expire();
    positions = fixture.plan(number + 1, outcome->end);
    REQUIRE(positions.has_value());
  }
  CHECK(rows == 14);
}

TEST_CASE("stream reader: repeating a window reads only shards that held something, up to the last record") {
  StreamFixture fixture;
  const std::string busy = fixture.stream.add_shard();
  const std::string idle = fixture.stream.add_shard();
  fixture.write(busy, 1, 1min);
  const auto start = fixture.plan(0);
  const auto outcome = fixture.read(0, *start);
  fixture.write(idle, 2, 2min);  // came late
  fixture.write(busy, 3, 3min);
  fixture.stream.calls.clear();
  REQUIRE(fixture.read(0, *start, outcome->end).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"1,value"}}});
  CHECK(std::count(fixture.stream.calls.begin(), fixture.stream.calls.end(), "GetStreamRecord") == 1);
}

TEST_CASE("stream reader: a column that no record has is told in the log") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.source.columns.push_back(job::Column{"vv"});
  SECTION("when there were records") {
    fixture.write(shard, 1, 1min);
    REQUIRE(fixture.read(0, *fixture.plan(0)).has_value());
    CHECK(fixture.log.has("! column vv was in none of the window's 1 records"));
    CHECK_FALSE(fixture.log.has("column v was"));
  }
  SECTION("not in an empty window") {
    REQUIRE(fixture.read(0, *fixture.plan(0)).has_value());
    CHECK_FALSE(fixture.log.has("column"));
  }
}

TEST_CASE("stream reader: a column that looks like a key column but is none is told with that one") {
  StreamFixture fixture;
  fixture.write(fixture.stream.add_shard(), 1, 1min);
  fixture.source.columns = {job::Column{"PK"}, job::Column{"v"}};
  REQUIRE(fixture.read(0, *fixture.plan(0)).has_value());
  CHECK(
      fixture.log.has("! column PK was in none of the window's 1 records; did you mean the key column pk?"));
}

TEST_CASE("stream reader: deletes are exported in their place among the rows") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.write(shard, 1, 1min);
  fixture.write(shard, 1, 2min, Action::delete_row);
  fixture.write(shard, 1, 3min, Action::update_row);
  fixture.source.export_op_type = true;
  fixture.source.deletes = job::Deletes::write;
  REQUIRE(fixture.read(0, *fixture.plan(0)).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"1,value,PUT", "1,null,DELETE", "1,value,UPDATE"}}});
  CHECK(fixture.statistics.ignored.empty());
}

TEST_CASE("stream reader: deletes cannot be exported without a column of the key") {
  StreamFixture fixture;
  fixture.stream.add_shard();
  fixture.stream.primary_key = {{"pk", KeyType::integer}, {"day", KeyType::string}};
  fixture.source.export_op_type = true;
  fixture.source.deletes = job::Deletes::write;
  CHECK(fixture.plan(0).has_value());
  fixture.source.columns = {job::Column{"v"}};
  fixture.source.mode = job::ReadMode::column;
  CHECK(fixture.plan(0).has_value());
  fixture.source.mode = job::ReadMode::row;
  const auto plan = fixture.plan(0);
  REQUIRE(plan.has_error());
  CHECK(plan.error().code() == Errc::invalid_argument);
  CHECK(plan.error().message() ==
        "read orders: deletes are to be exported, but no column of the primary key (pk and day) is "
        "configured; add it to column");
}

TEST_CASE("stream reader: a number that is none reaches the writer, unless it is to become null") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard("s");
  sluice::test::WireRecord record;
  record.key = {sluice::test::WireCell{"pk", std::int64_t{1}, {}, {}}};
  record.attributes = {sluice::test::WireCell{"v", std::numeric_limits<double>::quiet_NaN(), 1000, {}}};
  fixture.stream.record_time_skew = fixture.midnight + 1min - fixture.loop.clock.now();
  fixture.stream.write(shard, record);
  const auto start = fixture.plan(0);
  REQUIRE(fixture.read(0, *start).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"1,nan"}}});
  fixture.source.non_finite = job::NonFinite::null;
  REQUIRE(fixture.read(0, *start).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"1,null"}}});
  CHECK(fixture.statistics.ignored.at("non_finite_null") == 1);
}

TEST_CASE("stream reader: column mode gives a row for each cell, with the table's key") {
  StreamFixture fixture;
  fixture.source.mode = job::ReadMode::column;
  fixture.source.columns.clear();
  fixture.source.export_sequence = true;
  fixture.limits.batch_rows = 2;
  const std::string shard = fixture.stream.add_shard("s");
  fixture.write(shard, 1, 1min);
  fixture.write(shard, 2, 2min, Action::update_row);
  fixture.write(shard, 1, 3min, Action::delete_row);
  REQUIRE(fixture.read(0, *fixture.plan(0)).has_value());
  CHECK(fixture.writer.rows ==
        Rows{{0,
              {"1,null,null,null,DR,0000000001_00001539648060000000_0000000000_s:0000000000",
               "1,v,1000,value,U,0000000001_00001539648060000000_0000000000_s:0000000001",
               "2,v,1000,value,U,0000000001_00001539648120000000_0000000000_s:0000000000",
               "1,null,null,null,DR,0000000001_00001539648180000000_0000000000_s:0000000000"}}});
  CHECK(fixture.statistics.records == 3);
  CHECK(fixture.statistics.rows == 4);
  CHECK(fixture.statistics.ignored.empty());
  CHECK_FALSE(fixture.log.has("column"));
}

TEST_CASE("stream reader: rows carry the sequence text when configured") {
  StreamFixture fixture;
  fixture.source.export_sequence = true;
  fixture.write(fixture.stream.add_shard("s"), 1, 1min);
  REQUIRE(fixture.read(0, *fixture.plan(0)).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"1,value,0000000001_00001539648060000000_0000000000_s"}}});
}

}  // namespace
