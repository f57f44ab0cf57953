#include "daemon/export/verifier.hpp"

#include "core/job/civil_time.hpp"
#include "core/objects/object_names.hpp"
#include "tests/support/fake_oss_transport.hpp"
#include "tests/support/memory_state_store.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

namespace {

constexpr const char* kJob = R"(
name: orders
parameters: {start_time: "$[yyyymmddhh24miss-10/24/60]", end_time: "$[yyyymmddhh24miss-5/24/60]"}
script:
  inline:
    configuration:
      reader:
        plugin: otsstream
        parameter: {datasource: ots, dataTable: orders, startTimestampMillis: "${start_time}",
                    endTimestampMillis: "${end_time}", mode: single_version_and_update_only, column: [{name: uid}]}
      writer:
        plugin: oss
        parameter: {datasource: oss, object: t, fileFormat: csv}
)";

job::DataSources sources() {
  job::DataSource ots{
      "ots",
      {{"endpoint", "http://127.0.0.1:1"}, {"instanceName", "demo"}, {"accessId", "i"}, {"accessKey", "k"}}};
  job::DataSource oss{
      "oss",
      {{"endpoint", "http://127.0.0.1:9001"}, {"bucket", "bucket-1"}, {"accessId", "i"}, {"accessKey", "k"}}};
  return {{"ots", ots}, {"oss", oss}};
}

// Instances 00:00, 00:05, ... that succeeded with an object each.
struct Fixture {
  explicit Fixture(int count) {
    auto loaded = job::load_job_file(folder.write("orders.yaml", kJob), sources());
    for (const auto& problem : loaded.problems) UNSCOPED_INFO(to_string(problem));
    REQUIRE(loaded.jobs.size() == 1);
    job = loaded.jobs.front();
    for (int number = 0; number < count; ++number) add(number);
  }

  void add(int number) {
    scheduler::NewInstance row;
    row.id = id(number);
    row.zone = "Asia/Shanghai";
    row.version = job.version;
    row.values = job::freeze(job, row.id.scheduled).value();
    const auto window = job::window_of(job, row.values).value();
    row.window_start = window.start;
    row.window_end = window.end;
    std::vector<scheduler::NewInstance> rows(1, row);
    world.run(store.add_instances(rows));
    const auto instance = world.run(store.instance(row.id));
    const auto attempt = world.run(store.begin_attempt(instance->row, {}, world.clock.now())).value();
    scheduler::Outcome outcome;
    outcome.statistics.rows = 3;
    outcome.objects.push_back({name(number), 6, 3, crc64(0, "a\nb\nc\n")});
    world.run(store.succeed(attempt, outcome, world.clock.now()));
    oss.objects[name(number)] = "a\nb\nc\n";
  }

  scheduler::InstanceId id(int number) const {
    scheduler::InstanceId id;
    id.job = "orders";
    id.scheduled = midnight + std::chrono::minutes(5 * number);
    return id;
  }
  // Of a window that begins ten minutes before its slot.
  std::string name(int number) const {
    const Instant start = id(number).scheduled - std::chrono::minutes(10);
    return fmt::format("t__{}_{}_0000.csv", objects::local_stamp(start, "Asia/Shanghai").value(),
                       objects::local_stamp(start + std::chrono::minutes(5), "Asia/Shanghai").value());
  }

  Result<VerifiedPage> verify(VerifyQuery query = {}) { return world.run(verifier.verify(job, query)); }

  sluice::test::TempFolder folder;
  sluice::test::Loop world;
  SeededRandom random{1};
  sluice::test::FakeOssTransport oss;
  sluice::test::MemoryStateStore store;
  ExportRunner runner{ExportPorts{world.io.get_executor(), world.clock, random, oss}, sources(),
                      [](const scheduler::Instance&, int) { return std::make_unique<pipeline::NullLog>(); },
                      [](const std::string&, const pipeline::Statistics&) {}};
  Verifier verifier{store, world.clock, runner};
  job::Job job;
  Instant midnight = job::parse_local("2018-10-16T00:00+08:00").value();
};

}  // namespace

TEST_CASE("verifier: windows that succeeded are compared with their objects, newest first") {
  Fixture f(3);
  f.oss.objects.erase(f.name(1));
  f.oss.objects["t__20181016000000_20181016000500_0001.csv"] = "more";
  const auto page = f.verify();
  REQUIRE(page.has_value());
  REQUIRE(page->windows.size() == 3);
  CHECK_FALSE(page->next);
  CHECK(page->windows[0].instance.id == f.id(2));
  REQUIRE(page->windows[0].check.differences.size() == 1);
  CHECK(page->windows[0].check.differences[0].kind == objects::DifferenceKind::unexpected);
  REQUIRE(page->windows[1].check.differences.size() == 1);
  CHECK(page->windows[1].check.differences[0].kind == objects::DifferenceKind::missing);
  CHECK(page->windows[2].check.differences.empty());
  CHECK(page->windows[2].check.rows == 3);
}

TEST_CASE("verifier: pages follow each other through the range") {
  Fixture f(5);
  VerifyQuery query;
  query.from = f.id(1).scheduled;
  query.to = f.id(4).scheduled;
  query.limit = 2;
  const auto first = f.verify(query);
  REQUIRE(first->windows.size() == 2);
  CHECK(first->windows[0].instance.id == f.id(3));
  REQUIRE(first->next == f.id(2));
  query.after = first->next;
  const auto second = f.verify(query);
  REQUIRE(second->windows.size() == 1);
  CHECK(second->windows[0].instance.id == f.id(1));
  CHECK_FALSE(second->next);
}

TEST_CASE("verifier: a page ends when its time is over, and the next one goes on") {
  Fixture f(3);
  f.oss.clock = &f.world.clock;
  f.oss.latency = std::chrono::seconds(6);
  const auto first = f.verify();
  REQUIRE(first->windows.size() == 1);
  CHECK(first->next == f.id(2));
  VerifyQuery query;
  query.after = first->next;
  CHECK(f.verify(query)->windows[0].instance.id == f.id(1));
}

TEST_CASE("verifier: what the store refuses is an error that names the window") {
  Fixture f(1);
  f.oss.answer_instead = [](const sluice::test::FakeOssTransport::Seen&) {
    http::Response refused;
    refused.status = 403;
    return std::optional(refused);
  };
  const auto page = f.verify();
  REQUIRE(page.has_error());
  CHECK(page.error().message().starts_with("verify orders@2018-10-16T00:00+08:00: "));
}
