#include "daemon/job_set.hpp"

#include "temp_folder.hpp"
#include <catch2/catch.hpp>

#include <filesystem>

using namespace sluice;
using daemon::JobSet;

namespace {

constexpr const char* kScript = R"(
script:
  inline:
    type: job
    version: "1.0"
    configuration:
      setting: {errorLimit: {record: "0"}, speed: {mbps: "1", concurrent: "1"}}
      reader:
        plugin: otsstream
        parameter:
          endpoint: "http://127.0.0.1:1"
          accessId: id
          accessKey: ${env:SLUICE_TEST_CANARY}
          instanceName: demo
          dataTable: orders
          startTimestampMillis: "${start_time}"
          endTimestampMillis: "${end_time}"
          mode: single_version_and_update_only
          column: [{name: uid}]
      writer:
        plugin: oss
        parameter:
          endpoint: "http://127.0.0.1:1"
          accessId: id
          accessKey: ${env:SLUICE_TEST_CANARY}
          bucket: archive
          object: "x/${date}"
          writeMode: truncate
          fileFormat: csv
)";

std::string job_text(const std::string& name, int interval = 5) {
  return "name: " + name + "\nschedule: {cycle: minute, start: \"00:00\", end: \"23:59\", interval: " +
         std::to_string(interval) + "m}\nparameters:\n  start_time: $[yyyymmddhh24miss-10/24/60]\n" +
         "  end_time: $[yyyymmddhh24miss-5/24/60]\n  date: ${bdp.system.bizdate}\n" + kScript;
}

std::string text_of(const std::vector<job::Problem>& problems) {
  std::string out;
  for (const auto& problem : problems) out += to_string(problem) + "\n";
  return out;
}

}  // namespace

TEST_CASE("jobs: a broken file keeps the version it had, others go on; a removed file takes its job along") {
  test::TempFolder folder;
  folder.write("a.yaml", job_text("a"));
  folder.write("b.yml", job_text("b"));
  folder.write("notes.txt", "no job");
  JobSet set(folder.path(), {});
  INFO(text_of(set.reload()));
  REQUIRE(set.jobs().size() == 2);

  folder.write("a.yaml", "name: a\nnonsense: 1\n");
  folder.write("b.yml", job_text("b", 10));
  const auto problems = set.reload();
  CHECK_FALSE(problems.empty());
  REQUIRE(set.jobs().size() == 2);
  CHECK(set.jobs()[0].schedule.interval == std::chrono::minutes(5));
  CHECK(set.jobs()[1].schedule.interval == std::chrono::minutes(10));

  std::filesystem::remove(folder.path("a.yaml"));
  set.reload();
  REQUIRE(set.jobs().size() == 1);
  CHECK(set.jobs()[0].name == "b");
}

TEST_CASE("jobs: one name in two files is a problem of the second") {
  test::TempFolder folder;
  folder.write("a.yaml", job_text("same"));
  folder.write("b.yaml", job_text("same", 10));
  JobSet set(folder.path(), {});
  const auto problems = set.reload();
  CHECK(text_of(problems).find(folder.path("b.yaml") + ":1:1: error: name: same is the job of " +
                               folder.path("a.yaml") + " already") != std::string::npos);
  REQUIRE(set.jobs().size() == 1);
  CHECK(set.jobs()[0].schedule.interval == std::chrono::minutes(5));
}

TEST_CASE("jobs: a folder that cannot be read is a problem and changes nothing") {
  test::TempFolder folder;
  folder.write("jobs/a.yaml", job_text("a"));
  JobSet set(folder.path("jobs"), {});
  set.reload();
  std::filesystem::rename(folder.path("jobs"), folder.path("elsewhere"));
  CHECK(set.reload().size() == 1);
  CHECK(set.jobs().size() == 1);
}

TEST_CASE("jobs: a job that prints its rows is none for a daemon") {
  test::TempFolder folder;
  std::string text = job_text("printer");
  const std::size_t writer = text.find("      writer:");
  text = text.substr(0, writer) + "      writer:\n        plugin: stream\n        parameter: {print: true}\n";
  folder.write("a.yaml", text);
  folder.write("b.yaml", job_text("b"));
  JobSet set(folder.path(), {});
  const auto problems = set.reload();
  CHECK(text_of(problems).find("error: job printer prints its rows (plugin stream), and nobody reads what a "
                               "daemon prints; use `sluice run`, or another plugin") != std::string::npos);
  REQUIRE(set.jobs().size() == 1);
  CHECK(set.jobs()[0].name == "b");
}
