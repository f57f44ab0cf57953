#include "core/job/definition_keys.hpp"

#include "core/job/definition.hpp"
#include "core/job/script.hpp"
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

TEST_CASE("definition keys: limits that a job has and no longer has are told apart") {
  Job job = good_job();
  job.catch_up.max_age = std::chrono::hours(48);
  job.catch_up.max_count = 12;
  job.schedule.off_days_dry_run = true;
  job.dependencies.self = false;
  job.timeout = std::chrono::minutes(0);
  job.rerun.interval = std::chrono::minutes(90);
  const std::string there =
      "schedule.offDays: none -> dry run\n"
      "rerun.interval: 2m -> 90m\n"
      "dependencies.self: true -> false\n"
      "timeout: 72h -> 0s\n"
      "catchUp.maxAge: none -> 48h\n"
      "catchUp.maxCount: none -> 12\n";
  CHECK(changes(good_job(), job) == there);
  CHECK(changes(job, good_job()).find("catchUp.maxAge: 48h -> none\n") != std::string::npos);
}

TEST_CASE("definition keys: another reader or writer is named by its plugin") {
  const auto job = [](std::string_view plugin, std::string_view writer) {
    return load(replaced(replaced(kGood, "plugin: otsstream", "plugin: " + std::string(plugin)),
                         "plugin: oss\n        parameter:\n          datasource: archive_oss",
                         std::string(writer)))
        .jobs.at(0);
  };
  const Job disk = job("otsstream", "plugin: localfile\n        parameter:\n          directory: /srv");
  const std::string text = changes(good_job(), disk);
  CHECK(text.find("writer.plugin: oss -> localfile\n") != std::string::npos);
  CHECK(text.find("writer.parameter.directory:  -> /srv\n") != std::string::npos);
  CHECK(text.find("writer.parameter.datasource: archive_oss -> \n") != std::string::npos);
  Job table = good_job();
  Script script = *table.script;
  script.source = SourceKind::table;
  table.script = std::make_shared<const Script>(std::move(script));
  CHECK(changes(good_job(), table) == "reader.plugin: otsstream -> ots\n");
  table.script = nullptr;
  CHECK(changes(table, good_job()).find("reader.plugin:  -> otsstream\n") != std::string::npos);
}
