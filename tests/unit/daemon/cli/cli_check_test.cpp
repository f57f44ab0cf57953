#include "daemon/cli/commands.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"
#include "tests/unit/daemon/job_file_text.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::job_text;

namespace {

using Fixture = sluice::test::CommandFixture;

}  // namespace

TEST_CASE("check: what it says as JSON is JSON, whatever a file is called") {
  sluice::test::TempFolder folder;
  const std::string broken = folder.write("\xb6\xa9.yaml", "nonsense: 1\n");
  const std::string absent = folder.path("\xb5\xa5.yaml");
  Fixture f;
  CHECK(f.run({"check", broken.c_str(), absent.c_str(), "--output", "json"}) == 2);
  const auto said = boost::json::parse(f.out.str());
  CHECK(said.at("problems").at(0).at("file").as_string() == folder.path("??.yaml"));
  CHECK(said.at("problems")
            .as_array()
            .back()
            .at("message")
            .as_string()
            .starts_with("read " + folder.path("??.yaml")));
}

TEST_CASE("check: what a daemon would refuse of several files is told") {
  sluice::test::TempFolder folder;
  const std::string one = folder.write("one.yaml", job_text("a"));
  const std::string two = folder.write("two.yaml", job_text("a"));
  Fixture twice;
  CHECK(twice.run({"check", one.c_str(), two.c_str()}) == 2);
  CHECK(twice.out.str() == two + ":1:1: error: name: a is the job of " + one + " already\n");
  Fixture same;
  CHECK(same.run({"check", one.c_str(), one.c_str()}) == 0);

  const std::string a = folder.write("a.yaml", "dependsOn: {jobs: [{job: b}]}\n" + job_text("a"));
  const std::string b = folder.write("b.yaml", "dependsOn: {jobs: [{job: a}]}\n" + job_text("b"));
  Fixture circle;
  CHECK(circle.run({"check", a.c_str(), b.c_str()}) == 2);
  CHECK(circle.out.str().find("error: dependsOn.jobs: a waits for itself: a -> b -> a") != std::string::npos);
  Fixture alone;
  CHECK(alone.run({"check", a.c_str()}) == 0);

  std::string printing = job_text("p");
  printing = printing.substr(0, printing.find("      writer:")) +
             "      writer:\n        plugin: stream\n        parameter: {print: true}\n";
  const std::string p = folder.write("p.yaml", printing);
  Fixture stream;
  CHECK(stream.run({"check", p.c_str()}) == 0);
  CHECK(
      stream.out.str().ends_with(p +
                                 ":1:1: warning: job p prints its rows (plugin stream): that is for `sluice "
                                 "run` only, a daemon refuses it\n1 files, 1 jobs: valid\n"));
}

TEST_CASE("check: a channel that sluice.yaml does not have is an error at the list that names it") {
  sluice::test::TempFolder folder;
  const std::string config = folder.write(
      "sluice.yaml", "alerts: {channels: {ops: {type: webhook, url: \"https://example.com/\"}}}\n");
  const std::string good = folder.write("good.yaml", "alerts: {channels: [ops]}\n" + job_text("good"));
  const std::string bad = folder.write("bad.yaml", "alerts:\n  channels: [ops, nope]\n" + job_text("bad"));
  const std::string said =
      bad +
      ":2:13: error: alerts.channels: sluice.yaml has no channel \"nope\"; notices go to the default "
      "ones\n";
  Fixture together;
  CHECK(together.run({"check", config.c_str(), good.c_str(), bad.c_str()}) == 2);
  CHECK(together.out.str() == said);
  Fixture named;
  CHECK(named.run({"check", bad.c_str(), "--config", config.c_str()}) == 2);
  CHECK(named.out.str() == said);
  Fixture fine;
  CHECK(fine.run({"check", config.c_str(), good.c_str()}) == 0);
  // Without a sluice.yaml nobody knows which channels there are.
  Fixture unknown;
  CHECK(unknown.run({"check", bad.c_str()}) == 0);
}
