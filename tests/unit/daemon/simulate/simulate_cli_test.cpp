#include "daemon/cli/commands.hpp"
#include "tests/unit/daemon/simulate/simulate_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

namespace {

// A configuration whose folder has the jobs orders and users, and the file other.yaml beside it.
struct Cli {
  sluice::test::TempFolder folder;
  std::string config = folder.write("sluice.yaml", "stateDir: state\njobsDir: jobs.d\nmaxConcurrent: 3\n");
  std::string other =
      folder.write("other.yaml", sluice::test::simulated_job_text("other", sluice::test::kFiveMinutes));
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};

  Cli() {
    for (const std::string name : {"orders", "users"})
      folder.write("jobs.d/" + name + ".yaml",
                   sluice::test::simulated_job_text(name, sluice::test::kFiveMinutes));
  }
  int run(std::vector<std::string> words) {
    out.str("");
    err.str("");
    words.insert(words.begin(), {"sluice", "simulate"});
    words.insert(words.end(), {"--config", config});
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    return run_command_line(static_cast<int>(arguments.size()), arguments.data(), console);
  }
  bool says(const std::string& text) const { return err.str().find(text) != std::string::npos; }
};

}  // namespace

TEST_CASE("simulate: without files the jobs of the configuration are simulated, by its limits") {
  Cli cli;
  CHECK(cli.run({"--from", "2026-06-01"}) == 0);
  CHECK(cli.out.str().find("2 jobs from 2026-06-01 00:00 to 2026-06-02 00:00 (Europe/Berlin), 3 places") ==
        0);
  CHECK(cli.err.str().empty());
  CHECK_FALSE(std::filesystem::exists(cli.folder.path("state")));
}

TEST_CASE("simulate: files win over the jobs of the configuration, which is said") {
  Cli cli;
  CHECK(cli.run({cli.other, "--from", "2026-06-01"}) == 0);
  CHECK(cli.out.str().find("1 job from") == 0);
  CHECK(cli.err.str() == "only the jobs of the files named are simulated; those of " +
                             cli.folder.path("jobs.d") + " are left out\n");
}

TEST_CASE("simulate: it begins today where nothing is said") {
  Cli cli;
  CHECK(cli.run({"--fault", "fail=0%"}) == 0);
  CHECK(cli.out.str().find(" 00:00 (Europe/Berlin), 3 places") != std::string::npos);
}

TEST_CASE("simulate: invalid files, names that two files use and circles are exit code 2") {
  Cli cli;
  const std::string broken =
      cli.folder.write("broken.yaml", "name: broken\nschedule: {cycle: minute, at: \"1\"}\n");
  CHECK(cli.run({broken}) == 2);
  CHECK(cli.says("broken.yaml:"));
  CHECK(cli.says("simulate: the job files are invalid"));
  CHECK(cli.run({cli.other, cli.other}) == 2);
  CHECK(cli.says("name: other is the job of " + cli.other + " already"));
  const auto waits_for = [&](const std::string& name, const std::string& upstream) {
    return cli.folder.write(name + ".yaml",
                            sluice::test::simulated_job_text(name, sluice::test::kFiveMinutes,
                                                             "dependsOn: {jobs: [{job: " + upstream + "}]}"));
  };
  const std::string a = waits_for("a", "b");
  const std::string b = waits_for("b", "a");
  CHECK(cli.run({a, b}) == 2);
  CHECK(cli.says("simulate: the job files are invalid"));
  CHECK(cli.run({cli.folder.path("absent.yaml")}) == 2);
}

TEST_CASE("simulate: jobs in several zones need the offset of --from") {
  Cli cli;
  cli.folder.write("jobs.d/shanghai.yaml",
                   sluice::test::simulated_job_text("shanghai", "cycle: minute, interval: 5m"));
  CHECK(cli.run({"--from", "2026-06-01"}) == 2);
  CHECK(cli.says("--from: read the time \"2026-06-01\": the jobs have several time zones"));
  CHECK(cli.run({"--from", "2026-06-01T00:00+02:00"}) == 0);
}
