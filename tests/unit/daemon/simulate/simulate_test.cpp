#include "daemon/simulate/simulate.hpp"

#include "tests/unit/daemon/simulate/simulate_fixture.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <filesystem>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;
using sluice::test::events_of;
using sluice::test::order_for;
using sluice::test::simulated_job;
using Texts = std::vector<std::string>;

TEST_CASE("simulate: a day of five minutes is 288 windows, done one after the other") {
  const SimulatedReport report = simulate(order_for({simulated_job("orders")}, "2026-06-01", "2026-06-02"));
  REQUIRE(report.jobs.size() == 1);
  const SimulatedJob& job = report.jobs[0];
  CHECK(job.total.due == 288);
  CHECK(job.total.succeeded == 288);
  CHECK(job.total.at_once == 1);
  CHECK(*job.total.delay_max <= 45s);
  CHECK(*job.total.delay_p99 <= *job.total.delay_max);
  CHECK(job.coverage.until == job::parse_local("2026-06-01T23:50+02:00").value());
  CHECK(job.coverage.gaps.empty());
  REQUIRE(job.days.size() == 1);
  CHECK(job.days[0].date == "2026-06-01");
  CHECK(report.events.empty());
  CHECK(report.all_done());
}

TEST_CASE("simulate: days on which the clocks change have 300 and 276 windows, and say so") {
  const SimulatedReport autumn = simulate(order_for({simulated_job("orders")}, "2026-10-25", "2026-10-26"));
  CHECK(autumn.jobs[0].total.succeeded == 300);
  CHECK(events_of(autumn, event_kind::clocks_change) ==
        Texts{"Europe/Berlin: 02:00-03:00 comes twice, 300 windows"});
  const SimulatedReport spring = simulate(order_for({simulated_job("orders")}, "2026-03-29", "2026-03-30"));
  CHECK(spring.jobs[0].total.succeeded == 276);
  CHECK(events_of(spring, event_kind::clocks_change) ==
        Texts{"Europe/Berlin: 02:00-03:00 is left out, 276 windows"});
}

TEST_CASE("simulate: a daily job far from the change does not notice it, one within does") {
  const auto changes = [](const std::string& at) {
    const job::Job job = simulated_job("report", "cycle: day, at: \"" + at + "\", timezone: Europe/Berlin");
    return events_of(simulate(order_for({job}, "2026-10-25", "2026-10-26")), event_kind::clocks_change);
  };
  CHECK(changes("12:00").empty());
  CHECK(changes("02:30") == Texts{"Europe/Berlin: 02:00-03:00 comes twice, 1 window"});
}

TEST_CASE("simulate: a window that fails holds back its job, and what depends on it") {
  const job::Job report = simulated_job("report", "cycle: day, at: \"02:00\", timezone: Europe/Berlin",
                                        "dependsOn: {jobs: [{job: orders}]}");
  const SimulatedReport simulated = simulate(order_for({simulated_job("orders"), report}, "2026-06-01",
                                                       "2026-06-02", {"fail=orders@2026-06-01T01:00"}));
  const SimulatedCounts& orders = simulated.jobs[0].total;
  CHECK(orders.succeeded == 12);
  CHECK(orders.failed == 1);
  CHECK(orders.open == 275);
  CHECK(orders.retries == 3);
  CHECK(simulated.jobs[1].total.open == 1);
  CHECK(events_of(simulated, event_kind::failed) ==
        Texts{"orders@2026-06-01T01:00+02:00 failed after 4 attempts: run the window: --fault "
              "fail=orders@2026-06-01T01:00"});
  REQUIRE(simulated.blocked.size() == 1);
  CHECK(simulated.blocked[0].blocked_own == 275);
  CHECK(simulated.blocked[0].blocked_downstream == 1);
  CHECK(simulated.jobs[0].lag_max == 23h);
  CHECK_FALSE(simulated.all_done());
  CHECK(simulated.jobs[1].why.find("waits for orders@2026-06-01T02:00+02:00") == 0);
}

TEST_CASE("simulate: an operator's rerun ends the blocked chain, and says how much stood still") {
  const job::Job report = simulated_job("report", "cycle: day, at: \"02:00\", timezone: Europe/Berlin",
                                        "dependsOn: {jobs: [{job: orders}]}");
  const SimulatedReport simulated =
      simulate(order_for({simulated_job("orders"), report}, "2026-06-01", "2026-06-02",
                         {"fail=orders@2026-06-01T01:00", "rerun=2026-06-01T03:01"}));
  CHECK(simulated.all_done());
  CHECK(events_of(simulated, event_kind::rerun) == Texts{"an operator runs 1 failed window again"});
  const Texts unblocked = events_of(simulated, event_kind::unblocked);
  REQUIRE(unblocked.size() == 1);
  CHECK(unblocked[0].find(
            "orders@2026-06-01T01:00+02:00 is done: 25 windows stood still behind it, 1 of them of "
            "other jobs, since 2026-06-01T01:0") == 0);
  CHECK(events_of(simulated, event_kind::caught_up).size() == 1);
  CHECK(*simulated.jobs[0].total.delay_max > 2h);
}

TEST_CASE("simulate: after an outage the catch-up policy decides what runs") {
  const auto after = [](const std::string& policy) {
    return simulate(
        order_for({simulated_job("orders", sluice::test::kFiveMinutes, "catchUp: {policy: " + policy + "}")},
                  "2026-06-01", "2026-06-02", {"outage=2026-06-01T01:02..2026-06-01T02:02"}));
  };
  const SimulatedReport all = after("all");
  CHECK(all.jobs[0].total.succeeded == 288);
  CHECK(events_of(all, event_kind::skipped).empty());
  CHECK(events_of(all, event_kind::caught_up).size() == 1);
  const SimulatedReport latest = after("latest");
  CHECK(latest.jobs[0].total.succeeded == 277);
  CHECK(latest.jobs[0].total.skipped == 11);
  const SimulatedReport none = after("none");
  CHECK(none.jobs[0].total.succeeded == 276);
  CHECK(none.jobs[0].total.skipped == 12);
  const Texts skipped = events_of(none, event_kind::skipped);
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0].find(
            "12 windows skipped, slots 2026-06-01T01:05+02:00 to 2026-06-01T02:00+02:00: missed") == 0);
  for (const SimulatedReport* report : {&all, &latest, &none}) {
    CHECK(report->all_done());
    CHECK(report->jobs[0].coverage.gaps.empty());
    CHECK(events_of(*report, event_kind::outage) ==
          Texts{"the daemon is down until 2026-06-01T02:02+02:00", "the daemon is up again"});
  }
}

TEST_CASE("simulate: an outage at the end leaves its windows undone") {
  const SimulatedReport report = simulate(order_for({simulated_job("orders")}, "2026-06-01", "2026-06-02",
                                                    {"outage=2026-06-01T22:01..2026-06-03"}));
  CHECK(report.jobs[0].total.open == 23);
  CHECK(report.jobs[0].why == "waits: the daemon is down");
  CHECK_FALSE(report.all_done());
}

TEST_CASE("simulate: an attempt that runs when the daemon goes down is lost and taken up again") {
  const SimulatedReport report =
      simulate(order_for({simulated_job("orders")}, "2026-06-01", "2026-06-02",
                         {"slow=orders@2026-06-01T01:00:3m", "outage=2026-06-01T01:01..2026-06-01T01:02"}));
  CHECK(events_of(report, event_kind::lost) ==
        Texts{"orders@2026-06-01T01:00+02:00 was running and has lost its attempt"});
  CHECK(report.all_done());
  CHECK(report.jobs[0].total.retries == 0);
}

TEST_CASE("simulate: an operator also runs again what may not run by itself, and what took too long") {
  const job::Job lone = simulated_job("lone", "cycle: day, at: \"03:00\", timezone: Europe/Berlin",
                                      "rerun: {property: never}\ntimeout: 10m");
  const SimulatedReport lost =
      simulate(order_for({lone}, "2026-06-01", "2026-06-02",
                         {"slow=lone@2026-06-01T03:00:5m", "outage=2026-06-01T03:01..2026-06-01T03:02",
                          "rerun=2026-06-01T09:00"}));
  CHECK(events_of(lost, event_kind::failed) == Texts{"lone@2026-06-01T03:00+02:00 may not run again after 1 "
                                                     "attempt: attempt 1 was lost: the daemon ended "
                                                     "while it ran, and rerun.property of its job is never"});
  CHECK(lost.all_done());
  const SimulatedReport timed_out = simulate(order_for(
      {lone}, "2026-06-01", "2026-06-02", {"slow=lone@2026-06-01T03:00:20m", "rerun=2026-06-01T09:00"}));
  CHECK(events_of(timed_out, event_kind::failed) ==
        Texts{"lone@2026-06-01T03:00+02:00 failed after 1 attempt: timeout: the attempt took longer than 10 "
              "min; it "
              "is not repeated by itself"});
  CHECK(timed_out.all_done());
}

TEST_CASE("simulate: slow windows put the job behind until it has caught up") {
  const SimulatedReport report = simulate(order_for({simulated_job("orders")}, "2026-06-01", "2026-06-02",
                                                    {"slow=orders@2026-06-01T01:00..2026-06-01T01:10:20m"}));
  const Texts caught_up = events_of(report, event_kind::caught_up);
  REQUIRE(caught_up.size() == 1);
  CHECK(caught_up[0] == "caught up: 6 windows behind at most, since 2026-06-01T01:05+02:00");
  CHECK(*report.jobs[0].total.delay_max == 35min);
  CHECK(report.all_done());
}

TEST_CASE("simulate: without the Table Store everything is repeated until it is back") {
  const SimulatedReport report = simulate(order_for({simulated_job("orders")}, "2026-06-01", "2026-06-02",
                                                    {"source=2026-06-01T01:00..2026-06-01T01:03"}));
  CHECK(report.all_done());
  CHECK(report.jobs[0].total.retries >= 1);
  CHECK(events_of(report, event_kind::source) ==
        Texts{"the Table Store cannot be reached until 2026-06-01T01:03+02:00",
              "the Table Store can be reached again"});
}

TEST_CASE("simulate: no window is lost or run twice when the clock is set") {
  const SimulatedReport report =
      simulate(order_for({simulated_job("orders")}, "2026-06-01", "2026-06-02",
                         {"clock=2026-06-01T06:01:+1h", "clock=2026-06-01T12:01:-1h"}));
  CHECK(report.jobs[0].total.succeeded == 288);
  CHECK(events_of(report, event_kind::clock_step) ==
        Texts{"the wall clock is set forward by 1h", "the wall clock is set back by 1h"});
}

TEST_CASE("simulate: attempts that wait for a place are counted with the longest wait") {
  std::vector<job::Job> jobs;
  for (const std::string name : {"a", "b", "c"})
    jobs.push_back(simulated_job(name, "cycle: day, at: \"01:00\", timezone: Europe/Berlin"));
  SimulationOrder order = order_for(std::move(jobs), "2026-06-01", "2026-06-02",
                                    {"slow=a@2026-06-01..2026-06-02:10m", "slow=b@2026-06-01..2026-06-02:10m",
                                     "slow=c@2026-06-01..2026-06-02:10m"});
  order.attempts_max = 1;
  const SimulatedReport report = simulate(order);
  CHECK(report.at_once == 1);
  std::size_t waited = 0;
  Duration longest{0};
  for (const SimulatedJob& job : report.jobs) {
    waited += job.total.for_place;
    longest = std::max(longest, job.total.for_place_max);
  }
  CHECK(waited == 2);
  CHECK(longest == 20min);
}

TEST_CASE("simulate: dry runs of off days are counted as such") {
  const job::Job job = simulated_job(
      "weekly", "cycle: week, on: [mon], at: \"01:00\", offDays: dryRun, timezone: Europe/Berlin");
  const SimulatedReport report = simulate(order_for({job}, "2026-06-01", "2026-06-04"));
  CHECK(report.jobs[0].total.succeeded == 1);
  CHECK(report.jobs[0].total.dry_runs == 2);
  CHECK(report.all_done());
}

TEST_CASE("simulate: the same seed and arguments give the same bytes, another seed does not") {
  const auto text = [](std::uint64_t seed) {
    SimulationOrder order = order_for({simulated_job("orders"), simulated_job("users")}, "2026-06-01",
                                      "2026-06-02", {"fail=10%"});
    order.seed = seed;
    const SimulatedReport report = simulate(order);
    return sluice::test::text_of(report) + boost::json::serialize(to_json(report));
  };
  const std::string first = text(1);
  CHECK(first == text(1));
  CHECK(first != text(2));
}

TEST_CASE("simulate: the text tells quiet days together and folds like events") {
  const job::Job job = simulated_job(
      "sums", "cycle: hour, start: \"00:00\", interval: 1h, timezone: Europe/Berlin", "rerun: {times: 0}");
  SimulationOrder order = order_for({job}, "2026-06-01", "2026-06-05", {"fail=sums@2026-06-03T01:00"});
  const std::string text = sluice::test::text_of(simulate(order));
  CHECK(text.find("\n2026-06-01 to 2026-06-02, 2 days\n  sums  48 due, 48 done;") != std::string::npos);
  CHECK(text.find("\n2026-06-03\n  sums  24 due, 1 done, 1 failed, 22 not done;") != std::string::npos);
  CHECK(text.find("\n2026-06-04\n  sums  24 due, 0 done, 24 not done\n") != std::string::npos);
  CHECK(text.find("durable from 2026-05-31 23:50 up to 2026-06-02 23:55, no gaps") != std::string::npos);
  CHECK(text.find("BLOCKED sums@2026-06-03T01:00+02:00 failed: run the window: ") != std::string::npos);
  CHECK(text.ends_with(" not done.\n"));
}

TEST_CASE("simulate: where jobs have several zones the times of events have their offsets") {
  SimulationOrder order =
      order_for({simulated_job("orders"), simulated_job("sums", "cycle: minute, interval: 5m")},
                "2026-06-01T00:00+02:00", "2026-06-02T00:00+02:00",
                {"outage=2026-06-01T10:00+02:00..2026-06-01T10:01+02:00"});
  order.zone = "Europe/Berlin";
  CHECK(sluice::test::text_of(simulate(order))
            .find("    10:00+02:00  the daemon is down until 2026-06-01T10:01+02:00\n") != std::string::npos);
}

TEST_CASE("simulate: the JSON has the members that docs/simulate.md names") {
  const SimulatedReport report = simulate(
      order_for({simulated_job("orders")}, "2026-10-25", "2026-10-26", {"fail=orders@2026-10-25T23:00"}));
  const boost::json::value json = to_json(report);
  const auto keys = [](const boost::json::value& value) {
    std::string names;
    for (const auto& member : value.as_object()) names += std::string(member.key()) + " ";
    return names;
  };
  CHECK(keys(json) ==
        "from to zone seed run_time_seconds faults max_concurrent at_once all_done jobs events blocked ");
  const boost::json::value& job = json.at("jobs").at(0);
  CHECK(keys(job) == "name zone total coverage longest_lag_seconds longest_lag_of first_not_done why days ");
  CHECK(
      keys(job.at("total")) ==
      "due succeeded dry_runs skipped failed not_done repeats waited_for_place waited_for_place_max_seconds "
      "at_once delay_p99_seconds delay_max_seconds ");
  CHECK(keys(job.at("coverage")) == "from until gaps ");
  CHECK(job.at("days").at(0).at("date") == "2026-10-25");
  CHECK(job.at("days").at(0).at("due") == 300);
  const boost::json::value& event = json.at("events").at(0);
  CHECK(keys(event) == "at zone job kind text ");
  CHECK(event.at("kind") == "clocks_change");
  CHECK(event.at("at") == "2026-10-25T01:00:00Z");
  CHECK(json.at("all_done") == false);
  CHECK(json.at("blocked").at(0).at("cause") == "orders@2026-10-25T23:00+01:00");
}

TEST_CASE("simulate: nothing is left in the folder for temporary files") {
  const sluice::test::TempFolder folder;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  const SimulatedReport report = simulate(order_for({simulated_job("orders")}, "2026-06-01", "2026-06-02"));
  ::unsetenv("TMPDIR");
  CHECK(report.all_done());
  CHECK(std::filesystem::is_empty(folder.path()));
}
