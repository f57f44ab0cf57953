// First windows that begin before their stream was switched on.
#include "core/tablestore/stream_reader.hpp"
#include "tests/support/stream_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using sluice::test::Rows;

namespace {

// Windows 0 and 1 are before the stream, it was switched on within window 2, and window 3 is all in it.
struct LateStream : sluice::test::StreamFixture {
  LateStream() {
    stream.enabled = midnight + 12min;
    shard = stream.add_shard();
    write(shard, 1, 13min);
    write(shard, 2, 16min);
  }

  std::string shard;
};

TEST_CASE("stream start: a window by itself is refused where all of it is before the stream") {
  LateStream fixture;
  fixture.source.stands_alone = true;
  fixture.source.on_gap = GENERATE(job::OnGap::fail, job::OnGap::proceed);
  const auto plan = fixture.plan(0);
  REQUIRE(plan.has_error());
  CHECK(plan.error().code() == Errc::stream_changed);
  CHECK(plan.error().message() ==
        "plan orders: the stream was switched on at 2018-10-16T00:12:00Z, after the window's end "
        "2018-10-16T00:05:00Z, and holds nothing of it; take a window that begins later");
}

TEST_CASE("stream start: a window by itself that begins before the stream fails, or is told as a gap") {
  LateStream fixture;
  fixture.source.stands_alone = true;
  const auto refused = fixture.plan(2);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code() == Errc::stream_changed);
  CHECK(refused.error().message() ==
        "plan orders: the stream was switched on at 2018-10-16T00:12:00Z, after the window's start; changes "
        "between 2018-10-16T00:10:00Z and 2018-10-16T00:12:00Z are lost; take a window that begins later, or "
        "set \"onGap\": \"continue\" to record the gap and go on");

  fixture.source.on_gap = job::OnGap::proceed;
  const auto plan = fixture.plan(2);
  REQUIRE(plan.has_value());
  const auto outcome = fixture.read(2, *plan);
  REQUIRE(outcome.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"1,value"}}});
  REQUIRE(outcome->gaps.size() == 1);
  CHECK(outcome->gaps[0] == pipeline::Gap{"", fixture.midnight + 10min, fixture.stream.enabled,
                                          "the stream was switched on after the window's start"});
  const auto later = fixture.read(3, *fixture.plan(3, outcome->end));
  REQUIRE(later.has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"2,value"}}});
  CHECK(later->gaps.empty());
}

TEST_CASE("stream start: a window by itself that begins with the stream, or after it, is read") {
  LateStream fixture;
  fixture.source.stands_alone = true;
  fixture.stream.enabled = fixture.midnight + GENERATE(10min, 4min);
  const auto plan = fixture.plan(2);
  REQUIRE(plan.has_value());
  CHECK(fixture.read(2, *plan).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"1,value"}}});
}

TEST_CASE("stream start: the first window of a chain may begin before the stream, and says so") {
  LateStream fixture;
  const auto plan = fixture.plan(0);
  REQUIRE(plan.has_value());
  CHECK(
      fixture.log.has("! the stream was switched on at 2018-10-16T00:12:00Z, after the window's start; it "
                      "holds no change from before"));
  const auto first = fixture.read(0, *plan);
  REQUIRE(first.has_value());
  CHECK(fixture.writer.rows.empty());
  CHECK(first->gaps.empty());
}

TEST_CASE("stream start: with the whole table nothing from before the stream is missing") {
  LateStream fixture;
  fixture.source.stands_alone = true;
  fixture.source.full_table_first = true;
  const auto plan = fixture.plan(0);
  REQUIRE(plan.has_value());
  const auto first = fixture.read(0, *plan);
  REQUIRE(first.has_value());
  CHECK(first->gaps.empty());
}

TEST_CASE("stream start: records that the retention has ended for are told of in the past") {
  LateStream fixture;
  fixture.stream.enabled = fixture.midnight - 1000h;
  REQUIRE(fixture.plan(-2400).has_value());
  CHECK_FALSE(fixture.log.has("from now"));
  CHECK(fixture.log.has(
      "! records after 2018-10-07T16:00:00Z are needed; the stream kept them until 2018-10-14T16:00:00Z"));
}

}  // namespace
