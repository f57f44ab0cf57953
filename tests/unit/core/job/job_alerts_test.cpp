#include "core/job/job_alerts.hpp"

#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;
using namespace std::chrono_literals;

namespace {

std::string with_alerts(const std::string& alerts) { return std::string(kGood) + "alerts: " + alerts + "\n"; }

std::vector<std::string> problems_with(const std::string& alerts) {
  std::vector<std::string> out;
  for (const Problem& problem : load(with_alerts(alerts)).problems) out.push_back(problem.message);
  return out;
}

}  // namespace

TEST_CASE("job alerts: a job without the key follows the daemon's rules") {
  const Job job = good_job();
  CHECK(job.alerts == nullptr);
  AlertRules rules;
  rules.lag = 7min;
  CHECK(rules_of(job, rules) == rules);
}

TEST_CASE("job alerts: what is given replaces the daemon's rules, the rest stays") {
  const Job job = load(with_alerts("{channels: [ops, mail], failed: on, timeout: off, unfinished: '25:30', "
                                   "unfinishedCycles: {12: '01:30', 288: '24:10'}, running: 20m, lag: 1h, "
                                   "retention: off, blocked: 10m, blockedCount: 40, backfill: on}"))
                      .jobs.at(0);
  REQUIRE(job.alerts);
  CHECK(job.alerts->channels == std::vector<std::string>{"ops", "mail"});
  AlertRules defaults;
  defaults.missing = false;
  const auto rules = rules_of(job, defaults);
  REQUIRE(rules);
  CHECK(rules->failed);
  CHECK(rules->exhausted);
  CHECK_FALSE(rules->timeout);
  CHECK_FALSE(rules->missing);
  CHECK(rules->backfill);
  CHECK(rules->unfinished == 25h + 30min);
  CHECK(rules->unfinished_cycles == std::map<int, std::chrono::minutes>{{12, 90min}, {288, 24h + 10min}});
  CHECK(rules->running == Duration(20min));
  CHECK(rules->lag == Duration(1h));
  CHECK_FALSE(rules->retention);
  CHECK(rules->blocked == Duration(10min));
  CHECK(rules->blocked_count == 40U);
}

TEST_CASE("job alerts: off takes the job out of every rule, and neither form changes its version") {
  const Job off = load(with_alerts("off")).jobs.at(0);
  CHECK_FALSE(rules_of(off, AlertRules()));
  CHECK(off.version == good_job().version);
}

TEST_CASE("job alerts: what is wrong is named with the way out, all at once") {
  CHECK(
      problems_with(
          "{failed: maybe, unfinished: '48:00', unfinishedCycles: {0: '01:00', 3: noon}, lag: soon, "
          "blockedCount: 0, channels: [], lagg: 1h}") ==
      std::vector<std::string>{
          "alerts.failed: expected on or off, got \"maybe\"",
          "alerts.unfinished: expected off or a time from \"00:00\" to \"47:59\" (24:00 and later are of the "
          "next day), got \"48:00\"",
          "alerts.unfinishedCycles.0: expected the number of a cycle of the day, 1 to 1440",
          "alerts.unfinishedCycles.3: expected off or a time from \"00:00\" to \"47:59\" (24:00 and later "
          "are of "
          "the next day), got \"noon\"",
          "alerts.lag: expected a duration such as 90s, 5m or 1h, got \"soon\"",
          "alerts.blockedCount: expected a whole number from 1 to 1000000, got \"0\"",
          "alerts.channels: name a channel of sluice.yaml, or write alerts: off",
          "alerts.lagg: unknown key, did you mean lag?"});
  CHECK(problems_with("yes") ==
        std::vector<std::string>{"alerts: expected off, or a map such as {lag: 1h}, got \"yes\""});
}

TEST_CASE("job alerts: on and off, as YAML readers know them, and nothing else") {
  const auto rules = [](const std::string& alerts) {
    return rules_of(load(with_alerts(alerts)).jobs.at(0), AlertRules()).value();
  };
  CHECK(rules("{failed: true}").failed);
  CHECK_FALSE(rules("{failed: false}").failed);
  CHECK_FALSE(rules("{unfinished: false}").unfinished);
  CHECK_FALSE(rules("{running: false}").running);
  CHECK_FALSE(rules("{blockedCount: off}").blocked_count);
  CHECK(rules("{lag: auto, retention: auto}").lag == Duration(0));
  CHECK(rules("{unfinishedCycles: {1: '00:00', 1440: '47:59', 3: off}}").unfinished_cycles ==
        std::map<int, std::chrono::minutes>{{1, 0min}, {1440, 47h + 59min}});
  CHECK_FALSE(rules_of(load(with_alerts("false")).jobs.at(0), AlertRules()));
  CHECK(problems_with("{running: auto}") ==
        only("alerts.running: expected a duration such as 90s, 5m or 1h, got \"auto\""));
  CHECK(problems_with("[off]") == only("alerts: expected a map of keys and values, got a list"));
  CHECK(problems_with("{failed: [on]}") == only("alerts.failed: expected a string, got a list"));
  for (const std::string number : {"0", "1441", "x", "-1"})
    CHECK(
        problems_with("{unfinishedCycles: {\"" + number + "\": '01:00'}}") ==
        only("alerts.unfinishedCycles." + number + ": expected the number of a cycle of the day, 1 to 1440"));
}

TEST_CASE("job alerts: a time of two days is five characters") {
  CHECK(parse_two_day_clock("00:00") == 0min);
  CHECK(parse_two_day_clock("47:59") == 47h + 59min);
  for (const char* wrong :
       {"", "1:00", "48:00", "00:60", "00.00", "x0:00", "0x:00", "00:x0", "00:0x", "00:000", "/0:00"}) {
    INFO(wrong);
    CHECK_FALSE(parse_two_day_clock(wrong));
  }
}
