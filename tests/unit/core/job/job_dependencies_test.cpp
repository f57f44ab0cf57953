#include "core/job/job_dependencies.hpp"

#include "tests/unit/core/job/job_text.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::job;

namespace {

using job::test::kGood;
using job::test::load;
using job::test::only;
using job::test::problems_after;
using job::test::replaced;

const std::string kRerun = "rerun: {times: 3, interval: 2m}";

std::string in_job(const std::string& problem) { return "jobs.d/orders.yaml:" + problem; }

Dependencies read(const std::string& lines) {
  return load(replaced(kGood, kRerun, lines)).jobs.at(0).dependencies;
}

Job named(const std::string& name, std::vector<Upstream> upstreams, const std::string& version = "1") {
  Job job;
  job.name = name;
  job.file = "jobs.d/" + name + ".yaml";
  job.version = version;
  job.dependencies.jobs = std::move(upstreams);
  return job;
}

std::vector<std::string> texts(const std::vector<Problem>& problems) {
  std::vector<std::string> all;
  for (const Problem& problem : problems) all.push_back(to_string(problem));
  return all;
}

std::string names(const std::vector<Job>& jobs) {
  std::string all;
  for (const Job& job : jobs) all += job.name + job.version + " ";
  return all;
}

TEST_CASE("dependsOn: without it an instance waits for the job's previous one and for no other job") {
  const Dependencies plain = load(kGood).jobs.at(0).dependencies;
  CHECK(plain.self);
  CHECK(plain.jobs.empty());
}

TEST_CASE("dependsOn: jobs are read, of the same cycle unless the previous one is asked for") {
  const Dependencies read_ones = read(
      "dependsOn: {self: true, jobs: [{job: users}, {job: rates, cycle: previous}, {job: a, cycle: same}]}");
  CHECK(read_ones.self);
  CHECK(read_ones.jobs == std::vector<Upstream>{{"users", false}, {"rates", true}, {"a", false}});
}

TEST_CASE("dependsOn: what is wrong with it names key and way out") {
  CHECK(problems_after(kRerun, "dependsOn: {jobs: [{job: orders}]}") ==
        only(in_job(
            "3:26: error: dependsOn.jobs[0].job: this is the job itself; its previous instance is waited "
            "for with dependsOn.self: true")));
  CHECK(problems_after(kRerun, "dependsOn: {jobs: users}") ==
        only(in_job("3:19: error: dependsOn.jobs: expected a list such as [{job: users}, {job: rates, cycle: "
                    "previous}]")));
  CHECK(problems_after(kRerun, "dependsOn: {jobs: [{job: users, cycle: next}]}") ==
        only(in_job("3:40: error: dependsOn.jobs[0].cycle: expected same or previous, got \"next\"")));
  CHECK(problems_after(kRerun, "dependsOn: {jobs: [{cycle: same}]}") ==
        only(in_job(
            "3:20: error: dependsOn.jobs[0].job: missing; name the job whose instances are waited for")));
  CHECK(problems_after(kRerun, "dependsOn: {jobs: [{job: \"a b\"}]}") ==
        only(in_job("3:26: error: dependsOn.jobs[0].job: expected the name of a job, got \"a b\"")));
  CHECK(problems_after(kRerun, "dependsOn: {jobs: [{job: users}, {job: users, cycle: previous}]}") ==
        only(in_job("3:34: error: dependsOn.jobs[1]: job users is given twice")));
  CHECK(problems_after(kRerun, "dependsOn: {job: [{job: users}]}") ==
        only(in_job("3:13: error: dependsOn.job: unknown key, did you mean jobs?")));
}

TEST_CASE("dependsOn: self: false is refused for a stream, whose windows chain by position") {
  CHECK(problems_after(kRerun, "dependsOn: {self: false}") ==
        only(in_job(
            "3:19: error: dependsOn.self: must be true for a stream: each window begins at the position "
            "where the one before it ended; leave it out, and use catchUp to skip windows")));
}

TEST_CASE("dependsOn: makes a version of its own, and only where it is not the default") {
  const std::string plain = load(kGood).jobs.at(0).version;
  CHECK(load(replaced(kGood, kRerun, kRerun + "\ndependsOn: {self: true}")).jobs.at(0).version == plain);
  const auto with = [](const std::string& jobs) {
    return load(replaced(kGood, kRerun, kRerun + "\ndependsOn: {jobs: [" + jobs + "]}")).jobs.at(0).version;
  };
  CHECK(with("{job: users}") != plain);
  CHECK(with("{job: users}") != with("{job: users, cycle: previous}"));
}

TEST_CASE("circles: jobs that wait for each other within one cycle are found") {
  CHECK(find_circle({named("a", {{"b"}}), named("b", {{"c"}}), named("c", {})}).empty());
  CHECK(find_circle({named("a", {{"b"}, {"c"}}), named("b", {{"c"}}), named("c", {{"gone"}})}).empty());
  CHECK(find_circle({named("a", {{"b"}}), named("b", {{"c"}}), named("c", {{"b"}})}) ==
        std::vector<std::string>{"b", "c", "b"});
}

TEST_CASE("circles: an edge to the previous cycle closes none") {
  CHECK(find_circle({named("a", {{"b"}}), named("b", {{"a", true}})}).empty());
}

TEST_CASE("circles: a long chain is no circle and takes no deep stack") {
  std::vector<Job> jobs;
  for (int n = 0; n < 20'000; ++n)
    jobs.push_back(named("j" + std::to_string(n), {{"j" + std::to_string(n + 1)}}));
  CHECK(find_circle(jobs).empty());
}

TEST_CASE("circles: the changed job stays as it was; those that ran are not touched") {
  const std::vector<Job> before = {named("a", {}), named("b", {{"a"}})};
  std::vector<Job> jobs = {named("a", {{"b"}}, "2"), named("b", {{"a"}}), named("c", {}, "2")};
  CHECK(texts(take_out_circles(jobs, before)) == only("jobs.d/a.yaml:1:1: error: dependsOn.jobs: a waits for "
                                                      "itself: a -> b -> a; take one of these out, or "
                                                      "make it cycle: previous"));
  CHECK(names(jobs) == "a1 b1 c2 ");
  CHECK(jobs[0].dependencies.jobs.empty());
}

TEST_CASE("circles: new jobs of a circle stay away, each with its error") {
  std::vector<Job> jobs = {named("a", {{"b"}}), named("b", {{"a"}}), named("c", {{"a"}})};
  CHECK(take_out_circles(jobs, {}).size() == 2);
  CHECK(names(jobs) == "c1 ");
}

TEST_CASE("circles: several of them all go") {
  std::vector<Job> jobs = {named("a", {{"b"}}), named("b", {{"a"}}), named("c", {{"d"}}),
                           named("d", {{"c"}})};
  CHECK(take_out_circles(jobs, {}).size() == 4);
  CHECK(jobs.empty());
}

TEST_CASE("missing upstreams: a warning names file, key and job") {
  CHECK(texts(missing_upstreams({named("a", {{"b"}, {"c"}}), named("b", {})})) ==
        only("jobs.d/a.yaml:1:1: warning: dependsOn.jobs: no job c is loaded; a waits until it is"));
}

}  // namespace

TEST_CASE("dependsOn: self: false is for jobs that read a table") {
  const std::string table = replaced(
      replaced(replaced(kGood, kRerun, "dependsOn: {self: false}"), "plugin: otsstream", "plugin: ots"),
      "          mode: single_version_and_update_only\n", "");
  CHECK(job::test::problems(table).empty());
  CHECK_FALSE(load(table).jobs.at(0).dependencies.self);
}

TEST_CASE("circles: one among jobs that all stay as they were is left to those that run") {
  const std::vector<Job> before = {named("a", {{"b"}}), named("b", {{"a"}})};
  std::vector<Job> jobs = before;
  CHECK(take_out_circles(jobs, before).empty());
  CHECK(names(jobs) == "a1 b1 ");
}
