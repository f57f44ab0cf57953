#include "scheduler/alert_conditions.hpp"

#include "core/job/civil_time.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::scheduler;
using namespace std::chrono_literals;

namespace {

Instant at(const std::string& clock, const std::string& day = "2018-10-16") {
  return *job::parse_local(day + "T" + clock + "+08:00");
}

Instance instance_at(const std::string& clock, State state, const std::string& reason = "") {
  Instance instance;
  instance.id.job = "orders";
  instance.id.scheduled = at(clock);
  instance.zone = "Asia/Shanghai";
  instance.state = state;
  instance.reason = reason;
  instance.window_start = at(clock) - 10min;
  instance.window_end = at(clock) - 5min;
  return instance;
}

struct Watched {
  Watched() {
    job.name = "orders";
    watch.job = &job;
    watch.channels = {"ops"};
    facts.chain = "orders";
    facts.last_planned = at("23:55", "2018-10-17");
  }
  // The head and `behind` instances of a five-minute schedule behind it.
  void head(Instance instance, std::uint64_t behind) {
    facts.open = behind + 1;
    if (behind > 0) facts.second_slot = instance.id.scheduled + 5min;
    if (instance.state == State::failure || instance.state == State::lost) {
      facts.failure = instance;
      facts.failed = 1;
    }
    facts.head = std::move(instance);
  }
  // "exhausted orders@...T00:05+08:00 287; ~blocked orders"
  std::string seen(const std::string& clock) {
    Observation observed;
    observe_chain(facts, watch, at(clock), observed);
    std::string text;
    for (const Condition& condition : observed.conditions) {
      text += (text.empty() ? "" : "; ") + std::string(to_string(condition.kind));
      if (condition.facts.instance.size() > 18) text += " " + condition.facts.instance.substr(18, 5);
      text += " " + std::to_string(condition.facts.count);
    }
    for (const std::string& key : observed.unresolved) text += (text.empty() ? "~" : "; ~") + key;
    return text;
  }

  job::Job job;
  JobWatch watch;
  ChainFacts facts;
};

}  // namespace

TEST_CASE(
    "alert conditions: a chain of 287 windows behind a failed one is one condition that names the root") {
  Watched chain;
  chain.head(instance_at("00:05", State::failure, "attempt 4 failed: no space"), 287);
  CHECK(chain.seen("23:59") == "exhausted 00:05 287; ~blocked orders; ~lag orders");
  Observation observed;
  observe_chain(chain.facts, chain.watch, at("23:59"), observed);
  const AlertFacts& facts = observed.conditions.at(0).facts;
  CHECK(facts.instance == "orders@2018-10-16T00:05+08:00");
  CHECK(facts.business_date == "2018-10-15");
  CHECK(facts.error == "attempt 4 failed: no space");
  CHECK(facts.window_end == at("00:00"));
  CHECK(observed.conditions.at(0).channels == std::vector<std::string>{"ops"});
}

TEST_CASE("alert conditions: behaviour 6, 40 windows behind a frozen one are one condition that names it") {
  Watched chain;
  chain.head(instance_at("00:05", State::frozen, "frozen by uid 1000"), 40);
  CHECK(chain.seen("03:30") == "blocked 00:05 40; ~lag orders");
  // Not before the time is up; then the lag is not told of either.
  CHECK(chain.seen("00:39") == "~lag orders");
  chain.watch.rules.blocked_count = 40;
  CHECK(chain.seen("00:30") == "blocked 00:05 40");
  chain.watch.rules.blocked_count = 41;
  CHECK(chain.seen("00:30").empty());
}

TEST_CASE("alert conditions: what waits in other jobs counts with its cause, and is no trouble of its own") {
  Watched root;
  root.head(instance_at("00:05", State::failure), 3);
  root.facts.downstream = 20;
  CHECK(root.seen("00:25") == "exhausted 00:05 23; ~blocked orders");
  Watched held;
  held.head(instance_at("00:05", State::wait_time), 40);
  held.facts.held = true;
  CHECK(held.seen("03:30") == "~lag orders");
}

TEST_CASE("alert conditions: without an order an old failure hides no lag, and blocks nothing") {
  Watched chain;
  chain.job.dependencies.self = false;
  chain.head(instance_at("00:05", State::failure, "attempt 4 failed: no space"), 299);
  CHECK(chain.seen("03:30") == "exhausted 00:05 0");  // all others wait for a person as well
  chain.facts.first_able = instance_at("03:00", State::wait_resource);
  CHECK(chain.seen("03:29") == "exhausted 00:05 0");
  CHECK(chain.seen("03:30") == "exhausted 00:05 0; lag 03:00 300");
  chain.head(instance_at("00:05", State::frozen, "frozen by uid 1000"), 299);
  chain.facts.failure.reset();
  CHECK(chain.seen("03:30") == "lag 03:00 300");
  chain.facts.downstream = 4;
  CHECK(chain.seen("03:30") == "blocked 00:05 4; lag 03:00 300");
}

TEST_CASE("alert conditions: a failure with reruns left counts only where that is wanted") {
  Watched chain;
  Instance retry = instance_at("00:05", State::retry_wait, "attempt 1 failed: 503");
  chain.facts.retry = retry;
  chain.head(retry, 0);
  CHECK(chain.seen("00:07").empty());
  chain.watch.rules.failed = true;
  CHECK(chain.seen("00:07") == "failed 00:05 0");
}

TEST_CASE(
    "alert conditions: a timeout, a lost attempt and exhausted reruns are told apart, each with its switch") {
  Watched chain;
  chain.head(instance_at("00:05", State::failure), 0);
  CHECK(chain.seen("00:10") == "exhausted 00:05 0");
  chain.facts.failure_result = AttemptResult::timed_out;
  CHECK(chain.seen("00:10") == "timeout 00:05 0");
  chain.watch.rules.timeout = false;
  CHECK(chain.seen("00:10").empty());
  chain.facts.failure->state = State::lost;
  CHECK(chain.seen("00:10") == "lost 00:05 0");
  chain.watch.rules.lost = false;
  CHECK(chain.seen("00:10").empty());
}

TEST_CASE("alert conditions: what an operator killed is no failure, but blocks like one") {
  Watched chain;
  chain.head(instance_at("00:05", State::failure, "killed by uid 1000"), 12);
  chain.facts.failure.reset();
  chain.facts.failed = 0;
  CHECK(chain.seen("00:20").empty());
  CHECK(chain.seen("01:10") == "blocked 00:05 12; ~lag orders");
}

TEST_CASE(
    "alert conditions: a window that is due for too long lags: six cycles, at least 30 minutes, at most 6 "
    "hours") {
  Watched chain;
  chain.head(instance_at("00:05", State::running), 6);
  CHECK(chain.seen("00:34").empty());
  CHECK(chain.seen("00:35") == "lag 00:05 7");
  chain.watch.rules.lag = 2h;
  CHECK(chain.seen("02:04").empty());
  CHECK(chain.seen("02:05") == "lag 00:05 7");
  chain.watch.rules.lag.reset();
  CHECK(chain.seen("23:00").empty());
  job::Job job;
  job.schedule.interval = 20min;
  CHECK(lag_limit(job, Duration(0), at("08:00")) == Duration(2h));
  job.schedule.interval = 24h;
  job.schedule.end = job.schedule.start;
  CHECK(lag_limit(job, Duration(0), at("08:00")) == Duration(6h));
}

TEST_CASE("alert conditions: a paused job neither lags nor is blocked") {
  Watched chain;
  chain.watch.paused = true;
  chain.head(instance_at("00:05", State::frozen), 100);
  CHECK(chain.seen("20:00").empty());
}

TEST_CASE("alert conditions: an attempt that runs longer than its limit") {
  Watched chain;
  chain.watch.rules.running = 20min;
  Instance running = instance_at("00:05", State::running);
  running.started = at("00:06");
  chain.facts.running = running;
  chain.head(running, 0);
  CHECK(chain.seen("00:25").empty());
  CHECK(chain.seen("00:26") == "running 00:05 0");
}

TEST_CASE(
    "alert conditions: unfinished by a clock time of 0 to 47 hours counts the day whose time came last") {
  const auto before = [](std::chrono::minutes clock, const std::string& now) {
    return job::format_local(*unfinished_before(clock, "Asia/Shanghai", *job::parse_local(now)),
                             "Asia/Shanghai");
  };
  CHECK(before(6h, "2018-10-16T06:00+08:00") == "2018-10-16T06:00+08:00");
  CHECK(before(6h, "2018-10-16T05:59+08:00") == "2018-10-15T06:00+08:00");
  CHECK(before(24h + 30min, "2018-10-16T00:29+08:00") == "2018-10-15T00:00+08:00");
  CHECK(before(24h + 30min, "2018-10-16T00:30+08:00") == "2018-10-16T00:00+08:00");
  CHECK(before(47h + 59min, "2018-10-16T23:59+08:00") == "2018-10-16T00:00+08:00");

  Watched chain;
  chain.watch.rules.lag.reset();
  chain.watch.rules.unfinished = 1h;
  chain.head(instance_at("00:05", State::running), 3);
  CHECK(chain.seen("00:59").empty());
  CHECK(chain.seen("01:00") == "unfinished 00:05 4");
}

TEST_CASE(
    "alert conditions: an unfinished cycle is a trouble of its own, and names its first open instance") {
  Watched chain;
  Instance open = instance_at("08:05", State::failure, "attempt 4 failed: no space");
  open.cycle = 98;
  Observation observed;
  observe_cycle(open, chain.watch, observed);
  REQUIRE(observed.conditions.size() == 1);
  const Condition& condition = observed.conditions[0];
  CHECK(condition.kind == AlertKind::unfinished_cycle);
  CHECK(condition.key == "unfinished orders cycle 98");
  CHECK(condition.facts.instance == "orders@2018-10-16T08:05+08:00");
  CHECK(condition.facts.count == 98);
  CHECK(condition.facts.error == "attempt 4 failed: no space");
  CHECK(condition.channels == std::vector<std::string>{"ops"});
}

TEST_CASE("alert conditions: slots without an instance are missing, the first is named") {
  Watched chain;
  chain.facts.last_planned = at("08:00");
  CHECK(chain.seen("08:14").empty());
  CHECK(chain.seen("08:25") == "missing 08:05 3");
  chain.watch.rules.missing = false;
  CHECK(chain.seen("08:25").empty());
}

TEST_CASE("alert conditions: no slot of an edit is missing before the one that it begins with") {
  Watched chain;
  chain.facts.last_planned = at("08:00");
  chain.watch.begins = at("08:15");
  CHECK(chain.seen("08:24").empty());
  CHECK(chain.seen("08:26") == "missing 08:15 1");
}

TEST_CASE("alert conditions: a backfill fails as one, and fails no more while it is held up") {
  scheduler::Backfill backfill;
  backfill.id = 7;
  backfill.order.job = "orders";
  const auto seen = [&](std::optional<Instance> failure) {
    Observation observed;
    observe_backfill(backfill, failure, {"ops"}, observed);
    std::string said;
    for (const auto& one : observed.conditions)
      said += std::string(to_string(one.kind)) + " " + one.key + " " + std::to_string(one.facts.count);
    for (const auto& key : observed.unresolved) said += "~" + key;
    return said;
  };
  CHECK(seen(std::nullopt).empty());
  CHECK(seen(instance_at("00:05", State::failure)) == "backfill_failed backfill 7 7");
  backfill.state = scheduler::BackfillState::paused;
  CHECK(seen(instance_at("00:05", State::failure)) == "~backfill 7");
}

TEST_CASE("alert conditions: the end of a backfill is told of as its notices say") {
  using scheduler::BackfillState;
  using scheduler::EndNotices;
  scheduler::Backfill backfill;
  backfill.id = 7;
  const auto said = [&](BackfillState state, EndNotices notices) {
    backfill.state = state;
    backfill.order.alerts = notices;
    Observation observed;
    observe_backfill_end(backfill, {"ops"}, observed);
    if (observed.conditions.empty()) return std::string();
    CHECK(observed.conditions[0].event);
    CHECK(observed.unwatched.contains("backfill 7"));
    return std::string(to_string(observed.conditions[0].kind));
  };
  CHECK(said(BackfillState::done, EndNotices::none).empty());
  CHECK(said(BackfillState::done, EndNotices::success) == "backfill_done");
  CHECK(said(BackfillState::done, EndNotices::failure).empty());
  CHECK(said(BackfillState::done, EndNotices::both) == "backfill_done");
  CHECK(said(BackfillState::cancelled, EndNotices::success).empty());
  CHECK(said(BackfillState::cancelled, EndNotices::failure) == "backfill_cancelled");
  CHECK(said(BackfillState::cancelled, EndNotices::both) == "backfill_cancelled");
}

TEST_CASE("alert conditions: the retention clock is compared with the rule, or the job's own warning") {
  Watched chain;
  const auto seen = [&](std::optional<RetentionLeft> left) {
    Observation observed;
    observe_retention(chain.watch, left, observed);
    return observed.conditions.size();
  };
  CHECK(seen(std::nullopt) == 0);
  CHECK(seen(RetentionLeft{13h, 12h}) == 0);
  CHECK(seen(RetentionLeft{11h, 12h}) == 1);
  chain.watch.rules.retention = 2h;
  CHECK(seen(RetentionLeft{11h, 12h}) == 0);
  CHECK(seen(RetentionLeft{-5min, 12h}) == 1);
  chain.watch.rules.retention.reset();
  CHECK(seen(RetentionLeft{-5min, 12h}) == 0);
}
