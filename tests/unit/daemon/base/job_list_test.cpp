#include "daemon/base/job_list.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice;
using sluice::daemon::JobList;

namespace {

std::vector<job::Job> jobs_named(const std::vector<std::string>& names) {
  std::vector<job::Job> jobs(names.size());
  for (std::size_t n = 0; n < names.size(); ++n) jobs[n].name = names[n];
  return jobs;
}

TEST_CASE("job list: jobs are found by their names and stand in their order") {
  const JobList list(jobs_named({"users", "items", "orders"}));
  REQUIRE(list.size() == 3);
  CHECK(list.begin()->name == "items");
  for (const std::string name : {"users", "items", "orders"}) {
    REQUIRE(list.find(name));
    CHECK(list.find(name)->name == name);
  }
  for (const std::string name : {"", "a", "order", "orders2", "z"}) CHECK_FALSE(list.find(name));
  CHECK_FALSE(JobList().find("orders"));
}

TEST_CASE("job list: a copy keeps its jobs when another list takes the place of the first") {
  JobList list(jobs_named({"orders"}));
  const JobList kept = list;
  const job::Job* const orders = list.find("orders");
  CHECK(kept.find("orders") == orders);  // nothing was copied
  list = JobList(jobs_named({"users"}));
  CHECK_FALSE(list.find("orders"));
  CHECK(kept.find("orders") == orders);
}

}  // namespace
