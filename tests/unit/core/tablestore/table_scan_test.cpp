#include "core/tablestore/table_scan.hpp"

#include "core/tablestore/table_reader.hpp"
#include "tests/support/collecting_writer.hpp"
#include "tests/support/fake_rows.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <map>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using Rows = std::map<std::uint32_t, std::vector<std::string>>;

struct Fixture {
  Fixture() : table(loop.clock), writer(loop.clock) {
    source.table = "orders";
    source.columns = {job::Column{"pk"}, job::Column{"v"}};
  }

  void put(std::int64_t key, std::string text = "value") {
    table.put(key, {{"other", std::int64_t{1}, 1000, {}}, {"v", std::move(text), 1000, {}}});
  }

  Result<void> scan(Instant not_before = {}) {
    TableScan scan(table, table, loop.clock, source, limits);
    const auto result = loop.run(scan.run(not_before, writer, statistics, log));
    if (table.in_flight != 0) throw std::logic_error("a request outlives the scan");
    return result;
  }

  std::string failure() {
    const auto result = scan();
    REQUIRE(result.has_error());
    return result.error().message();
  }

  sluice::test::Loop loop;
  sluice::test::FakeRows table;
  sluice::test::CollectingWriter writer;
  sluice::test::CollectingLog log;
  pipeline::Statistics statistics;
  job::TableStoreSource source;
  TableScanLimits limits;
};

TEST_CASE("table scan: every range goes to its place, in key order", "[tablestore]") {
  Fixture f;
  for (const std::int64_t key : {30, 1, 20, 9, 10, -5}) f.put(key);
  f.table.points = {f.table.integer_key(10), f.table.integer_key(20), f.table.integer_key(25)};
  f.limits.batch_rows = 2;
  REQUIRE(f.scan().has_value());
  CHECK(
      f.writer.rows ==
      Rows{{0, {"-5,value", "1,value", "9,value"}}, {1, {"10,value"}}, {2, {"20,value"}}, {3, {"30,value"}}});
  CHECK(f.statistics.rows == 6);
  CHECK(f.statistics.table_rows == 6);
  CHECK(f.statistics.records == 0);
  CHECK(f.statistics.shards == 4);
  CHECK(f.statistics.shards_done == 4);
  CHECK(f.statistics.requests == f.table.calls.size());
  CHECK(f.statistics.read_bytes > 0);
  CHECK(f.log.lines == std::vector<std::string>{"table orders: 4 ranges of keys, up to 8 read at once",
                                                "range 0: 3 rows in 1 pages", "range 1: 1 rows in 1 pages",
                                                "range 2: 1 rows in 1 pages", "range 3: 1 rows in 1 pages"});
}

TEST_CASE("table scan: only the configured columns are asked for, each once", "[tablestore]") {
  Fixture f;
  f.put(1, "x");
  f.source.columns = {job::Column{"v"}, job::Column{"pk"}, job::Column{"v"}};
  REQUIRE(f.scan().has_value());
  CHECK(f.writer.rows == Rows{{0, {"x,1,x"}}});
  CHECK(f.table.requests.front().columns == std::vector<std::string>{"v", "pk"});

  SECTION("but all of them where they are too many to be asked for") {
    for (int i = 0; i < 127; ++i) f.source.columns.push_back(job::Column{"c" + std::to_string(i)});
    f.table.requests.clear();
    Fixture g;
    g.put(1, "x");
    g.source = f.source;
    REQUIRE(g.scan().has_value());
    CHECK(g.table.requests.front().columns.empty());
    CHECK(g.writer.rows.at(0).front().starts_with("x,1,x,null,null"));
  }
}

TEST_CASE("table scan: pages follow each other and are larger once the size of rows is known",
          "[tablestore]") {
  Fixture f;
  for (std::int64_t key = 0; key < 3000; ++key) f.put(key);
  REQUIRE(f.scan().has_value());
  CHECK(f.writer.rows.at(0).size() == 3000);
  CHECK(f.writer.rows.at(0).back() == "2999,value");
  REQUIRE(f.table.requests.size() == 3);
  CHECK(f.table.requests[0].limit == 16);
  CHECK(f.table.requests[1].limit == 16);
  CHECK(f.table.requests[1].begin == f.table.integer_key(16));
  CHECK(f.table.requests[2].begin == f.table.integer_key(32));
  CHECK(f.table.requests[2].limit == 5000);
}

TEST_CASE("table scan: rows without any configured column are passed over, by the server or by us",
          "[tablestore]") {
  Fixture f;
  f.source.columns = {job::Column{"v"}};
  for (std::int64_t key = 0; key < 50; ++key) f.table.put(key, {{"other", true, 1000, {}}});
  f.put(25, "here");
  f.table.page_rows = [] { return 10; };
  REQUIRE(f.scan().has_value());
  CHECK(f.table.requests.size() == 5);
  CHECK(f.writer.rows == Rows{{0, {"here"}}});
  CHECK(f.statistics.table_rows == 1);

  f.source.columns = {job::Column{"v"}};
  for (int i = 0; i < 128; ++i) f.source.columns.push_back(job::Column{"c" + std::to_string(i)});
  Fixture g;
  g.source = f.source;
  g.table.put(1, {{"other", true, 1000, {}}});
  REQUIRE(g.scan().has_value());
  CHECK(g.writer.rows.empty());
  CHECK(g.statistics.table_rows == 1);
  CHECK(g.statistics.ignored == std::map<std::string, std::uint64_t>{{"no_configured_column", 1}});
}

TEST_CASE("table scan: an empty table opens no sink", "[tablestore]") {
  Fixture f;
  REQUIRE(f.scan().has_value());
  CHECK(f.writer.rows.empty());
  CHECK(f.statistics.shards_done == 1);
}

TEST_CASE("table scan: a column that no row has is warned about", "[tablestore]") {
  Fixture f;
  f.put(1);
  f.source.columns.push_back(job::Column{"mistyped"});
  REQUIRE(f.scan().has_value());
  CHECK(f.log.lines.back() == "! column mistyped was in no row of table orders");
}

TEST_CASE("table scan: rows of a job that exports sequences sort before all records", "[tablestore]") {
  Fixture f;
  f.put(1);
  f.source.export_sequence = true;
  REQUIRE(f.scan().has_value());
  CHECK(f.writer.rows == Rows{{0, {"1,value,0000000000_00000000000000000000_0000000000_table"}}});
}

TEST_CASE("table scan: in column mode each row is a put of all its columns", "[tablestore]") {
  Fixture f;
  f.put(1);
  f.source.mode = job::ReadMode::column;
  f.source.columns.clear();
  f.source.distinct_put = true;
  REQUIRE(f.scan().has_value());
  CHECK(f.table.requests.front().columns.empty());
  CHECK(f.writer.rows == Rows{{0, {"1,null,null,null,P", "1,other,1000,1,U", "1,v,1000,value,U"}}});
  CHECK(f.statistics.table_rows == 1);
  CHECK(f.statistics.rows == 3);
}

TEST_CASE("table scan: a number that is none reaches the writer, as it is or as a text", "[tablestore]") {
  Fixture f;
  f.table.put(1, {{"v", std::numeric_limits<double>::quiet_NaN(), 1000, {}}});
  REQUIRE(f.scan().has_value());
  CHECK(f.writer.rows == Rows{{0, {"1,nan"}}});
  Fixture g;
  g.table.put(1, {{"v", std::numeric_limits<double>::quiet_NaN(), 1000, {}}});
  g.source.non_finite = job::NonFinite::text;
  g.source.export_op_type = true;
  REQUIRE(g.scan().has_value());
  CHECK(g.writer.rows == Rows{{0, {"1,NaN,PUT"}}});
}

TEST_CASE("table scan: the size of the table decides how it is cut", "[tablestore]") {
  Fixture f;
  for (std::int64_t key = 1; key <= 300; ++key) {
    f.put(key);
    if (key > 1) f.table.points.push_back(f.table.integer_key(key));
  }
  f.limits.ranges_max = 10;
  REQUIRE(f.scan().has_value());
  // 300 parts of 8 GiB, a tenth each.
  CHECK(f.table.asked_part_bytes ==
        std::vector<std::int64_t>{std::int64_t{8} << 30, std::int64_t{240} << 30});
  CHECK(f.writer.rows.size() == 10);
  CHECK(f.writer.rows.at(0).size() == 30);

  SECTION("one range needs no split points") {
    Fixture one;
    one.limits.ranges_max = 1;
    one.put(1);
    REQUIRE(one.scan().has_value());
    CHECK(one.table.calls == std::vector<std::string>{"DescribeTable", "GetRange"});
  }
}

TEST_CASE("table scan: no more ranges than allowed are read at once, and pages stay within their memory",
          "[tablestore]") {
  Fixture f;
  for (std::int64_t key = 0; key < 400; ++key) {
    f.put(key);
    if (key % 20 == 10) f.table.points.push_back(f.table.integer_key(key));
  }
  f.table.page_rows = [] { return 5; };
  f.table.latency = [] { return Duration(1ms); };
  f.limits.ranges_at_once = 3;
  f.limits.page_bytes = 1000;
  f.limits.pages_bytes = 100'000;
  REQUIRE(f.scan().has_value());
  CHECK(f.table.in_flight_max == 3);
  CHECK(f.statistics.table_rows == 400);

  // Memory for two pages: nobody reads ahead, and no more than two requests are under way.
  Fixture g;
  g.table.rows = f.table.rows;
  g.table.points = f.table.points;
  g.table.page_rows = f.table.page_rows;
  g.table.latency = f.table.latency;
  g.limits = f.limits;
  g.limits.pages_bytes = 2000;
  REQUIRE(g.scan().has_value());
  CHECK(g.table.in_flight_max <= 2);
  CHECK(g.writer.rows == f.writer.rows);
}

TEST_CASE("table scan: the next page is on its way while one is written", "[tablestore]") {
  Fixture f;
  for (std::int64_t key = 0; key < 1000; ++key) f.put(key);
  f.table.page_rows = [] { return 200; };
  f.table.latency = [] { return Duration(1s); };
  f.writer.latency = [] { return Duration(1s); };
  REQUIRE(f.scan().has_value());
  // The description, twice the split points, 2 pages of 16 rows and 5 of up to 200; the last page is written
  // alone.
  CHECK(f.loop.clock.monotonic() == Duration(3s + 7s + 1s));
}

TEST_CASE("table scan: it does not begin before its time by the server's clock", "[tablestore]") {
  Fixture f;
  f.put(1);
  const Instant begin = f.loop.clock.now() + 30s;
  f.table.server_time_skew = -90s;
  Instant read_at{};
  f.table.fault = [&](std::string_view) -> std::optional<Error> {
    read_at = f.loop.clock.now();
    return std::nullopt;
  };
  REQUIRE(f.scan(begin).has_value());
  CHECK(read_at == begin + 90s);
  CHECK(f.table.requests.size() == 3);  // too early, in time, and the page
  CHECK(f.writer.rows == Rows{{0, {"1,value"}}});
}

TEST_CASE("table scan: pages that lead back or beyond the range are refused", "[tablestore]") {
  Fixture f;
  for (std::int64_t key = 0; key < 30; ++key) f.put(key);
  f.table.page_rows = [] { return 10; };
  const std::string refusal =
      "read range 0 of table orders: the next page does not begin between this one and the range's end";
  SECTION("to where it began") {
    f.table.spoil = [&](RowPage& page) {
      if (page.next) page.next = f.table.integer_key(10);
    };
    CHECK(f.failure() == refusal);
  }
  SECTION("to the end") {
    f.table.spoil = [&](RowPage& page) {
      if (page.next) page.next = Key{{"pk", KeyCell::Kind::greatest, 0, {}}};
    };
    CHECK(f.failure() == refusal);
  }
}

TEST_CASE("table scan: a broken row fails the scan, naming range and place", "[tablestore]") {
  Fixture f;
  f.put(1);
  f.table.spoil = [](RowPage& page) { page.body.back() ^= 1; };
  CHECK(f.failure().starts_with("read range 0 of table orders: decode row: at offset "));
}

TEST_CASE("table scan: what cannot be read at all is refused before anything is written", "[tablestore]") {
  Fixture f;
  f.put(1);
  SECTION("no such table") {
    f.source.table = "other";
    CHECK(f.failure() == "describe table other: no such table");
  }
  SECTION("no column") {
    f.source.columns.clear();
    CHECK(f.failure() == "read orders: no column is configured");
  }
  SECTION("a time series table") {
    f.source.is_time_series = true;
    CHECK(f.failure() == "read orders: a time series table cannot be read as a whole");
  }
  SECTION("a bound of another type") {
    f.source.range_begin = {{job::KeyBound::Kind::string, 0, "a"}};
    CHECK(f.failure() == "read orders: range.begin[0]: key column pk takes INT, INF_MIN or INF_MAX");
  }
  SECTION("split points that do not ascend") {
    f.table.points = {f.table.integer_key(2), f.table.integer_key(1)};
    CHECK(f.failure() == "read orders: cut the table: split point 1 is not behind the one before it");
  }
  CHECK(f.table.requests.empty());
  CHECK(f.writer.rows.empty());
}

TEST_CASE("table scan: a failure of any request or write fails it and leaves nothing running",
          "[tablestore]") {
  std::size_t steps = 0;
  for (std::size_t fail_at = 0;; ++fail_at) {
    Fixture f;
    for (std::int64_t key = 0; key < 60; ++key) f.put(key);
    f.table.points = {f.table.integer_key(20), f.table.integer_key(40)};
    f.table.page_rows = [] { return 7; };
    f.table.latency = [] { return Duration(1ms); };
    f.writer.latency = [] { return 700us; };
    f.limits.ranges_at_once = 2;
    std::size_t step = 0;
    const auto fault = [&]() -> std::optional<Error> {
      if (step++ == fail_at) return Error(Errc::unavailable, "step failed");
      return std::nullopt;
    };
    f.table.fault = [&](std::string_view) { return fault(); };
    f.writer.fault = fault;
    const auto result = f.scan();
    if (result.has_value()) {
      steps = step;
      CHECK(f.statistics.table_rows == 60);
      break;
    }
    CHECK(result.error().message() == "step failed");
  }
  CHECK(steps > 15);
}

TEST_CASE("table reader: the range of the job is read, and its positions are empty", "[tablestore]") {
  Fixture f;
  for (std::int64_t key = 0; key < 10; ++key) f.put(key);
  f.source.range_begin = {{job::KeyBound::Kind::integer, 3, {}}};
  f.source.range_end = {{job::KeyBound::Kind::integer, 5, {}}};
  TableReader reader(f.table, f.table, f.loop.clock, f.source);
  const pipeline::Window window;
  const auto planned = f.loop.run(reader.plan(window, std::nullopt, f.log));
  REQUIRE(planned.has_value());
  CHECK(*planned == pipeline::Positions());
  const auto stored = pipeline::positions_from_json(pipeline::to_json(*planned));
  REQUIRE(stored.has_value());
  CHECK(*stored == *planned);
  const pipeline::ReadPlan plan{*planned, *planned};
  const auto outcome = f.loop.run(reader.read(window, plan, f.writer, f.statistics, f.log));
  REQUIRE(outcome.has_value());
  CHECK(outcome->end == pipeline::Positions());
  CHECK(outcome->gaps.empty());
  CHECK(f.writer.rows == Rows{{0, {"3,value", "4,value"}}});
}

TEST_CASE("table reader: a plan finds out early what would stop the read", "[tablestore]") {
  Fixture f;
  f.source.table = "other";
  TableReader reader(f.table, f.table, f.loop.clock, f.source);
  const auto planned = f.loop.run(reader.plan({}, std::nullopt, f.log));
  REQUIRE(planned.has_error());
  CHECK(planned.error().code() == Errc::not_found);
}

}  // namespace
