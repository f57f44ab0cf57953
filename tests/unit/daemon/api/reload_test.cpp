#include "daemon/api/reload.hpp"

#include "daemon/api/api_json.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/memory_version_store.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/daemon/job_file_text.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

namespace {

using namespace sluice;
using daemon::JobChange;
using daemon::JobSet;
using daemon::ReloadReport;
using daemon::ReloadRequest;
using sluice::test::job_text;

// A store of versions whose call number `fail_at` throws, before or after it has taken effect.
class FailingVersions final : public scheduler::VersionStore {
 public:
  explicit FailingVersions(scheduler::VersionStore& inner) : inner_(inner) {}
  std::size_t fail_at = 1'000'000;
  bool after = false;
  std::size_t calls = 0;

  awaitable<void> put_in_force(std::vector<scheduler::JobVersion> versions, std::vector<std::string> removed,
                               std::vector<scheduler::AuditEntry> entries) override {
    const bool failing = begin();
    co_await inner_.put_in_force(std::move(versions), std::move(removed), std::move(entries));
    if (failing) fail();
  }
  awaitable<std::vector<scheduler::JobVersion>> versions(std::string job) override {
    const bool failing = begin();
    auto found = co_await inner_.versions(std::move(job));
    if (failing) fail();
    co_return found;
  }
  awaitable<std::optional<scheduler::JobVersion>> version(std::string job, std::string version) override {
    const bool failing = begin();
    auto found = co_await inner_.version(std::move(job), std::move(version));
    if (failing) fail();
    co_return found;
  }
  awaitable<std::size_t> remove_versions(Instant before, std::size_t most) override {
    return inner_.remove_versions(before, most);
  }

 private:
  bool begin() {
    const bool failing = calls++ == fail_at;
    if (failing && !after) fail();
    return failing;
  }
  [[noreturn]] static void fail() { throw ErrorException(Error(Errc::disk_full, "write state: no space")); }

  scheduler::VersionStore& inner_;
};

// A daemon's configuration on the disk, and what is in force of it.
struct Fixture {
  Fixture() {
    config("maxConcurrent: 4\n");
    write("orders", 5);
    start();
  }

  void config(const std::string& text) { folder.write("sluice.yaml", text); }
  void write(const std::string& job, int interval) {
    folder.write("jobs.d/" + job + ".yaml", job_text(job, interval));
  }
  void start() {
    jobs = std::make_unique<JobSet>(folder.path("jobs.d"), job::DataSources());
    const auto problems = jobs->reload();
    reloader = std::make_unique<daemon::Reloader>(
        daemon::Reloader::Parts{world.clock, *jobs, failing,
                                [this](const daemon::Config& next) { settings.push_back(next.attempts_max); },
                                [this](std::vector<job::Job> all, const scheduler::Handovers& waiting) {
                                  applied = std::move(all);
                                  handovers = waiting;
                                }},
        folder.path("sluice.yaml"));
    std::vector<job::Problem> at_start = problems;
    lines = world.run(reloader->begin(std::move(at_start)));
  }
  Result<ReloadReport> reload(const std::string& from = "", bool dry_run = false) {
    ReloadRequest request;
    request.actor = "uid 1 (test)";
    request.from = from;
    request.dry_run = dry_run;
    return world.run(reloader->reload(std::move(request)));
  }
  std::string version(const std::string& job) { return jobs->entries().at(job).job.version; }
  // "reload orders: changed ...", the latest first.
  std::vector<std::string> audited(const std::string& job) {
    scheduler::AuditQuery query;
    query.job = job;
    std::vector<std::string> found;
    for (const auto& record : world.run(kept.find_audit(std::move(query))))
      found.push_back(record.entry.actor + ": " + record.entry.detail);
    return found;
  }

  sluice::test::TempFolder folder;
  sluice::test::Loop world;
  sluice::test::MemoryVersionStore kept;
  FailingVersions failing{kept};
  std::unique_ptr<JobSet> jobs;
  std::unique_ptr<daemon::Reloader> reloader;
  std::vector<job::Job> applied;
  scheduler::Handovers handovers;
  std::vector<std::size_t> settings;
  std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("reload: what changed is told by job and key, kept as a version, and audited") {
  Fixture f;
  const std::string before = f.version("orders");
  f.write("orders", 10);
  f.write("users", 5);
  const auto report = f.reload();
  REQUIRE(report);
  REQUIRE(report->changes.size() == 2);
  CHECK(report->changes[0].kind == JobChange::Kind::changed);
  CHECK(report->changes[0].keys == std::vector<job::KeyChange>{{"schedule.interval", "5m", "10m"}});
  CHECK(report->changes[1].kind == JobChange::Kind::added);
  CHECK(f.applied.size() == 2);
  const auto versions = f.world.run(f.kept.versions("orders"));
  REQUIRE(versions.size() == 2);
  CHECK(versions[0].version == f.version("orders"));
  CHECK(versions[0].present);
  CHECK(versions[0].actor == "uid 1 (test)");
  CHECK(versions[1].version == before);
  CHECK(f.audited("orders") ==
        std::vector<std::string>{"uid 1 (test): changed from " + before + " to " + f.version("orders") +
                                     ": schedule.interval 5m -> 10m",
                                 "start: added as " + before});
  CHECK(f.audited("configuration").at(0) == "uid 1 (test): 2 jobs in force: 1 added, 1 changed, 0 removed");
}

TEST_CASE("reload: a dry run tells the difference and changes nothing") {
  Fixture f;
  f.write("orders", 10);
  f.config("maxConcurrent: 9\n");
  const auto report = f.reload("", true);
  REQUIRE(report);
  CHECK(report->dry_run);
  CHECK(report->changes.size() == 1);
  CHECK(report->settings == std::vector<std::string>{"maxConcurrent"});
  CHECK(f.applied.at(0).schedule.interval == std::chrono::minutes(5));
  CHECK(f.settings.empty());
  CHECK(f.audited("orders").size() == 1);
  CHECK(f.reload()->changes.size() == 1);
}

TEST_CASE("reload: a broken file keeps the earlier version in force and is named with line and column") {
  Fixture f;
  f.write("users", 5);
  f.folder.write("jobs.d/orders.yaml", "name: orders\nschedule: {interval: soon}\n");
  const auto report = f.reload();
  REQUIRE(report);
  REQUIRE_FALSE(report->problems.empty());
  std::string problems;
  for (const job::Problem& problem : report->problems) problems += to_string(problem) + "\n";
  INFO(problems);
  CHECK(problems.find(f.folder.path("jobs.d/orders.yaml:2:")) != std::string::npos);
  REQUIRE(report->changes.size() == 1);
  CHECK(report->changes[0].job == "users");
  CHECK(f.applied.size() == 2);
}

TEST_CASE("reload: a removed file takes its job away and says that its instances stay") {
  Fixture f;
  const std::string before = f.version("orders");
  std::filesystem::remove(f.folder.path("jobs.d/orders.yaml"));
  const auto report = f.reload();
  REQUIRE(report);
  CHECK(report->changes.at(0).kind == JobChange::Kind::removed);
  CHECK(f.applied.empty());
  CHECK(f.audited("orders").at(0) == "uid 1 (test): removed, was " + before + "; its instances stay");
  CHECK(f.world.run(f.kept.versions("")).empty());
}

TEST_CASE(
    "reload: settings that can change do, others wait for a restart, a broken sluice.yaml changes none") {
  Fixture f;
  f.config("maxConcurrent: 9\nlogs: {maxSize: 2MiB, dir: /elsewhere}\nlisten: {tcp: none}\n");
  const auto report = f.reload();
  REQUIRE(report);
  CHECK(report->settings == std::vector<std::string>{"maxConcurrent", "logs.maxSize"});
  CHECK(report->restart == std::vector<std::string>{"logs.dir", "listen.tcp"});
  CHECK(f.settings == std::vector<std::size_t>{9});

  f.config("maxConcurrent: many\n");
  f.write("orders", 10);
  const auto broken = f.reload();
  REQUIRE(broken);
  CHECK(to_string(broken->problems.at(0)).starts_with(f.folder.path("sluice.yaml:1:16: error: ")));
  CHECK(broken->settings.empty());
  CHECK(f.settings.size() == 1);
  CHECK(f.applied.at(0).schedule.interval == std::chrono::minutes(10));  // jobs are read all the same
}

TEST_CASE("reload: a key below one that was empty comes into force as any other") {
  Fixture f;
  const std::string token = "  tokens: {alice: {role: viewer, sha256: " + std::string(64, 'a') + "}}\n";
  f.config("access:\nlogs:\n");
  f.start();
  f.config("access:\n" + token + "logs: {maxSize: 2MiB, dir: /elsewhere}\n");
  const auto filled = f.reload();
  REQUIRE(filled);
  CHECK(filled->problems.empty());
  CHECK(filled->settings == std::vector<std::string>{"access.tokens", "logs.maxSize"});
  CHECK(filled->restart == std::vector<std::string>{"logs.dir"});
  f.config("access:\n");
  const auto emptied = f.reload();
  REQUIRE(emptied);
  CHECK(emptied->settings == std::vector<std::string>{"access.tokens", "logs.maxSize"});
  CHECK(emptied->restart.empty());
  f.config("access:\nlogs:\nlisten:\n");
  CHECK(f.reload()->restart.empty());  // empty or not there: the same
}

TEST_CASE("reload: a setting needs a restart as long as the file is not what the daemon was started with") {
  Fixture f;
  f.config("maxConcurrent: 4\nbackup: {keep: 2}\n");
  CHECK(f.reload()->restart == std::vector<std::string>{"backup.keep"});
  CHECK(f.reload()->restart == std::vector<std::string>{"backup.keep"});
  f.config("maxConcurrent: 9\n");
  const auto taken_out = f.reload();
  REQUIRE(taken_out);
  CHECK(taken_out->restart.empty());
  CHECK(taken_out->settings == std::vector<std::string>{"maxConcurrent"});
  CHECK(f.reload()->settings.empty());
}

TEST_CASE("reload: an edit for a later slot hands over there, also after a restart") {
  Fixture f;
  const std::string before = f.version("orders");
  f.write("orders", 10);
  REQUIRE(f.reload("2018-10-18T00:00"));
  const Instant slot = daemon::time_from_text("2018-10-18T00:00", "Asia/Shanghai").value();
  REQUIRE(f.handovers.size() == 1);
  CHECK(f.handovers.at("orders").from == slot);
  CHECK(f.handovers.at("orders").before->version == before);
  CHECK(f.audited("orders").at(0).find("from slot 2018-10-18T00:00+08:00 on") != std::string::npos);

  f.start();
  REQUIRE(f.handovers.size() == 1);
  CHECK(f.handovers.at("orders").from == slot);
  CHECK(f.handovers.at("orders").before->version == before);
  CHECK(f.audited("orders").size() == 2);  // nothing changed since

  // Slots before it may have been missed.
  f.world.clock.advance(std::chrono::hours(24 * 10));
  f.start();
  CHECK(f.handovers.at("orders").from == slot);
  CHECK(f.handovers.at("orders").before->version == before);
  REQUIRE(f.reload());
  CHECK(f.handovers.empty());
}

TEST_CASE("reload: what was missed before an edit that the start finds follows the definition before") {
  Fixture f;
  const std::string before = f.version("orders");
  SECTION("the one in force") { f.write("orders", 10); }
  SECTION("the one that an edit which still waits for its slot would have replaced") {
    f.write("orders", 10);
    REQUIRE(f.reload("2018-10-18T00:00"));
    f.write("orders", 15);
  }
  f.start();
  REQUIRE(f.handovers.size() == 1);
  const Instant since = f.world.clock.now();
  CHECK(f.handovers.at("orders").from == since + Duration(1));
  CHECK(f.handovers.at("orders").before->version == before);
  // That start may have been killed before it had planned anything: the next one tells since when.
  f.world.clock.advance(std::chrono::hours(24));
  f.start();
  CHECK(f.handovers.at("orders").from == since + Duration(1));
  CHECK_FALSE(f.handovers.at("orders").before);
  REQUIRE(f.reload());
  CHECK(f.handovers.empty());
}

TEST_CASE("reload: an edit that still waits for its slot gives way to the next one") {
  Fixture f;
  const std::string before = f.version("orders");
  f.write("orders", 10);
  REQUIRE(f.reload("2018-10-18T00:00"));
  f.write("orders", 15);
  REQUIRE(f.reload("2018-10-19T00:00"));
  CHECK(f.handovers.at("orders").before->version == before);
  f.start();
  CHECK(f.handovers.at("orders").before->version == before);
}

TEST_CASE("reload: past slots are refused as the first slot of an edit") {
  Fixture f;
  f.write("orders", 10);
  const auto report = f.reload("2018-10-15T00:00");
  REQUIRE_FALSE(report);
  CHECK(report.error().code() == Errc::invalid_argument);
  CHECK(report.error().message() ==
        "reload from 2018-10-15T00:00: that is past, and past slots are never planned anew; name a later "
        "one, or "
        "none for the first slot after now");
  CHECK(f.applied.at(0).schedule.interval == std::chrono::minutes(5));
}

TEST_CASE("reload: a slot that cannot be is refused where no job changes, too") {
  Fixture f;
  const auto refused = [&](const std::string& from) {
    const auto report = f.reload(from, true);
    return !report && report.error().code() == Errc::invalid_argument;
  };
  CHECK(refused("xx"));
  CHECK(refused("2018-10-15T00:00"));
  CHECK(f.reload("2018-10-18T00:00", true).has_value());
  std::filesystem::remove(f.folder.path("jobs.d/orders.yaml"));
  CHECK(refused("xx"));
  CHECK(refused("2018-10-15T00:00"));
}

TEST_CASE("reload: a store that fails changes nothing, and the next reload does it all") {
  for (const bool after : {false, true}) {
    Fixture f;
    f.write("orders", 10);
    f.config("maxConcurrent: 9\n");
    f.failing.fail_at = f.failing.calls;
    f.failing.after = after;
    CHECK_THROWS_AS(f.reload(), ErrorException);
    CHECK(f.applied.at(0).schedule.interval == std::chrono::minutes(5));
    CHECK(f.settings.empty());
    REQUIRE(f.reload());
    CHECK(f.applied.at(0).schedule.interval == std::chrono::minutes(10));
    CHECK(f.settings.size() == 1);
    CHECK(f.world.run(f.kept.versions("orders")).at(0).version == f.version("orders"));
  }
}

TEST_CASE("reload: a start whose store fails at any call can be tried again, and comes to the same") {
  for (std::size_t k = 0; k < 20; ++k) {
    for (const bool after : {false, true}) {
      INFO("call " << k << (after ? " after" : " before"));
      Fixture f;
      f.write("orders", 10);
      f.write("users", 5);
      REQUIRE(f.reload("2018-10-18T00:00"));
      f.write("users", 10);
      f.failing.fail_at = f.failing.calls + k;
      f.failing.after = after;
      try {
        f.start();
      } catch (const ErrorException&) {
        f.lines = f.world.run(f.reloader->begin({}));
      }
      CHECK(f.handovers.at("orders").before);
      CHECK(f.applied.size() == 2);
      CHECK(f.world.run(f.kept.versions("users")).size() == 2);
    }
  }
}

TEST_CASE("reload: a file that broke while the daemon was down runs by the version that was in force") {
  Fixture f;
  std::string text = job_text("orders");
  const std::string literal = "accessId: id";
  for (std::size_t at = text.find(literal); at != std::string::npos; at = text.find(literal))
    text.replace(at, literal.size(), "accessId: ${env:SLUICE_TEST_ID}");
  f.folder.write("jobs.d/orders.yaml", "priority: 2\n" + text);
  REQUIRE(f.reload());
  const std::string before = f.version("orders");
  f.folder.write("jobs.d/orders.yaml", "name: orders\nnonsense: 1\n");
  f.start();
  REQUIRE(f.applied.size() == 1);
  CHECK(f.applied[0].version == before);
  CHECK(f.lines ==
        std::vector<std::string>{"job orders: runs by the version " + before + " that was in force, until " +
                                 f.folder.path("jobs.d/orders.yaml") + " is put right"});
  CHECK(f.audited("orders").size() == 2);
  // And still when the next reload finds it broken.
  REQUIRE(f.reload());
  CHECK(f.applied.size() == 1);
}

TEST_CASE(
    "reload: a broken file whose credentials stood in it says why its job cannot run, and removes nothing") {
  Fixture f;
  f.folder.write("jobs.d/orders.yaml", "name: orders\nnonsense: 1\n");
  f.start();
  CHECK(f.applied.empty());
  CHECK(f.lines ==
        std::vector<std::string>{
            "job orders: its earlier version cannot run: credentials written out in a file are not "
            "kept, and the present one has no reader.parameter.accessId"});
  CHECK(f.audited("orders").size() == 1);
  CHECK(f.world.run(f.kept.versions("")).size() == 1);
}

TEST_CASE(
    "reload: a channel that sluice.yaml does not have is an error, and the job is in force all the same") {
  Fixture f;
  const std::string channels =
      "\nalerts: {channels: {ops: {type: webhook, url: \"https://example.com/\"}}}\n";
  f.config("maxConcurrent: 4" + channels);
  f.folder.write("jobs.d/new.yaml", "alerts:\n  channels: [ops, nope]\n" + job_text("new"));
  for (const bool dry_run : {true, false}) {
    const auto report = f.reload("", dry_run);
    REQUIRE(report);
    REQUIRE(report->problems.size() == 1);
    CHECK(to_string(report->problems[0]) == f.folder.path("jobs.d/new.yaml") +
                                                ":2:13: error: alerts.channels: sluice.yaml has no channel "
                                                "\"nope\"; notices go to the default ones");
    CHECK(report->jobs == 2);
  }
  CHECK(f.jobs->entries().contains("new"));
  f.folder.write("jobs.d/new.yaml", "alerts:\n  channels: [ops]\n" + job_text("new"));
  CHECK(f.reload()->problems.empty());
}
