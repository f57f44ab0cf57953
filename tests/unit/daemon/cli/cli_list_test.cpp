// What `sluice jobs`, `sluice status` and `sluice run` say of schedules and of the clock.

#include "daemon/base/json_view.hpp"
#include "daemon/cli/commands.hpp"
#include "tests/support/version_store_conformance.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"
#include "tests/unit/daemon/job_file_text.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <sstream>

using namespace sluice;
using namespace sluice::daemon;

namespace {

struct Fixture : sluice::test::CommandFixture {
  std::string jobs() {
    out.str("");
    CHECK(command_jobs(parse({"jobs"}), api, console) == Exit::done);
    return out.str();
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("jobs: tells the schedule in words, the next slot, and what the job waits for") {
  Fixture f;
  CHECK(has(f.jobs(), "every 5 min 00:00-23:59"));
  CHECK(has(f.jobs(), "2018-10-16 00:10"));
  job::Job& job = f.service.jobs_[0];
  job.schedule.cycle = job::Cycle::week;
  job.schedule.weekdays = {1, 4};
  job.schedule.at = std::chrono::hours(3);
  job::Upstream users;
  users.job = "users";
  job::Upstream items;
  items.job = "items";
  items.previous_cycle = true;
  job.dependencies.jobs = {users, items};
  CHECK(has(f.jobs(), "Mon, Thu at 03:00"));
  CHECK(has(f.jobs(), "2018-10-18 03:00"));
  CHECK(has(f.jobs(), "users, items (previous cycle)"));
  job.schedule.off_days_dry_run = true;
  CHECK(has(f.jobs(), "2018-10-16 03:00 (dry run)"));
  job.schedule.effective_to = std::chrono::sys_days(std::chrono::year(2018) / 10 / 15);
  CHECK(has(f.jobs(), "none"));
}

TEST_CASE("status: a wall clock in doubt is told by the API, the command and readyz, with the way out") {
  Fixture f;
  const auto fine = f.api.get("/api/v1/status");
  CHECK(JsonView(fine)["clock_in_doubt"].is_null());
  CHECK(JsonView(fine)["ready"].boolean());
  f.service.clock_in_doubt =
      "the wall clock jumped ahead by 26280h of a sudden: sluice reload says that it is right";
  const auto doubted = f.api.get("/api/v1/status");
  CHECK(JsonView(doubted)["clock_in_doubt"].text() == f.service.clock_in_doubt);
  CHECK_FALSE(JsonView(doubted)["ready"].boolean());
  const auto ready = f.service.ask("GET", "/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body == f.service.clock_in_doubt + "\n");
  CHECK(command_status(Fixture::parse({"status"}), f.api, f.console) == Exit::done);
  CHECK(has(f.out.str(), "CLOCK " + f.service.clock_in_doubt));
}

TEST_CASE("status: a state store that does not work is told by the API, the command and readyz") {
  Fixture f;
  CHECK(JsonView(f.api.get("/api/v1/status"))["store_failure"].is_null());
  f.service.store_failure = "the state store has not worked since 2018-10-16T00:10+00:00: no space left";
  const auto failing = f.api.get("/api/v1/status");
  CHECK(JsonView(failing)["store_failure"].text() == f.service.store_failure);
  CHECK_FALSE(JsonView(failing)["ready"].boolean());
  const auto ready = f.service.ask("GET", "/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body == f.service.store_failure + "\n");
  CHECK(command_status(Fixture::parse({"status"}), f.api, f.console) == Exit::done);
  CHECK(has(f.out.str(), "not fresh"));
  CHECK(has(f.out.str(), "STORE " + f.service.store_failure));
}

TEST_CASE("run: without --at, a schedule that has had no slot is exit code 2 and says so") {
  Fixture f;
  sluice::test::TempFolder folder;
  const std::string config = folder.write("sluice.yaml", "maxConcurrent: 1\n");
  std::string text = sluice::test::job_text("orders");
  const std::string every = "cycle: minute, start: \"00:00\", end: \"23:59\", interval: 5m";
  text.replace(text.find(every), every.size(),
               "cycle: week, on: [mon], at: \"03:00\", effectiveFrom: \"9000-01-01\"");
  const std::string file = folder.write("orders.yaml", text);
  CHECK(f.run({"run", file.c_str(), "--config", config.c_str()}) == 2);
  INFO(f.err.str());
  CHECK(
      has(f.err.str(), "run orders: its schedule (Mon at 03:00) has no slot before now; give one with --at"));
}

TEST_CASE("api: an instance has the code of its reason") {
  Fixture f;
  f.service.plan(2);
  f.service.fail(0, Error(Errc::unavailable, "connect: refused"));
  const auto failed = f.api.get("/api/v1/instances/orders@2018-10-16T00:00%2B08:00");
  CHECK(JsonView(failed)["reason_code"].text() == "attempt_failed");
  const auto waiting = f.api.get("/api/v1/instances/orders@2018-10-16T00:05%2B08:00");
  CHECK(JsonView(waiting)["reason_code"].text() == "none");
}

TEST_CASE("verify, audit, backfills: what does not exist is exit code 3, and proves nothing") {
  Fixture f;
  f.service.plan(1);
  const auto exit_of_command = [&](auto command, std::vector<const char*> words) {
    try {
      return command(Fixture::parse(std::move(words)), f.api, f.console);
    } catch (const CommandFailure& failure) {
      f.err << failure.what();
      return failure.exit();
    }
  };
  CHECK(exit_of_command(command_verify, {"verify", "orders#7"}) == Exit::not_found);
  CHECK(has(f.err.str(), "find orders#7: no such group; sluice backfills orders lists them"));
  CHECK(exit_of_command(command_verify, {"verify", "orders", "--from", "2018-10-16", "--to", "2018-10-16"}) ==
        Exit::usage);
  CHECK(f.out.str().empty());
  CHECK(exit_of_command(command_verify, {"verify", "orders"}) == Exit::not_found);
  CHECK(f.out.str() == "no window of orders has succeeded: nothing was compared\n");
  CHECK(exit_of_command(command_audit, {"audit", "nojob"}) == Exit::not_found);
  CHECK(exit_of_command(command_audit, {"audit", "orders"}) == Exit::done);
  CHECK(exit_of_command(command_backfills, {"backfills", "nojob"}) == Exit::not_found);
  CHECK(exit_of_command(command_backfills, {"backfills", "orders"}) == Exit::done);
  f.service.jobs_.clear();
  CHECK(exit_of_command(command_audit, {"audit", "orders"}) == Exit::done);
  CHECK(exit_of_command(command_backfills, {"backfills", "orders"}) == Exit::done);
}

TEST_CASE("state restore: a folder that cannot be looked into is not one without backups") {
  Fixture f;
  sluice::test::TempFolder folder;
  const std::string file = folder.write("backups", "a file");
  const std::string config =
      folder.write("sluice.yaml", "stateDir: " + folder.path() + "\nbackup: {dir: " + file + "}\n");
  CHECK(f.run({"state", "restore", "--config", config.c_str()}) == 1);
  CHECK(f.err.str() == "sluice: restore the state: look into " + file + ": Not a directory\n");
}

TEST_CASE("instances: a day is shown whole, and what a limit leaves out is told") {
  Fixture f;
  f.service.plan(150);
  const auto listed = [&](std::vector<const char*> words) {
    f.out.str("");
    f.err.str("");
    CHECK(command_instances(Fixture::parse(std::move(words)), f.api, f.console) == Exit::done);
    return f.out.str();
  };
  const auto day =
      boost::json::parse(listed({"instances", "orders", "--date", "2018-10-16", "--output", "json"}));
  CHECK(JsonView(day)["instances"].items().size() == 150);
  CHECK(JsonView(day)["next"].is_null());
  CHECK(has(listed({"instances", "orders", "--date", "2018-10-16"}), "orders@2018-10-16T00:00+08:00"));
  CHECK(f.err.str().empty());
  listed({"instances", "orders", "--date", "2018-10-16", "--limit", "150"});
  CHECK(f.err.str().empty());
  listed({"instances", "orders", "--date", "2018-10-16", "--limit", "149"});
  CHECK(f.err.str() == "sluice: there are more than these 149: --limit N shows more\n");
  const auto part = boost::json::parse(
      listed({"instances", "orders", "--date", "2018-10-16", "--limit", "149", "--output", "json"}));
  CHECK(JsonView(part)["instances"].items().size() == 149);
  CHECK(JsonView(part)["next"].text() == "orders@2018-10-16T00:05+08:00");
}

TEST_CASE("audit: what the limit leaves out is told") {
  Fixture f;
  f.service.plan(1);
  const std::string id = scheduler::to_string(f.service.id(0), "Asia/Shanghai");
  for (int n = 1; n <= 3; ++n)
    f.world.run(f.service.kept.add_audit({sluice::test::audit_at("rerun", id, n)}));
  CHECK(command_audit(Fixture::parse({"audit", "--limit", "3", "--output", "json"}), f.api, f.console) ==
        Exit::done);
  const auto all = boost::json::parse(f.out.str());
  CHECK(JsonView(all)["entries"].items().size() == 3);
  CHECK(JsonView(all)["next"].is_null());
  CHECK(command_audit(Fixture::parse({"audit", "--limit", "2"}), f.api, f.console) == Exit::done);
  CHECK(f.err.str() == "sluice: there are more than these 2: --limit N shows more\n");
  f.out.str("");
  CHECK(command_audit(Fixture::parse({"audit", "--limit", "2", "--output", "json"}), f.api, f.console) ==
        Exit::done);
  const auto part = boost::json::parse(f.out.str());
  CHECK(JsonView(part)["entries"].items().size() == 2);
  CHECK(JsonView(part)["next"].count() == 2);
}

TEST_CASE("doctor: a configuration that is not there is told, and nothing else is looked at") {
  if (std::filesystem::exists("/etc/sluice/sluice.yaml")) return;
  Fixture f;
  CHECK(f.run({"doctor"}) == 1);
  CHECK(f.out.str() ==
        "WRONG    configuration  /etc/sluice/sluice.yaml: there is no such file\n"
        "         name yours: sluice doctor --config FILE\n");
}

TEST_CASE("show: tells what the last attempt read") {
  Fixture f;
  f.service.plan(1);
  f.service.succeed(0, 1234);
  CHECK(command_show(Fixture::parse({"show", "orders@2018-10-16T00:00+08:00"}), f.api, f.console) ==
        Exit::done);
  CHECK(has(f.out.str(), "  last attempt: 0 records of 0 shards read, 0 requests, 0 repeats\n"));
}

TEST_CASE("completion: without a shell it says that one is missing, and help names it") {
  Fixture f;
  CHECK(f.run({"completion"}) == 2);
  CHECK(has(f.err.str(), "SHELL is required"));
  CHECK(f.run({"--help"}) == 0);
  CHECK(has(f.out.str(), "sluice completion bash"));
  CHECK(has(f.out.str(), "sluice man "));
}
