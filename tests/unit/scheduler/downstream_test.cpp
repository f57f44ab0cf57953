// Rows 15 and 21 of scheduling.md section 4.
#include "tests/support/scheduler_acts.hpp"
#include "tests/support/state_store_samples.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using sluice::test::act;
using sluice::test::act_of;
using sluice::test::SchedulerBench;
using sluice::test::slot;
using sluice::test::state_of;

std::string names(const std::vector<Instance>& instances) {
  std::string text;
  for (const Instance& instance : instances) {
    if (!text.empty()) text += ' ';
    text +=
        instance.id.job + "@" + to_string(instance.id, instance.zone).substr(instance.id.job.size() + 12, 5);
  }
  return text;
}

// users depends on orders, and reports on users; all every five minutes.
void three_jobs(SchedulerBench& bench) {
  bench.jobs = {sluice::test::job_named("orders"), sluice::test::job_named("users"),
                sluice::test::job_named("reports")};
  for (job::Job& job : bench.jobs) job.dependencies.self = false;
  bench.jobs[0].dependencies.self = true;
  bench.jobs[1].dependencies.jobs.push_back({"orders"});
  bench.jobs[2].dependencies.jobs.push_back({"users"});
}

Result<std::vector<Instance>> again(SchedulerBench& bench, const std::string& time, bool force = false) {
  Order order;
  order.actor = "uid 1000";
  order.force = force;
  return bench.ask(bench.scheduler->rerun_downstream(order, SchedulerBench::id("orders", slot(time))));
}

TEST_CASE("transition 15: rerun downstream: the chain's later windows and other jobs', in dependency order") {
  SchedulerBench bench;
  three_jobs(bench);
  bench.start();
  bench.advance_to(slot("00:16"));
  const auto follow = bench.ask(bench.scheduler->downstream(SchedulerBench::id("orders", slot("00:10"))));
  REQUIRE(follow);
  CHECK(names(*follow) == "orders@00:10 orders@00:15 users@00:10 users@00:15 reports@00:10 reports@00:15");
  const std::size_t before = bench.runner.starts.size();
  const auto objects = bench.runner.objects;
  REQUIRE(again(bench, "00:10"));
  bench.advance(1min);
  CHECK(bench.executed(before) ==
        "orders@00:10#2 users@00:10#2 orders@00:15#2 reports@00:10#2 users@00:15#2 reports@00:15#2");
  CHECK(bench.runner.objects == objects);
  CHECK(bench.ask(bench.store.audit(100)).size() == 6);
}

TEST_CASE("transition 15: rerun downstream: what follows by two ways is found by both") {
  SchedulerBench bench;
  three_jobs(bench);
  for (job::Job& job : bench.jobs) job.dependencies.self = false;
  // vault follows from users with the same slots, and from weekly with the next ones; it is looked at
  // before weekly is.
  bench.jobs.push_back(sluice::test::job_named("vault"));
  bench.jobs.push_back(sluice::test::job_named("weekly"));
  bench.jobs[3].dependencies.self = false;
  bench.jobs[3].dependencies.jobs = {{"users"}, {"weekly"}};
  bench.jobs[4].dependencies.self = false;
  bench.jobs[4].dependencies.jobs.push_back({"orders", true});
  bench.start();
  bench.advance_to(slot("00:16"));
  const auto follow = bench.ask(bench.scheduler->downstream(SchedulerBench::id("orders", slot("00:05"))));
  REQUIRE(follow);
  CHECK(names(*follow) == "orders@00:05 users@00:05 vault@00:05 weekly@00:10 reports@00:05 vault@00:10");
}

TEST_CASE("transition 15: rerun downstream is refused as a whole when one of the set is in another state") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance& instance, int) {
    return instance.cycle == 4 ? act_of(1h) : act_of(1s);
  };
  bench.start();
  bench.advance_to(slot("00:16"));
  const auto refused = again(bench, "00:05");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(refused.error().message() ==
        "rerun downstream: orders@2018-10-16T00:15+08:00 is RUNNING; all that follows must wait or be done; "
        "--force runs it again in any state");
  CHECK(state_of(bench, "orders", "00:05") == State::success);
  CHECK(bench.ask(bench.store.audit(10)).empty());
}

TEST_CASE("transition 15: rerun downstream of more than 2000 is refused, and names the backfill instead") {
  SchedulerBench bench;
  const std::int64_t group = GENERATE(0, 7);  // of a backfill nothing else follows
  std::vector<NewInstance> planned;
  for (int i = 0; i < 3100; ++i) {
    planned.push_back(sluice::test::planned_at("orders", i - 4000));
    planned.back().id.group = group;
  }
  const InstanceId first = planned.front().id;
  bench.ask(bench.store.add_instances(std::move(planned)));
  bench.jobs[0].dependencies.self = true;
  bench.start();
  Order order;
  order.actor = "uid 1000";
  order.force = true;
  const auto refused = bench.ask(bench.scheduler->rerun_downstream(order, first));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::invalid_argument);
  CHECK(refused.error().message().find("more than 2000 instances follow from it; run a backfill") !=
        std::string::npos);
  CHECK(bench.ask(bench.store.audit(10)).empty());
}

// Done ones of a job with a slot every so many minutes.
std::vector<NewInstance> done_every(int minutes, const std::string& job, int from, int count) {
  std::vector<NewInstance> planned;
  for (int n = 0; n < count; ++n) {
    const int minute = from + n * minutes;
    NewInstance& instance = planned.emplace_back(sluice::test::planned_at(job, minute));
    instance.cycle = (minute % 1440 + 1440) % 1440 / minutes + 1;
    instance.state = State::success;
  }
  return planned;
}

TEST_CASE(
    "transition 15: rerun downstream finds what follows however many instances lie between it and now") {
  SchedulerBench bench;
  three_jobs(bench);
  bench.jobs[0].dependencies.self = false;
  for (const char* job : {"orders", "users", "reports"})
    bench.ask(bench.store.add_instances(done_every(5, job, -5 * 3200, 3100)));
  bench.start();
  const auto follow =
      bench.ask(bench.scheduler->downstream(sluice::test::planned_at("orders", -5 * 3200).id));
  REQUIRE(follow);
  CHECK(names(*follow) == "orders@21:20 users@21:20 reports@21:20");
}

TEST_CASE("transition 15: rerun downstream reads on for as long as what runs again reaches") {
  SchedulerBench bench;
  // orders by day, one after the other; of users, by the minute, only the first of a day waits for it.
  bench.jobs = {sluice::test::job_named("orders"), sluice::test::job_named("users", 1min)};
  bench.jobs[0].schedule.cycle = job::Cycle::day;
  bench.jobs[1].dependencies.jobs.push_back({"orders"});
  bench.ask(bench.store.add_instances(done_every(1440, "orders", -4 * 1440, 4)));
  bench.ask(bench.store.add_instances(done_every(1, "users", -4 * 1440, 4 * 1440)));
  bench.start();
  const auto follow =
      bench.ask(bench.scheduler->downstream(sluice::test::planned_at("orders", -4 * 1440).id));
  REQUIRE(follow);
  CHECK(
      names(*follow) ==
      "orders@00:00 orders@00:00 orders@00:00 orders@00:00 users@00:00 users@00:00 users@00:00 users@00:00");
}

TEST_CASE("transition 15: what waits already stays, and windows without records of their own are left out") {
  SchedulerBench bench;
  bench.runner.script = [](const Instance& instance, int) {
    return instance.cycle == 5 ? act_of(1s, Error(Errc::trimmed, "gone")) : act_of(1s);
  };
  bench.start();
  REQUIRE(act(bench, "orders", "00:10", Action::skip, "known bad"));
  bench.advance_to(slot("00:26"));  // 00:20 failed, 00:25 waits
  const auto done = again(bench, "00:05");
  REQUIRE(done);
  CHECK(names(*done) == "orders@00:05 orders@00:15 orders@00:20");
  CHECK(state_of(bench, "orders", "00:10") == State::skipped);
}

TEST_CASE(
    "transition 21: forced rerun downstream: running ones are killed, all run again from the first on") {
  SchedulerBench bench;
  bool slow = true;
  bench.runner.script = [&slow](const Instance& instance, int) {
    return instance.cycle == 4 && slow ? act_of(1h) : act_of(1s);
  };
  bench.start();
  REQUIRE(act(bench, "orders", "00:20", Action::freeze));
  bench.advance_to(slot("00:21"));
  slow = false;
  const std::size_t before = bench.runner.starts.size();
  const auto done = again(bench, "00:05", true);
  REQUIRE(done);
  CHECK(names(*done) == "orders@00:05 orders@00:10 orders@00:15 orders@00:20");
  bench.advance(1min);
  CHECK(bench.executed(before) == "orders@00:05#2 orders@00:10#2 orders@00:15#2 orders@00:20");
  const Instance killed = bench.get("orders", slot("00:15"));
  CHECK(bench.ask(bench.store.attempts(killed.row)).at(0).result == AttemptResult::killed);
}

TEST_CASE("transition 21: only from an instance that has ended, of today or yesterday") {
  SchedulerBench bench;
  bench.start();
  CHECK(again(bench, "00:20", true).error().code() == Errc::refused_by_state);
  bench.advance_to("2018-10-17T23:00+08:00");
  CHECK(again(bench, "23:50", true));
  bench.advance_to("2018-10-18T00:01+08:00");
  CHECK(again(bench, "00:05", true).error().code() == Errc::refused_by_state);
  CHECK(again(bench, "00:07").error().code() == Errc::not_found);
}

}  // namespace
