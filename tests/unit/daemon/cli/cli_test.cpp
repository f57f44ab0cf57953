#include "daemon/cli/commands.hpp"
#include "tests/support/version_store_conformance.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"
#include "tests/unit/daemon/job_file_text.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <sstream>
#include <stdlib.h>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::job_text;

namespace {

using Fixture = sluice::test::CommandFixture;

constexpr const char* kId = "orders@2018-10-16T00:00+08:00";

}  // namespace

TEST_CASE("command line: options land where they belong") {
  const Options run = Fixture::parse({"run", "a.yaml", "-p", "x=1", "-p", "y=a=b", "--at", "2018-10-16"});
  CHECK(run.command == "run");
  CHECK(run.job_file == "a.yaml");
  REQUIRE(run.parameters.size() == 2);
  CHECK(run.parameters[1] == std::pair<std::string, std::string>("y", "a=b"));
  CHECK_FALSE(run.full_then_stream);
  CHECK(Fixture::parse({"run", "a.yaml", "--full-then-stream"}).full_then_stream);
  const Options list = Fixture::parse({"instances", "orders", "--date", "2018-10-16", "--state", "FAILURE",
                                       "--output", "json", "--socket", "/s"});
  CHECK(list.target == "orders");
  CHECK(list.json);
  CHECK(list.socket == "/s");
  const Options logs = Fixture::parse({"logs", kId, "-f", "--attempt", "2"});
  CHECK(logs.follow);
  CHECK(logs.attempt == 2);
  CHECK(Fixture::parse({"set-success", kId}).command == "set-success");
  const Options demo = Fixture::parse({"demo", "--once", "--dir", "/d", "--port", "80"});
  CHECK((demo.once && demo.dir == "/d" && demo.port == 80));
}

TEST_CASE("command line: mistakes are exit code 2 and say what is wrong") {
  const std::vector<std::vector<const char*>> wrong = {{},
                                                       {"nonsense"},
                                                       {"show"},
                                                       {"run", "a.yaml", "-p", "x"},
                                                       {"status", "--output", "xml"},
                                                       {"logs", "x", "--attempt", "0"},
                                                       {"daemon"},
                                                       {"plan", "orders"},
                                                       {"status", "extra"}};
  for (const auto& words : wrong) {
    Fixture f;
    CHECK(f.run(words) == 2);
    CHECK(f.out.str().empty());
    CHECK(f.err.str().find("sluice: ") == 0);
  }
}

TEST_CASE("command line: help and version are exit code 0; every command has an example") {
  Fixture f;
  CHECK(f.run({"--help"}) == 0);
  CHECK(f.out.str().find("Exit codes: 0 done, 1 failed") != std::string::npos);
  CHECK(f.run({"--version"}) == 0);
  for (const char* command :
       {"daemon", "check", "run", "plan", "status", "jobs", "instances", "show", "why", "logs", "rerun",
        "kill", "freeze", "unfreeze", "set-success", "coverage", "backup", "demo"}) {
    Fixture help;
    CHECK(help.run({command, "--help"}) == 0);
    CHECK(help.out.str().find(std::string("Example:\n  sluice ") + command) != std::string::npos);
  }
}

TEST_CASE("command line: a daemon that is not there is exit code 4") {
  Fixture f;
  CHECK(f.run({"status", "--socket", "/nonexistent/sluice.sock"}) == 4);
  CHECK(f.err.str().find(
            "connect to /nonexistent/sluice.sock: No such file or directory; is the daemon running?") !=
        std::string::npos);
}

TEST_CASE("plan: of a file needs no daemon, whatever the environment names") {
  const sluice::test::TempFolder folder;
  const std::string file = folder.write("a.yaml", job_text("a"));
  ::setenv("SLUICE_SERVER", "ftp://nowhere", 1);
  Fixture f;
  const int exit = f.run({"plan", file.c_str(), "--from", "2018-10-16", "--to", "2018-10-16T00:10"});
  ::unsetenv("SLUICE_SERVER");
  CHECK(f.err.str().empty());
  CHECK(exit == 0);
  CHECK(f.out.str().find("a@2018-10-16T00:05+08:00") != std::string::npos);
}

TEST_CASE("command line: --config names the daemon before the environment does, --socket before both") {
  const sluice::test::TempFolder folder;
  const std::string config = folder.write("sluice.yaml", "listen: {socket: own.sock}\n");
  ::setenv("SLUICE_SOCKET", "/nonexistent/environment.sock", 1);
  ::setenv("SLUICE_SERVER", "http://127.0.0.1:1", 1);
  const auto asked = [](std::vector<const char*> words) {
    Fixture f;
    CHECK(f.run(std::move(words)) == 4);
    return f.err.str();
  };
  const std::string by_config = asked({"status", "--config", config.c_str()});
  const std::string by_socket = asked({"status", "--config", config.c_str(), "--socket", "/nonexistent/s"});
  const std::string by_server = asked({"status"});
  ::unsetenv("SLUICE_SERVER");
  const std::string by_environment = asked({"status"});
  ::unsetenv("SLUICE_SOCKET");
  CHECK(by_config.starts_with("sluice: connect to " + folder.path("own.sock") + ": "));
  CHECK(by_socket.starts_with("sluice: connect to /nonexistent/s: "));
  CHECK(by_server.starts_with("sluice: ask the daemon at http://127.0.0.1:1: "));
  CHECK(by_environment.starts_with("sluice: connect to /nonexistent/environment.sock: "));
}

TEST_CASE("command line: what cannot be written is a failure, and is told") {
  struct Full final : std::streambuf {
    int sync() override { return -1; }
    int overflow(int) override { return traits_type::eof(); }
  };
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"sluice", "completion", "bash"}, {"sluice", "--version"}}) {
    Full full;
    std::ostream out(&full);
    std::ostringstream err;
    Console console{out, err};
    CHECK(run_command_line(static_cast<int>(words.size()), words.data(), console) == 1);
    CHECK(err.str() == "sluice: write the output: it could not be written whole\n");
  }
}

TEST_CASE("check: an invalid file is exit code 2, all problems printed; a missing one too") {
  sluice::test::TempFolder folder;
  const std::string file = folder.write("sluice.yaml", "maxConcurrent: 0\nlogLevel: loud\n");
  Fixture f;
  CHECK(f.run({"check", file.c_str()}) == 2);
  CHECK(f.out.str().find(file + ":1:16: error: maxConcurrent: ") != std::string::npos);
  CHECK(f.out.str().find(file + ":2:11: error: logLevel: ") != std::string::npos);
  CHECK(f.run({"check", "/nonexistent/orders.yaml"}) == 2);
  const std::string good = folder.write("good/sluice.yaml", "maxConcurrent: 1\n");
  CHECK(f.run({"check", good.c_str()}) == 0);
}

TEST_CASE("instances: the table shows state, window and rows") {
  Fixture f;
  f.service.plan(2);
  f.service.succeed(0, 1234);
  CHECK(command_instances(Fixture::parse({"instances"}), f.api, f.console) == Exit::done);
  CHECK(f.out.str().find("orders@2018-10-16T00:00+08:00  SUCCESS") != std::string::npos);
  CHECK(f.out.str().find("23:50-23:55") != std::string::npos);
  CHECK(f.out.str().find("1,234") != std::string::npos);
}

TEST_CASE("instances: JSON collects all pages") {
  Fixture f;
  f.service.plan(7);
  CHECK(command_instances(
            Fixture::parse({"instances", "--date", "2018-10-16", "--limit", "5", "--output", "json"}), f.api,
            f.console) == Exit::done);
  CHECK(boost::json::parse(f.out.str()).as_object().at("instances").as_array().size() == 5);
}

TEST_CASE("show, why, logs, status, jobs, coverage print what the daemon says") {
  Fixture f;
  f.service.plan(2);
  pipeline::ShardPosition shard;
  shard.kind = pipeline::ShardPosition::Kind::iterator;
  shard.polled = f.world.clock.now();
  f.service.end_positions.shards.push_back(shard);
  f.service.end_positions.retention = std::chrono::hours(24);
  f.service.succeed(0, 3);
  CHECK(command_show(Fixture::parse({"show", kId}), f.api, f.console) == Exit::done);
  CHECK(command_why(Fixture::parse({"why", kId}), f.api, f.console) == Exit::done);
  CHECK(command_logs(Fixture::parse({"logs", kId}), f.api, f.console) == Exit::done);
  CHECK(command_status(Fixture::parse({"status"}), f.api, f.console) == Exit::done);
  CHECK(command_jobs(Fixture::parse({"jobs"}), f.api, f.console) == Exit::done);
  CHECK(command_coverage(Fixture::parse({"coverage"}), f.api, f.console) == Exit::done);
  const std::string text = f.out.str();
  for (const char* part :
       {"start_time = 20181016000000", "instance/orders/a,b.csv", "waits for its time", "one\ntwo\nthree\n",
        "all fresh", "durable from 2018-10-15 23:50 up to 2018-10-15 23:55",
        "the stream keeps what is needed next until 2018-10-17 00:07: 24 h 0 min left\n"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("why: prints the way to the root cause, a line for each step") {
  Fixture f;
  scheduler::Why way;
  way.steps.resize(3);
  for (auto& step : way.steps) {
    step.job = "orders";
    step.instance.emplace();
    step.instance->id = f.service.id(2);
    step.instance->zone = "Asia/Shanghai";
  }
  way.steps[1].relation = scheduler::Relation::previous;
  way.steps[1].instance->id = f.service.id(1);
  way.steps[2].relation = scheduler::Relation::upstream;
  way.steps[2].instance->id.job = "users";
  way.steps[2].state = scheduler::State::failure;
  way.steps[2].open = 3;
  way.steps[2].reason = "failed: get records: 403";
  f.service.why_steps = way;
  CHECK(command_why(Fixture::parse({"why", "orders@2018-10-16T00:10+08:00"}), f.api, f.console) ==
        Exit::done);
  CHECK(f.out.str() ==
        "orders@2018-10-16T00:10+08:00 is NOT_RUN\n"
        "  waits for orders@2018-10-16T00:05+08:00 (previous, NOT_RUN)\n"
        "  which waits for users@2018-10-16T00:10+08:00 and 2 more (upstream, FAILURE)\n"
        "  which failed: get records: 403\n");
}

TEST_CASE("status: what stands still has a line for each cause") {
  Fixture f;
  scheduler::BlockedChain chain;
  chain.job = "orders";
  chain.root = f.service.id(1);
  chain.zone = "Asia/Shanghai";
  chain.reason = "failed: get records: 403";
  chain.since = f.service.id(1).scheduled;
  chain.blocked_own = 1;
  f.service.blocked_chains.push_back(chain);
  chain.root.reset();
  chain.job = "users";
  chain.reason = "is not loaded";
  chain.blocked_own = 0;
  chain.blocked_downstream = 7;
  chain.downstream_jobs = {"a", "b"};
  f.service.blocked_chains.push_back(chain);
  CHECK(command_status(Fixture::parse({"status"}), f.api, f.console) == Exit::done);
  const std::string text = f.out.str();
  CHECK(text.find(
            "BLOCKED orders@2018-10-16T00:05+08:00 failed: get records: 403 since 2018-10-16 00:05: "
            "1 due instance waits\n"
            "BLOCKED job users is not loaded since 2018-10-16 00:05: 7 due instances wait, also of a, b\n") !=
        std::string::npos);
}

TEST_CASE("show: dirty rows are told with the file that keeps them") {
  Fixture f;
  f.service.plan(1);
  f.service.dirty_rows = 12;
  f.service.dirty_attempt = 1;
  f.service.succeed(0, 3);
  CHECK(command_show(Fixture::parse({"show", kId}), f.api, f.console) == Exit::done);
  CHECK(f.out.str().find("attempt 1: 12 dirty rows left out, kept in /logs/orders/0015_1.dirty.jsonl\n") !=
        std::string::npos);
}

TEST_CASE("verify: each difference is told, and only agreement is exit code 0") {
  Fixture f;
  f.service.plan(2);
  daemon::VerifiedPage first;
  first.windows.resize(1);
  first.windows[0].instance = *f.world.run(f.service.store().instance(f.service.id(1)));
  first.windows[0].check.objects = 2;
  first.windows[0].check.rows = 1500;
  first.next = f.service.id(1);
  daemon::VerifiedPage second = first;
  second.windows[0].instance = *f.world.run(f.service.store().instance(f.service.id(0)));
  second.windows[0].check.differences.push_back(
      {objects::DifferenceKind::missing, "a.csv", "is not there; it held 12 rows"});
  second.windows[0].check.without_checksum = 1;
  second.next.reset();
  f.service.pages = {first, second};
  CHECK(command_verify(Fixture::parse({"verify", "orders", "--from", "2018-10-16", "--to", "2018-10-17"}),
                       f.api, f.console) == Exit::failed);
  CHECK(f.out.str() ==
        "orders@2018-10-16T00:00+08:00  missing  a.csv is not there; it held 12 rows\n"
        "2 windows, 4 objects, 3,000 rows, 0 B: 1 differences\n"
        "of 1 objects the store tells no checksum; their sizes agree\n");
  REQUIRE(f.service.verified.size() == 2);
  CHECK_FALSE(f.service.verified[0].after);
  CHECK(f.service.verified[1].after == f.service.id(1));
  CHECK(f.service.verified[1].to == f.service.id(288).scheduled);

  f.service.verified.clear();
  f.service.pages = {second};
  f.service.pages[0].windows[0].check.differences.clear();
  f.out.str("");
  CHECK(command_verify(Fixture::parse({"verify", "orders", "--output", "json"}), f.api, f.console) ==
        Exit::done);
  const auto answer = boost::json::parse(f.out.str());
  CHECK(answer.at("windows").as_array().size() == 1);
  CHECK(answer.at("differences") == 0);
}

TEST_CASE("verify: a range has a bar that grows with the time looked at") {
  Fixture f;
  f.console.err_terminal = true;
  f.console.err_width = 80;
  f.service.plan(7);
  for (const int at : {0, 3, 6}) {
    daemon::VerifiedPage page;
    page.windows.resize(1);
    page.windows[0].instance = *f.world.run(f.service.store().instance(f.service.id(at)));
    if (at < 6) page.next = f.service.id(at);
    f.service.pages.push_back(std::move(page));
  }
  CHECK(command_verify(
            Fixture::parse({"verify", "orders", "--from", "2018-10-16T00:00", "--to", "2018-10-16T01:00"}),
            f.api, f.console) == Exit::done);
  CHECK(f.err.str().find(" 25 %  2 windows") != std::string::npos);
  CHECK(f.err.str().find(" 50 %  3 windows") != std::string::npos);
}

TEST_CASE("actions: refused is exit code 5, unknown is 3") {
  Fixture f;
  f.service.plan(1);
  CHECK(command_act(Fixture::parse({"freeze", kId}), f.api, f.console) == Exit::done);
  f.service.refuse = Error(Errc::refused_by_state, "freeze: it runs");
  try {
    command_act(Fixture::parse({"freeze", kId}), f.api, f.console);
    FAIL("it was not refused");
  } catch (const CommandFailure& failure) {
    CHECK(failure.exit() == Exit::refused);
  }
  try {
    command_show(Fixture::parse({"show", "orders@2030-01-01T00:00+08:00"}), f.api, f.console);
    FAIL("it was found");
  } catch (const CommandFailure& failure) {
    CHECK(failure.exit() == Exit::not_found);
  }
}

TEST_CASE("versions, reload, audit and plan --diff print what the daemon says") {
  Fixture f;
  f.service.plan(1);
  f.world.run(f.service.kept.add_audit({sluice::test::audit_at("rerun", kId, 1)}));
  scheduler::JobVersion kept = sluice::test::version_at("orders", "0123456789ab", 0);
  f.world.run(f.service.kept.put_in_force({kept}, {}, {}));
  CHECK(command_versions(Fixture::parse({"versions", "orders"}), f.api, f.console) == Exit::done);
  CHECK(f.out.str().find("0123456789ab") != std::string::npos);
  CHECK(f.out.str().find("in force") != std::string::npos);
  f.out.str("");
  CHECK(command_versions(Fixture::parse({"versions", "orders", "--show", "present"}), f.api, f.console) ==
        Exit::done);
  CHECK(f.out.str() == "# jobs.d/orders.yaml\nname: orders\n# jobs.d/script.json\n{}");
  f.out.str("");
  CHECK(command_audit(Fixture::parse({"audit", kId}), f.api, f.console) == Exit::done);
  CHECK(f.out.str().find("rerun") != std::string::npos);
  f.out.str("");
  CHECK(command_show(Fixture::parse({"show", kId}), f.api, f.console) == Exit::done);
  CHECK(f.out.str().find("uid 1000 (unix socket)") != std::string::npos);

  f.service.report.jobs = 1;
  JobChange change;
  change.job = "orders";
  change.before = "aaa";
  change.after = "bbb";
  change.keys = {{"priority", "1", "2"}};
  f.service.report.changes = {change};
  f.out.str("");
  const Options dry = Fixture::parse({"reload", "--dry-run", "--from", "2018-10-17"});
  CHECK(command_reload(dry, f.api, f.console) == Exit::done);
  CHECK(f.service.reloads.at(0).dry_run);
  CHECK(f.service.reloads.at(0).from == "2018-10-17");
  CHECK(f.out.str() ==
        "orders changed: aaa -> bbb\n  priority: 1 -> 2\nnothing was changed: 1 jobs, 1 change\n");
  job::Problem problem;
  problem.file = "a.yaml";
  f.service.report.problems = {problem};
  CHECK(command_reload(Fixture::parse({"reload"}), f.api, f.console) == Exit::usage);
  CHECK(f.err.str() == "a.yaml:1:1: error: \n");

  f.service.compared.job = "orders";
  f.service.compared.zone = "Asia/Shanghai";
  f.service.compared.before = "aaa";
  f.service.compared.after = "bbb";
  f.service.compared.replaced = 455;
  SlotDifference slot;
  slot.kind = SlotDifference::Kind::gone;
  slot.id = f.service.id(1);
  f.service.compared.slots = {slot};
  f.out.str("");
  CHECK(command_plan(Fixture::parse({"plan", "orders", "--diff"}), f.api, f.console) == Exit::done);
  CHECK(f.out.str().find("orders: aaa -> bbb\n") != std::string::npos);
  CHECK(f.out.str().find("  - 2018-10-16 00:05\n") != std::string::npos);
  CHECK(f.out.str().find("A reload replaces 455 planned instances that have not started.") !=
        std::string::npos);
  CHECK_THROWS_AS(command_plan(Fixture::parse({"plan", "orders"}), f.api, f.console), CommandFailure);
}

TEST_CASE("plan: what takes several answers is shown whole, and no more than can be read") {
  Fixture f;
  const Options plan =
      Fixture::parse({"plan", "orders", "--from", "2018-10-16", "--to", "2019-10-16", "--output", "json"});
  f.service.next_slots = {f.service.id(1).scheduled, f.service.id(2).scheduled};
  CHECK(command_plan(plan, f.api, f.console) == Exit::done);
  CHECK(JsonView(boost::json::parse(f.out.str()))["instances"].items().size() == 3);
  CHECK(f.service.previewed->first == f.service.id(2).scheduled);
  f.service.next_slots.assign(20'000, f.service.id(1).scheduled);
  CHECK_THROWS_AS(command_plan(plan, f.api, f.console), CommandFailure);

  const Options difference = Fixture::parse(
      {"plan", "orders", "--diff", "--from", "2018-10-16", "--to", "2019-10-16", "--output", "json"});
  f.service.compared.job = "orders";
  f.service.compared.zone = "Asia/Shanghai";
  f.service.compared.slots.resize(1);
  f.service.compared.unchanged = 5;
  f.service.next_slots = {f.service.id(1).scheduled};
  f.out.str("");
  CHECK(command_plan(difference, f.api, f.console) == Exit::done);
  const auto answer = boost::json::parse(f.out.str());
  CHECK(JsonView(answer)["slots"].items().size() == 2);
  CHECK(JsonView(answer)["unchanged"].count() == 10);
  CHECK(JsonView(answer)["next"].is_null());
  CHECK(f.service.differences.back().from == "2018-10-15T16:05:00Z");
  CHECK(f.service.differences.back().to == "2019-10-16");
}
