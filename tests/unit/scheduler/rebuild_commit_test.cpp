#include "scheduler/rebuild_commit.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/faulty_state_store.hpp"
#include "tests/support/memory_state_store.hpp"
#include "tests/support/run.hpp"
#include "tests/support/state_store_samples.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using sluice::test::at_minute;
using sluice::test::Fault;
using sluice::test::planned_at;

std::vector<ProvenWindow> proven() {
  std::vector<ProvenWindow> windows;
  for (const int minute : {5, 10, 15}) {
    ProvenWindow& window = windows.emplace_back();
    window.instance = planned_at("orders", minute);
    window.proof = "manifest " + std::to_string(minute);
    window.start = sluice::test::positions_at(minute - 5);
    window.outcome = sluice::test::outcome_at(minute, 3);
  }
  windows[1].rerun = "t10 is not there";
  return windows;
}

struct CommitFixture {
  sluice::test::Loop world;
  sluice::test::MemoryStateStore inner;
  sluice::test::FaultyStateStore store{inner};

  Result<void> commit() { return world.run(commit_proven(store, proven(), "uid 7", at_minute(60))); }
  Instance instance(int minute) { return *world.run(inner.instance(planned_at("orders", minute).id)); }

  void check_committed() {
    for (const int minute : {5, 15}) CHECK(instance(minute).state == State::success);
    CHECK(instance(10).state == State::wait_resource);
    CHECK(instance(10).reason == "runs again: t10 is not there");
    CHECK(instance(15).rows == 3);
    CHECK(instance(15).objects.size() == 1);
    const auto end = world.run(newest_end(inner, "orders"));
    REQUIRE(end);
    CHECK(end->slot == at_minute(15));
    CHECK(end->window_end == at_minute(10));
    CHECK(end->positions == sluice::test::positions_at(15));
    CHECK(world.run(inner.start_positions(instance(10).row)) == sluice::test::positions_at(5));
    CHECK(world.run(inner.attempts(instance(10).row)).back().result == AttemptResult::success);
    CHECK(world.run(inner.coverage("orders")).until == at_minute(10));
    CHECK(world.run(inner.coverage("orders")).from == at_minute(-5));
  }
};

TEST_CASE("rebuild commit: proven windows become SUCCESS, and those to be repeated wait") {
  CommitFixture f;
  REQUIRE(f.commit().has_value());
  f.check_committed();
  const auto entries = f.world.run(f.inner.audit(10));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].action == "rerun");
  CHECK(entries[0].actor == "uid 7");
  CHECK(f.commit().has_value());
  f.check_committed();
  CHECK(f.world.run(f.inner.audit(10)).size() == 1);
}

TEST_CASE("rebuild commit: whatever was done to an instance, its window was exported") {
  CommitFixture f;
  std::vector<NewInstance> rows = {planned_at("orders", 5), planned_at("orders", 10),
                                   planned_at("orders", 15), planned_at("orders", 20)};
  REQUIRE(f.world.run(f.inner.add_instances(rows)) == 4);
  const State state = GENERATE(State::frozen, State::failure, State::lost, State::skipped, State::success);
  REQUIRE(f.world.run(f.inner.change_state(f.instance(5).row, {State::wait_time}, state, "somebody"))
              .has_value());
  REQUIRE(f.commit().has_value());
  f.check_committed();
  CHECK(f.instance(20).state == State::wait_time);
}

TEST_CASE("rebuild commit: a store that fails at any call leaves what a second try completes") {
  std::size_t calls = 0;
  {
    CommitFixture f;
    REQUIRE(f.commit().has_value());
    calls = f.store.calls();
  }
  REQUIRE(calls > 10);
  for (const Fault fault : {Fault::before, Fault::after}) {
    for (std::size_t failing = 0; failing < calls; ++failing) {
      CommitFixture f;
      f.store.script = [&](std::size_t call, bool) { return call == failing ? fault : Fault::none; };
      INFO("call " << failing << " of " << calls);
      CHECK_THROWS_AS(f.commit(), ErrorException);
      f.store.script = {};
      f.world.run(f.inner.close_lost(at_minute(61), {}));
      REQUIRE(f.commit().has_value());
      f.check_committed();
    }
  }
}

TEST_CASE("rebuild commit: a chain whose windows were never exported has no end") {
  CommitFixture f;
  CHECK_FALSE(f.world.run(newest_end(f.inner, "orders")));
}

}  // namespace
