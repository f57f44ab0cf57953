#include "scheduler/rebuild.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using objects::Manifest;
using objects::ManifestPosition;
using objects::ManifestShard;
using sluice::test::at_minute;
using Kind = pipeline::ShardPosition::Kind;

constexpr const char* kOther = "shard s1 is not taken up where the window before it was left";

ManifestPosition place(Kind kind, int mark = -1) {
  ManifestPosition position;
  position.kind = kind;
  if (kind == Kind::at_time) position.time = at_minute(mark);
  if (kind != Kind::at_time && mark >= 0) position.last = pipeline::Sequence{1, mark, 0};
  return position;
}

ManifestShard shard(const char* name, ManifestPosition start, ManifestPosition end) {
  return ManifestShard{0, name, start, end};
}

// The window of the slot at `minute`, in which these shards were read.
FoundManifest found(int minute, std::vector<ManifestShard> shards) {
  NewInstance instance = sluice::test::planned_at("orders", minute);
  Manifest manifest;
  manifest.definition = "fedcba987654";
  manifest.window.job = "orders";
  manifest.window.start = instance.window_start;
  manifest.window.end = instance.window_end;
  for (std::size_t n = 0; n < shards.size(); ++n) shards[n].index = static_cast<std::uint32_t>(n);
  manifest.shards = std::move(shards);
  manifest.records = 3;
  manifest.rows = 2;
  manifest.dirty_rows = 1;
  manifest.objects.push_back({"t" + std::to_string(minute), 20, 2, 99});
  return FoundManifest{std::move(instance), "m" + std::to_string(minute), std::move(manifest)};
}

// Shard s1 from one record to the next.
FoundManifest found(int minute, int from, int to) {
  return found(minute, {shard("s1", place(Kind::iterator, from), place(Kind::iterator, to))});
}

FoundManifest unreadable(int minute) {
  FoundManifest one = found(minute, 0, 0);
  one.manifest = Error(Errc::invalid_argument, "read manifest: no JSON");
  return one;
}

std::optional<StreamToday> stream(std::chrono::hours retention = 24h, Instant enabled = at_minute(-1000)) {
  return StreamToday{"stream-1", enabled, retention, {"s1", "s2"}};
}

Proof prove(std::vector<FoundManifest> all, std::optional<CommittedEnd> committed = std::nullopt,
            std::optional<StreamToday> today = stream(), Instant now = at_minute(60)) {
  return prove_windows(std::move(all), today, committed, now);
}

std::vector<std::string> names(const Proof& proof) {
  std::vector<std::string> proofs;
  for (const ProvenWindow& window : proof.windows) proofs.push_back(window.proof);
  return proofs;
}

using Names = std::vector<std::string>;

TEST_CASE("rebuild: windows that go on from each other are taken over with positions, objects and counts") {
  const Proof proof = prove({found(5, 1, 2), found(10, 2, 4), found(15, 4, 4)});
  CHECK(names(proof) == Names{"m5", "m10", "m15"});
  CHECK(proof.breaks.empty());
  CHECK(proof.again == 0);
  const ProvenWindow& window = proof.windows[1];
  CHECK(window.instance.version == "fedcba987654");
  CHECK(window.outcome.objects.size() == 1);
  CHECK(window.outcome.statistics.records == 3);
  CHECK(pipeline::rows_written(window.outcome.statistics) == 2);
  CHECK(window.outcome.statistics.written_bytes == 20);
  const pipeline::Positions& end = window.outcome.end;
  CHECK(end.stream == "stream-1");
  CHECK(end.enabled == at_minute(-1000));
  CHECK(end.retention == 24h);
  REQUIRE(end.shards.size() == 1);
  CHECK(end.shards[0].kind == Kind::iterator);
  CHECK(end.shards[0].iterator.empty());
  CHECK(end.shards[0].last == pipeline::Sequence{1, 4, 0});
  CHECK(end.shards[0].polled == at_minute(5));
  CHECK(window.start.shards[0].last == pipeline::Sequence{1, 2, 0});
  CHECK(window.start.shards[0].polled == at_minute(0));
}

TEST_CASE("rebuild: a shard in which nothing was met is read on from where its chain began, or earlier") {
  const Proof proof = prove({found(5, {shard("s1", place(Kind::at_time, -5), place(Kind::iterator))}),
                             found(10, {shard("s1", place(Kind::iterator), place(Kind::iterator))})});
  REQUIRE(proof.windows.size() == 2);
  CHECK(proof.windows[0].outcome.end.shards[0].polled == at_minute(-5));
  CHECK(proof.windows[1].start.shards[0].polled == at_minute(-5));
  CHECK(proof.windows[1].outcome.end.shards[0].polled == at_minute(-5));
}

TEST_CASE(
    "rebuild: a window that is left out is none, if the next one begins where the one before it ended") {
  CHECK(names(prove({found(5, 1, 2), found(20, 2, 4)})) == Names{"m5", "m20"});
  const Proof proof = prove({found(5, 1, 2), unreadable(10), found(15, 2, 4)});
  CHECK(names(proof) == Names{"m5", "m15"});
  CHECK(proof.breaks.empty());
}

TEST_CASE("rebuild: the chain ends before a break as long as the stream keeps what is behind it") {
  const Proof proof = prove({found(5, 1, 2), found(10, 3, 4), found(15, 4, 5)});
  CHECK(names(proof) == Names{"m5"});
  REQUIRE(proof.breaks.size() == 1);
  CHECK(proof.breaks[0].manifest == "m10");
  CHECK(proof.breaks[0].reason == kOther);
  CHECK_FALSE(proof.breaks[0].passed);
  CHECK(proof.breaks[0].kept);
  CHECK(proof.again == 2);
}

TEST_CASE("rebuild: a manifest that is not believed and held records is what a break is told of") {
  const Proof proof = prove({found(5, 1, 2), unreadable(10), found(15, 4, 5)});
  CHECK(names(proof) == Names{"m5"});
  REQUIRE(proof.breaks.size() == 1);
  CHECK(proof.breaks[0].manifest == "m10");
  CHECK(proof.breaks[0].reason == "read manifest: no JSON");
  CHECK(proof.again == 2);
  const Proof newest = prove({found(5, 1, 2), unreadable(10)});
  CHECK(names(newest) == Names{"m5"});
  REQUIRE(newest.breaks.size() == 1);
  CHECK(newest.again == 1);
  CHECK(prove({unreadable(10)}).windows.empty());
}

TEST_CASE("rebuild: the chain is taken up behind a break before which the stream keeps nothing") {
  const Proof proof =
      prove({found(5, 1, 2), found(10, 3, 4), found(15, 4, 5)}, {}, stream(), at_minute(23 * 60 + 1));
  CHECK(names(proof) == Names{"m10", "m15"});
  REQUIRE(proof.breaks.size() == 1);
  CHECK(proof.breaks[0].passed);
  CHECK_FALSE(proof.breaks[0].kept);
  CHECK(proof.again == 0);
}

TEST_CASE("rebuild: with a state file the chain goes on from its newest end, or not at all") {
  const auto committed = [](int mark) {
    CommittedEnd end;
    end.slot = at_minute(5);
    end.window_end = at_minute(0);
    pipeline::ShardPosition position;
    position.shard = "s1";
    position.kind = Kind::iterator;
    position.iterator = "page 7";
    position.last = pipeline::Sequence{1, mark, 0};
    end.positions.shards.push_back(position);
    return end;
  };
  CHECK(names(prove({found(10, 2, 4), found(15, 4, 5)}, committed(2))) == Names{"m10", "m15"});
  const Proof other = prove({found(10, 2, 4), found(15, 4, 5)}, committed(1));
  CHECK(other.windows.empty());
  REQUIRE(other.breaks.size() == 1);
  CHECK(other.breaks[0].kept);
  CHECK(other.again == 2);
  const Proof old = prove({found(10, 2, 4)}, committed(1), stream(), at_minute(24 * 60));
  CHECK(old.windows.empty());
  REQUIRE(old.breaks.size() == 1);
  CHECK_FALSE(old.breaks[0].passed);
  CHECK_FALSE(old.breaks[0].kept);
}

TEST_CASE("rebuild: shards that come and go do not break the chain") {
  const auto parent = shard("s0", place(Kind::iterator, 2), place(Kind::ended, 3));
  const auto child = shard("s1", place(Kind::oldest), place(Kind::iterator, 4));
  const auto waiting = shard("s2", place(Kind::oldest), place(Kind::oldest));
  SECTION("a child is found on the way, and an ended parent is named no longer") {
    CHECK(prove({found(5, {shard("s0", place(Kind::at_time, -5), place(Kind::iterator, 2))}),
                 found(10, {parent, child}), found(15, 4, 5)})
              .breaks.empty());
  }
  SECTION("an ended parent is named as long as it is listed") {
    CHECK(prove({found(5, {parent, child}),
                 found(10, {shard("s0", place(Kind::ended, 3), place(Kind::ended, 3)),
                            shard("s1", place(Kind::iterator, 4), place(Kind::iterator, 6)), waiting})})
              .breaks.empty());
  }
  SECTION("one that expired unfinished is not listed any more") {
    const auto expired = shard("s9", place(Kind::oldest), place(Kind::iterator, 1));
    CHECK(prove({found(5, {child, expired}), found(10, 4, 5)}).breaks.empty());
  }
  SECTION("one that is listed and was left unfinished must be named") {
    const auto left = shard("s2", place(Kind::oldest), place(Kind::iterator, 1));
    const Proof proof = prove({found(5, {child, left}), found(10, 4, 5)});
    REQUIRE(proof.breaks.size() == 1);
    CHECK(proof.breaks[0].reason == "shard s2 is not named, but the window before it left it unfinished");
  }
  SECTION("one that was unknown must not begin in the middle") {
    const Proof proof =
        prove({found(5, 1, 2), found(10, {shard("s1", place(Kind::iterator, 2), place(Kind::iterator, 3)),
                                          shard("s2", place(Kind::iterator, 7), place(Kind::iterator, 8))})});
    CHECK(proof.breaks.size() == 1);
  }
}

TEST_CASE("rebuild: positions of a stream that was switched on later belong to no stream that there is") {
  const Proof proof = prove({found(5, 1, 2)}, {}, stream(24h, at_minute(30)));
  REQUIRE(proof.windows.size() == 1);
  CHECK(proof.windows[0].outcome.end.stream == "not known");
}

TEST_CASE("rebuild: a stream that was switched off and on between two windows is a gap in the ledger") {
  const Proof proof = prove({found(5, {shard("s0", place(Kind::at_time, -5), place(Kind::iterator, 2))}),
                             found(20, {shard("s1", place(Kind::oldest), place(Kind::iterator, 1))})},
                            {}, stream(24h, at_minute(12)));
  REQUIRE(proof.windows.size() == 2);
  CHECK(proof.windows[0].outcome.end.stream == "not known");
  CHECK(proof.windows[1].outcome.end.stream == "stream-1");
  REQUIRE(proof.windows[1].outcome.gaps.size() == 1);
  CHECK(proof.windows[1].outcome.gaps[0].from == at_minute(0));
  CHECK(proof.windows[1].outcome.gaps[0].to == at_minute(12));
}

TEST_CASE("rebuild: windows of tables have nothing to do with each other") {
  const Proof proof = prove({found(5, {}), unreadable(10), found(15, {})}, {}, std::nullopt);
  CHECK(names(proof) == Names{"m5", "m15"});
  REQUIRE(proof.breaks.size() == 1);
  CHECK(proof.breaks[0].manifest == "m10");
  CHECK(proof.breaks[0].passed);
  CHECK(proof.windows[1].outcome.end.stream.empty());
}

TEST_CASE("rebuild: a manifest is of the window that its name says, with its shards in order") {
  FoundManifest one =
      found(5, {shard("s1", {}, {}), shard("s2", {}, {}), shard("s3", place(Kind::ended, 1), {})});
  Manifest manifest = *one.manifest;
  CHECK(check_manifest(manifest, one.instance).has_value());
  SECTION("of another job") { manifest.window.job = "refunds"; }
  SECTION("of another window") { manifest.window.end += 1us; }
  SECTION("of the table") { manifest.window.label = "full"; }
  SECTION("a shard left out") { manifest.shards[2].index = 3; }
  SECTION("a shard twice") { manifest.shards[2].shard = "s1"; }
  SECTION("a shard without a name") { manifest.shards[0].shard.clear(); }
  CHECK(check_manifest(manifest, one.instance).error().code() == Errc::invalid_argument);
}

TEST_CASE("rebuild: behind a window without a manifest every shard is read by time") {
  pipeline::Positions all;
  all.stream = "stream-1";
  pipeline::ShardPosition one;
  one.shard = "s1";
  all.shards.push_back(one);
  const pipeline::Positions ends = ends_by_time(all, *stream(), at_minute(0));
  CHECK(ends.stream == "stream-1");
  CHECK(ends.shards[0].kind == Kind::at_time);
  CHECK(ends.shards[0].time == at_minute(0));
  CHECK(ends_by_time(all, *stream(24h, at_minute(1)), at_minute(0)).stream == "not known");
}

}  // namespace
