// Actions on instances and jobs: the API and the commands.
#include "daemon/api/api.hpp"
#include "daemon/base/json_view.hpp"
#include "daemon/cli/commands.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace sluice;
using namespace sluice::daemon;

namespace {

constexpr const char* kZero = "orders@2018-10-16T00:00+08:00";
constexpr const char* kFive = "orders@2018-10-16T00:05+08:00";
const std::string kPath = "/api/v1/instances/orders@2018-10-16T00:00%2B08:00";

struct World {
  World() { service.plan(3); }
  sluice::test::Loop loop{sluice::test::test_now()};
  sluice::test::FakeService service{loop};
  sluice::test::DirectApi api{service};
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};

  int status(const std::string& target, const std::string& body, bool control = true) {
    return service.ask("POST", target, control, body).status;
  }
  static Options parse(std::vector<const char*> words) {
    words.insert(words.begin(), "sluice");
    const auto parsed = parse_command_line(static_cast<int>(words.size()), words.data());
    if (const auto* early = std::get_if<EndedEarly>(&parsed)) throw std::runtime_error(early->text);
    return std::get<Options>(parsed);
  }
  Exit act(std::vector<const char*> words) { return command_act(parse(std::move(words)), api, console); }
};

}  // namespace

TEST_CASE("api: an action carries its reason and what it needs, and nothing else") {
  World w;
  CHECK(w.status(kPath + "/rerun", R"({"reason": "fixed", "latest": true, "force": true})") == 200);
  REQUIRE(w.service.given.size() == 1);
  CHECK(w.service.given[0].reason == "fixed");
  CHECK(w.service.given[0].latest);
  CHECK(w.service.given[0].force);
  CHECK(w.status(kPath + "/priority", R"({"priority": 8})") == 200);
  CHECK(w.service.given[1].priority == 8);
  CHECK(w.status(kPath + "/release", "") == 200);
  for (const char* bad : {R"({"priority": 10})", R"({"priority": "8"})", "", "[]", "{", R"({"urgent": 1})"}) {
    INFO(bad);
    CHECK(w.status(kPath + "/priority", bad) == 400);
  }
  CHECK(w.status(kPath + "/skip", "") == 400);
  CHECK(w.status(kPath + "/skip", R"({"reason": "known bad"})") == 200);
  CHECK(w.status(kPath + "/kill", R"({"force": true})") == 400);
  CHECK(w.status(kPath + "/kill", R"({"downstream": true})") == 400);
}

TEST_CASE("api: a batch answers for each of its instances, listed or by job, slots and state") {
  World w;
  w.service.fail(1, Error(Errc::unavailable, "503"));
  CHECK(w.status("/api/v1/batch", R"({"action": "freeze", "ids": []})", false) == 403);
  const auto listed = w.service.ask(
      "POST", "/api/v1/batch", true,
      std::string(R"({"action": "freeze", "reason": "x", "ids": [")") + kZero + "\", \"" + kFive + "\"]}");
  REQUIRE(listed.status == 200);
  const auto answer = boost::json::parse(listed.body);
  CHECK(JsonView(answer)["done"].count() == 2);
  CHECK(JsonView(answer)["results"].items().size() == 2);
  w.service.acted.clear();
  CHECK(w.status("/api/v1/batch", R"({"action": "rerun", "job": "orders", "from": "2018-10-16", "to": )"
                                  R"("2018-10-17", "state": ["FAILURE"]})") == 200);
  CHECK(w.service.acted == std::vector<std::string>{std::string("rerun ") + kFive + " uid 1 (test)"});
  w.service.refuse = Error(Errc::refused_by_state, "rerun: it runs");
  const auto refused = w.service.ask("POST", "/api/v1/batch", true,
                                     std::string(R"({"action": "rerun", "ids": [")") + kZero + "\"]}");
  REQUIRE(refused.status == 200);
  const auto each = boost::json::parse(refused.body);
  CHECK(JsonView(each)["refused"].count() == 1);
  CHECK(JsonView(JsonView(each)["results"].items().at(0))["error"]["code"].text() == "refused_by_state");
  for (const char* bad : {R"({"action": "fly", "ids": []})", R"({"action": "rerun"})",
                          R"({"action": "rerun", "ids": [1]})", R"({"action": "skip", "ids": []})",
                          R"({"action": "rerun", "job": "orders", "from": "2018-10-16"})"}) {
    INFO(bad);
    CHECK(w.status("/api/v1/batch", bad) >= 400);
  }
}

TEST_CASE("api: a batch of as many instances as it takes fits into its body") {
  scheduler::InstanceId id;
  id.job = std::string(100, 'j');
  id.group = 999'999'999;
  id.scheduled = job::parse_local("2018-10-16T00:00:30+08:00").value();
  const std::string item = "\"" + scheduler::to_string(id, "Asia/Shanghai") + "\", ";
  constexpr std::size_t kReason = 6 * 1000;  // each byte escaped
  CHECK(2000 * item.size() + kReason + 100 <= api::kBatchBytesMax);
}

TEST_CASE("api: a batch acts once on each instance, and on none by a filter that says nothing") {
  World w;
  const auto twice = w.service.ask(
      "POST", "/api/v1/batch", true,
      std::string(R"({"action": "rerun", "ids": [")") + kZero + R"(", "orders@2018-10-15T16:00Z"]})");
  REQUIRE(twice.status == 200);
  CHECK(w.service.acted == std::vector<std::string>{std::string("rerun ") + kZero + " uid 1 (test)"});
  w.service.acted.clear();
  const std::string range = R"("job": "orders", "from": "2018-10-16", "to": "2018-10-17")";
  CHECK(w.status("/api/v1/batch",
                 R"({"action": "kill", "job": "orders", "from": "2018-10-17", "to": "2018-10-16"})") == 400);
  for (const std::string& bad : {R"({"action": "kill", "state": [], )" + range + "}",
                                 R"({"action": "kill", "state": "FAILURE", )" + range + "}",
                                 R"({"action": "kill", "ids": [], )" + range + "}",
                                 std::string(R"({"action": "kill", "ids": [], "state": ["FAILURE"]})")}) {
    INFO(bad);
    CHECK(w.status("/api/v1/batch", bad) == 400);
  }
  CHECK(w.service.acted.empty());
}

TEST_CASE("api: a batch takes the states that listings show, however they are spelt") {
  World w;
  w.service.fail(0, Error(Errc::unavailable, "503"));
  const auto chosen = [&](const std::string& states) {
    w.service.acted.clear();
    const int status =
        w.status("/api/v1/batch", R"({"action": "freeze", "job": "orders", "from": "2018-10-16", "to": )"
                                  R"("2018-10-17", "state": [)" +
                                      states + "]}");
    return status == 200 ? w.service.acted.size() : 99U;
  };
  const auto listed = [&](const std::string& states) {
    const auto answer =
        boost::json::parse(w.service.ask("GET", "/api/v1/instances?job=orders&state=" + states).body);
    return JsonView(answer)["instances"].items().size();
  };
  // 00:05 is due and waits behind the failed one, 00:10 is to come.
  for (const char* state : {"FAILURE", "NOT_RUN", "WAIT_TIME", "WAIT_RESOURCE", "SUCCESS"}) {
    INFO(state);
    CHECK(chosen(std::string("\"") + state + "\"") == listed(state));
  }
  CHECK(chosen(R"("failure", "wait-time", "Not_Run")") == listed("failure,wait-time,not_run"));
  CHECK(listed("failure,wait-time,not_run") == 3);
  CHECK(chosen(R"("flying")") == 99);
}

TEST_CASE("api: the answer to an action has the state that listings show") {
  World w;
  const auto view = [&w](const std::string& method, const std::string& target, const std::string& body) {
    const auto answer = w.service.ask(method, target, true, body);
    REQUIRE(answer.status == 200);
    return boost::json::parse(answer.body);
  };
  const std::string batch =
      std::string(R"({"action": "freeze", "ids": [")") + kZero + "\", \"" + kFive + "\"]}";
  for (const bool paused : {false, true}) {
    if (paused) CHECK(w.status("/api/v1/jobs/orders/pause", "") == 200);
    const auto listed = view("GET", "/api/v1/instances?job=orders", "");
    const auto rows = JsonView(listed)["instances"].items();
    REQUIRE(rows.size() == 3);
    const std::string zero = JsonView(rows[2])["state"].text();
    const std::string five = JsonView(rows[1])["state"].text();
    CHECK(zero == (paused ? "FROZEN" : "WAIT_RESOURCE"));
    const auto one = view("POST", kPath + "/priority", R"({"priority": 3})");
    CHECK(JsonView(one)["state"].text() == zero);
    const auto several = view("POST", "/api/v1/batch", batch);
    const auto results = JsonView(several)["results"].items();
    CHECK(JsonView(results.at(0))["state"].text() == zero);
    CHECK(JsonView(results.at(1))["state"].text() == five);
    const auto again = view("POST", kPath + "/rerun", R"({"downstream": true})");
    const auto follow = view("GET", kPath + "/downstream", "");
    for (const auto& found : {JsonView(again)["instances"].items(), JsonView(follow)["instances"].items()}) {
      CHECK(JsonView(found.at(0))["state"].text() == zero);
      CHECK(JsonView(found.at(1))["state"].text() == five);
    }
  }
}

TEST_CASE("api: a reason is one line, and short enough to be stored with every instance") {
  World w;
  const auto given = [&](const std::string& reason) { return R"({"reason": ")" + reason + "\"}"; };
  CHECK(w.status(kPath + "/freeze", given("a\\nb \\u001b[2J c")) == 200);
  CHECK(w.service.given.back().reason == "a b  [2J c");
  CHECK(w.status(kPath + "/freeze", given(std::string(1000, 'x'))) == 200);
  CHECK(w.service.given.back().reason.size() == 1000);
  CHECK(w.status(kPath + "/freeze", given(std::string(1001, 'x'))) == 400);
  CHECK(w.status("/api/v1/jobs/orders/pause", given(std::string(1001, 'x'))) == 400);
  CHECK(w.status("/api/v1/jobs/orders/resume", given(std::string(1001, 'x'))) == 400);
}

TEST_CASE("api: a job that is not loaded is not late, and its instances can be skipped at once") {
  World w;
  w.loop.clock.advance(std::chrono::minutes(20));
  CHECK(w.service.ask("GET", "/readyz").status == 503);
  w.service.jobs_[0].name = "renamed";
  CHECK(w.service.ask("GET", "/readyz").status == 200);
  const auto status = boost::json::parse(w.service.ask("GET", "/api/v1/status").body);
  CHECK(JsonView(status)["ready"].boolean());
  CHECK(w.act({"skip", "--job", "orders", "--from", "2018-10-16", "--to", "2018-10-17", "--reason",
               "retired"}) == Exit::done);
  CHECK(w.out.str().find("skip: 3 done, 0 refused\n") != std::string::npos);
  try {
    w.act({"skip", "--job", "never", "--from", "2018-10-16", "--to", "2018-10-17", "--reason", "x"});
    FAIL("it was found");
  } catch (const CommandFailure& failure) {
    CHECK(failure.exit() == Exit::not_found);
  }
}

TEST_CASE("api: pause and resume a job, with the pause in its listing") {
  World w;
  CHECK(w.status("/api/v1/jobs/orders/pause", R"({"reason": "moving"})", false) == 403);
  CHECK(w.status("/api/v1/jobs/orders/pause", R"({"reason": "moving"})") == 200);
  const auto job = boost::json::parse(w.service.ask("GET", "/api/v1/jobs/orders").body);
  CHECK(JsonView(job)["paused"]["reason"].text() == "moving");
  CHECK(w.status("/api/v1/jobs/orders/resume", R"({"run": "some"})") == 400);
  const auto done = w.service.ask("POST", "/api/v1/jobs/orders/resume", true, R"({"run": "latest"})");
  REQUIRE(done.status == 200);
  const auto answer = boost::json::parse(done.body);
  CHECK(JsonView(answer)["due"].count() == 3);
  CHECK(JsonView(answer)["skipped"].count() == 2);
  const auto after = boost::json::parse(w.service.ask("GET", "/api/v1/jobs/orders").body);
  CHECK(JsonView(after)["paused"].is_null());
}

TEST_CASE("command line: actions take several instances or a range, and a reason") {
  World w;
  CHECK(w.act({"freeze", kZero, "--reason", "do not touch"}) == Exit::done);
  CHECK(w.service.given.back().reason == "do not touch");
  CHECK(w.act({"rerun", kZero, kFive, "--force"}) == Exit::done);
  CHECK(w.out.str().find("rerun: 2 done, 0 refused\n") != std::string::npos);
  CHECK(w.act({"kill", "--job", "orders", "--from", "2018-10-16", "--to", "2018-10-17"}) == Exit::done);
  CHECK(w.out.str().find("kill: 3 done, 0 refused\n") != std::string::npos);
  CHECK(w.act({"priority", kZero, "7"}) == Exit::done);
  CHECK(w.service.given.back().priority == 7);
  CHECK_THROWS_AS(w.act({"rerun"}), CommandFailure);
  CHECK_THROWS_AS(w.act({"rerun", kZero, "--job", "orders"}), CommandFailure);
  CHECK_THROWS_AS(w.act({"skip", kZero}), std::runtime_error);
  w.service.refuse = Error(Errc::refused_by_state, "rerun: it runs");
  CHECK(w.act({"rerun", kZero, kFive}) == Exit::refused);
  CHECK(w.err.str().find("sluice: rerun: it runs\n") != std::string::npos);
}

TEST_CASE("command line: a range that holds no slot is refused, and one without instances says so") {
  World w;
  try {
    w.act({"rerun", "--job", "orders", "--from", "2018-10-16", "--to", "2018-10-16"});
    FAIL("it was not refused");
  } catch (const CommandFailure& failure) {
    CHECK(failure.exit() == Exit::usage);
    CHECK(std::string(failure.what()) ==
          "read the body: \"to\" must be after \"from\": the range ends before it, so for one day give the "
          "day after");
  }
  CHECK(w.act({"rerun", "--job", "orders", "--from", "2018-10-16", "--to", "2018-10-17", "--state",
               "FAILURE"}) == Exit::done);
  CHECK(w.out.str() == "rerun: no instance matched\n");
  CHECK(w.service.given.empty());
}

TEST_CASE("command line: rerun downstream lists and counts what follows") {
  World w;
  CHECK(w.act({"rerun", kFive, "--downstream", "--dry-run"}) == Exit::done);
  CHECK(w.service.given.empty());
  CHECK(w.out.str().find("2 instances follow, the first one included\n") != std::string::npos);
  CHECK(w.act({"rerun", kFive, "--downstream"}) == Exit::done);
  CHECK(w.out.str().find("2 instances run again\n") != std::string::npos);
  CHECK_THROWS_AS(w.act({"rerun", kZero, kFive, "--downstream"}), CommandFailure);
  CHECK_THROWS_AS(w.act({"rerun", kZero, "--dry-run"}), CommandFailure);
}

TEST_CASE("command line: pause and resume; a resume that needs a choice is exit code 5") {
  World w;
  CHECK(command_pause(World::parse({"pause", "orders", "--reason", "moving"}), w.api, w.console) ==
        Exit::done);
  CHECK(w.service.acted.back() == "pause orders uid 1 (test) moving");
  CHECK(command_resume(World::parse({"resume", "orders", "--run", "none"}), w.api, w.console) == Exit::done);
  CHECK(w.out.str().find("orders goes on: 1 due windows run, 2 are skipped\n") != std::string::npos);
  w.service.refuse = Error(Errc::refused_by_state, "resume orders: 3 windows are due; say which");
  try {
    command_resume(World::parse({"resume", "orders"}), w.api, w.console);
    FAIL("it was not refused");
  } catch (const CommandFailure& failure) {
    CHECK(failure.exit() == Exit::refused);
  }
}
