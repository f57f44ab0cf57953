#include "core/job/job_limits.hpp"

#include "tests/unit/core/job/job_text.hpp"

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

Job job_with(const std::string& lines) { return load(replaced(kGood, kRerun, lines)).jobs.at(0); }

TEST_CASE("job limits: without the keys an attempt may take 72 h, at priority 1, as often as wanted") {
  const Job job = load(kGood).jobs.at(0);
  CHECK(job.timeout == std::chrono::hours(72));
  CHECK(job.priority == 1);
  CHECK(job.max_parallel == 0);
  CHECK(job.rerun.property == RerunProperty::always);
}

TEST_CASE("job limits: timeout, priority, maxParallel and the property of reruns are read") {
  const Job job = job_with("rerun: {property: after_failure}\ntimeout: 90s\npriority: 8\nmaxParallel: 10000");
  CHECK(job.timeout == std::chrono::seconds(90));
  CHECK(job.priority == 8);
  CHECK(job.max_parallel == 10'000);
  CHECK(job.rerun.property == RerunProperty::after_failure);
  CHECK(job.rerun.times == 3);
}

TEST_CASE("rerun: a job that is never run again (ALL_DENIED) has no automatic reruns") {
  CHECK(job_with("rerun: {property: never}").rerun.times == 0);
  CHECK(job_with("rerun: {property: never, times: 0}").rerun.times == 0);
  CHECK(problems_after(kRerun, "rerun: {property: never, times: 2}") ==
        only(in_job("3:33: error: rerun.times: a job with property: never is not run again; leave times "
                    "out, or set it to 0")));
}

TEST_CASE("job limits: values out of range say what is allowed") {
  CHECK(problems_after(kRerun, "rerun: {property: sometimes}") ==
        only(in_job("3:19: error: rerun.property: expected always, after_failure or never, got "
                    "\"sometimes\"")));
  CHECK(problems_after(kRerun, "timeout: 59s") ==
        only(in_job("3:10: error: timeout: expected 1m to 7d, got 59s")));
  CHECK(problems_after(kRerun, "timeout: 169h").size() == 1);
  CHECK(problems_after(kRerun, "priority: 10") ==
        only(in_job("3:11: error: priority: expected a whole number from 1 to 9, got \"10\"")));
  CHECK(problems_after(kRerun, "maxParallel: 0") ==
        only(in_job("3:14: error: maxParallel: expected a whole number from 1 to 10000, got \"0\"")));
}

TEST_CASE("job limits: each of them makes a version of its own, and only where it is not the default") {
  const std::string plain = load(kGood).jobs.at(0).version;
  CHECK(job_with(kRerun + "\npriority: 1\ntimeout: 72h").version == plain);
  CHECK(job_with(kRerun + "\npriority: 2").version != plain);
  CHECK(job_with(kRerun + "\ntimeout: 71h").version != plain);
  CHECK(job_with(kRerun + "\nmaxParallel: 1").version != plain);
  CHECK(job_with("rerun: {times: 3, interval: 2m, property: after_failure}").version != plain);
}

}  // namespace
