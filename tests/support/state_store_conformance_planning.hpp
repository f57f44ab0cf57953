#pragma once
// The part of state_store_conformance.hpp about planning, listings and state changes; included by it.

#include "tests/support/state_store_suite.hpp"

namespace sluice::test {

template <class Fixture>
void StateStoreSuite<Fixture>::planning() {
  SECTION("an empty store knows nothing") {
    CHECK(run(store().heads(at_minute(0))).empty());
    CHECK_FALSE(run(store().next_due(at_minute(0))));
    CHECK_FALSE(run(store().last_planned("orders")));
    CHECK_FALSE(run(store().instance(id("orders", 0))));
    CHECK_FALSE(run(store().committed_before("orders", at_minute(0))));
    CHECK(run(store().close_lost(at_minute(0), {})).empty());
    CHECK(run(store().remove_unstarted("orders", at_minute(0), "")) == 0);
    CHECK(run(store().audit(10)).empty());
  }
  SECTION("a planned instance is kept as it was handed over") {
    REQUIRE(plan("orders", {0, 5}) == 2);
    fixture_.reopen();
    const auto instance = get("orders", 5);
    const auto planned = planned_at("orders", 5);
    CHECK(instance.id == planned.id);
    CHECK(instance.zone == planned.zone);
    CHECK(instance.cycle == planned.cycle);
    CHECK(instance.values == planned.values);
    CHECK(instance.window_start == planned.window_start);
    CHECK(instance.window_end == planned.window_end);
    CHECK(instance.version == planned.version);
    CHECK(instance.state == State::wait_time);
    CHECK(instance.attempts == 0);
    CHECK(instance.failures == 0);
    CHECK_FALSE(instance.retry_at);
    CHECK_FALSE(instance.started);
    CHECK_FALSE(instance.finished);
    CHECK(instance.objects.empty());
    CHECK(instance.row != get("orders", 0).row);
  }
  SECTION("planning twice adds only what is new and changes nothing") {
    REQUIRE(plan("orders", {0, 5}) == 2);
    const auto row = get("orders", 5).row;
    auto changed = planned_at("orders", 5);
    changed.version = "another";
    std::vector<scheduler::NewInstance> again;
    again.push_back(changed);
    again.push_back(planned_at("orders", 10));
    CHECK(run(store().add_instances(again)) == 1);
    CHECK(get("orders", 5).version == "0123456789ab");
    CHECK(get("orders", 5).row == row);
    CHECK(run(store().add_instances({})) == 0);
  }
  SECTION("of many rows planned at once each is kept, and only new ones count") {
    std::vector<int> minutes;
    for (int n = 0; n < 100; ++n) minutes.push_back(n);
    REQUIRE(plan("orders", {3, 40, 97}) == 3);
    const auto row = get("orders", 40).row;
    CHECK(plan("orders", minutes) == 97);
    CHECK(get("orders", 40).row == row);
    for (const int minute : minutes) {
      const auto instance = get("orders", minute);
      const auto planned = planned_at("orders", minute);
      CHECK(instance.values == planned.values);
      CHECK(instance.window_end == planned.window_end);
    }
  }
  SECTION("last_planned is the newest slot of this job in any state") {
    plan("orders", {5, 0, 10});
    plan("users", {20});
    CHECK(run(store().last_planned("orders")) == at_minute(10));
    succeed("orders", 10, 1);
    CHECK(run(store().last_planned("orders")) == at_minute(10));
  }
  SECTION("remove_unstarted leaves those of a version that stays") {
    plan("orders", {0, 5, 10});
    std::string version = get("orders", 5).version;
    CHECK(run(store().remove_unstarted("orders", at_minute(0), std::move(version))) == 0);
    CHECK(run(store().remove_unstarted("orders", at_minute(0), "another")) == 2);
  }
  SECTION("remove_unstarted leaves the past, the attempted, the frozen and other jobs alone") {
    plan("orders", {0, 5, 10, 15, 20});
    plan("users", {10});
    fail(begin("orders", 10, 1), AttemptResult::failed, at_minute(30), at_minute(11));
    REQUIRE(operate("orders", 15, {State::wait_time}, State::frozen));
    CHECK(run(store().remove_unstarted("orders", at_minute(0), "")) == 2);
    CHECK(run(store().instance(id("orders", 0))));
    CHECK_FALSE(run(store().instance(id("orders", 5))));
    CHECK(run(store().instance(id("orders", 10))));
    CHECK(run(store().instance(id("orders", 15))));
    CHECK_FALSE(run(store().instance(id("orders", 20))));
    CHECK(run(store().instance(id("users", 10))));
    CHECK(run(store().last_planned("orders")) == at_minute(15));
  }
}

template <class Fixture>
void StateStoreSuite<Fixture>::looking() {
  plan("orders", {0, 5, 10});
  plan("users", {5, 15});
  SECTION("heads are each job's earliest instance that is not success, once its slot has come") {
    CHECK(heads(-1).empty());
    CHECK(heads(0) == std::map<std::string, Instant>{{"orders", at_minute(0)}});
    CHECK(heads(7) == std::map<std::string, Instant>{{"orders", at_minute(0)}, {"users", at_minute(5)}});
    succeed("orders", 0, 1);
    CHECK(heads(60) == std::map<std::string, Instant>{{"orders", at_minute(5)}, {"users", at_minute(5)}});
    succeed("orders", 5, 2);
    succeed("orders", 10, 3);
    CHECK(heads(60) == std::map<std::string, Instant>{{"users", at_minute(5)}});
  }
  SECTION("running, retrying, failed and frozen instances stay heads") {
    const auto attempt = begin("orders", 0, 1);
    CHECK(heads(60).at("orders") == at_minute(0));
    fail(attempt, AttemptResult::failed, at_minute(90), at_minute(1));
    CHECK(heads(60).at("orders") == at_minute(0));
    REQUIRE(operate("users", 5, {State::wait_time}, State::frozen));
    CHECK(heads(60).at("users") == at_minute(5));
  }
  SECTION("a success put back to wait_resource is the head again") {
    succeed("orders", 0, 1);
    succeed("orders", 5, 2);
    REQUIRE(operate("orders", 0, {State::success}, State::wait_resource));
    CHECK(heads(60).at("orders") == at_minute(0));
    CHECK(get("orders", 5).state == State::success);
  }
  SECTION("next_due is the least slot or retry after now") {
    CHECK(run(store().next_due(at_minute(-3))) == at_minute(0));
    CHECK(run(store().next_due(at_minute(0))) == at_minute(5));
    CHECK(run(store().next_due(at_minute(10))) == at_minute(15));
    CHECK_FALSE(run(store().next_due(at_minute(15))));
    fail(begin("orders", 0, 1), AttemptResult::failed, at_minute(3), at_minute(1));
    CHECK(run(store().next_due(at_minute(2))) == at_minute(3));
    CHECK(run(store().next_due(at_minute(3))) == at_minute(5));
  }
  SECTION("predecessor is the previous slot of the same job") {
    const auto previous = run(store().predecessor(id("users", 15)));
    REQUIRE(previous);
    CHECK(previous->id == id("users", 5));
    CHECK_FALSE(run(store().predecessor(id("orders", 0))));
  }
  SECTION("listings filter, sort newest first, and page without loss or repetition") {
    succeed("orders", 0, 1);
    scheduler::InstanceQuery query;
    CHECK(run(store().instances(query)).size() == 5);
    query.job = "orders";
    query.from = at_minute(0);
    query.to = at_minute(10);
    const auto range = run(store().instances(query));
    REQUIRE(range.size() == 2);
    CHECK(range[0].id == id("orders", 5));
    CHECK(range[1].id == id("orders", 0));
    query.states = {State::success, State::frozen};
    CHECK(run(store().instances(query)).size() == 1);
    scheduler::InstanceQuery paged;
    paged.limit = 2;
    std::vector<scheduler::InstanceId> seen;
    for (int page = 0; page < 4; ++page) {
      const auto listed = run(store().instances(paged));
      for (const auto& instance : listed) seen.push_back(instance.id);
      if (listed.empty()) break;
      paged.after = listed.back().id;
    }
    CHECK(seen.size() == 5);
    CHECK(std::is_sorted(seen.begin(), seen.end(),
                         [](const auto& a, const auto& b) { return a.scheduled > b.scheduled; }));
    const std::vector<scheduler::InstanceId> newest_first = seen;
    std::sort(seen.begin(), seen.end());
    CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
    paged.after.reset();
    paged.ascending = true;
    seen.clear();
    for (int page = 0; page < 4; ++page) {
      const auto listed = run(store().instances(paged));
      for (const auto& instance : listed) seen.push_back(instance.id);
      if (listed.empty()) break;
      paged.after = listed.back().id;
    }
    CHECK(std::is_sorted(seen.begin(), seen.end(),
                         [](const auto& a, const auto& b) { return a.scheduled < b.scheduled; }));
    CHECK(std::is_permutation(seen.begin(), seen.end(), newest_first.begin(), newest_first.end()));
  }
  SECTION("counts are by state") {
    succeed("orders", 0, 1);
    std::map<State, std::uint64_t> counted;
    for (const auto& [state, count] : run(store().counts("orders"))) counted[state] += count;
    CHECK(counted[State::success] == 1);
    CHECK(counted[State::wait_time] == 2);
    CHECK(run(store().counts("nobody")).empty());
  }
}

template <class Fixture>
void StateStoreSuite<Fixture>::state_changes() {
  plan("orders", {0, 5});
  const auto row = get("orders", 0).row;
  SECTION("change_state moves from an allowed state and keeps the reason") {
    REQUIRE(run(store().change_state(row, {State::not_run, State::wait_time}, State::wait_resource, "full")));
    fixture_.reopen();
    CHECK(get("orders", 0).state == State::wait_resource);
    CHECK(get("orders", 0).reason == "full");
    CHECK(get("orders", 5).state == State::wait_time);
  }
  SECTION("change_state from another state is refused and changes nothing") {
    const auto refused = run(store().change_state(row, {State::failure}, State::success, "no"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::refused_by_state);
    CHECK(get("orders", 0).state == State::wait_time);
  }
  SECTION("an unknown row is an error") {
    CHECK_FALSE(run(store().change_state(row + 1000, {State::wait_time}, State::success, "no")));
    CHECK_FALSE(run(store().operate(row + 1000, {State::wait_time}, State::frozen, "no", entry("freeze"))));
    CHECK(run(store().audit(10)).empty());
  }
  SECTION("operate resets failures and the retry and records the action") {
    fail(begin("orders", 0, 1), AttemptResult::failed, at_minute(3), at_minute(1));
    REQUIRE(operate("orders", 0, {State::retry_wait}, State::wait_resource));
    fixture_.reopen();
    const auto instance = get("orders", 0);
    CHECK(instance.state == State::wait_resource);
    CHECK(instance.reason == "by hand");
    CHECK(instance.failures == 0);
    CHECK(instance.attempts == 1);
    CHECK_FALSE(instance.retry_at);
    CHECK(run(store().next_due(at_minute(1))) == at_minute(5));
    const auto audit = run(store().audit(10));
    REQUIRE(audit.size() == 1);
    CHECK(audit[0].at == at_minute(9));
    CHECK(audit[0].actor == "uid 1000 (unix socket)");
    CHECK(audit[0].action == "rerun");
    CHECK(audit[0].target == "orders@2018-10-16T00:00+08:00");
    CHECK(audit[0].detail == "because");
  }
  SECTION("a refused operate leaves no audit entry") {
    const auto refused = operate("orders", 0, {State::failure}, State::success);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::refused_by_state);
    CHECK(run(store().audit(10)).empty());
  }
  SECTION("audit lists the newest first, up to the limit") {
    for (const char* action : {"freeze", "unfreeze", "kill"}) {
      const std::vector<State> any = {State::wait_time, State::frozen};
      REQUIRE(run(store().operate(row, any, State::frozen, "x", entry(action))));
    }
    const auto audit = run(store().audit(2));
    REQUIRE(audit.size() == 2);
    CHECK(audit[0].action == "kill");
    CHECK(audit[1].action == "unfreeze");
  }
}

}  // namespace sluice::test
