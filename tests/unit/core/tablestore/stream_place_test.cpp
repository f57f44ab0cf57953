#include "core/tablestore/stream_place.hpp"

#include "tests/support/stream_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using pipeline::Sequence;
using sluice::test::StreamFixture;

// A shard with ten records, read in pages of four.
struct Places : StreamFixture {
  Places() {
    stream.add_shard("s");
    for (int i = 0; i < 10; ++i) write("s", i, i * 1min);
    stream.records_per_page = 4;
  }

  Sequence at(std::size_t number) { return stream.shard("s").log.at(number).sequence; }

  Result<std::string> behind(std::string iterator, Sequence last, std::optional<Sequence> next = {}) {
    pipeline::ShardPosition position;
    position.kind = pipeline::ShardPosition::Kind::iterator;
    position.iterator = std::move(iterator);
    position.last = last;
    position.next = next;
    return loop.run(iterator_behind(stream, position));
  }

  Result<Sequence> nth(std::string iterator, std::int64_t count) {
    return loop.run(nth_record(stream, iterator, count));
  }

  std::size_t reads() const {
    return static_cast<std::size_t>(std::count(stream.calls.begin(), stream.calls.end(), "GetStreamRecord"));
  }
};

std::string refusal(const Result<std::string>& result) {
  REQUIRE(result.has_error());
  CHECK(result.error().code() == Errc::corrupt);
  return result.error().message();
}

TEST_CASE("stream place: the iterator behind a record is found wherever the record lies in its page") {
  Places places;
  for (std::size_t last = 0; last < 4; ++last) {
    CHECK(places.behind("s@0", places.at(last)).value() == fmt::format("s@{}", last + 1));
  }
  places.stream.calls.clear();
  CHECK(places.behind("s@2", places.at(3)).value() == "s@4");
  CHECK(places.reads() == 2);
  places.stream.calls.clear();
  CHECK(places.behind("s@2", places.at(5)).value() == "s@6");
  CHECK(places.reads() == 1);
}

TEST_CASE("stream place: an iterator behind the record already is given back as it is") {
  Places places;
  CHECK(places.behind("s@4", places.at(3)).value() == "s@4");
  CHECK(places.behind("s@10", places.at(9)).value() == "s@10");
  CHECK(places.behind("s@10", places.at(0)).value() == "s@10");
}

TEST_CASE("stream place: a page that the server cuts short is followed to the record") {
  Places places;
  CHECK(places.behind("s@0", places.at(6)).value() == "s@7");
  CHECK(places.behind("s@0", places.at(9)).value() == "s@10");
  places.stream.records_per_page = 1;
  CHECK(places.behind("s@0", places.at(6)).value() == "s@7");
}

TEST_CASE("stream place: empty answers that promise more are passed over") {
  Places places;
  int asked = 0;
  places.stream.empty_page = [&] { return ++asked % 2 == 1; };
  CHECK(places.behind("s@0", places.at(6)).value() == "s@7");
}

TEST_CASE("stream place: a record that is not met again gives no iterator") {
  Places places;
  Sequence between = places.at(2);
  between.time_us += 1;
  const std::string text = "record 1_1539648120000001_0, seen before, is not met again";
  SECTION("in the middle of a page") { CHECK(refusal(places.behind("s@0", between)) == text); }
  SECTION("at the end of a page") {
    places.stream.records_per_page = 3;
    CHECK(refusal(places.behind("s@0", between)) == text);
  }
  SECTION("at the end of what is there") {
    places.stream.shard("s").log.resize(3);
    CHECK(refusal(places.behind("s@0", between)) == text);
  }
  SECTION("at the end of a shard") {
    places.stream.shard("s").log.resize(3);
    places.stream.shard("s").closed = true;
    CHECK(refusal(places.behind("s@0", between)) == text);
  }
  SECTION("because the server forever promises more") {
    places.stream.empty_page = [] { return true; };
    CHECK(refusal(places.behind("s@0", between)) == text);
    CHECK(places.reads() == 64);
  }
}

TEST_CASE("stream place: the record that follows must be the one that was seen") {
  Places places;
  CHECK(places.behind("s@0", places.at(1), places.at(2)).value() == "s@2");
  CHECK(places.behind("s@4", places.at(3), places.at(4)).value() == "s@4");
  CHECK(places.behind("s@0", places.at(3), places.at(4)).value() == "s@4");
  const std::string text = "record 1_1539648120000000_0, seen before, is not met again";
  const Sequence next = places.at(2);
  places.stream.shard("s").log.erase(places.stream.shard("s").log.begin() + 2);
  SECTION("behind the last one") { CHECK(refusal(places.behind("s@0", places.at(1), next)) == text); }
  SECTION("at the begin of a page") { CHECK(refusal(places.behind("s@2", places.at(1), next)) == text); }
  SECTION("instead of an empty answer") {
    places.stream.shard("s").log.resize(2);
    CHECK(refusal(places.behind("s@2", places.at(1), next)) == text);
  }
}

TEST_CASE("stream place: the second answer must end with the record, too") {
  Places places;
  const Sequence last = places.at(1);
  SECTION("it went missing between the two") {
    int answers = 0;
    places.stream.fault = [&](std::string_view) -> std::optional<Error> {
      if (++answers == 2) places.stream.shard("s").log.erase(places.stream.shard("s").log.begin() + 1);
      return std::nullopt;
    };
    CHECK(refusal(places.behind("s@0", last)) ==
          "record 1_1539648060000000_0, seen before, is not met again");
  }
  SECTION("the second one is shorter than it was asked to be") {
    int answers = 0;
    places.stream.fault = [&](std::string_view) -> std::optional<Error> {
      if (++answers == 2) places.stream.records_per_page = 1;
      return std::nullopt;
    };
    CHECK(places.behind("s@0", last).value() == "s@2");
    CHECK(places.reads() == 3);
  }
  SECTION("data was trimmed in between") {
    int answers = 0;
    places.stream.fault = [&](std::string_view) -> std::optional<Error> {
      if (++answers == 2) places.stream.trim("s", 5);
      return std::nullopt;
    };
    CHECK(places.behind("s@0", last).error().code() == Errc::trimmed);
  }
}

TEST_CASE("stream place: records out of order are refused") {
  Places places;
  std::swap(places.stream.shard("s").log[1], places.stream.shard("s").log[2]);
  CHECK(refusal(places.behind("s@0", places.at(3))) ==
        "record 1_1539648060000000_0 follows record 1_1539648120000000_0");
}

TEST_CASE("stream place: the n-th record is counted over as many answers as it takes") {
  Places places;
  for (const std::int64_t count : {1, 4, 5, 9, 10}) {
    CHECK(places.nth("s@0", count).value() == places.at(static_cast<std::size_t>(count - 1)));
  }
  CHECK(places.nth("s@7", 2).value() == places.at(8));
  int asked = 0;
  places.stream.empty_page = [&] { return ++asked % 2 == 1; };
  CHECK(places.nth("s@0", 6).value() == places.at(5));
}

TEST_CASE("stream place: fewer records than were counted before are refused") {
  Places places;
  CHECK(places.nth("s@7", 4).error().message() == "there are 3 records where 4 were read before");
  places.stream.shard("s").closed = true;
  CHECK(places.nth("s@7", 4).error().code() == Errc::corrupt);
  places.stream.trim("s", 8);
  CHECK(places.nth("s@7", 1).error().code() == Errc::trimmed);
}

}  // namespace
