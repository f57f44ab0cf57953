#include "tests/unit/core/tablestore/shard_walk_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace walk_test;

Error trimmed() { return Error(Errc::trimmed, "get records: already trimmed"); }

// Fails the walk's read as trimmed, and leads its search to the oldest record.
void look_for_oldest(ShardWalk& walk) {
  REQUIRE(walk.failed(trimmed()).has_value());
  REQUIRE(walk.next().kind == StepKind::seek);
  CHECK_FALSE(walk.next().time.has_value());
  REQUIRE(walk.found("oldest").has_value());
  REQUIRE(walk.next().kind == StepKind::probe);
}

// The same, and answers the search.
Result<void> trim(ShardWalk& walk, std::optional<Sequence> oldest, Instant server_time = kSettled) {
  look_for_oldest(walk);
  return walk.probed(server_time, oldest);
}

TEST_CASE("shard walk: where the last record read is still kept, an iterator that is too old costs nothing") {
  ShardPosition start = begin(Kind::iterator);
  start.last = at(-2h);
  start.polled = kStart;
  ShardWalk walk(plan(start));
  REQUIRE(trim(walk, at(-3h)).has_value());
  REQUIRE(walk.next().kind == StepKind::seek);
  CHECK(walk.next().time == kStart - 2h - 10min);  // there it is met
  REQUIRE(walk.found("again").has_value());
  SECTION("the search leads to records before it") {
    CHECK(feed(walk, {at(-3h), at(-2h), at(1min)}, "it1") == "llt");
  }
  SECTION("the search leads behind it: clocks stepped back, and the oldest record is read on from") {
    CHECK(feed(walk, {at(1min), at(2min)}, "it1") == "ll");
    REQUIRE(walk.next().kind == StepKind::seek);
    CHECK_FALSE(walk.next().time.has_value());
    REQUIRE(walk.found("oldest").has_value());
    CHECK(feed(walk, {at(-3h), at(-2h), at(-1h), at(1min)}, "it1") == "lltt");
  }
  SECTION("the search leads to the end") {
    CHECK(feed(walk, {}, "it1") == "");
    CHECK(walk.next().kind == StepKind::seek);
  }
  SECTION("the search leads to records of other tables, and it is behind them") {
    CHECK(feed(walk, {}, "it1", kSettled, true) == "");
    REQUIRE(walk.next().kind == StepKind::read);
    CHECK(feed(walk, {at(-3h), at(-2h), at(1min)}, "it2") == "llt");
  }
  CHECK(walk.gaps().empty());
}

TEST_CASE("shard walk: a position without an iterator is found by its last record") {
  ShardPosition start = begin(Kind::iterator);
  start.iterator.clear();
  start.last = at(-2h);
  start.polled = kStart;
  WalkPlan planned = plan(start);
  planned.retention = 24h;
  ShardWalk walk(planned);
  REQUIRE(walk.next().kind == StepKind::seek);
  CHECK_FALSE(walk.next().time.has_value());
  REQUIRE(walk.found("oldest").has_value());
  REQUIRE(walk.next().kind == StepKind::probe);
  SECTION("it is still kept") {
    REQUIRE(walk.probed(kSettled, at(-3h)).has_value());
    REQUIRE(walk.next().kind == StepKind::seek);
    REQUIRE(walk.found("again").has_value());
    CHECK(feed(walk, {at(-2h - 1min), at(-2h), at(1min), at(6min)}, "it1") == "llts");
    CHECK(walk.position().iterator == "again");
  }
  SECTION("it is trimmed, and nothing behind it can be") {
    REQUIRE(walk.probed(kSettled, at(1min)).has_value());
    CHECK(feed(walk, {at(1min), at(6min)}, "it1") == "ts");
  }
  SECTION("the shard is empty by now") {
    REQUIRE(walk.probed(kSettled, {}).has_value());
    CHECK(feed(walk, {}, "it1") == "");
  }
  CHECK(walk.gaps().empty());
}

TEST_CASE("shard walk: what may be missing behind a last record without an iterator is a gap") {
  ShardPosition start = begin(Kind::iterator);
  start.iterator.clear();
  start.last = at(-3h);
  start.polled = kStart - 2h;
  WalkPlan planned = plan(start);
  planned.retention = 1h;
  ShardWalk walk(planned);
  REQUIRE(walk.found("oldest").has_value());
  const auto probed = walk.probed(kSettled, at(-30min));
  REQUIRE(probed.has_error());
  CHECK(probed.error().code() == Errc::trimmed);
}

TEST_CASE("shard walk: a shard in which nothing was met, without an iterator, is read on by time") {
  ShardPosition start = begin(Kind::iterator);
  start.iterator.clear();
  start.polled = kStart;
  ShardWalk walk(plan(start));
  REQUIRE(walk.next().kind == StepKind::seek);
  CHECK(walk.next().time == kStart - 10min);
  REQUIRE(walk.found("again").has_value());
  CHECK(feed(walk, {at(-1h), at(1min), at(6min)}, "it1") == "lts");
}

TEST_CASE(
    "shard walk: where everything kept is new and nothing can be missing, it is read from the oldest on") {
  ShardPosition start = begin(Kind::iterator);
  start.last = at(-2h);
  start.polled = kStart;
  std::optional<Sequence> oldest = at(2min);
  WalkPlan planned = plan(start);
  SECTION("the record that comes next was seen before") { planned.start.next = at(2min); }
  SECTION("a record of a time that was read came late") { oldest = at(-1min); }
  SECTION("the shard was read empty within the retention") { planned.retention = 1h; }
  ShardWalk walk(planned);
  REQUIRE(trim(walk, oldest).has_value());
  REQUIRE(walk.next().kind == StepKind::read);
  CHECK(walk.iterator() == "oldest");
  CHECK(feed(walk, {*oldest, at(3min)}, "it1") == "tt");
  CHECK(walk.gaps().empty());
}

TEST_CASE("shard walk: an empty page with more behind it does not say that nothing is kept") {
  ShardPosition start = begin(Kind::iterator);
  start.next = at(2min);
  ShardWalk walk(plan(start));
  look_for_oldest(walk);
  REQUIRE(walk.probed(kSettled, {}, "second").has_value());
  REQUIRE(walk.next().kind == StepKind::probe);
  CHECK(walk.iterator() == "second");
  REQUIRE(walk.probed(kSettled, at(2min)).has_value());
  CHECK(walk.next().kind == StepKind::seek);
}

TEST_CASE("shard walk: the oldest record is looked for behind all records of other tables") {
  ShardPosition start = begin(Kind::iterator);
  start.last = at(1min);
  ShardWalk walk(plan(start));
  look_for_oldest(walk);
  for (int i = 0; i < 200; ++i) {
    const std::string next = walk.iterator() + "+";
    REQUIRE(walk.probed(kSettled, {}, next, true).has_value());
    REQUIRE(walk.next().kind == StepKind::probe);
    CHECK(walk.iterator() == next);
  }
  SECTION("it is there, so nothing is lost") {
    REQUIRE(walk.probed(kSettled, at(1min)).has_value());
    CHECK(walk.next().kind == StepKind::seek);
  }
  SECTION("there is none") {
    const auto result = walk.probed(kSettled, {});
    REQUIRE(result.has_error());
    CHECK(result.error().code() == Errc::trimmed);
  }
}

TEST_CASE("shard walk: one empty answer from the same place does not prove a loss") {
  ShardPosition start = begin(Kind::iterator);
  start.next = at(2min);
  ShardWalk walk(plan(start));
  look_for_oldest(walk);
  REQUIRE(walk.probed(kSettled, {}, "oldest").has_value());
  REQUIRE(walk.next().kind == StepKind::pause);
  CHECK(walk.next().pause == 200ms);
  walk.paused();
  REQUIRE(walk.next().kind == StepKind::probe);
  SECTION("the record comes with the next") {
    REQUIRE(walk.probed(kSettled, at(2min)).has_value());
    CHECK(walk.next().kind == StepKind::seek);
  }
  SECTION("it never comes") {
    int probes = 1;
    Result<void> result;
    for (; result.has_value() && probes < 20; ++probes) {
      result = walk.probed(kSettled, {}, "oldest");
      if (walk.next().kind == StepKind::pause) walk.paused();
    }
    CHECK(probes == 5);
    CHECK(result.error().code() == Errc::trimmed);
  }
}

TEST_CASE("shard walk: the search for the oldest record ends with the shard, whatever else is promised") {
  ShardPosition start = begin(Kind::iterator);
  start.polled = kStart;
  WalkPlan planned = plan(start);
  planned.retention = 24h;
  ShardWalk walk(planned);
  look_for_oldest(walk);
  REQUIRE(walk.probed(kSettled, {}, "", true).has_value());
  CHECK(walk.next().kind != StepKind::probe);
  CHECK(walk.gaps().empty());
}

TEST_CASE("shard walk: a record that was seen and is gone is lost, whatever the retention promises") {
  ShardPosition start = begin(Kind::iterator);
  start.last = at(-2h);
  start.next = at(2min);
  start.polled = kStart + 2min - 1us;
  WalkPlan planned = plan(start);
  planned.retention = 168h;
  planned.on_gap = OnGap::proceed;
  ShardWalk walk(planned);
  SECTION("a newer one is the oldest") {
    REQUIRE(trim(walk, at(3min)).has_value());
    REQUIRE(walk.gaps().size() == 1);
    CHECK(walk.gaps()[0].from == kStart + 2min - 1us);
    CHECK(walk.gaps()[0].to == kStart + 3min);
  }
  SECTION("there is none") {
    REQUIRE(trim(walk, {}).has_value());
    REQUIRE(walk.gaps().size() == 1);
    CHECK(walk.gaps()[0].to == kSettled);
  }
}

TEST_CASE("shard walk: trimmed records fail the walk and name the interval") {
  ShardPosition start = begin(Kind::iterator);
  start.polled = kStart;
  ShardWalk walk(plan(start));
  look_for_oldest(walk);
  const auto result = walk.probed(kSettled, at(3min));
  REQUIRE(result.has_error());
  CHECK(result.error().code() == Errc::trimmed);
  CHECK(result.error().message() ==
        "read shard s1: records after 2018-10-16T00:00:00Z up to 2018-10-16T00:03:00Z are lost: get records: "
        "already "
        "trimmed; set \"onGap\": \"continue\" to record the gap and go on");
}

TEST_CASE("shard walk: with gaps allowed trimmed records become a gap and reading goes on at the oldest") {
  WalkPlan tolerant = plan(begin(Kind::iterator));
  tolerant.start.polled = kStart;
  tolerant.on_gap = OnGap::proceed;
  ShardWalk walk(tolerant);
  look_for_oldest(walk);
  REQUIRE(walk.probed(kSettled, at(3min)).has_value());
  CHECK(walk.next().kind == StepKind::read);
  CHECK(walk.iterator() == "oldest");
  CHECK(feed(walk, {at(3min)}, "it1") == "t");
  REQUIRE(walk.gaps().size() == 1);
  CHECK(walk.gaps()[0] == pipeline::Gap{"s1", kStart, kStart + 3min, "get records: already trimmed"});
}

TEST_CASE("shard walk: a shard that is gone altogether is a gap up to the oldest time that is kept") {
  WalkPlan tolerant = plan(begin(Kind::iterator));
  tolerant.start.polled = kStart;
  tolerant.retention = 24h;
  tolerant.now = kStart + 30h;
  tolerant.on_gap = GENERATE(OnGap::proceed, OnGap::fail);
  ShardWalk walk(tolerant);
  REQUIRE(walk.failed(trimmed()).has_value());
  const auto result = walk.failed(Error(Errc::not_found, "get shard iterator: no such shard"));
  if (tolerant.on_gap == OnGap::fail) {
    CHECK(result.error().code() == Errc::trimmed);
    return;
  }
  REQUIRE(result.has_value());
  CHECK(walk.ended());
  REQUIRE(walk.gaps().size() == 1);
  CHECK(walk.gaps()[0].to == kStart + 6h);
}

TEST_CASE("shard walk: a shard that is listed is not taken for gone") {
  WalkPlan listed = plan(begin(Kind::iterator));
  listed.on_gap = OnGap::proceed;
  listed.is_listed = true;
  ShardWalk walk(listed);
  REQUIRE(walk.failed(trimmed()).has_value());
  const auto result = walk.failed(Error(Errc::not_found, "get shard iterator: no such shard"));
  CHECK(result.error().code() == Errc::unavailable);
  CHECK(result.error().message() ==
        "read shard s1: the stream lists it, but get shard iterator: no such shard");
}

TEST_CASE("shard walk: the oldest record may be trimmed while it is looked for") {
  ShardPosition start = begin(Kind::iterator);
  start.next = at(2min);
  ShardWalk walk(plan(start));
  look_for_oldest(walk);
  REQUIRE(walk.failed(trimmed()).has_value());
  REQUIRE(walk.next().kind == StepKind::seek);
  REQUIRE(walk.found("oldest again").has_value());
  REQUIRE(walk.probed(kSettled, at(2min)).has_value());
  CHECK(walk.gaps().empty());
}

TEST_CASE("shard walk: a server that trims again and again is not followed for ever") {
  WalkPlan tolerant = plan(begin(Kind::iterator));
  tolerant.on_gap = OnGap::proceed;
  ShardWalk walk(tolerant);
  int rounds = 0;
  while (walk.failed(trimmed()).has_value() && rounds < 100) {
    walk.found("oldest").value();
    walk.probed(kSettled, at(3min)).value();
    ++rounds;
  }
  CHECK(rounds == 3);
}

TEST_CASE("shard walk: what begins at the oldest record and is older than the retention may have lost some") {
  WalkPlan old = plan(begin(Kind::oldest));
  old.start.polled = kStart - 30h;
  old.retention = 24h;
  ShardWalk walk(old);
  REQUIRE(walk.found("it").has_value());
  SECTION("a record from before shows that nothing is lost") {
    CHECK(feed(walk, {at(-30h), at(1min)}, "it1", kEnd) == "tt");
  }
  SECTION("otherwise the walk fails") {
    CHECK_THAT(feed(walk, {at(-20h)}, "it1", kEnd), Catch::Contains("older than the stream's retention"));
  }
  SECTION("also where nothing is left") {
    CHECK_THAT(feed(walk, {}, "it1", kEnd),
               Catch::Contains("2018-10-14T18:00:00Z up to 2018-10-15T00:05:00Z are lost"));
  }
}

TEST_CASE("shard walk: a first window older than the retention fails, unless the stream is younger") {
  WalkPlan first = plan(begin(Kind::at_time));
  first.start.time = kStart - 48h;
  first.retention = 24h;
  const bool is_younger = GENERATE(true, false);
  if (is_younger) first.enabled = kStart - 1h;
  ShardWalk walk(first);
  REQUIRE(walk.found("it").has_value());
  CHECK((feed(walk, {at(1min)}, "it1") == "t") == is_younger);
}

}  // namespace
