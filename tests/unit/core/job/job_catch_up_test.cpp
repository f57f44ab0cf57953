#include "core/job/job_catch_up.hpp"

#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

std::string with_catch_up(const std::string& rule) {
  return replaced(kGood, "rerun: {times: 3, interval: 2m}", "catchUp: " + rule);
}

CatchUp read(const std::string& rule) {
  const LoadedJobs loaded = load(with_catch_up(rule));
  REQUIRE(loaded.jobs.size() == 1);
  return loaded.jobs.front().catch_up;
}

}  // namespace

TEST_CASE("job file: catchUp says which missed windows run; all of them without it") {
  CHECK(good_job().catch_up == CatchUp());
  CHECK(read("{policy: latest}").policy == CatchUp::Policy::latest);
  CHECK(read("{policy: none}").policy == CatchUp::Policy::none);
  const CatchUp limited = read("{policy: all, maxAge: 3d, maxCount: 100}");
  CHECK(limited.policy == CatchUp::Policy::all);
  CHECK(limited.max_age == Duration(std::chrono::hours(72)));
  CHECK(limited.max_count == 100U);
  CHECK(read("{maxCount: 7}").policy == CatchUp::Policy::all);
}

TEST_CASE("job file: wrong values of catchUp are named with what would do") {
  CHECK(problems(with_catch_up("{policy: some}")).size() == 1);
  CHECK(problems(with_catch_up("{maxCount: 0}")).size() == 1);
  CHECK(problems(with_catch_up("{maxAge: 1s}")).size() == 1);
  CHECK(problems(with_catch_up("{policy: latest, maxCount: 5}")) ==
        only("jobs.d/orders.yaml:3:37: error: catchUp.maxCount: goes with policy all only; policy latest "
             "runs the newest of the missed windows"));
}

TEST_CASE("job file: a limit of what is caught up needs a policy that it limits") {
  CHECK(
      problems(with_catch_up("{policy: none, maxAge: 2h}")) ==
      only("jobs.d/orders.yaml:3:33: error: catchUp.maxAge: goes with policy all only; policy none runs none "
           "of the missed windows"));
  CHECK(to_string(CatchUp::Policy::latest) == "latest");
}
