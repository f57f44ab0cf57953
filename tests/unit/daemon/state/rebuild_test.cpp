#include "daemon/state/rebuild.hpp"

#include "core/job/civil_time.hpp"
#include "core/objects/object_names.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/fake_oss_transport.hpp"
#include "tests/support/memory_state_store.hpp"
#include "tests/support/memory_version_store.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

// Exports a table, so that no stream has to be asked.
constexpr const char* kTableJob = R"(
name: orders
schedule: {cycle: minute, start: "00:00", end: "23:59", interval: 5m, from: "2018-10-16T10:00+08:00"}
parameters: {start_time: "$[yyyymmddhh24miss-10/24/60]", end_time: "$[yyyymmddhh24miss-5/24/60]"}
script:
  inline:
    configuration:
      reader:
        plugin: ots
        parameter: {datasource: ots, table: orders, startTimestampMillis: "${start_time}",
                    endTimestampMillis: "${end_time}", column: [{name: uid}]}
      writer:
        plugin: oss
        parameter: {datasource: oss, object: t, fileFormat: csv, manifest: m}
)";

job::DataSources rebuild_sources() {
  job::DataSource ots{
      "ots",
      {{"endpoint", "http://127.0.0.1:1"}, {"instanceName", "demo"}, {"accessId", "i"}, {"accessKey", "k"}}};
  job::DataSource oss{
      "oss",
      {{"endpoint", "http://127.0.0.1:9001"}, {"bucket", "bucket-1"}, {"accessId", "i"}, {"accessKey", "k"}}};
  return {{"ots", ots}, {"oss", oss}};
}

struct RebuildFixture {
  explicit RebuildFixture(std::string text = kTableJob) {
    auto loaded = job::load_job_file(folder.write("orders.yaml", text), rebuild_sources());
    for (const auto& problem : loaded.problems) UNSCOPED_INFO(to_string(problem));
    REQUIRE(loaded.jobs.size() == 1);
    job = loaded.jobs.front();
  }

  Instant slot(int number) const { return midnight + 11h + std::chrono::minutes(5 * number); }
  pipeline::Window window(int number) const {
    pipeline::Window window;
    window.job = "orders";
    window.start = slot(number) - 10min;
    window.end = slot(number) - 5min;
    return window;
  }
  std::string stamps(int number) const {
    return fmt::format("{}_{}", objects::local_stamp(window(number).start, "Asia/Shanghai").value(),
                       objects::local_stamp(window(number).end, "Asia/Shanghai").value());
  }
  std::string object(int number) const { return fmt::format("t__{}_0000.csv", stamps(number)); }
  std::string manifest(int number) const { return fmt::format("m/orders__{}.json", stamps(number)); }

  objects::Manifest content(int number) const {
    objects::Manifest said;
    said.definition = job.version;
    said.window = window(number);
    said.rows = 3;
    said.objects.push_back({object(number), 6, 3, crc64(0, "a\nb\nc\n")});
    return said;
  }
  void put(int number, bool with_manifest = true) {
    oss.objects[object(number)] = "a\nb\nc\n";
    if (with_manifest) oss.objects[manifest(number)] = objects::to_text(content(number));
  }

  SurveyPorts ports() {
    return SurveyPorts{world.clock, runner, [](std::string_view) {}};
  }
  Result<JobPlan> plan(RebuildWish wish = {}) { return world.run(look_and_plan(ports(), store, job, wish)); }

  sluice::test::TempFolder folder;
  Instant midnight = job::parse_local("2018-10-16T00:00+08:00").value();
  sluice::test::Loop world{midnight + 12h};
  SeededRandom random{1};
  sluice::test::FakeOssTransport oss;
  sluice::test::MemoryStateStore store;
  ExportRunner runner{ExportPorts{world.io.get_executor(), world.clock, random, oss}, rebuild_sources(),
                      [](const scheduler::Instance&, int) { return std::make_unique<pipeline::NullLog>(); },
                      [](const std::string&, const pipeline::Statistics&) {}};
  job::Job job;
};

}  // namespace

TEST_CASE("rebuild: manifests are found by the names of the windows, and compared with the objects") {
  RebuildFixture f;
  for (int number = 0; number < 4; ++number) f.put(number);
  f.oss.objects.erase(f.object(1));
  f.oss.objects["m/orders__20181016.json"] = "of nobody";
  const auto plan = f.plan();
  REQUIRE(plan.has_value());
  CHECK(plan->by == JobPlan::By::manifests);
  CHECK(plan->goes_on == f.window(3).end);
  REQUIRE(plan->proof.windows.size() == 4);
  CHECK(plan->proof.windows[0].proof == f.manifest(0));
  CHECK(plan->proof.windows[0].instance.id.scheduled == f.slot(0));
  REQUIRE(plan->differences.size() == 1);
  CHECK(plan->differences[0].place == 1);
  CHECK(plan->differences[0].difference.kind == objects::DifferenceKind::missing);
  CHECK_FALSE(plan->warning);
  const auto later = f.plan(RebuildWish{f.slot(2)});
  REQUIRE(later.has_value());
  CHECK(later->proof.windows.size() == 2);
}

TEST_CASE("rebuild: a manifest that lies is told of by its name, and not counted upon") {
  RebuildFixture f;
  for (int number = 0; number < 3; ++number) f.put(number);
  objects::Manifest forged = f.content(1);
  std::string reason;
  SECTION("it is no JSON") {
    f.oss.objects[f.manifest(1)] = "{";
    reason = "read manifest: no JSON";
  }
  SECTION("it is of another window") {
    forged.window = f.window(0);
    f.oss.objects[f.manifest(1)] = objects::to_text(forged);
    reason = "it is of another job or window than its name says";
  }
  SECTION("it names an object of another window") {
    forged.objects[0].name = f.object(0);
    f.oss.objects[f.manifest(1)] = objects::to_text(forged);
    reason = "it names " + f.object(0) + ", which is no object of its window";
  }
  const auto plan = f.plan();
  REQUIRE(plan.has_value());
  CHECK(plan->proof.windows.size() == 2);
  REQUIRE(plan->proof.breaks.size() == 1);
  CHECK(plan->proof.breaks[0].manifest == f.manifest(1));
  CHECK(plan->proof.breaks[0].reason.starts_with(reason));
}

TEST_CASE("rebuild: without manifests it goes on behind the last window but one that has objects") {
  RebuildFixture f;
  f.put(0, false);
  f.put(1, false);
  f.put(3, false);
  const auto plan = f.plan();
  REQUIRE(plan.has_value());
  CHECK(plan->by == JobPlan::By::objects);
  CHECK(plan->goes_on == f.window(1).end);
  REQUIRE(plan->proof.windows.size() == 1);
  const scheduler::ProvenWindow& window = plan->proof.windows[0];
  CHECK(window.instance.id.scheduled == f.slot(1));
  CHECK(window.proof == f.object(3));
  REQUIRE(window.outcome.objects.size() == 1);
  CHECK(window.outcome.objects[0].bytes == 6);
  CHECK(window.outcome.objects[0].crc64 == crc64(0, "a\nb\nc\n"));
}

TEST_CASE("rebuild: where one window only has objects, it runs again") {
  RebuildFixture f;
  f.put(2, false);
  const auto plan = f.plan();
  REQUIRE(plan.has_value());
  CHECK(plan->by == JobPlan::By::objects);
  CHECK(plan->proof.windows.empty());
  REQUIRE(plan->first);
  CHECK(plan->first->id.scheduled == f.slot(2));
  REQUIRE(plan->warning);
  CHECK(plan->warning->find("rows that came with it of windows before it") != std::string::npos);
}

TEST_CASE("rebuild: of a job without a trace nothing is known") {
  RebuildFixture f;
  const auto plan = f.plan();
  REQUIRE(plan.has_value());
  CHECK(plan->by == JobPlan::By::nothing);
  REQUIRE(plan->warning);
  CHECK(plan->warning->starts_with("neither manifests nor objects of it were found"));
}

TEST_CASE("rebuild: windows that all write one object do not tell which is the newest") {
  std::string text = kTableJob;
  text.replace(text.find("manifest: m"), 11, "writeSingleObject: true");
  RebuildFixture f(text);
  f.oss.objects["t"] = "a\nb\nc\n";
  const auto plan = f.plan();
  REQUIRE(plan.has_value());
  CHECK(plan->by == JobPlan::By::nothing);
  REQUIRE(plan->warning);
  CHECK(plan->warning->starts_with("its windows all write the same object"));
}

TEST_CASE("rebuild: a store that does not answer is an error, not an empty bucket") {
  RebuildFixture f;
  f.put(0);
  f.oss.bucket_exists = false;
  CHECK(f.plan().has_error());
}

TEST_CASE("rebuild: what is put down is what the next look finds in the store") {
  RebuildFixture f;
  sluice::test::MemoryVersionStore audit;
  for (int number = 0; number < 3; ++number) f.put(number);
  auto plan = f.plan();
  REQUIRE(plan.has_value());
  REQUIRE(f.world.run(put_down(f.store, audit, f.job, *plan, "uid 7", f.midnight)).has_value());
  const auto again = f.plan();
  REQUIRE(again.has_value());
  CHECK(again->by == JobPlan::By::state_file);
  CHECK(again->goes_on == f.window(2).end);
  f.put(3);
  const auto more = f.plan();
  REQUIRE(more.has_value());
  CHECK(more->proof.windows.size() == 1);
}

TEST_CASE("rebuild: a table's windows without a manifest are not counted upon, and have rows that say so") {
  RebuildFixture f;
  sluice::test::MemoryVersionStore audit;
  for (const int number : {0, 1, 4}) f.put(number);
  auto plan = f.plan();
  REQUIRE(plan.has_value());
  CHECK(plan->of_table);
  REQUIRE(plan->unproven.size() == 2);
  CHECK(plan->unproven[0].id.scheduled == f.slot(2));
  REQUIRE(f.world.run(put_down(f.store, audit, f.job, *plan, "uid 7", f.midnight)).has_value());
  const auto skipped = f.world.run(f.store.instance({"orders", f.slot(3)}));
  REQUIRE(skipped);
  CHECK(skipped->state == scheduler::State::skipped);
  CHECK(skipped->reason.find("no manifest proves") != std::string::npos);
  const auto coverage = f.world.run(f.store.coverage("orders"));
  CHECK(coverage.from == f.window(4).start);
  CHECK(coverage.until == f.window(4).end);
  f.put(6);  // behind what the store has, its neighbour before it is unproven as well
  const auto more = f.plan();
  REQUIRE(more.has_value());
  REQUIRE(more->unproven.size() == 1);
  CHECK(more->unproven[0].id.scheduled == f.slot(5));
}

TEST_CASE("rebuild: an off day between two windows of a table is nothing that is missing") {
  std::string text = kTableJob;
  text.replace(text.find("{cycle: minute"), text.find("+08:00\"}") + 8 - text.find("{cycle: minute"),
               "{cycle: week, on: [mon, tue, wed, thu, fri], at: \"11:00\", offDays: dryRun, from: "
               "\"2018-10-10T00:00+08:00\"}");
  RebuildFixture f(text);
  sluice::test::MemoryVersionStore audit;
  for (const int days_ago : {4, 1, 0}) f.put(-288 * days_ago);  // Friday, Monday, Tuesday
  auto plan = f.plan();
  REQUIRE(plan.has_value());
  CHECK(plan->unproven.empty());
  REQUIRE(f.world.run(put_down(f.store, audit, f.job, *plan, "uid 7", f.midnight)).has_value());
  const auto coverage = f.world.run(f.store.coverage("orders"));
  CHECK(coverage.from == f.window(-288 * 4).start);
  CHECK(coverage.until == f.window(0).end);
}

TEST_CASE("rebuild: --rerun repeats a table's window whose object is gone, whatever its age") {
  RebuildFixture f;
  f.put(0);
  f.put(1);
  f.oss.objects.erase(f.object(0));
  f.world.clock.advance(daemon::kSurveyReach + 24h);
  RebuildWish wish;
  wish.rerun = true;
  wish.from = f.slot(0);
  const auto plan = f.plan(wish);
  REQUIRE(plan.has_value());
  REQUIRE(plan->differences.size() == 1);
  CHECK_FALSE(plan->proof.windows.at(0).rerun.empty());
  CHECK(plan->proof.windows.at(1).rerun.empty());
}

TEST_CASE("rebuild: a stream that lost what comes next is told of") {
  RebuildFixture f;
  JobSurvey survey;
  survey.stream.emplace();
  survey.stream->id = "stream-1";
  survey.stream->retention = 24h;
  survey.stream->shards.push_back(tablestore::Shard{"s1", {}, {}});
  for (const int number : {3, 1}) {
    WindowObjects window;
    window.instance.id.job = "orders";
    window.instance.id.scheduled = f.slot(number);
    window.instance.zone = "Asia/Shanghai";
    window.instance.window_start = f.window(number).start;
    window.instance.window_end = f.window(number).end;
    window.objects.push_back({f.object(number), 6, 0, 0});
    survey.windows.push_back(window);
  }
  const auto plan = plan_rebuild(f.job, survey, {}, f.midnight + 12h);
  REQUIRE(plan.has_value());
  CHECK_FALSE(plan->warning);
  const pipeline::Positions& end = plan->proof.windows.at(0).outcome.end;
  CHECK(end.stream == "stream-1");
  CHECK(end.shards.at(0).time == f.window(1).end);
  CHECK(plan->proof.windows[0].start.stream == "not known");
  const auto late = plan_rebuild(f.job, survey, {}, f.midnight + 48h);
  REQUIRE(late.has_value());
  REQUIRE(late->warning);
  CHECK(late->warning->starts_with("the stream keeps records from 2018-10-17"));
  survey.windows.pop_back();
  survey.loads_table = true;
  CHECK(plan_rebuild(f.job, survey, {}, f.midnight)->by == JobPlan::By::nothing);
}
