#pragma once
// The part of state_store_conformance.hpp about what dependencies ask; included by it.

#include "tests/support/state_store_suite.hpp"

namespace sluice::test {

template <class Fixture>
void StateStoreSuite<Fixture>::dependencies() {
  const auto slots = [](const std::vector<scheduler::Instance>& instances) {
    std::vector<int> minutes;
    for (const auto& instance : instances) {
      minutes.push_back(static_cast<int>((instance.id.scheduled - at_minute(0)) / std::chrono::minutes(1)));
    }
    return minutes;
  };
  const auto runnable = [&](int after, int now, std::size_t limit) {
    return slots(run(store().runnable("orders", at_minute(after), at_minute(now), limit)));
  };
  SECTION("runnable are those that wait, retry or run, oldest first") {
    plan("orders", {0, 5, 10, 15, 20, 25, 30, 35});
    plan("users", {0, 5});
    succeed("orders", 5, 1);
    REQUIRE(operate("orders", 10, {State::wait_time}, State::frozen));
    fail(begin("orders", 15, 1), AttemptResult::failed, std::nullopt, at_minute(16));
    fail(begin("orders", 20, 1), AttemptResult::failed, at_minute(40), at_minute(21));
    begin("orders", 25, 1);
    CHECK(runnable(-1, 30, 100) == std::vector<int>{0, 20, 25, 30});
    CHECK(runnable(-1, 30, 2) == std::vector<int>{0, 20});
    CHECK(runnable(20, 30, 100) == std::vector<int>{25, 30});
    CHECK(runnable(20, 24, 100).empty());
    CHECK(run(store().runnable("nobody", at_minute(-1), at_minute(60), 10)).empty());
  }
  SECTION("the head of a chain is its earliest that is not done, due or not") {
    CHECK_FALSE(run(store().head("orders")));
    plan("orders", {5, 0, 10});
    plan("users", {-5});
    CHECK(run(store().head("orders"))->id == id("orders", 0));
    succeed("orders", 0, 1);
    CHECK(run(store().head("orders"))->id == id("orders", 5));
    REQUIRE(operate("orders", 5, {State::wait_time}, State::frozen));
    CHECK(run(store().head("orders"))->state == State::frozen);
    REQUIRE(operate("orders", 0, {State::success}, State::wait_resource));
    CHECK(run(store().head("orders"))->id == id("orders", 0));
  }
  SECTION("progress of a chain that was never planned is nothing") {
    const auto progress = run(store().progress("orders", at_minute(0), at_minute(60)));
    CHECK_FALSE(progress.first_planned);
    CHECK_FALSE(progress.last_planned);
    CHECK(progress.planned == 0);
    CHECK(progress.open == 0);
    CHECK_FALSE(progress.first_open);
  }
  SECTION("progress counts what is planned and open in a closed range, and names the first open one") {
    plan("orders", {0, 5, 10, 15, 20});
    plan("users", {5, 10});
    auto skipped = planned_at("orders", 25);
    skipped.state = State::skipped;
    std::vector<scheduler::NewInstance> one(1, skipped);
    REQUIRE(run(store().add_instances(one)) == 1);
    succeed("orders", 5, 1);
    const auto all = run(store().progress("orders", at_minute(0), at_minute(60)));
    CHECK(all.first_planned == at_minute(0));
    CHECK(all.last_planned == at_minute(25));
    CHECK(all.planned == 6);
    CHECK(all.open == 4);
    REQUIRE(all.first_open);
    CHECK(all.first_open->id == id("orders", 0));
    const auto part = run(store().progress("orders", at_minute(5), at_minute(10)));
    CHECK(part.planned == 2);
    CHECK(part.open == 1);
    REQUIRE(part.first_open);
    CHECK(part.first_open->id == id("orders", 10));
    const auto done = run(store().progress("orders", at_minute(25), at_minute(25)));
    CHECK(done.planned == 1);
    CHECK(done.open == 0);
    CHECK_FALSE(done.first_open);
    CHECK(run(store().progress("orders", at_minute(6), at_minute(9))).planned == 0);
  }
  SECTION("a chain of a backfill has its own progress") {
    plan("orders", {0, 5});
    auto again = planned_at("orders", 0);
    again.id.group = 7;
    std::vector<scheduler::NewInstance> one(1, again);
    REQUIRE(run(store().add_instances(one)) == 1);
    CHECK(run(store().progress("orders", at_minute(0), at_minute(5))).planned == 2);
    CHECK(run(store().progress("orders#7", at_minute(0), at_minute(5))).planned == 1);
  }
}

}  // namespace sluice::test
