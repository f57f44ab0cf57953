#include "core/tablestore/shard_plan.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using job::OnGap;
using pipeline::Positions;
using pipeline::ShardPosition;
using Kind = pipeline::ShardPosition::Kind;

const Instant kStart{std::chrono::sys_days(std::chrono::year(2018) / 10 / 16)};

pipeline::Window window() { return pipeline::Window{"orders", kStart, kStart + 5min}; }

Shard shard(std::string id, std::optional<std::string> parent = {}, std::optional<std::string> sibling = {}) {
  return Shard{std::move(id), std::move(parent), std::move(sibling)};
}

StreamState stream(std::vector<Shard> shards) {
  return StreamState{"orders", "stream-1", kStart - 24h, 168h, std::move(shards)};
}

ShardPosition position(std::string id, Kind kind) {
  ShardPosition result;
  result.shard = std::move(id);
  result.kind = kind;
  result.polled = kStart + 5min;
  if (kind == Kind::iterator) result.iterator = "it-" + result.shard;
  return result;
}

Positions previous(std::vector<ShardPosition> shards) {
  return Positions{"stream-1", kStart - 24h, std::move(shards)};
}

Result<Positions> plan(const StreamState& state, const std::optional<Positions>& before,
                       OnGap on_gap = OnGap::fail) {
  return plan_positions(state, before, window(), on_gap, kStart + 11min);
}

std::string ids(const Positions& positions) {
  std::string text;
  for (const auto& entry : positions.shards) text += entry.shard + " ";
  return text;
}

TEST_CASE("shard plan: the first window begins every shard at its start, parents first, then by id") {
  const auto result =
      plan(stream({shard("d", "z"), shard("a", "b", "c"), shard("c"), shard("b", "z"), shard("z")}), {});
  REQUIRE(result.has_value());
  CHECK(ids(*result) == "c z b a d ");
  for (const auto& entry : result->shards) {
    CHECK(entry.kind == Kind::at_time);
    CHECK(entry.time == kStart);
  }
  CHECK(result->stream == "stream-1");
  CHECK(result->enabled == kStart - 24h);
}

TEST_CASE("shard plan: later known shards go on in their order and new ones begin at their oldest record") {
  const auto before = previous({position("m", Kind::iterator), position("b", Kind::ended)});
  const auto result =
      plan(stream({shard("b"), shard("m"), shard("c", "b"), shard("a", "c"), shard("e", "b")}), before);
  REQUIRE(result.has_value());
  CHECK(ids(*result) == "m b c a e ");
  CHECK(result->shards[0] == before.shards[0]);
  CHECK(result->shards[1] == before.shards[1]);
  CHECK(result->shards[2].kind == Kind::oldest);
  CHECK(result->shards[2].polled == kStart + 5min);  // the parent's
  CHECK(result->shards[3].polled == kStart + 5min);  // its parent is new as well: the earliest of all
}

TEST_CASE("shard plan: ended shards are dropped once the stream no longer lists them") {
  const auto result =
      plan(stream({shard("b")}), previous({position("a", Kind::ended), position("b", Kind::iterator)}));
  REQUIRE(result.has_value());
  CHECK(ids(*result) == "b ");
}

TEST_CASE("shard plan: a vanished shard fails the plan and names what is lost") {
  const auto before = previous({position("a", Kind::iterator), position("b", Kind::iterator)});
  const auto result = plan(stream({shard("b")}), before);
  REQUIRE(result.has_error());
  CHECK(result.error().code() == Errc::trimmed);
  CHECK(result.error().message() ==
        "plan orders: shard a is gone before it was read to its end; what it held between "
        "2018-10-16T00:05:00Z and "
        "2018-10-16T00:11:00Z is lost; set \"onGap\": \"continue\" to record the gap and go on");
  const auto tolerant = plan(stream({shard("b")}), before, OnGap::proceed);
  REQUIRE(tolerant.has_value());
  CHECK(ids(*tolerant) == "a b ");
}

TEST_CASE("shard plan: a vanished shard of which nothing was read has lost all since it was to begin") {
  auto before = previous({position("a", Kind::at_time), position("b", Kind::iterator)});
  before.shards[0].polled = Instant{};
  before.shards[0].time = kStart;
  CHECK_THAT(plan(stream({shard("b")}), before).error().message(),
             Catch::Contains("what it held between 2018-10-16T00:00:00Z and 2018-10-16T00:11:00Z is lost"));
  before.shards[0].kind = Kind::oldest;
  CHECK_THAT(plan(stream({shard("b")}), before).error().message(),
             Catch::Contains("what it held up to 2018-10-16T00:11:00Z is lost"));
}

TEST_CASE(
    "shard plan: a vanished shard that was read to within the retention and has children held nothing more") {
  auto before = previous({position("a", Kind::iterator), position("b", Kind::iterator)});
  auto state = stream({shard("b"), shard("c", "a"), shard("d", "a")});
  state.retention = 24h;
  before.shards[0].polled = kStart + 11min - 24h;  // the plan is made at kStart + 11 min
  const auto drained = plan(state, before);
  REQUIRE(drained.has_value());
  CHECK(ids(*drained) == "b c d ");
  CHECK(drained_shards(state, before, kStart + 11min) == std::vector<std::string>{"a"});
  CHECK(drained->shards[1].polled == before.shards[0].polled);

  SECTION("older than the retention") { before.shards[0].polled -= 1us; }
  SECTION("without children") { state.shards.resize(1); }
  SECTION("of a stream whose retention is not known") { state.retention = 0h; }
  SECTION("never read") { before.shards[0].kind = Kind::oldest; }
  SECTION("read until nobody knows when") { before.shards[0].polled = Instant{}; }
  CHECK(plan(state, before).error().code() == Errc::trimmed);
  CHECK(drained_shards(state, before, kStart + 11min).empty());
}

TEST_CASE("shard plan: a stream switched off and on fails the plan and names the interval") {
  auto before =
      previous({position("a", Kind::iterator), position("b", Kind::iterator), position("c", Kind::ended)});
  before.shards[1].polled = kStart + 4min;
  before.shards[2].polled = kStart - 9h;
  auto state = stream({shard("x"), shard("y")});
  state.enabled = kStart + 8min;
  SECTION("with the same id") {}
  SECTION("with another id") { state.id = "stream-2"; }
  const auto result = plan(state, before);
  REQUIRE(result.has_error());
  CHECK(result.error().code() == Errc::stream_changed);
  CHECK_THAT(result.error().message(),
             Catch::Contains("2018-10-16T00:04:00Z and 2018-10-16T00:08:00Z are lost"));

  const auto tolerant = plan(state, before, OnGap::proceed);
  REQUIRE(tolerant.has_value());
  CHECK(ids(*tolerant) == "x y ");
  CHECK(tolerant->shards[0].kind == Kind::oldest);
  const auto gap = restart_gap(*tolerant);
  REQUIRE(gap.has_value());
  CHECK(gap->shard.empty());
  CHECK(gap->from == kStart + 4min);
  CHECK(gap->to == kStart + 8min);
}

TEST_CASE("shard plan: shards whose ids state could not keep apart, or not at all, are refused") {
  const std::string place = "list shards of stream stream-1 of orders: ";
  CHECK(plan(stream({shard("")}), {}).error().message() == place + "a shard without id");
  CHECK(plan(stream({shard("a\xff")}), {}).error().message() == place + "a shard whose id is not text");
  CHECK(plan(stream({shard("a"), shard("a")}), {}).error().message() == place + "shard a is listed twice");
}

TEST_CASE("shard plan: an ordinary plan is no restart") {
  const auto result = plan(stream({shard("a"), shard("b", "a")}), previous({position("a", Kind::ended)}));
  CHECK_FALSE(restart_gap(*result).has_value());
}

TEST_CASE("shard plan: a restart loses from the window's start on where nothing says until when was read") {
  auto state = stream({shard("x")});
  state.enabled = kStart + 8min;
  auto before = previous({position("a", Kind::ended)});
  SECTION("all shards had ended") {}
  SECTION("a shard was never read") {
    before.shards.push_back(position("b", Kind::oldest));
    before.shards[1].polled = Instant{};
  }
  const auto tolerant = plan(state, before, OnGap::proceed);
  REQUIRE(tolerant.has_value());
  const auto gap = restart_gap(*tolerant);
  REQUIRE(gap.has_value());
  CHECK(gap->from == kStart);
  CHECK(gap->to == kStart + 8min);
}

TEST_CASE("shard plan: of several shards the earliest begins the gap of a restart") {
  Positions positions = previous({position("a", Kind::oldest), position("b", Kind::oldest),
                                  position("c", Kind::oldest), position("d", Kind::iterator)});
  positions.enabled = kStart + 8min;
  positions.shards[0].polled = kStart + 6min;
  positions.shards[1].polled = kStart + 4min;
  positions.shards[2].polled = kStart + 7min;
  positions.shards[3].polled = kStart + 1min;  // goes on where it was
  CHECK(restart_gap(positions)->from == kStart + 4min);
  for (ShardPosition& shard : positions.shards) shard.polled = kStart + 8min;
  CHECK_FALSE(restart_gap(positions).has_value());
}

TEST_CASE("shard plan: a retention that cannot be is not believed") {
  auto state = stream({shard("a")});
  for (const auto& [told, kept] :
       {std::pair(168h, 168h),
        std::pair(std::chrono::hours(pipeline::kRetentionMax), std::chrono::hours(pipeline::kRetentionMax)),
        std::pair(pipeline::kRetentionMax + 1h, 0h)}) {
    state.retention = told;
    CHECK(plan(state, {})->retention == kept);
  }
}

TEST_CASE("shard plan: a switch-on time that one side does not know is not compared") {
  auto state = stream({shard("a")});
  state.enabled = Instant{};
  CHECK(plan(state, previous({position("a", Kind::iterator)})).has_value());
}

TEST_CASE("shard plan: listings that make no sense are refused") {
  CHECK(plan(stream({}), {}).error().code() == Errc::unavailable);
  CHECK(plan(stream({shard("a"), shard("a")}), {}).error().code() == Errc::corrupt);
  CHECK(plan(stream({shard("")}), {}).error().code() == Errc::corrupt);
  CHECK(plan(stream({shard("a", "b"), shard("b", "a")}), {}).error().code() == Errc::corrupt);
  CHECK(plan(stream({shard("a", "a")}), {}).error().code() == Errc::corrupt);
  std::vector<Shard> many;
  for (int i = 0; i < 10'001; ++i) many.push_back(shard("s" + std::to_string(i)));
  CHECK(plan(stream(many), {}).error().code() == Errc::invalid_argument);
  many.pop_back();
  CHECK(plan(stream(many), {}).has_value());
}

TEST_CASE("shard plan: parents that are not in the plan count as read") {
  const auto positions = previous({position("a", Kind::iterator), position("b", Kind::oldest)});
  const std::vector<Shard> listing = {shard("b", "a", "expired"), shard("a", "gone")};
  const auto parents = parents_in(positions, listing);
  CHECK(parents[0].empty());
  CHECK(parents[1] == std::vector<std::size_t>{0});
}

TEST_CASE("shard plan: children found later are released when all their listed parents have ended") {
  auto positions =
      previous({position("open", Kind::iterator), position("e2", Kind::ended), position("e1", Kind::ended)});
  positions.shards[2].polled = kStart + 1min;
  const std::vector<Shard> listing = {shard("open"),
                                      shard("e1"),
                                      shard("e2"),
                                      shard("z", "e2"),
                                      shard("y", "e1"),
                                      shard("x", "e1"),
                                      shard("half", "e1", "open"),
                                      shard("merged", "e1", "e2"),
                                      shard("grandchild", "x"),
                                      shard("stranger"),
                                      shard("expired", "e1", "not listed")};
  const auto children = released_children(positions, listing);
  std::string text;
  for (const auto& child : children) text += child.shard + " ";
  CHECK(text == "merged z expired x y ");
  CHECK(children[0].kind == Kind::oldest);
  CHECK(children[0].polled == kStart + 1min);
}

}  // namespace
