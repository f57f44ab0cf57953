#include "tests/unit/core/tablestore/shard_walk_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace walk_test;

TEST_CASE("shard walk: a record at the window's end closes it, and the page is read again next time") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(walk.next().kind == StepKind::read);
  CHECK(walk.iterator() == "it0");
  CHECK(feed(walk, {at(1min), at(2min)}, "it1") == "tt");
  CHECK(feed(walk, {at(3min), at(5min), at(6min)}, "it2") == "ts");
  REQUIRE(walk.next().kind == StepKind::done);
  const ShardPosition position = walk.position();
  CHECK(position.kind == Kind::iterator);
  CHECK(position.iterator == "it1");
  CHECK(position.last == at(3min));
  CHECK(position.polled == kEnd - 1us);  // the closing record has not been read
  CHECK(walk.counts().records == 3);
  CHECK_FALSE(walk.ended());

  WalkPlan again = plan(position);
  again.window_start = kEnd;
  again.window_end = kEnd + 5min;
  ShardWalk next(again);
  CHECK(feed(next, {at(3min), at(5min), at(6min)}, "it2") == "ltt");
  CHECK(next.counts().records == 2);
}

TEST_CASE("shard walk: without an oldest iterator, or the server's time, nothing can be read") {
  ShardWalk walk(plan(begin(Kind::oldest)));
  REQUIRE(walk.next().kind == StepKind::seek);
  const auto found = walk.found("");
  REQUIRE(found.has_error());
  CHECK(found.error().code() == Errc::corrupt);
  CHECK(found.error().message() == "read shard s1: the oldest iterator is empty");
  ShardWalk other(plan(begin(Kind::iterator)));
  CHECK(feed(other, {at(1min)}, "it1", Instant{}) == "read shard s1: an answer without the server's time");
}

TEST_CASE("shard walk: behind the record that closes the window nothing is taken") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  REQUIRE(walk.begin_page(kSettled, at(5min)).has_value());
  CHECK(walk.judge(at(5min)).value() == Verdict::stop);
  CHECK(walk.judge(at(6min)).value() == Verdict::stop);
  REQUIRE(walk.end_page("it1", {}).has_value());
  CHECK(walk.counts().records == 0);
}

TEST_CASE("shard walk: a record one microsecond before the end belongs to the window") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {at(5min - 1us), at(5min)}, "it1") == "ts");
}

TEST_CASE("shard walk: an empty page closes the window only after its end and the settling time") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {}, "it1", kSettled - 1s) == "");
  REQUIRE(walk.next().kind == StepKind::pause);
  CHECK(walk.next().pause == 200ms);
  walk.paused();
  CHECK(walk.iterator() == "it1");
  CHECK(feed(walk, {}, "it1", kSettled - 1us) == "");
  REQUIRE(walk.next().kind == StepKind::pause);
  walk.paused();
  CHECK(feed(walk, {}, "it2", kSettled) == "");
  REQUIRE(walk.next().kind == StepKind::done);
  CHECK(walk.position().iterator == "it2");
  CHECK(walk.position().polled == kSettled);
  CHECK_FALSE(walk.position().last.has_value());
}

TEST_CASE("shard walk: a single empty page does not close the window yet") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  const char* const first = GENERATE("it0", "it1");  // stays, moves on
  CHECK(feed(walk, {}, first) == "");
  REQUIRE(walk.next().kind == StepKind::read);
  SECTION("there was more behind it") {
    CHECK(feed(walk, {at(1min)}, "it2") == "t");
    CHECK(feed(walk, {}, "it2") == "");
    REQUIRE(walk.next().kind == StepKind::read);
  }
  CHECK(feed(walk, {}, "it2") == "");
  CHECK(walk.next().kind == StepKind::done);
}

TEST_CASE("shard walk: a single empty page is enough where the server says that there is no more") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  SECTION("and the iterator stays") {
    CHECK(feed(walk, {}, "it0", kSettled, false) == "");
    CHECK(walk.next().kind == StepKind::done);
  }
  SECTION("but not where the iterator moves on all the same") {
    CHECK(feed(walk, {}, "it1", kSettled, false) == "");
    CHECK(walk.next().kind == StepKind::read);
  }
}

TEST_CASE("shard walk: pauses double up to five seconds and end where the window does") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  std::vector<Duration> pauses;
  for (int i = 0; i < 7; ++i) {
    feed(walk, {}, "it", kStart);
    pauses.push_back(walk.next().pause);
    walk.paused();
  }
  CHECK(pauses == std::vector<Duration>{200ms, 400ms, 800ms, 1600ms, 3200ms, 5s, 5s});
  feed(walk, {at(1min)}, "it", kStart);
  feed(walk, {}, "it", kStart);
  CHECK(walk.next().pause == 200ms);
  walk.paused();
  feed(walk, {}, "it", kSettled - 150ms);
  CHECK(walk.next().pause == 150ms);
}

TEST_CASE("shard walk: an empty page that may have more behind it is asked for again at once") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {}, "it0", kSettled, true) == "");
  CHECK(walk.next().kind == StepKind::read);
  int answers = 1;
  for (; answers < 100 && walk.next().kind == StepKind::read; ++answers)
    feed(walk, {}, "it0", kSettled, true);
  REQUIRE(walk.next().kind == StepKind::pause);  // not at once for ever
  CHECK(answers == 64);
  walk.paused();
  SECTION("what was promised comes at last") {
    CHECK(feed(walk, {at(1min)}, "it2") == "t");
    CHECK(walk.position().polled == kStart + 1min);
  }
  SECTION("there is no more after all") {
    CHECK(feed(walk, {}, "it0", kSettled, false) == "");
    CHECK(walk.next().kind == StepKind::done);
  }
  SECTION("it never comes: the window is not closed without it") {
    std::string answer;
    Duration paused{};
    for (; answer.empty() && answers < 1000; ++answers) {
      answer = feed(walk, {}, "it0", kSettled, true);
      paused += walk.next().pause;
      walk.paused();
    }
    CHECK(answer ==
          "read shard s1: the server says that there are more records, but gave none in 128 answers from the "
          "same place");
    CHECK(paused > 4min);
    CHECK(paused < 6min);
    CHECK(walk.position().polled == Instant{});
  }
}

TEST_CASE("shard walk: records of other tables are passed over, however many pages of them there are") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  const auto pass_over = [&walk](int pages) {
    for (int i = 0; i < pages; ++i) {
      const std::string next = walk.iterator() + "+";
      REQUIRE(feed(walk, {}, next.c_str(), kSettled, true) == "");
      REQUIRE(walk.next().kind == StepKind::read);
      CHECK(walk.iterator() == next);
    }
  };
  pass_over(200);
  CHECK(walk.position().polled == Instant{});  // nothing is known of our own
  SECTION("one of ours comes at last") {
    CHECK(feed(walk, {at(1min)}, "it1") == "t");
    CHECK(walk.position().polled == kStart + 1min);
  }
  SECTION("the tail is reached") {
    const std::string tail = walk.iterator();
    CHECK(feed(walk, {}, tail.c_str(), kSettled, false) == "");
    CHECK(walk.next().kind == StepKind::done);
  }
  SECTION("the iterator stands still: that many answers again are asked for at once, and no more") {
    const std::string same = walk.iterator();
    for (int i = 0; i < 63; ++i) {
      feed(walk, {}, same.c_str(), kSettled, true);
      REQUIRE(walk.next().kind == StepKind::read);
    }
    feed(walk, {}, same.c_str(), kSettled, true);
    REQUIRE(walk.next().kind == StepKind::pause);
    walk.paused();
    pass_over(100);
  }
}

TEST_CASE("shard walk: a page without next iterator ends the shard") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {at(1min)}, nullptr, kStart + 2min) == "t");
  CHECK(walk.next().kind == StepKind::done);
  CHECK(walk.ended());
  CHECK(walk.position().kind == Kind::ended);
  CHECK(walk.position().last == at(1min));
}

TEST_CASE("shard walk: a closed shard with records of the next window has not ended yet") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {at(1min), at(6min)}, nullptr) == "ts");
  CHECK_FALSE(walk.ended());
  CHECK(walk.position().iterator == "it0");
}

TEST_CASE("shard walk: the first window seeks ten minutes early and leaves out what is before its start") {
  ShardWalk walk(plan(begin(Kind::at_time)));
  REQUIRE(walk.next().kind == StepKind::seek);
  CHECK(walk.next().time == kStart - 10min);
  REQUIRE(walk.found("seeked").has_value());
  CHECK(feed(walk, {at(-2min), at(-1us), at(0s), at(-1min, 0, 2), at(1min, 0, 2)}, "it1") == "llttt");
  CHECK(walk.counts().records == 3);
  CHECK(walk.counts().late == 1);
  CHECK(walk.counts().first_record == kStart - 1min);
  CHECK(walk.counts().last_record == kStart + 1min);
}

TEST_CASE("shard walk: a seek that finds nothing falls back to the oldest record") {
  ShardWalk walk(plan(begin(Kind::at_time)));
  REQUIRE(walk.found("").has_value());
  REQUIRE(walk.next().kind == StepKind::seek);
  CHECK_FALSE(walk.next().time.has_value());
  CHECK(walk.found("").error().code() == Errc::corrupt);
}

TEST_CASE("shard walk: without seeking the first window reads from the oldest record on") {
  WalkPlan scanning = plan(begin(Kind::at_time));
  scanning.seek_by_time = false;
  ShardWalk walk(scanning);
  CHECK(walk.next().kind == StepKind::seek);
  CHECK_FALSE(walk.next().time.has_value());
  REQUIRE(walk.found("it0").has_value());
  CHECK(feed(walk, {at(-2h), at(-1us), at(0s), at(1min), at(5min)}, "it1") == "lltts");
}

TEST_CASE("shard walk: a record far ahead of the server's clock is taken and closes no window") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  // 15 minutes ahead are believed, one microsecond more is not.
  CHECK(feed(walk, {at(1min), at(0s, 0, 2), at(5min + 60s + 15min + 1us, 0, 2), at(2min, 0, 3)}, "it1") ==
        "tttt");
  CHECK(walk.counts().ahead == 1);
  CHECK(walk.counts().last_record == kSettled + 15min + 1us);
  CHECK(walk.position().polled == kStart + 2min);
  CHECK(feed(walk, {at(5min + 60s + 15min, 0, 3)}, "it2") == "s");
  CHECK(walk.counts().records == 4);
}

TEST_CASE("shard walk: a record far ahead of the server's clock does not begin the first window") {
  ShardWalk walk(plan(begin(Kind::at_time)));
  REQUIRE(walk.found("it0").has_value());
  CHECK(feed(walk, {at(48h), at(-1min, 0, 2), at(1min, 0, 2), at(49h, 0, 2)}, "it1") == "lltt");
  CHECK(walk.counts().ahead == 1);
}

TEST_CASE("shard walk: inside a chain late records count and are kept") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {at(-30s), at(1s)}, "it1") == "tt");
  CHECK(walk.counts().late == 1);
}

TEST_CASE("shard walk: sequences must ascend by epoch, time and row index") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {at(1min), at(1min, 1), at(30s, 0, 2)}, "it1") == "ttt");
  CHECK(feed(walk, {at(30s, 0, 2)}, "it2") ==
        "read shard s1: record 2_1539648030000000_0 follows record 2_1539648030000000_0");
}

TEST_CASE("shard walk: records that seem read before are not left out unless the last one of them comes by") {
  ShardPosition start = begin(Kind::iterator);
  start.last = at(2min);
  SECTION("it comes by") {
    ShardWalk walk(plan(start));
    CHECK(feed(walk, {at(1min), at(2min)}, "it1") == "ll");
    CHECK(feed(walk, {at(3min)}, "it2") == "t");
  }
  SECTION("a newer one comes instead") {
    ShardWalk walk(plan(start));
    CHECK_THAT(feed(walk, {at(1min), at(3min)}, "it1"), Catch::Contains("comes again, but then"));
  }
  SECTION("nothing more comes") {
    ShardWalk walk(plan(start));
    CHECK(feed(walk, {at(1min)}, "it1") == "l");
    for (int i = 0; i < 5; ++i) CHECK(feed(walk, {}, "it1") == "");
    CHECK_THAT(feed(walk, {}, "it1"), Catch::Contains("which was read before"));
  }
  SECTION("the shard ends") {
    ShardWalk walk(plan(start));
    CHECK_THAT(feed(walk, {at(1min)}, nullptr), Catch::Contains("was read before"));
  }
}

TEST_CASE("shard walk: an answer without the server's time is refused") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK_THAT(feed(walk, {}, "it1", Instant{}), Catch::Contains("without the server's time"));
}

TEST_CASE("shard walk: the record that closes a window is kept as the one that comes next") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {at(1min), at(6min)}, "it1") == "ts");
  CHECK(walk.position().next == at(6min));
  WalkPlan later = plan(walk.position());
  later.window_end = kEnd + 5min;
  ShardWalk next(later);
  CHECK(feed(next, {at(1min), at(6min)}, "it1") == "lt");
  CHECK_FALSE(next.position().next.has_value());
}

TEST_CASE("shard walk: other errors end it as they are") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  const auto result = walk.failed(Error(Errc::unavailable, "503"));
  CHECK(result.error().code() == Errc::unavailable);
  CHECK(result.error().message() == "read shard s1: 503");
}

TEST_CASE("shard walk: a repeated window ends with its last record, whatever the time") {
  WalkPlan repeat = plan(begin(Kind::iterator));
  repeat.until = at(7min);
  ShardWalk walk(repeat);
  CHECK(walk.goes_on_after(at(6min)));
  CHECK(feed(walk, {at(1min), at(6min)}, "it1") == "tt");
  CHECK_FALSE(walk.goes_on_after(at(7min)));
  CHECK(feed(walk, {at(7min), at(8min)}, "it2") == "ts");
  CHECK(walk.next().kind == StepKind::done);
}

TEST_CASE("shard walk: a repeated window whose last record is missing fails") {
  WalkPlan repeat = plan(begin(Kind::iterator));
  repeat.until = at(2min);
  ShardWalk walk(repeat);
  SECTION("passed over") {
    CHECK_THAT(feed(walk, {at(1min), at(3min)}, "it1"), Catch::Contains("is missing"));
  }
  SECTION("shard ends before") {
    CHECK_THAT(feed(walk, {at(1min)}, nullptr), Catch::Contains("ends before record"));
  }
  SECTION("nothing comes") {
    std::string answer;
    int pages = 0;
    for (; answer.empty() && pages < 20; ++pages) answer = feed(walk, {}, "it1");
    CHECK_THAT(answer, Catch::Contains("is not there any more"));
    CHECK(pages == 6);
  }
}

}  // namespace
