#include "daemon/simulate/simulate_faults.hpp"

#include "tests/unit/daemon/simulate/simulate_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

struct Scope {
  std::vector<job::Job> jobs = {sluice::test::simulated_job("orders"), sluice::test::simulated_job("users")};
  FaultScope scope;
  Scope() {
    scope.jobs = jobs;
    scope.zone = "Europe/Berlin";
    scope.time = TimeSpan{at("2026-10-24T00:00+02:00"), at("2026-10-26T00:00+01:00")};
  }
  static Instant at(const std::string& text) { return job::parse_local(text).value(); }
  Faults read(std::vector<std::string> texts) const { return parse_faults(texts, scope).value(); }
  std::string error_of(const std::string& text) const {
    const std::vector<std::string> texts = {text};
    const auto read = parse_faults(texts, scope);
    return read ? "none" : read.error().message();
  }
};

ScriptedAttempt attempt_of(const std::string& job, const std::string& slot, int number = 1) {
  ScriptedAttempt attempt;
  attempt.job = job;
  attempt.slot = Scope::at(slot);
  attempt.number = number;
  attempt.begin = attempt.slot;
  return attempt;
}

}  // namespace

TEST_CASE("faults: every kind is read with its times in the zone of the jobs") {
  const Scope s;
  const Faults faults =
      s.read({"fail=2.5%", "fail=orders@2026-10-24T01:00", "slow=users@2026-10-24..2026-10-25:20m",
              "outage=2026-10-24T03:00..2026-10-24T04:00", "source=2026-10-24T03:00+02:00..2026-10-24T06:00",
              "clock=2026-10-25T12:00:-90s", "clock=2026-10-25T13:00+01:00:+1h", "rerun=2026-10-25T09:00"});
  CHECK(faults.fail_percent == Approx(2.5));
  REQUIRE(faults.failing.size() == 1);
  CHECK(faults.failing[0].job == "orders");
  CHECK(faults.failing[0].slots.from == Scope::at("2026-10-24T01:00+02:00"));
  CHECK(faults.failing[0].slots.to == faults.failing[0].slots.from + Duration(1));
  REQUIRE(faults.slow.size() == 1);
  CHECK(faults.slow[0].takes == 20min);
  CHECK(faults.slow[0].slots.to == Scope::at("2026-10-25T00:00+02:00"));
  REQUIRE(faults.outages.size() == 1);
  CHECK(faults.outages[0].to == Scope::at("2026-10-24T04:00+02:00"));
  REQUIRE(faults.source_gone.size() == 1);
  CHECK(faults.source_gone[0].to == Scope::at("2026-10-24T06:00+02:00"));
  REQUIRE(faults.clock_steps.size() == 2);
  CHECK(faults.clock_steps[0].by == -90s);
  CHECK(faults.clock_steps[1].at == Scope::at("2026-10-25T13:00+01:00"));
  CHECK(faults.clock_steps[1].by == 1h);
  CHECK(faults.reruns == std::vector<Instant>{Scope::at("2026-10-25T09:00+01:00")});
}

TEST_CASE("faults: a mistake names the fault, the piece and what was expected") {
  const Scope s;
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {"rain", "unknown kind \"rain\"; there are fail, slow, outage, source, clock and rerun"},
      {"fail=101%", "expected 0% to 100%, got \"101%\""},
      {"fail=x%", "expected 0% to 100%, got \"x%\""},
      {"fail=5", "expected JOB@SLOT, JOB@FROM..TO or for fail a percentage, got \"5\""},
      {"fail=order@2026-10-24", "no job \"order\" is simulated"},
      {"fail=orders@2026-10-24T01:01", "job orders has no slot there within the simulated time"},
      {"fail=orders@2026-11-24", "job orders has no slot there within the simulated time"},
      {"fail=orders@soon", "read time \"soon\": expected a form like 2018-10-16T00:15+08:00"},
      {"slow=orders@2026-10-24T01:00",
       "expected a length such as 90s, 20m or 1h, up to 168h, behind the last colon, got \"00\""},
      {"slow=orders",
       "expected a length such as 90s, 20m or 1h, up to 168h, behind the last colon, got \"\""},
      {"slow=orders@2026-10-24T01:00:169h",
       "expected a length such as 90s, 20m or 1h, up to 168h, behind the last colon, got \"169h\""},
      {"slow=orders@2026-10-24T01:00:106751991d",
       "expected a length such as 90s, 20m or 1h, up to 168h, behind the last colon, got \"106751991d\""},
      {"outage=2026-10-24", "expected FROM..TO, got \"2026-10-24\""},
      {"outage=2026-10-25..2026-10-24", "\"2026-10-25..2026-10-24\" ends before it begins"},
      {"source=2026-11-25..2026-11-26", "2026-11-25..2026-11-26 is not within the simulated time"},
      {"clock=2026-10-24T01:00:1h",
       "expected a step such as +1h or -90s, up to 366d, behind the last colon, got \"1h\""},
      {"clock=2026-10-24T01:00:-106751991d",
       "expected a step such as +1h or -90s, up to 366d, behind the last colon, got \"-106751991d\""},
      {"clock=2026-10-24T01:00:+367d",
       "expected a step such as +1h or -90s, up to 366d, behind the last colon, got \"+367d\""},
      {"clock=2026-11-24T01:00:+1h", "2026-11-24T01:00 is not within the simulated time"},
      {"rerun=2026-10-26", "2026-10-26 is not within the simulated time"},
  };
  for (const auto& [fault, cause] : mistakes)
    CHECK(s.error_of(fault) == "read --fault \"" + fault + "\": " + cause);
}

TEST_CASE("faults: outages that overlap and a second percentage are mistakes") {
  const Scope s;
  const std::vector<std::string> outages = {"outage=2026-10-24T01:00..2026-10-24T03:00",
                                            "outage=2026-10-24T02:00..2026-10-24T04:00"};
  CHECK(
      parse_faults(outages, s.scope).error().message() ==
      "read --fault \"outage=2026-10-24T02:00..2026-10-24T04:00\": it overlaps another of its kind; give one "
      "that holds both");
  const std::vector<std::string> shares = {"fail=5%", "fail=6%"};
  CHECK(parse_faults(shares, s.scope).error().message() ==
        "read --fault \"fail=6%\": a percentage is given already");
}

TEST_CASE("faults: where jobs have several zones a time needs its offset") {
  Scope s;
  s.scope.zone = "";
  CHECK(s.error_of("rerun=2026-10-25T09:00") ==
        "read --fault \"rerun=2026-10-25T09:00\": read the time \"2026-10-25T09:00\": the jobs have several "
        "time "
        "zones, so give the offset too, such as 2018-10-16T00:15+08:00");
  CHECK(s.error_of("rerun=2026-10-25T09:00+01:00") == "none");
  CHECK(s.error_of("fail=orders@2026-10-25T09:00") == "none");  // its job has one
}

TEST_CASE("faults: an attempt takes half to one and a half of the run time, by the seed alone") {
  const Faults none;
  const ScriptedAttempt attempt = attempt_of("orders", "2026-10-24T01:00+02:00");
  Duration least = 1h;
  Duration most{0};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const ScriptedAct act = scripted_act(none, attempt, seed, 100s);
    CHECK_FALSE(act.error);
    CHECK(scripted_act(none, attempt, seed, 100s).takes == act.takes);
    least = std::min(least, act.takes);
    most = std::max(most, act.takes);
  }
  CHECK(least >= 50s);
  CHECK(least < 55s);
  CHECK(most <= 150s);
  CHECK(most > 145s);
}

TEST_CASE("faults: a percentage of all attempts fails") {
  const Scope s;
  const Faults faults = s.read({"fail=20%"});
  int failed = 0;
  for (int number = 1; number <= 1000; ++number) {
    if (scripted_act(faults, attempt_of("orders", "2026-10-24T01:00+02:00", number), 7, 30s).error) ++failed;
  }
  CHECK(failed > 150);
  CHECK(failed < 250);
}

TEST_CASE("faults: what an operator took away fails no longer, what comes after does") {
  const Scope s;
  const Faults faults = s.read({"fail=orders@2026-10-24T01:00..2026-10-24T02:00",
                                "slow=orders@2026-10-24T01:00..2026-10-24T02:00:20m"});
  ScriptedAttempt attempt = attempt_of("orders", "2026-10-24T01:30+02:00");
  CHECK(scripted_act(faults, attempt, 1, 30s).error->message() ==
        "run the window: --fault fail=orders@2026-10-24T01:00..2026-10-24T02:00");
  attempt.mended = Scope::at("2026-10-24T01:30+02:00");
  CHECK_FALSE(scripted_act(faults, attempt, 1, 30s).error);
  CHECK(scripted_act(faults, attempt, 1, 30s).takes < 1min);
  attempt.mended = Scope::at("2026-10-24T01:29+02:00");
  CHECK(scripted_act(faults, attempt, 1, 30s).error);
  CHECK(scripted_act(faults, attempt, 1, 30s).takes == 20min);
  CHECK_FALSE(scripted_act(faults, attempt_of("orders", "2026-10-24T02:00+02:00"), 1, 30s).error);
  CHECK_FALSE(scripted_act(faults, attempt_of("users", "2026-10-24T01:30+02:00"), 1, 30s).error);
}

TEST_CASE("faults: without the Table Store attempts fail that begin in it or run into it") {
  const Scope s;
  const Faults faults =
      s.read({"source=2026-10-24T01:00..2026-10-24T02:00", "slow=orders@2026-10-24T00:50:20m"});
  CHECK(scripted_act(faults, attempt_of("orders", "2026-10-24T00:50+02:00"), 1, 30s).error);
  CHECK_FALSE(scripted_act(faults, attempt_of("users", "2026-10-24T00:50+02:00"), 1, 30s).error);
  CHECK(scripted_act(faults, attempt_of("users", "2026-10-24T01:00+02:00"), 1, 30s).error);
  CHECK_FALSE(scripted_act(faults, attempt_of("users", "2026-10-24T02:00+02:00"), 1, 30s).error);
}
