#include "daemon/config/job_set.hpp"

#include "core/base/system_clock.hpp"
#include "tests/unit/daemon/job_file_text.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace sluice;
using daemon::JobSet;
using sluice::test::job_text;

namespace {

std::string text_of(const std::vector<job::Problem>& problems) {
  std::string out;
  for (const auto& problem : problems) out += to_string(problem) + "\n";
  return out;
}

// The job with a writer that prints.
std::string printing(const std::string& text) {
  return text.substr(0, text.find("      writer:")) +
         "      writer:\n        plugin: stream\n        parameter: {print: true}\n";
}

}  // namespace

TEST_CASE("jobs: a broken file keeps the version it had, others go on; a removed file takes its job along") {
  sluice::test::TempFolder folder;
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
  CHECK(set.jobs().begin()[0].schedule.interval == std::chrono::minutes(5));
  CHECK(set.jobs().begin()[1].schedule.interval == std::chrono::minutes(10));

  std::filesystem::remove(folder.path("a.yaml"));
  set.reload();
  REQUIRE(set.jobs().size() == 1);
  CHECK(set.jobs().begin()[0].name == "b");
}

TEST_CASE("jobs: one name in two files is a problem of the second") {
  sluice::test::TempFolder folder;
  folder.write("a.yaml", job_text("same"));
  folder.write("b.yaml", job_text("same", 10));
  JobSet set(folder.path(), {});
  const auto problems = set.reload();
  CHECK(text_of(problems).find(folder.path("b.yaml") + ":1:1: error: name: same is the job of " +
                               folder.path("a.yaml") + " already") != std::string::npos);
  REQUIRE(set.jobs().size() == 1);
  CHECK(set.jobs().begin()[0].schedule.interval == std::chrono::minutes(5));
}

TEST_CASE("jobs: a copy with the name of a job in force is a problem of the copy, wherever it is sorted") {
  sluice::test::TempFolder folder;
  folder.write("orders.yaml", job_text("same"));
  JobSet set(folder.path(), {});
  CHECK(text_of(set.reload()).empty());
  folder.write("orders-old.yaml", job_text("same", 10));
  folder.write("orders2.yaml", job_text("same", 15));
  const std::string problem =
      ":1:1: error: name: same is the job of " + folder.path("orders.yaml") + " already\n";
  for (const std::string& edited :
       {job_text("same"), job_text("same", 20), std::string("name: same\nbad: 1\n")}) {
    CAPTURE(edited);
    folder.write("orders.yaml", edited);
    const std::string problems = text_of(set.reload());
    CHECK(problems.find(folder.path("orders-old.yaml") + problem) != std::string::npos);
    CHECK(problems.find(folder.path("orders2.yaml") + problem) != std::string::npos);
    REQUIRE(set.jobs().size() == 1);
    CHECK(set.entries().at("same").text.file == folder.path("orders.yaml"));
  }
  CHECK(set.jobs().begin()[0].schedule.interval == std::chrono::minutes(20));
  std::filesystem::remove(folder.path("orders.yaml"));
  set.reload();
  CHECK(set.entries().at("same").text.file == folder.path("orders-old.yaml"));
}

TEST_CASE("jobs: a folder that cannot be read is a problem and changes nothing") {
  sluice::test::TempFolder folder;
  folder.write("jobs/a.yaml", job_text("a"));
  JobSet set(folder.path("jobs"), {});
  set.reload();
  std::filesystem::rename(folder.path("jobs"), folder.path("elsewhere"));
  CHECK(set.reload().size() == 1);
  CHECK(set.jobs().size() == 1);
}

TEST_CASE("jobs: a job that prints its rows is none for a daemon") {
  sluice::test::TempFolder folder;
  folder.write("a.yaml", printing(job_text("printer")));
  folder.write("b.yaml", job_text("b"));
  JobSet set(folder.path(), {});
  const auto problems = set.reload();
  CHECK(text_of(problems).find("error: job printer prints its rows (plugin stream), and nobody reads what a "
                               "daemon prints; use `sluice run`, or another plugin") != std::string::npos);
  REQUIRE(set.jobs().size() == 1);
  CHECK(set.jobs().begin()[0].name == "b");
}

TEST_CASE("jobs: a job that is changed to print its rows stays in force as it was") {
  sluice::test::TempFolder folder;
  folder.write("a.yaml", job_text("a"));
  JobSet set(folder.path(), {});
  CHECK(text_of(set.reload()).empty());
  folder.write("a.yaml", printing(job_text("a", 10)));
  JobSet::Reading reading = set.read({});
  CHECK(reading.broken == std::vector<std::string>{folder.path("a.yaml")});
  CHECK(text_of(reading.problems).find("job a prints its rows") != std::string::npos);
  set.take(std::move(reading), {});
  REQUIRE(set.jobs().size() == 1);
  CHECK(set.jobs().begin()[0].schedule.interval == std::chrono::minutes(5));
}

TEST_CASE("jobs: reading changes nothing until it is taken, and keeps the texts without credentials") {
  sluice::test::TempFolder folder;
  folder.write("a.yaml", job_text("a"));
  JobSet set(folder.path(), {});
  set.reload();
  std::string edited = job_text("a", 10);
  const std::size_t key = edited.find("${env:SLUICE_TEST_CANARY}");
  edited.replace(key, 25, "canary-in-clear");
  folder.write("a.yaml", edited);
  JobSet::Reading reading = set.read({});
  CHECK(set.jobs().begin()[0].schedule.interval == std::chrono::minutes(5));
  CHECK(reading.entries.at("a").text.text.find("canary") == std::string::npos);
  set.take(std::move(reading), {});
  CHECK(set.jobs().begin()[0].schedule.interval == std::chrono::minutes(10));
  CHECK(set.entries().at("a").text.file == folder.path("a.yaml"));
}

TEST_CASE("jobs: a script of its own file is kept with its job") {
  sluice::test::TempFolder folder;
  const std::string whole = job_text("a");
  const std::size_t script = whole.find("\nscript:");
  folder.write("a.yaml", whole.substr(0, script) + "\nscript: {file: a.script}\n");
  folder.write("a.script", whole.substr(whole.find("    type: job")));
  JobSet set(folder.path(), {});
  INFO(text_of(set.reload()));
  REQUIRE(set.entries().contains("a"));
  CHECK(set.entries().at("a").text.script_file == folder.path("a.script"));
  CHECK(set.entries().at("a").text.script.starts_with("    type: job"));
}

TEST_CASE("jobs: a circle of dependencies takes nothing down that runs; the change waits until it is gone") {
  sluice::test::TempFolder folder;
  folder.write("a.yaml", job_text("a"));
  folder.write("b.yaml", "dependsOn: {jobs: [{job: a}]}\n" + job_text("b"));
  JobSet set(folder.path(), {});
  CHECK(text_of(set.reload()).empty());
  folder.write("a.yaml", "dependsOn: {jobs: [{job: b}]}\n" + job_text("a", 10));
  folder.write("c.yaml", job_text("c"));
  CHECK(text_of(set.reload()) ==
        folder.path() +
            "/a.yaml:1:1: error: dependsOn.jobs: a waits for itself: a -> b -> a; take one of these out, "
            "or make it cycle: previous\n");
  const auto jobs = set.jobs();
  REQUIRE(jobs.size() == 3);
  CHECK(jobs.begin()[0].schedule.interval == std::chrono::minutes(5));
  CHECK(jobs.begin()[0].dependencies.jobs.empty());
  CHECK(jobs.begin()[1].dependencies.jobs.size() == 1);
  folder.write("a.yaml", "dependsOn: {jobs: [{job: b, cycle: previous}]}\n" + job_text("a", 10));
  CHECK(text_of(set.reload()).empty());
  CHECK(set.jobs().begin()[0].schedule.interval == std::chrono::minutes(10));
}

TEST_CASE("jobs: a job that is waited for and not there is a warning, not an error") {
  sluice::test::TempFolder folder;
  folder.write("b.yaml", "dependsOn: {jobs: [{job: a}]}\n" + job_text("b"));
  JobSet set(folder.path(), {});
  CHECK(text_of(set.reload()) ==
        folder.path() + "/b.yaml:1:1: warning: dependsOn.jobs: no job a is loaded; b waits until it is\n");
  CHECK(set.jobs().size() == 1);
}

TEST_CASE("jobs: a question about one job reads its own files, and of the others those that changed") {
  sluice::test::TempFolder folder;
  folder.write("a.yaml", job_text("a"));
  folder.write("b.yaml", job_text("b"));
  folder.write("c.yaml", job_text("c"));
  Instant now = SystemClock().now() + std::chrono::hours(1);
  JobSet set(folder.path(), {}, [&now] { return now; });
  CHECK(set.reload().empty());
  CHECK(set.read_for("a").files_read == 1);
  CHECK(set.read_for("a").entries.size() == 3);
  CHECK(set.read_for("d").files_read == 0);
  folder.write("b.yaml", job_text("b", 10));
  folder.write("d.yaml", job_text("d"));
  auto reading = set.read_for("a");
  CHECK(reading.files_read == 3);
  CHECK(reading.entries.at("b").job.schedule.interval == std::chrono::minutes(10));
  CHECK(reading.entries.at("c").job.schedule.interval == std::chrono::minutes(5));
  CHECK(reading.entries.contains("d"));
  now = SystemClock().now();  // a file that was written just now may be written again unnoticed
  CHECK(set.reload().empty());
  CHECK(set.read_for("a").files_read == 4);
}

TEST_CASE("jobs: a file whose name is not UTF-8 is a problem that can be told, and no job") {
  sluice::test::TempFolder folder;
  folder.write("a.yaml", job_text("a"));
  folder.write("\xb6\xa9\xb5\xa5.yaml", job_text("b"));
  folder.write("\xb6.yml", "nonsense: 1\n");
  JobSet set(folder.path(), {});
  const std::string problem = ":1:1: error: the name of the file is not UTF-8: rename it\n";
  CHECK(text_of(set.reload()) == folder.path("?.yml") + problem + folder.path("????.yaml") + problem);
  REQUIRE(set.jobs().size() == 1);
  CHECK(set.jobs().begin()[0].name == "a");
}
