#include "core/job/definition_keys.hpp"

#include "core/job/definition.hpp"
#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

std::string changes(const Job& before, const Job& after) {
  std::string text;
  for (const KeyChange& change : changed_keys(before, after))
    text += change.key + ": " + change.before + " -> " + change.after + "\n";
  return text;
}

}  // namespace

TEST_CASE("definition keys: an edit is named by its keys, before and after") {
  std::string text = replaced(kGood, "interval: 5m", "interval: 10m");
  text = replaced(text, "date: ${bdp.system.bizdate}", "day: ${bdp.system.bizdate}");
  text = replaced(text, "{date}", "${day}");
  text = replaced(text, "{name: uid}, {name: name}", "{name: uid}");
  CHECK(changes(good_job(), load(text).jobs.at(0)) ==
        "schedule.interval: 5m -> 10m\n"
        "parameters.day:  -> ${bdp.system.bizdate}\n"
        "writer.parameter.object: instance/orders/{date} -> instance/orders/${day}\n"
        "parameters.date: ${bdp.system.bizdate} -> \n"
        "reader.parameter.column[1].name: name -> \n");
}

TEST_CASE("definition keys: the same definition has no changes, another order of parameters has one") {
  CHECK(changes(good_job(), load("# a comment\n" + kGood).jobs.at(0)).empty());
  Job other = good_job();
  std::swap(other.parameters[0], other.parameters[1]);
  other.version = definition_version(other);
  CHECK(changes(good_job(), other) == "parameters: in another order -> \n");
}

TEST_CASE("definition keys: credentials are not among them") {
  const Job job =
      load(replaced(kGood, "datasource: orders_ots\n",
                    "endpoint: https://i.cn-hangzhou.ots.aliyuncs.com\n          instanceName: i\n"
                    "          accessId: canary\n          accessKey: canary\n"))
          .jobs.at(0);
  for (const auto& [key, value] : definition_keys(job)) CHECK(value != "canary");
}

TEST_CASE("definition keys: rules of their own have their words") {
  Job job = good_job();
  job.schedule.cycle = Cycle::week;
  job.schedule.weekdays = {1, 5};
  job.schedule.at = std::chrono::minutes(75);
  job.schedule.year_days = {std::chrono::March / 1};
  job.rerun.property = RerunProperty::never;
  job.timeout = std::chrono::seconds(90);
  job.max_parallel = 2;
  job.catch_up.policy = CatchUp::Policy::latest;
  job.dependencies.jobs = {Upstream{"users"}, Upstream{"stock", true}};
  CHECK(changes(good_job(), job) ==
        "schedule.cycle: minute -> week\n"
        "schedule.at: 00:00 -> 01:15\n"
        "schedule.weekdays:  -> 1, 5\n"
        "schedule.yearDays:  -> 03-01\n"
        "rerun.property: always -> never\n"
        "dependencies.jobs:  -> users, stock (previous cycle)\n"
        "timeout: 72h -> 90s\n"
        "maxParallel: none -> 2\n"
        "catchUp.policy: all -> latest\n");
}
