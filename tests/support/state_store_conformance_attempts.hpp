#pragma once
// The part of state_store_conformance.hpp about attempts, positions and coverage; included by it.

#include "tests/support/state_store_suite.hpp"

namespace sluice::test {

template <class Fixture>
void StateStoreSuite<Fixture>::attempts() {
  plan("orders", {0, 5});
  SECTION("begin_attempt makes the instance running and stores the start positions") {
    const auto attempt = begin("orders", 0, 1);
    CHECK(attempt.instance_row == get("orders", 0).row);
    CHECK(attempt.number == 1);
    CHECK(attempt.result == AttemptResult::open);
    CHECK(attempt.started == at_minute(0));
    fixture_.reopen();
    const auto instance = get("orders", 0);
    CHECK(instance.state == State::running);
    CHECK(instance.attempts == 1);
    CHECK(instance.started == at_minute(0));
    CHECK_FALSE(instance.finished);
    CHECK(run(store().start_positions(instance.row)) == positions_at(1));
    CHECK_FALSE(run(store().end_positions(instance.row)));
    const auto listed = run(store().attempts(instance.row));
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].number == 1);
    CHECK(listed[0].result == AttemptResult::open);
    CHECK_FALSE(listed[0].finished);
  }
  SECTION("begin_attempt is a conflict unless the instance waits") {
    begin("orders", 0, 1);
    const auto twice = run(store().begin_attempt(get("orders", 0).row, positions_at(2), at_minute(1)));
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code() == Errc::conflict);
    CHECK(run(store().attempts(get("orders", 0).row)).size() == 1);
    CHECK(run(store().start_positions(get("orders", 0).row)) == positions_at(1));
    REQUIRE(operate("orders", 5, {State::wait_time}, State::frozen));
    const auto frozen = run(store().begin_attempt(get("orders", 5).row, positions_at(2), at_minute(1)));
    REQUIRE_FALSE(frozen);
    CHECK(frozen.error().code() == Errc::conflict);
  }
  SECTION("begin_attempt is a conflict where the instance is not as it was claimed") {
    fail(begin("orders", 0, 1), AttemptResult::failed, at_minute(3), at_minute(1));
    const scheduler::Claim before(get("orders", 0));
    scheduler::Change made = change(0, {State::retry_wait}, State::retry_wait);
    scheduler::Redefinition same;
    same.version = get("orders", 0).version;
    same.window_start = get("orders", 0).window_start;
    same.window_end = get("orders", 0).window_end;
    made.redefinition = same;
    SECTION("its failures are forgotten") { made.to = State::wait_resource; }
    SECTION("it has another definition") { made.redefinition->version = "ba9876543210"; }
    SECTION("its window begins elsewhere") { made.redefinition->window_start = at_minute(-11); }
    SECTION("its window ends elsewhere") { made.redefinition->window_end = at_minute(-4); }
    REQUIRE(run(store().operate_all({made})));
    const auto refused = run(store().begin_attempt(before, positions_at(2), at_minute(4)));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::conflict);
    CHECK(get("orders", 0).state != State::running);
    CHECK(run(store().attempts(get("orders", 0).row)).size() == 1);
    const scheduler::Claim present(get("orders", 0));
    CHECK(run(store().begin_attempt(present, positions_at(2), at_minute(4))));
  }
  SECTION("begin_attempt takes an instance whose priority alone was changed") {
    const scheduler::Claim before(get("orders", 0));
    scheduler::Change sooner = change(0, {State::wait_time}, State::wait_time);
    sooner.priority = 9;
    REQUIRE(run(store().operate_all({sooner})));
    CHECK(run(store().begin_attempt(before, positions_at(2), at_minute(4))));
  }
  SECTION("succeed stores outcome and SUCCESS together") {
    succeed("orders", 0, 2, 12);
    fixture_.reopen();
    const auto instance = get("orders", 0);
    CHECK(instance.state == State::success);
    CHECK(instance.rows == 12);
    CHECK(instance.bytes == 120);
    CHECK(instance.objects == outcome_at(2, 12).objects);
    CHECK(instance.finished == at_minute(1));
    CHECK(instance.reason.empty());
    CHECK(run(store().end_positions(instance.row)) == positions_at(2));
    const auto listed = run(store().attempts(instance.row));
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].result == AttemptResult::success);
    CHECK(listed[0].finished == at_minute(1));
    CHECK(listed[0].error_code.empty());
    CHECK_FALSE(listed[0].statistics.empty());
  }
  SECTION("succeed again, as after a lost answer, changes nothing") {
    const auto attempt = begin("orders", 0, 1);
    run(store().succeed(attempt, outcome_at(2, 12), at_minute(1)));
    run(store().succeed(attempt, outcome_at(2, 12), at_minute(3)));
    CHECK(get("orders", 0).state == State::success);
    CHECK(get("orders", 0).finished == at_minute(1));
    CHECK(run(store().attempts(attempt.instance_row)).size() == 1);
    const auto coverage = run(store().coverage("orders"));
    CHECK(coverage.windows == 1);
    CHECK(coverage.rows == 12);
  }
}

template <class Fixture>
void StateStoreSuite<Fixture>::failing() {
  plan("orders", {0, 5});
  const auto attempt = begin("orders", 0, 1);
  SECTION("fail with a retry waits for it and counts") {
    fail(attempt, AttemptResult::failed, at_minute(3), at_minute(1));
    fixture_.reopen();
    const auto instance = get("orders", 0);
    CHECK(instance.state == State::retry_wait);
    CHECK(instance.retry_at == at_minute(3));
    CHECK(instance.failures == 1);
    CHECK(instance.finished == at_minute(1));
    CHECK(instance.reason.find("get records: 503") != std::string::npos);
    CHECK(instance.rows == 0);
    const auto listed = run(store().attempts(instance.row));
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].result == AttemptResult::failed);
    CHECK(listed[0].error_code == "throttled");
    CHECK(listed[0].error.find("get records: 503") != std::string::npos);
    CHECK_FALSE(listed[0].statistics.empty());
    CHECK_FALSE(run(store().end_positions(instance.row)));
    CHECK_FALSE(run(store().committed_before("orders", at_minute(5))));
  }
  SECTION("fail without a retry is failure and stays the head") {
    fail(attempt, AttemptResult::failed, std::nullopt, at_minute(1));
    CHECK(get("orders", 0).state == State::failure);
    CHECK_FALSE(get("orders", 0).retry_at);
    CHECK(heads(10).at("orders") == at_minute(0));
    CHECK(run(store().next_due(at_minute(1))) == at_minute(5));
  }
  SECTION("fail again, as after a lost answer, counts once") {
    fail(attempt, AttemptResult::failed, at_minute(3), at_minute(1));
    fail(attempt, AttemptResult::failed, at_minute(4), at_minute(2));
    CHECK(get("orders", 0).failures == 1);
    CHECK(get("orders", 0).retry_at == at_minute(3));
  }
  SECTION("a killed attempt is kept as killed") {
    fail(attempt, AttemptResult::killed, std::nullopt, at_minute(1));
    CHECK(get("orders", 0).state == State::failure);
    CHECK(run(store().attempts(attempt.instance_row)).at(0).result == AttemptResult::killed);
  }
  SECTION("a lost attempt does not count as a failure") {
    fail(attempt, AttemptResult::lost, at_minute(1), at_minute(1));
    CHECK(get("orders", 0).state == State::retry_wait);
    CHECK(get("orders", 0).failures == 0);
    CHECK(run(store().attempts(attempt.instance_row)).at(0).result == AttemptResult::lost);
  }
  SECTION("attempts are numbered on, failures add up, and a running instance has no retry") {
    fail(attempt, AttemptResult::failed, at_minute(3), at_minute(1));
    const auto second = begin("orders", 0, 2);
    CHECK(second.number == 2);
    CHECK_FALSE(get("orders", 0).retry_at);
    CHECK_FALSE(get("orders", 0).finished);
    CHECK(run(store().next_due(at_minute(1))) == at_minute(5));
    CHECK(run(store().start_positions(second.instance_row)) == positions_at(2));
    fail(second, AttemptResult::failed, at_minute(6), at_minute(4));
    CHECK(get("orders", 0).failures == 2);
    run(store().succeed(begin("orders", 0, 3), outcome_at(4, 1), at_minute(7)));
    const auto listed = run(store().attempts(attempt.instance_row));
    REQUIRE(listed.size() == 3);
    for (int number = 1; number <= 3; ++number)
      CHECK(listed[static_cast<std::size_t>(number - 1)].number == number);
    CHECK(get("orders", 0).state == State::success);
  }
  SECTION("a running instance may be operated on, for the record of a kill") {
    REQUIRE(operate("orders", 0, {State::running}, State::running));
    CHECK(run(store().audit(10)).size() == 1);
    CHECK(run(store().attempts(attempt.instance_row)).at(0).result == AttemptResult::open);
    fail(attempt, AttemptResult::killed, std::nullopt, at_minute(1));
    CHECK(get("orders", 0).state == State::failure);
  }
}

template <class Fixture>
void StateStoreSuite<Fixture>::crashes() {
  plan("orders", {0, 5});
  plan("users", {0});
  fail(begin("orders", 0, 1), AttemptResult::failed, at_minute(3), at_minute(1));
  begin("orders", 0, 1);
  succeed("users", 0, 1);
  fixture_.reopen();
  SECTION("close_lost closes open attempts and counts no failure") {
    const auto closed = run(store().close_lost(at_minute(20), {}));
    REQUIRE(closed.size() == 1);
    CHECK(closed[0].id == id("orders", 0));
    CHECK(closed[0].state == State::wait_resource);
    const auto instance = get("orders", 0);
    CHECK(instance.state == State::wait_resource);
    CHECK(instance.failures == 1);
    CHECK(instance.attempts == 2);
    CHECK_FALSE(instance.reason.empty());
    const auto listed = run(store().attempts(instance.row));
    REQUIRE(listed.size() == 2);
    CHECK(listed[1].result == AttemptResult::lost);
    CHECK(listed[1].finished == at_minute(20));
    CHECK(get("users", 0).state == State::success);
  }
  SECTION("a second close_lost finds nothing and the instance can run again") {
    run(store().close_lost(at_minute(20), {}));
    CHECK(run(store().close_lost(at_minute(21), {})).empty());
    CHECK(begin("orders", 0, 1).number == 3);
  }
  SECTION("an attempt that was closed as lost cannot succeed any more") {
    scheduler::Attempt stale;
    stale.instance_row = get("orders", 0).row;
    stale.number = 2;
    stale.started = at_minute(0);
    run(store().close_lost(at_minute(20), {}));
    run(store().succeed(stale, outcome_at(9, 9), at_minute(21)));
    CHECK(get("orders", 0).state == State::wait_resource);
    CHECK_FALSE(run(store().end_positions(stale.instance_row)));
  }
}

template <class Fixture>
void StateStoreSuite<Fixture>::positions() {
  plan("orders", {0, 5, 10, 15});
  plan("users", {0});
  succeed("orders", 0, 1);
  SECTION("committed_before is the latest committed window below the slot, of this job") {
    succeed("orders", 5, 2);
    fixture_.reopen();
    CHECK_FALSE(run(store().committed_before("orders", at_minute(0))));
    CHECK(committed_end("orders", at_minute(5)) == positions_at(1));
    CHECK(committed_end("orders", at_minute(10)) == positions_at(2));
    CHECK(committed_end("orders", at_minute(600)) == positions_at(2));
    CHECK_FALSE(run(store().committed_before("users", at_minute(600))));
    const auto newest = run(store().committed_before("orders", at_minute(600)));
    CHECK(newest->slot == at_minute(5));
    CHECK(newest->window_end == get("orders", 5).window_end);
  }
  SECTION("one that is run again stays committed: what comes behind it begins where it ended") {
    succeed("orders", 5, 2);
    REQUIRE(operate("orders", 5, {State::success}, State::wait_resource));
    fixture_.reopen();
    CHECK(committed_end("orders", at_minute(10)) == positions_at(2));
    fail(begin("orders", 5, 1), AttemptResult::failed, std::nullopt, at_minute(6));
    CHECK(committed_end("orders", at_minute(10)) == positions_at(2));
  }
  SECTION("an instance set to success by hand has no positions and is passed over") {
    fail(begin("orders", 5, 1), AttemptResult::failed, std::nullopt, at_minute(6));
    REQUIRE(operate("orders", 5, {State::failure}, State::success));
    CHECK(committed_end("orders", at_minute(10)) == positions_at(1));
    CHECK(heads(20).at("orders") == at_minute(10));
  }
  SECTION("of_other_zones finds those before a slot that were planned by other clocks") {
    scheduler::NewInstance moved = planned_at("orders", 20);
    const std::string zone = moved.zone;
    moved.zone = "Asia/Bangkok";
    std::vector<scheduler::NewInstance> rows;
    rows.push_back(moved);
    run(store().add_instances(std::move(rows)));
    succeed("orders", 5, 2);
    CHECK(run(store().of_other_zones("orders", zone, at_minute(0), at_minute(20))).empty());
    CHECK(run(store().of_other_zones("orders", zone, at_minute(0), at_minute(21))).size() == 1);
    const auto found = run(store().of_other_zones("orders", "Asia/Bangkok", at_minute(5), at_minute(20)));
    REQUIRE(found.size() == 3);
    CHECK(found[0].id.scheduled == at_minute(5));
    CHECK(found[0].objects.size() == 1);
    CHECK(run(store().of_other_zones("users", "Asia/Bangkok", at_minute(0), at_minute(0))).empty());
  }
  SECTION("start positions follow the newest attempt until one succeeds") {
    const auto row = get("orders", 5).row;
    fail(begin("orders", 5, 1), AttemptResult::failed, at_minute(6), at_minute(6));
    CHECK(run(store().start_positions(row)) == positions_at(1));
    fail(begin("orders", 5, 7), AttemptResult::failed, at_minute(7), at_minute(7));
    CHECK(run(store().start_positions(row)) == positions_at(7));
  }
}

template <class Fixture>
void StateStoreSuite<Fixture>::repeats() {
  plan("orders", {0, 5});
  succeed("orders", 0, 2, 12);
  succeed("orders", 5, 3, 5);
  REQUIRE(operate("orders", 0, {State::success, State::failure}, State::wait_resource));
  const auto row = get("orders", 0).row;
  SECTION("a success put back keeps both positions") {
    fixture_.reopen();
    CHECK(run(store().start_positions(row)) == positions_at(1));
    CHECK(run(store().end_positions(row)) == positions_at(2));
    CHECK(committed_end("orders", at_minute(10)) == positions_at(3));
  }
  SECTION("the repeat does not overwrite them at its start, nor when it fails") {
    const auto attempt = begin("orders", 0, 8);
    CHECK(run(store().start_positions(row)) == positions_at(1));
    fail(attempt, AttemptResult::failed, std::nullopt, at_minute(9));
    CHECK(run(store().start_positions(row)) == positions_at(1));
    CHECK(run(store().end_positions(row)) == positions_at(2));
    CHECK(heads(10).at("orders") == at_minute(0));
  }
  SECTION("a repeat counts its window once and leaves the newest positions alone") {
    run(store().succeed(begin("orders", 0, 1), outcome_at(2, 13), at_minute(9)));
    CHECK(get("orders", 0).rows == 13);
    CHECK(get("orders", 0).objects.size() == 1);
    CHECK(committed_end("orders", at_minute(10)) == positions_at(3));
    const auto coverage = run(store().coverage("orders"));
    CHECK(coverage.windows == 2);
    CHECK(coverage.rows == 18);
    CHECK(coverage.until == at_minute(0));
    CHECK(heads(10).empty());
  }
}

template <class Fixture>
void StateStoreSuite<Fixture>::coverage() {
  plan("orders", {0, 5, 10});
  SECTION("nothing is covered before the first success") {
    const auto coverage = run(store().coverage("orders"));
    CHECK(coverage.job == "orders");
    CHECK_FALSE(coverage.from);
    CHECK_FALSE(coverage.until);
    CHECK(coverage.windows == 0);
  }
  SECTION("it runs from the first window's start to the newest one's end") {
    succeed("orders", 0, 1, 3);
    succeed("orders", 5, 2, 4);
    fixture_.reopen();
    const auto coverage = run(store().coverage("orders"));
    CHECK(coverage.from == at_minute(-10));
    CHECK(coverage.until == at_minute(0));
    CHECK(coverage.windows == 2);
    CHECK(coverage.rows == 7);
    CHECK(coverage.gaps.empty());
  }
  SECTION("a window set to success by hand is covered by the next one that succeeds") {
    succeed("orders", 0, 1, 3);
    fail(begin("orders", 5, 1), AttemptResult::failed, std::nullopt, at_minute(6));
    REQUIRE(operate("orders", 5, {State::failure}, State::success));
    CHECK(run(store().coverage("orders")).until == at_minute(-5));
    succeed("orders", 10, 2, 4);
    CHECK(run(store().coverage("orders")).until == at_minute(5));
    CHECK(run(store().coverage("orders")).windows == 2);
  }
  SECTION("no other window brings what a skipped one of a table left out") {
    plan("orders", {15, 20});
    const auto export_table = [&](int minute) {
      auto outcome = outcome_at(minute, 3);
      outcome.end = pipeline::Positions();
      run(store().succeed(begin("orders", minute, 1), outcome, at_minute(minute + 1)));
    };
    export_table(0);
    REQUIRE(operate("orders", 5, {State::wait_time}, State::skipped));
    export_table(10);
    export_table(20);
    CHECK(run(store().coverage("orders")).from == at_minute(10));
    export_table(15);
    CHECK(run(store().coverage("orders")).from == at_minute(0));
    CHECK(run(store().coverage("orders")).until == at_minute(15));
    REQUIRE(operate("orders", 0, {State::success}, State::wait_resource));
    export_table(0);
    CHECK(run(store().coverage("orders")).from == at_minute(0));
    REQUIRE(operate("orders", 5, {State::skipped}, State::wait_resource));
    export_table(5);
    CHECK(run(store().coverage("orders")).from == at_minute(-10));
    CHECK(run(store().coverage("orders")).windows == 5);
  }
  SECTION("windows without an order are one interval in the end, whichever ends last") {
    std::vector<int> order = {0, 5, 10, 15};
    do {
      std::string job = "job";
      for (const int minute : order) job += "-" + std::to_string(minute);
      INFO(job);
      plan(job, {0, 5, 10, 15});
      for (const int minute : order) succeed(job, minute, 2);
      const auto coverage = run(store().coverage(job));
      CHECK(coverage.from == at_minute(-10));
      CHECK(coverage.until == at_minute(10));
      CHECK(coverage.windows == 4);
    } while (std::next_permutation(order.begin(), order.end()));
  }
  SECTION("gaps are kept with their reason") {
    succeed("orders", 0, 1, 3);
    auto outcome = outcome_at(2, 4);
    pipeline::Gap gap;
    gap.shard = "shard-1";
    gap.from = at_minute(-5);
    gap.to = at_minute(-4);
    gap.reason = "trimmed";
    outcome.gaps.push_back(gap);
    const auto attempt = begin("orders", 5, 1);
    run(store().succeed(attempt, outcome, at_minute(6)));
    fixture_.reopen();
    const auto coverage = run(store().coverage("orders"));
    REQUIRE(coverage.gaps.size() == 1);
    CHECK(coverage.gaps[0] == gap);
    CHECK(coverage.until == at_minute(0));
    CHECK(coverage.from > at_minute(-10));
    CHECK(coverage.begun == at_minute(-10));
  }
}

}  // namespace sluice::test
