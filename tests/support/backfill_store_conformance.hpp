#pragma once
// What every implementation of scheduler::BackfillStore and scheduler::CatchUpStore must do. A fixture has
// store() (the StateStore), backfills(), catch_up(), loop() and reopen().

#include "scheduler/backfill_store.hpp"
#include "scheduler/catch_up_store.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/state_store_samples.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace sluice::test {

template <class Fixture>
class BackfillStoreSuite {
 public:
  using Backfill = scheduler::Backfill;
  using BackfillState = scheduler::BackfillState;
  using State = scheduler::State;

  void keeping() {
    const Backfill made = add("orders", 2);
    CHECK(made.id == 1);
    REQUIRE(made.groups.size() == 2);
    CHECK(made.groups[0].id != made.groups[1].id);
    fixture_.reopen();
    const auto found = run(fixture_.backfills().backfill(made.id));
    REQUIRE(found);
    CHECK(found->order.job == "orders");
    CHECK(found->order.from == at_minute(0));
    CHECK(found->order.to == at_minute(60));
    CHECK(found->order.parallel == 2);
    CHECK(found->order.descending);
    CHECK(found->order.all);
    CHECK(found->order.run_now);
    CHECK(found->order.alerts == scheduler::EndNotices::both);
    CHECK(found->order.times == scheduler::DayPart{std::chrono::hours(8), std::chrono::hours(17)});
    CHECK(found->order.run_hours ==
          scheduler::RunHours{{std::chrono::hours(22), std::chrono::minutes(365)}, true});
    REQUIRE(found->order.ranges.size() == 2);
    CHECK(found->order.ranges[1].from == at_minute(40));
    CHECK(found->order.ranges[1].to == at_minute(60));
    CHECK(found->order.parameters == named_values());
    CHECK(found->order.priority == 4);
    CHECK(found->zone == "Asia/Shanghai");
    CHECK(found->version == "0123456789ab");
    CHECK(found->actor == "uid 1000");
    CHECK(found->created == at_minute(90));
    CHECK(found->state == BackfillState::running);
    CHECK_FALSE(found->planned);
    REQUIRE(found->groups.size() == 2);
    CHECK(found->groups[1].id == made.groups[1].id);
    CHECK(found->groups[1].from == at_minute(30));
    CHECK(found->groups[1].to == at_minute(60));
    CHECK(found->groups[1].first_date == std::chrono::sys_days(std::chrono::year(2018) / 10 / 16));
    CHECK_FALSE(run(fixture_.backfills().backfill(made.id + 1)));
    CHECK(run(fixture_.backfills().backfill_of_group(made.groups[1].id))->id == made.id);
    CHECK_FALSE(run(fixture_.backfills().backfill_of_group(99)));
  }

  void listing() {
    for (const char* job : {"orders", "orders", "clients"}) add(job, 1);
    CHECK(ids("", 100, 0) == std::vector<std::int64_t>({3, 2, 1}));
    CHECK(ids("orders", 100, 0) == std::vector<std::int64_t>({2, 1}));
    CHECK(ids("", 1, 3) == std::vector<std::int64_t>({2}));
    scheduler::BackfillQuery later;
    later.after = 2;
    CHECK(run(fixture_.backfills().backfills(later)).size() == 1);
    REQUIRE(change(2, {BackfillState::running}, BackfillState::paused));
    for (const auto& [state, count] :
         {std::pair(BackfillState::running, 2U), std::pair(BackfillState::paused, 1U),
          std::pair(BackfillState::done, 0U)}) {
      scheduler::BackfillQuery of_state;
      of_state.state = state;
      CHECK(run(fixture_.backfills().backfills(of_state)).size() == count);
    }
    CHECK(run(fixture_.backfills().unfinished_backfills()).size() == 3);
  }

  void changing() {
    const Backfill made = add("orders", 1);
    CHECK(change(made.id, {BackfillState::running}, BackfillState::paused));
    CHECK(run(fixture_.backfills().backfill(made.id))->state == BackfillState::paused);
    CHECK(change(made.id, {BackfillState::running}, BackfillState::paused).error().code() ==
          Errc::refused_by_state);
    CHECK(change(7, {BackfillState::running}, BackfillState::paused).error().code() == Errc::not_found);
  }

  void closing() {
    const Backfill made = add("orders", 1);
    const std::int64_t group = made.groups[0].id;
    plan("orders", group, {0, 5, 10});
    run(fixture_.backfills().close_backfill(made.id));  // not planned: stays open
    CHECK(run(fixture_.backfills().unfinished_backfills()).size() == 1);
    run(fixture_.backfills().backfill_planned(made.id, 2));
    const auto planned = run(fixture_.backfills().unfinished_backfills());
    REQUIRE(planned.size() == 1);
    CHECK(planned[0].planned);
    CHECK(planned[0].left_out == 2);
    CHECK(run(fixture_.backfills().skip_waiting(made.id, "cancelled by uid 1000")) == 3);
    CHECK(run(fixture_.backfills().skip_waiting(made.id, "cancelled by uid 1000")) == 0);
    scheduler::InstanceId id = planned_at("orders", 5).id;
    id.group = group;
    const auto skipped = run(fixture_.store().instance(id));
    REQUIRE(skipped);
    CHECK(skipped->state == State::skipped);
    CHECK(skipped->reason == "cancelled by uid 1000");
    run(fixture_.backfills().close_backfill(made.id));
    CHECK(run(fixture_.backfills().unfinished_backfills()).empty());
    CHECK(run(fixture_.backfills().backfill(made.id))->state == BackfillState::done);
    run(fixture_.backfills().reopen_backfill(group));
    CHECK(run(fixture_.backfills().unfinished_backfills()).size() == 1);
    const Backfill empty = add("orders", 1);
    run(fixture_.backfills().backfill_planned(empty.id, 12));
    CHECK(run(fixture_.backfills().backfill(empty.id))->state == BackfillState::done);
  }

  void skipping_leaves_others_alone() {
    const Backfill made = add("orders", 1);
    plan("orders", 0, {0, 5});
    plan("orders", made.groups[0].id, {0, 5});
    const auto attempt = begin("orders", made.groups[0].id, 0);
    CHECK(run(fixture_.backfills().skip_waiting(made.id, "cancelled")) == 1);
    run(fixture_.backfills().backfill_planned(made.id, 0));
    run(fixture_.backfills().close_backfill(made.id));
    CHECK(run(fixture_.backfills().unfinished_backfills()).size() == 1);  // one still runs
    CHECK(run(fixture_.store().instance(planned_at("orders", 5).id))->state == State::wait_time);
    run(fixture_.store().succeed(attempt, outcome_at(3, 5), at_minute(30)));
    run(fixture_.backfills().close_backfill(made.id));
    CHECK(run(fixture_.backfills().unfinished_backfills()).empty());
    const auto covered = run(fixture_.backfills().backfilled("orders"));
    REQUIRE(covered.size() == 1);
    CHECK(covered[0].job == scheduler::chain_of("orders", made.groups[0].id));
    CHECK(covered[0].until == at_minute(-5));
    CHECK(run(fixture_.backfills().backfilled("clients")).empty());
  }

  void closing_a_cancelled_one() {
    const Backfill made = add("orders", 1);
    plan("orders", made.groups[0].id, {0});
    const auto attempt = begin("orders", made.groups[0].id, 0);
    CHECK(change(made.id, {BackfillState::running}, BackfillState::cancelled));
    run(fixture_.backfills().close_backfill(made.id));
    CHECK(run(fixture_.backfills().unfinished_backfills()).size() == 1);  // one still runs
    run(fixture_.store().fail(attempt, scheduler::AttemptResult::failed, Error(Errc::io, "write: broken"), {},
                              std::nullopt, at_minute(1)));
    run(fixture_.backfills().close_backfill(made.id));
    CHECK(run(fixture_.backfills().unfinished_backfills()).empty());
    CHECK(run(fixture_.backfills().backfill(made.id))->state == BackfillState::cancelled);
  }

  void looking() {
    const Backfill made = add("orders", 1);
    const std::string chain = scheduler::chain_of("orders", made.groups[0].id);
    plan("orders", made.groups[0].id, {0, 5, 10, 15});
    const auto attempt = begin("orders", made.groups[0].id, 5);
    run(fixture_.store().succeed(attempt, outcome_at(3, 5), at_minute(30)));
    const auto oldest = run(fixture_.backfills().open_instances(chain, false, 2));
    REQUIRE(oldest.size() == 2);
    CHECK(oldest[0].id.scheduled == at_minute(0));
    CHECK(oldest[0].id.group == made.groups[0].id);
    CHECK(oldest[1].id.scheduled == at_minute(10));
    const auto newest = run(fixture_.backfills().open_instances(chain, true, 2));
    REQUIRE(newest.size() == 2);
    CHECK(newest[0].id.scheduled == at_minute(15));
    const auto states = run(fixture_.backfills().states(chain, at_minute(5), at_minute(15)));
    REQUIRE(states.size() == 2);
    CHECK(states[0] == std::pair(at_minute(5), State::success));
    CHECK(states[1] == std::pair(at_minute(10), State::wait_time));
    CHECK(run(fixture_.backfills().states("nobody", at_minute(5), at_minute(15))).empty());
  }

  void watching() {
    CHECK_FALSE(run(fixture_.catch_up().watched_until()));
    run(fixture_.catch_up().watch(at_minute(1)));
    run(fixture_.catch_up().watch(at_minute(2)));
    fixture_.reopen();
    CHECK(run(fixture_.catch_up().watched_until()) == at_minute(2));
    absent({{"b", at_minute(1)}, {"a", at_minute(2)}}, {});
    absent({{"b", at_minute(3)}}, {"a", "nobody"});
    const auto absences = run(fixture_.catch_up().absences());
    REQUIRE(absences.size() == 1);
    CHECK(absences[0].job == "b");
    CHECK(absences[0].since == at_minute(1));
    plan("orders", 0, {0, 5, 10, 15});
    plan("orders", 3, {0});
    CHECK(run(fixture_.catch_up().planned_jobs()) == std::vector<std::string>({"orders"}));
    begin("orders", 0, 5);
    scheduler::NewInstance dry = planned_at("orders", 12);
    dry.dry_run = true;
    run(fixture_.store().add_instances({dry}));
    CHECK(run(fixture_.catch_up().never_started("orders", at_minute(0), at_minute(15))) ==
          std::vector<Instant>({at_minute(0), at_minute(10)}));
  }

 private:
  template <class T>
  T run(awaitable<T> task) {
    return run_loop(fixture_.loop(), std::move(task));
  }

  Backfill add(const std::string& job, int groups) {
    Backfill backfill;
    backfill.order.job = job;
    backfill.order.from = at_minute(0);
    backfill.order.to = at_minute(60);
    backfill.order.parallel = groups;
    backfill.order.descending = backfill.order.all = backfill.order.run_now = true;
    backfill.order.alerts = scheduler::EndNotices::both;
    backfill.order.ranges = {{at_minute(0), at_minute(20)}, {at_minute(40), at_minute(60)}};
    backfill.order.times = {std::chrono::hours(8), std::chrono::hours(17)};
    backfill.order.run_hours = {{std::chrono::hours(22), std::chrono::minutes(365)}, true};
    backfill.order.parameters = named_values();
    backfill.order.priority = 4;
    backfill.zone = "Asia/Shanghai";
    backfill.version = "0123456789ab";
    backfill.actor = "uid 1000";
    backfill.created = at_minute(90);
    const std::chrono::sys_days date(std::chrono::year(2018) / 10 / 15);
    for (int n = 0; n < groups; ++n) {
      scheduler::BackfillGroup& group = backfill.groups.emplace_back();
      group.from = at_minute(60 / groups * n);
      group.to = at_minute(60 / groups * (n + 1));
      group.first_date = group.last_date = date + std::chrono::days(n);
    }
    return run(fixture_.backfills().add_backfill(backfill, entry()));
  }
  static std::vector<std::pair<std::string, std::string>> named_values() {
    return {{"start", "$[yyyymmdd-1]"}, {"date", "2018=1"}};
  }
  static scheduler::AuditEntry entry() {
    scheduler::AuditEntry audit;
    audit.at = at_minute(9);
    audit.action = "backfill";
    return audit;
  }
  Result<void> change(std::int64_t id, std::vector<BackfillState> from, BackfillState to) {
    return run(fixture_.backfills().change_backfill(id, std::move(from), to, entry()));
  }
  std::vector<std::int64_t> ids(const std::string& job, std::size_t limit, std::int64_t before) {
    scheduler::BackfillQuery query;
    query.job = job;
    query.limit = limit;
    query.before = before;
    std::vector<std::int64_t> found;
    const auto listed = run(fixture_.backfills().backfills(query));
    for (const Backfill& backfill : listed) found.push_back(backfill.id);
    return found;
  }
  void plan(const std::string& job, std::int64_t group, std::vector<int> minutes) {
    std::vector<scheduler::NewInstance> rows;
    for (const int minute : minutes) {
      rows.push_back(planned_at(job, minute));
      rows.back().id.group = group;
    }
    run(fixture_.store().add_instances(std::move(rows)));
  }
  scheduler::Attempt begin(const std::string& job, std::int64_t group, int minute) {
    scheduler::InstanceId id = planned_at(job, minute).id;
    id.group = group;
    const auto instance = run(fixture_.store().instance(id));
    REQUIRE(instance);
    return run(fixture_.store().begin_attempt(instance->row, positions_at(1), at_minute(minute))).value();
  }
  void absent(std::vector<scheduler::Absence> added, std::vector<std::string> ended) {
    run(fixture_.catch_up().change_absences(std::move(added), std::move(ended)));
  }

  Fixture fixture_;
};

template <class Fixture>
void check_backfill_store() {
  SECTION("a backfill is kept with all that was asked for") { BackfillStoreSuite<Fixture>().keeping(); }
  SECTION("backfills are listed newest first, by job, in pages") { BackfillStoreSuite<Fixture>().listing(); }
  SECTION("a state changes only from those that allow it") { BackfillStoreSuite<Fixture>().changing(); }
  SECTION("a backfill is closed when all is made and done, and opened again") {
    BackfillStoreSuite<Fixture>().closing();
  }
  SECTION("skipping touches what waits in the backfill's own groups only") {
    BackfillStoreSuite<Fixture>().skipping_leaves_others_alone();
  }
  SECTION("a failure does not keep a cancelled backfill open") {
    BackfillStoreSuite<Fixture>().closing_a_cancelled_one();
  }
  SECTION("open instances and states of a chain come in order") { BackfillStoreSuite<Fixture>().looking(); }
  SECTION("it is known until when the daemon ran and which jobs were away") {
    BackfillStoreSuite<Fixture>().watching();
  }
}

}  // namespace sluice::test
