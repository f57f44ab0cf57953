#pragma once
// State store conformance: actions on many instances, skipped windows, dry runs, paused jobs.

#include "tests/support/state_store_suite.hpp"

namespace sluice::test {

template <class Fixture>
scheduler::Change StateStoreSuite<Fixture>::change(int minute, std::vector<State> from, State to) {
  scheduler::Change wanted;
  wanted.instance_row = get("orders", minute).row;
  wanted.from = std::move(from);
  wanted.to = to;
  wanted.reason = "by hand";
  wanted.entry = entry("rerun");
  return wanted;
}

template <class Fixture>
void StateStoreSuite<Fixture>::many_at_once() {
  plan("orders", {0, 5, 10});
  fail(begin("orders", 0, 1), AttemptResult::failed, std::nullopt, at_minute(1));
  std::vector<scheduler::Change> changes = {change(0, {State::failure}, State::wait_resource),
                                            change(5, {State::wait_time}, State::frozen)};
  SECTION("all are made together, each with its line in the audit log") {
    REQUIRE(run(store().operate_all(changes)));
    fixture_.reopen();
    CHECK(get("orders", 0).state == State::wait_resource);
    CHECK(get("orders", 0).failures == 0);
    CHECK(get("orders", 0).reason == "by hand");
    CHECK(get("orders", 5).state == State::frozen);
    CHECK(run(store().audit(10)).size() == 2);
  }
  SECTION("none is made when one is refused") {
    changes.push_back(change(10, {State::failure}, State::wait_resource));
    CHECK(run(store().operate_all(changes)).error().code() == Errc::conflict);
    changes.back().instance_row = 999;
    CHECK(run(store().operate_all(changes)).error().code() == Errc::not_found);
    CHECK(get("orders", 0).state == State::failure);
    CHECK(get("orders", 5).state == State::wait_time);
    CHECK(run(store().audit(10)).empty());
  }
  SECTION("priority, released dependencies and a newer definition stay with the instance") {
    changes.resize(1);
    changes[0].priority = 7;
    changes[0].release = true;
    scheduler::Redefinition newest;
    newest.version = "ba9876543210";
    newest.values.emplace_back("start_time", "other");
    newest.window_start = at_minute(-20);
    newest.window_end = at_minute(-15);
    changes[0].redefinition = newest;
    REQUIRE(run(store().operate_all(changes)));
    fixture_.reopen();
    const auto changed = get("orders", 0);
    CHECK(changed.priority == 7);
    CHECK(changed.released);
    CHECK(changed.version == "ba9876543210");
    CHECK(changed.values == newest.values);
    CHECK(changed.window_start == at_minute(-20));
    CHECK(changed.window_end == at_minute(-15));
    REQUIRE(run(store().operate_all({change(0, {State::wait_resource}, State::frozen)})));
    CHECK(get("orders", 0).priority == 7);
    CHECK(get("orders", 0).released);
  }
}

template <class Fixture>
void StateStoreSuite<Fixture>::changing_in_place() {
  plan("orders", {0, 5});
  fail(begin("orders", 0, 1), AttemptResult::failed, at_minute(3), at_minute(1));
  scheduler::Change sooner = change(0, {State::retry_wait}, State::retry_wait);
  sooner.priority = 9;
  REQUIRE(run(store().operate_all({sooner})));
  const auto kept = get("orders", 0);
  CHECK(kept.priority == 9);
  CHECK(kept.state == State::retry_wait);
  CHECK(kept.retry_at == at_minute(3));
  CHECK(kept.failures == 1);
  CHECK(kept.reason == "get records: 503");
}

template <class Fixture>
void StateStoreSuite<Fixture>::lost_for_good() {
  plan("orders", {0, 5});
  plan("users", {0});
  begin("orders", 0, 1);
  begin("users", 0, 1);
  CHECK(run(store().close_lost(at_minute(2), {"users"})).size() == 2);
  CHECK(get("orders", 0).state == State::wait_resource);
  const auto lost = get("users", 0);
  CHECK(lost.state == State::lost);
  CHECK(lost.reason.ends_with("rerun.property of its job is never"));
  CHECK(run(store().attempts(lost.row)).at(0).result == AttemptResult::lost);
  CHECK(heads(5)["users"] == at_minute(0));
}

template <class Fixture>
void StateStoreSuite<Fixture>::committed_later() {
  plan("orders", {0, 5, 10});
  CHECK_FALSE(run(store().committed_after("orders", at_minute(0))));
  succeed("orders", 0, 1);
  CHECK_FALSE(run(store().committed_after("orders", at_minute(0))));
  succeed("orders", 10, 1);
  CHECK(run(store().committed_after("orders", at_minute(0))) == at_minute(10));
  CHECK_FALSE(run(store().committed_after("users", at_minute(0))));
}

template <class Fixture>
void StateStoreSuite<Fixture>::skipping() {
  plan("orders", {0, 5, 10, 15, 20, 25});
  plan("users", {5});
  succeed("orders", 0, 1);
  fail(begin("orders", 5, 1), AttemptResult::failed, at_minute(7), at_minute(6));
  REQUIRE(operate("orders", 10, {State::wait_time}, State::frozen));
  begin("orders", 15, 1);
  run(store().close_lost(at_minute(16), {}));
  const scheduler::WaitingRange range{"orders", at_minute(0), at_minute(25)};
  SECTION("what waits is counted: not what is done, frozen, or has a lost attempt") {
    const scheduler::Waiting found = run(store().waiting(range));
    CHECK(found.count == 2);
    CHECK(found.oldest == at_minute(5));
    CHECK(found.newest == at_minute(20));
    CHECK(run(store().waiting({"orders", at_minute(0), at_minute(5)})).count == 0);
    CHECK_FALSE(run(store().waiting({"nobody", at_minute(0), at_minute(25)})).newest);
  }
  SECTION("what has left objects behind, or may have, does not count once it has failed again") {
    fail(begin("orders", 15, 1), AttemptResult::failed, at_minute(18), at_minute(17));
    auto outcome = outcome_at(1, 0);
    outcome.statistics.left_behind = 1;
    run(store().fail(begin("orders", 20, 1), AttemptResult::failed, Error(Errc::unavailable, "503"),
                     outcome.statistics, at_minute(23), at_minute(22)));
    fail(begin("orders", 20, 1), AttemptResult::failed, at_minute(24), at_minute(23));
    fixture_.reopen();
    CHECK(run(store().waiting(range)).count == 1);
    CHECK(run(store().waiting(range)).newest == at_minute(5));
    CHECK(run(store().skip(range, "older than 1 h", entry("skip"))) == 1);
    CHECK(get("orders", 15).state == State::retry_wait);
    CHECK(get("orders", 20).state == State::retry_wait);
  }
  SECTION("a dry run neither counts nor is skipped: there is nothing to run") {
    scheduler::NewInstance dry = planned_at("orders", 22);
    dry.dry_run = true;
    run(store().add_instances({dry}));
    CHECK(run(store().waiting(range)).newest == at_minute(20));
    CHECK(run(store().skip(range, "older than 1 h", entry("skip"))) == 2);
    CHECK(get("orders", 22).state == State::wait_time);
  }
  SECTION("exactly that is skipped, with the reason, and is done") {
    CHECK(run(store().skip(range, "older than 1 h", entry("skip"))) == 2);
    fixture_.reopen();
    CHECK(get("orders", 5).state == State::skipped);
    CHECK(get("orders", 5).reason == "older than 1 h");
    CHECK_FALSE(get("orders", 5).retry_at);
    CHECK(get("orders", 10).state == State::frozen);
    CHECK(get("orders", 15).state == State::wait_resource);
    CHECK(get("orders", 20).state == State::skipped);
    CHECK(get("orders", 25).state == State::wait_time);
    CHECK(get("users", 5).state == State::wait_time);
    CHECK(run(store().next_due(at_minute(6))) == at_minute(10));
    CHECK(run(store().audit(10)).front().action == "skip");
  }
  SECTION("a committed window that is being repeated is left: no later one would bring its records") {
    REQUIRE(operate("orders", 0, {State::success}, State::wait_resource));
    fail(begin("orders", 0, 2), AttemptResult::failed, at_minute(8), at_minute(7));
    CHECK(run(store().waiting(range)).count == 2);
    CHECK(run(store().skip(range, "older than 1 h", entry("skip"))) == 2);
    CHECK(get("orders", 0).state == State::retry_wait);
  }
  SECTION("a repeated call changes nothing and writes nothing") {
    run(store().skip(range, "older than 1 h", entry("skip")));
    const std::size_t lines = run(store().audit(100)).size();
    CHECK(run(store().skip(range, "again", entry("skip"))) == 0);
    CHECK(run(store().audit(100)).size() == lines);
    CHECK(get("orders", 5).reason == "older than 1 h");
  }
}

template <class Fixture>
void StateStoreSuite<Fixture>::dry_runs() {
  scheduler::NewInstance dry = planned_at("orders", 0);
  dry.dry_run = true;
  dry.reason = "a day off";
  std::vector<scheduler::NewInstance> instances = {dry};
  run(store().add_instances(instances));
  plan("orders", {5});
  run(store().finish_dry_run(get("orders", 0).row, at_minute(1)));
  const auto done = get("orders", 0);
  CHECK(done.state == State::success);
  CHECK(done.reason == "a day off");
  CHECK(done.started == at_minute(1));
  CHECK(done.finished == at_minute(1));
  CHECK(done.attempts == 0);
  CHECK(run(store().attempts(done.row)).empty());
  CHECK(heads(5)["orders"] == at_minute(5));
  run(store().finish_dry_run(get("orders", 5).row, at_minute(6)));
  CHECK(get("orders", 5).state == State::wait_time);
}

template <class Fixture>
void StateStoreSuite<Fixture>::pausing() {
  plan("orders", {0, 5, 10});
  scheduler::Pause pause;
  pause.job = "orders";
  pause.since = at_minute(1);
  pause.actor = "uid 1000 (unix socket)";
  pause.reason = "the table is being moved";
  run(store().pause(pause, entry("pause")));
  fixture_.reopen();
  const auto found = run(store().pauses());
  REQUIRE(found.size() == 1);
  CHECK(found[0].job == "orders");
  CHECK(found[0].since == at_minute(1));
  CHECK(found[0].actor == "uid 1000 (unix socket)");
  CHECK(found[0].reason == "the table is being moved");
  SECTION("resumed as it is, nothing is skipped") {
    CHECK(run(store().resume("orders", std::nullopt, "", entry("resume"))) == 0);
    CHECK(run(store().pauses()).empty());
    CHECK(get("orders", 0).state == State::wait_time);
    CHECK(run(store().audit(10)).size() == 2);
  }
  SECTION("resumed with a range, its windows are skipped with the pause's end") {
    const scheduler::WaitingRange range{"orders", at_minute(0), at_minute(10)};
    CHECK(run(store().resume("orders", range, "missed in a pause", entry("resume"))) == 2);
    fixture_.reopen();
    CHECK(run(store().pauses()).empty());
    CHECK(get("orders", 5).state == State::skipped);
    CHECK(get("orders", 10).state == State::wait_time);
    CHECK(run(store().audit(10)).size() == 2);
  }
}

}  // namespace sluice::test
