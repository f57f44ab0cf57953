#include "tests/support/catch_result.hpp"
#include "tests/unit/daemon/alerts/alert_bench.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace sluice;
using namespace std::chrono_literals;
using scheduler::AttemptResult;
using scheduler::BackfillState;
using scheduler::EndNotices;
using sluice::test::AlertBench;

namespace {

// A backfill of `orders` in groups of one instance each, at 00:00, 00:05, ... of the bench's day.
struct Backfilled {
  explicit Backfilled(AlertBench& on, EndNotices notices, int groups = 1) : bench(on) {
    scheduler::Backfill backfill;
    backfill.order.job = "orders";
    backfill.order.alerts = notices;
    backfill.order.from = AlertBench::id("00:00").scheduled;
    backfill.order.to = backfill.order.from + 1h;
    backfill.zone = "Asia/Shanghai";
    backfill.groups.resize(static_cast<std::size_t>(groups));
    made = bench.ask(bench.backfills->add_backfill(backfill, scheduler::AuditEntry()));
    for (std::size_t n = 0; n < made.groups.size(); ++n) bench.plan({slot(n)}, made.groups[n].id);
    bench.ask(bench.backfills->backfill_planned(made.id, 0));
  }
  static std::string slot(std::size_t n) { return fmt::format("00:{:02}", 5 * n); }
  void attempt(std::size_t n, AttemptResult result) {
    bench.attempt(slot(n), result, made.groups[n].id);
    bench.ask(bench.backfills->close_backfill(made.id));
  }
  void rerun(std::size_t n) {
    scheduler::InstanceId id = AlertBench::id(slot(n));
    id.group = made.groups[n].id;
    const auto row = bench.ask(bench.states->instance(id))->row;
    bench.ask(bench.backfills->reopen_backfill(id.group));
    REQUIRE(
        bench.ask(bench.states->operate(row, {scheduler::State::failure, scheduler::State::success},
                                        scheduler::State::wait_resource, "rerun", scheduler::AuditEntry())));
  }
  void cancel() {
    REQUIRE(bench.ask(bench.backfills->change_backfill(made.id, {BackfillState::running},
                                                       BackfillState::cancelled, scheduler::AuditEntry())));
    bench.ask(bench.backfills->skip_waiting(made.id, "cancelled"));
    bench.ask(bench.backfills->close_backfill(made.id));
  }

  AlertBench& bench;
  scheduler::Backfill made;
};

}  // namespace

TEST_CASE("alert service: the end of a backfill is told of once, as its own setting says") {
  for (const auto& [notices, done, cancelled] :
       {std::tuple(EndNotices::none, "", ""),
        {EndNotices::success, "opened backfill_done", ""},
        {EndNotices::failure, "", "opened backfill_cancelled"},
        {EndNotices::both, "opened backfill_done", "opened backfill_cancelled"}}) {
    CAPTURE(to_string(notices));
    AlertBench bench;
    bench.start();
    bench.clock.advance(20s);
    Backfilled good(bench, notices, 3);
    Backfilled bad(bench, notices);
    bench.clock.advance(20s);
    CHECK(bench.said().empty());
    for (std::size_t n = 0; n < 3; ++n) good.attempt(n, AttemptResult::success);
    bench.clock.advance(20s);
    CHECK(bench.said() == done);
    bad.cancel();
    bench.clock.advance(20s);
    CHECK(bench.said() == cancelled);
    bench.clock.advance(4h);
    CHECK(bench.said().empty());
  }
}

TEST_CASE("alert service: the failures of a backfill are one incident, and over when none waits any more") {
  AlertBench bench;
  bench.start();
  bench.clock.advance(20s);
  Backfilled backfill(bench, EndNotices::failure, 3);
  for (std::size_t n = 0; n < 3; ++n) backfill.attempt(n, AttemptResult::failed);
  bench.clock.advance(20s);
  CHECK(bench.said() == "opened backfill_failed");
  const auto open = bench.ask(bench.alerts->incidents({}));
  REQUIRE(open.size() == 1);
  CHECK(open[0].facts.count == static_cast<std::uint64_t>(backfill.made.id));
  CHECK(open[0].facts.job == "orders");
  CHECK(open[0].facts.error.find("put object: 503") != std::string::npos);
  for (std::size_t n = 0; n < 3; ++n) {
    backfill.rerun(n);
    bench.clock.advance(20s);
    CHECK(bench.said().empty());
    backfill.attempt(n, AttemptResult::success);
  }
  bench.clock.advance(20s);
  CHECK(bench.said() == "recovered backfill_failed");
}

TEST_CASE("alert service: a backfill that failed and is done then is told of once more") {
  AlertBench bench;
  bench.start();
  bench.clock.advance(20s);
  Backfilled backfill(bench, EndNotices::both);
  backfill.attempt(0, AttemptResult::failed);
  bench.clock.advance(20s);
  CHECK(bench.said() == "opened backfill_failed");
  backfill.rerun(0);
  backfill.attempt(0, AttemptResult::success);
  bench.clock.advance(20s);
  CHECK(bench.said() == "opened backfill_done");
  CHECK(bench.ask(bench.alerts->incidents({})).empty());
}

TEST_CASE("alert service: a backfill that begins and ends between two looks is told of") {
  AlertBench bench;
  bench.start();
  bench.clock.advance(20s);
  Backfilled backfill(bench, EndNotices::success);
  backfill.attempt(0, AttemptResult::success);
  bench.clock.advance(20s);
  CHECK(bench.said() == "opened backfill_done");
}

TEST_CASE("alert service: a backfill that ended before anything looked for it is not told of") {
  AlertBench bench;
  Backfilled backfill(bench, EndNotices::both);
  backfill.attempt(0, AttemptResult::success);
  bench.start();
  bench.clock.advance(1min);
  CHECK(bench.said().empty());
}

TEST_CASE("alert service: a backfill that ends while the daemon is down is told of by the next") {
  AlertBench bench;
  bench.config.restart = false;
  bench.start();
  Backfilled backfill(bench, EndNotices::success);
  bench.clock.advance(20s);
  bench.stop(false);
  backfill.attempt(0, AttemptResult::success);
  bench.start();
  bench.clock.advance(20s);
  CHECK(bench.said() == "opened backfill_done");
}

TEST_CASE("alert service: rules see no backfill, but `backfill: on` tells of failures of all of them") {
  AlertBench bench;
  bench.jobs[0].alerts = nullptr;
  Backfilled backfill(bench, EndNotices::none, 2);
  for (std::size_t n = 0; n < 2; ++n) backfill.attempt(n, AttemptResult::failed);
  bench.start();
  bench.clock.advance(1min);
  CHECK(bench.said().empty());
  bench.config.rules.backfill = true;
  bench.clock.advance(1min);
  CHECK(bench.said() == "opened backfill_failed");
}

TEST_CASE("alert service: the setting of a backfill counts for a job that is not watched, too") {
  AlertBench bench;
  auto off = std::make_shared<job::JobAlerts>();
  off->off = true;
  bench.jobs[0].alerts = off;
  bench.start();
  Backfilled backfill(bench, EndNotices::failure);
  backfill.attempt(0, AttemptResult::failed);
  bench.clock.advance(20s);
  CHECK(bench.said() == "opened backfill_failed");
  backfill.rerun(0);
  backfill.attempt(0, AttemptResult::success);
  bench.clock.advance(20s);
  CHECK(bench.said() == "recovered backfill_failed");
}

TEST_CASE(
    "alert service: a store that fails at any call neither loses the end of a backfill nor repeats it") {
  std::int64_t calls = 0;
  for (std::int64_t step = -1; step < std::max<std::int64_t>(calls, 0); ++step) {
    for (const bool after : {false, true}) {
      CAPTURE(step, after);
      AlertBench bench;
      bench.start();
      bench.clock.advance(20s);
      const std::int64_t first = bench.faulty->calls;
      if (step >= 0) bench.faulty->fail_at = first + step;
      bench.faulty->after = after;
      Backfilled backfill(bench, EndNotices::both);
      bench.clock.advance(20s);
      backfill.attempt(0, AttemptResult::success);
      bench.clock.advance(3min);
      if (step < 0) calls = bench.faulty->calls - first;
      // A notice whose delivery could not be written down may arrive twice.
      const std::string said = bench.said();
      CHECK(said.find("opened backfill_done") != std::string::npos);
      std::size_t ends = 0;
      const auto all = bench.ask(bench.alerts->incidents({.all = true}));
      for (const auto& incident : all) ends += incident.key == "backfill 1 ended" ? 1U : 0U;
      CHECK(ends == 1);
    }
  }
  CHECK(calls > 10);
}
