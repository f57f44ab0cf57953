#include "core/tablestore/stream_survey.hpp"
#include "tests/support/stream_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using sluice::test::Rows;
using sluice::test::StreamFixture;
using sluice::test::WireCell;

// The fixture's stream as that of a time series table.
struct Fixture : StreamFixture {
  Fixture() {
    stream.is_time_series = true;
    source.is_time_series = true;
    source.columns = {job::Column{"_m_name"}, job::Column{"host", true}, job::Column{"usage"}};
  }

  void write_point(const std::string& shard, double usage, Duration time) {
    sluice::test::WireRecord record;
    record.key = {WireCell{"_#h", std::string("0a"), {}, {}}, WireCell{"_m_name", std::string("cpu"), {}, {}},
                  WireCell{"_data_source", std::string(""), {}, {}},
                  WireCell{"_tags", std::string(R"(["host=a"])"), {}, {}},
                  WireCell{"_time", std::int64_t{1}, {}, {}}};
    record.attributes = {WireCell{"usage:d", usage, 1000, {}}};
    stream.record_time_skew = midnight + time - loop.clock.now();
    stream.write(shard, record);
  }
};

TEST_CASE("time series: the table is not described, its stream is") {
  Fixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.write_point(shard, 0.5, 1min);
  fixture.write_point(shard, 1.5, 6min);
  const auto start = fixture.plan(0);
  REQUIRE(start.has_value());
  CHECK(fixture.stream.calls == std::vector<std::string>{"ListStream", "DescribeStream"});
  CHECK(start->stream == "orders_1");
  CHECK(start->enabled == fixture.stream.enabled);
  CHECK(start->retention == 168h);
  const auto outcome = fixture.read(0, *start);
  REQUIRE(outcome.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"cpu,a,0.5"}}});
  REQUIRE(fixture.read(1, *fixture.plan(1, outcome->end)).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"cpu,a,1.5"}}});
}

TEST_CASE("time series: the shards of all pages are read, and children that come in the window") {
  Fixture fixture;
  std::vector<std::string> shards;
  for (int i = 0; i < 7; ++i) shards.push_back(fixture.stream.add_shard());  // three to a page
  for (const std::string& shard : shards) fixture.write_point(shard, 0.5, 1min);
  const auto start = fixture.plan(0);
  REQUIRE(start->shards.size() == 7);
  const auto [left, right] = fixture.stream.split(shards[6]);
  fixture.write_point(left, 2.5, 2min);
  REQUIRE(fixture.read(0, *start).has_value());
  CHECK(fixture.writer.rows.size() == 8);
  CHECK(fixture.writer.rows.at(7) == std::vector<std::string>{"cpu,a,2.5"});
}

TEST_CASE("time series: another table is refused with the key to remove") {
  Fixture fixture;
  fixture.stream.add_shard();
  fixture.stream.is_time_series = false;
  const auto plan = fixture.plan(0);
  REQUIRE(plan.has_error());
  CHECK(plan.error().code() == Errc::invalid_argument);
  CHECK(plan.error().message() ==
        "read the stream of table orders: it is no time series table; remove isTimeseriesTable");
}

TEST_CASE("time series: a table without a stream is not found") {
  Fixture fixture;
  fixture.stream.is_on = false;
  const auto plan = fixture.plan(0);
  REQUIRE(plan.has_error());
  CHECK(plan.error().code() == Errc::not_found);
  CHECK(plan.error().message() ==
        "read the stream of table orders: it has none; switch it on in the console, changes are kept from "
        "then on");
}

TEST_CASE("time series: what the survey is refused comes back") {
  for (const std::string failing : {"ListStream", "DescribeStream"}) {
    INFO(failing);
    Fixture fixture;
    fixture.stream.add_shard();
    fixture.stream.fault = [&](std::string_view operation) -> std::optional<Error> {
      if (operation == failing) return Error(Errc::permission_denied, "no");
      return std::nullopt;
    };
    const auto plan = fixture.plan(0);
    REQUIRE(plan.has_error());
    CHECK(plan.error().code() == Errc::permission_denied);
    CHECK(plan.error().message() == "read the stream of table orders: no");
  }
  Fixture fixture;
  fixture.stream.add_shard();
  fixture.stream.status = StreamStatus::enabling;
  CHECK(fixture.plan(0).error().code() == Errc::unavailable);
}

TEST_CASE("time series: a tag and a field that no record has are told in the log") {
  Fixture fixture;
  fixture.source.columns.push_back(job::Column{"rack", true});
  fixture.source.columns.push_back(job::Column{"usage:i"});
  fixture.write_point(fixture.stream.add_shard(), 0.5, 1min);
  REQUIRE(fixture.read(0, *fixture.plan(0)).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"cpu,a,0.5,null,null"}}});
  CHECK(fixture.log.has("! column rack was in none of the window's 1 records"));
  CHECK(fixture.log.has("! column usage:i was in none of the window's 1 records"));
  CHECK_FALSE(fixture.log.has("column host"));
}

}  // namespace
