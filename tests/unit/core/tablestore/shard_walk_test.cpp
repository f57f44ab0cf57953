#include "core/tablestore/shard_walk.hpp"

#include <catch2/catch.hpp>

namespace sluice::tablestore {
namespace {

using namespace std::chrono_literals;
using job::OnGap;
using pipeline::Sequence;
using pipeline::ShardPosition;
using Kind = pipeline::ShardPosition::Kind;
using StepKind = WalkStep::Kind;
using Verdict = ShardWalk::Verdict;

const Instant kStart{std::chrono::sys_days(std::chrono::year(2018) / 10 / 16)};
const Instant kEnd = kStart + 5min;
const Instant kSettled = kEnd + 60s;

Sequence at(Duration since_start, std::int32_t row = 0, std::int32_t epoch = 1) {
  return Sequence{epoch, (kStart + since_start).time_since_epoch().count(), row};
}

ShardPosition begin(Kind kind) {
  ShardPosition position;
  position.shard = "s1";
  position.kind = kind;
  if (kind == Kind::at_time) position.time = kStart;
  if (kind == Kind::iterator) position.iterator = "it0";
  return position;
}

WalkPlan plan(ShardPosition start) {
  WalkPlan result;
  result.start = std::move(start);
  result.window_start = kStart;
  result.window_end = kEnd;
  result.settle = 60s;
  return result;
}

// Feeds one page; the text of the verdicts: t(ake), l(eave), s(top), or the error.
std::string feed(ShardWalk& walk, std::vector<Sequence> records, const char* next,
                 Instant server_time = kSettled, bool may_more = false) {
  const auto first = records.empty() ? std::nullopt : std::optional(records.front());
  if (auto begun = walk.begin_page(server_time, first); begun.has_error()) return begun.error().message();
  std::string verdicts;
  for (const Sequence& sequence : records) {
    const auto verdict = walk.judge(sequence);
    if (verdict.has_error()) return verdict.error().message();
    verdicts += *verdict == Verdict::take ? 't' : *verdict == Verdict::leave ? 'l' : 's';
    if (*verdict == Verdict::stop) break;
  }
  const auto ended =
      walk.end_page(next == nullptr ? std::nullopt : std::optional<std::string>(next), may_more);
  if (ended.has_error()) return ended.error().message();
  return verdicts;
}

Error trimmed() { return Error(Errc::trimmed, "get records: already trimmed"); }

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

TEST_CASE("shard walk: a single empty page whose iterator moved on does not close the window yet") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {}, "it1") == "");
  REQUIRE(walk.next().kind == StepKind::read);
  SECTION("there was more behind it") {
    CHECK(feed(walk, {at(1min)}, "it2") == "t");
    CHECK(feed(walk, {}, "it3") == "");
    REQUIRE(walk.next().kind == StepKind::read);
  }
  CHECK(feed(walk, {}, "it4") == "");
  CHECK(walk.next().kind == StepKind::done);
}

TEST_CASE("shard walk: a single empty page is enough where the iterator stays") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  CHECK(feed(walk, {}, "it0") == "");
  CHECK(walk.next().kind == StepKind::done);
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
  CHECK(feed(walk, {}, "it1", kSettled, true) == "");
  CHECK(walk.next().kind == StepKind::read);
  for (int i = 0; i < 100 && walk.next().kind == StepKind::read; ++i) feed(walk, {}, "it1", kSettled, true);
  CHECK(walk.next().kind == StepKind::done);  // not for ever
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

// Fails the walk's read as trimmed and answers its search for the oldest record.
Result<void> trim(ShardWalk& walk, std::optional<Sequence> oldest, Instant server_time = kSettled) {
  REQUIRE(walk.failed(trimmed()).has_value());
  REQUIRE(walk.next().kind == StepKind::seek);
  CHECK_FALSE(walk.next().time.has_value());
  REQUIRE(walk.found("oldest").has_value());
  REQUIRE(walk.next().kind == StepKind::probe);
  return walk.probed(server_time, oldest);
}

TEST_CASE("shard walk: where the last record read is still kept, an iterator that is too old costs nothing") {
  ShardPosition start = begin(Kind::iterator);
  start.last = at(-2h);
  start.polled = kStart;
  ShardWalk walk(plan(start));
  REQUIRE(trim(walk, at(-3h)).has_value());
  REQUIRE(walk.next().kind == StepKind::seek);
  CHECK(walk.next().time == kStart - 10min);
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
  CHECK(walk.gaps().empty());
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
  REQUIRE(walk.failed(trimmed()).has_value());
  REQUIRE(walk.found("oldest").has_value());
  REQUIRE(walk.probed(kSettled, {}, "second").has_value());
  REQUIRE(walk.next().kind == StepKind::probe);
  CHECK(walk.iterator() == "second");
  REQUIRE(walk.probed(kSettled, at(2min)).has_value());
  CHECK(walk.next().kind == StepKind::seek);
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

TEST_CASE("shard walk: trimmed records fail the walk and name the interval") {
  ShardPosition start = begin(Kind::iterator);
  start.polled = kStart;
  ShardWalk walk(plan(start));
  REQUIRE(walk.failed(trimmed()).has_value());
  REQUIRE(walk.found("oldest").has_value());
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
  REQUIRE(walk.failed(trimmed()).has_value());
  REQUIRE(walk.found("oldest").has_value());
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
  REQUIRE(walk.failed(trimmed()).has_value());
  REQUIRE(walk.found("oldest").has_value());
  REQUIRE(walk.failed(trimmed()).has_value());
  REQUIRE(walk.next().kind == StepKind::seek);
  REQUIRE(walk.found("oldest again").has_value());
  REQUIRE(walk.probed(kSettled, at(2min)).has_value());
  CHECK(walk.gaps().empty());
}

TEST_CASE("shard walk: other errors end it as they are") {
  ShardWalk walk(plan(begin(Kind::iterator)));
  const auto result = walk.failed(Error(Errc::unavailable, "503"));
  CHECK(result.error().code() == Errc::unavailable);
  CHECK(result.error().message() == "read shard s1: 503");
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
}  // namespace sluice::tablestore
