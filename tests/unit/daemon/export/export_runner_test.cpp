#include "daemon/export/export_runner.hpp"

#include "daemon/api/api_json.hpp"
#include "daemon/api/preview.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/daemon/job_file_text.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>

using namespace sluice;
using namespace sluice::daemon;

namespace {

constexpr const char* kCanary = "canary-7f3a91c2-secret";

// Keeps every line in memory.
struct Lines {
  std::string text;
};
class MemoryLog final : public pipeline::Log {
 public:
  explicit MemoryLog(Lines& lines) : lines_(lines) {}
  void line(pipeline::Level, std::string_view text) noexcept override {
    lines_.text += std::string(text) + "\n";
  }

 private:
  Lines& lines_;
};

// Repeats what it was sent, headers and all, in the body of a refusal: the worst that a server can do.
class Parrot final : public http::Transport {
 public:
  awaitable<Result<http::Response>> send(const http::Endpoint&, const http::Request& request) override {
    ++requests;
    http::Response response;
    response.status = 403;
    for (const auto& [name, value] : request.headers) response.body += name + ": " + value + "\n";
    response.body += kCanary;
    co_return response;
  }
  int requests = 0;
};

std::string job_of_sources() {
  sluice::test::JobConnections connections;
  connections.reader = "\n          datasource: ots";
  connections.writer = "\n          datasource: oss";
  return sluice::test::job_text("orders", 5, connections);
}

job::DataSources sources() {
  job::DataSource ots;
  ots.type = "ots";
  ots.keys = {{"endpoint", "http://127.0.0.1:1"},
              {"instanceName", "demo"},
              {"accessId", "id"},
              {"accessKey", "${env:SLUICE_TEST_CANARY}"}};
  job::DataSource oss;
  oss.type = "oss";
  oss.keys = {{"endpoint", "http://127.0.0.1:1"},
              {"bucket", "archive"},
              {"accessId", "id"},
              {"accessKey", "${env:SLUICE_TEST_CANARY}"}};
  return {{"ots", ots}, {"oss", oss}};
}

struct Fixture {
  Fixture() {
    ::setenv("SLUICE_TEST_CANARY", kCanary, 1);
    auto loaded = job::load_job_file(folder.write("orders.yaml", job_of_sources()), sources());
    for (const auto& problem : loaded.problems) UNSCOPED_INFO(to_string(problem));
    REQUIRE(loaded.jobs.size() == 1);
    job = loaded.jobs.front();
    instance.id.job = "orders";
    instance.id.scheduled = world.clock.now();
    instance.zone = "Asia/Shanghai";
    instance.values = job::freeze(job, world.clock.now()).value();
    const auto window = job::window_of(job, instance.values).value();
    instance.window_start = window.start;
    instance.window_end = window.end;
  }
  ~Fixture() { ::unsetenv("SLUICE_TEST_CANARY"); }

  sluice::test::TempFolder folder;
  sluice::test::Loop world;
  SeededRandom random{1};
  Parrot parrot;
  Lines lines;
  int counted = 0;
  ExportRunner runner{ExportPorts{world.io.get_executor(), world.clock, random, parrot}, sources(),
                      [this](const scheduler::Instance&, int) { return std::make_unique<MemoryLog>(lines); },
                      [this](const std::string&, const pipeline::Statistics&) { ++counted; }};
  job::Job job;
  scheduler::Instance instance;
};

}  // namespace

TEST_CASE("export: the attempt's log tells window, values, source and target, and nothing secret") {
  Fixture f;
  auto run = f.runner.prepare(f.job, f.instance, 2);
  REQUIRE(run.has_value());
  const auto planned = f.world.run((*run)->plan(std::nullopt));
  REQUIRE_FALSE(planned.has_value());
  const auto executed = f.world.run((*run)->execute(pipeline::Positions(), std::nullopt));
  REQUIRE_FALSE(executed.has_value());
  CHECK(f.parrot.requests > 0);
  CHECK(f.counted == 1);
  for (const char* part : {"attempt 2 of orders@2018-10-16T08:00+08:00",
                           "window 2018-10-16T07:50+08:00 to "
                           "2018-10-16T07:55+08:00",
                           "value start_time=20181016075000",
                           "read table orders of instance "
                           "demo",
                           "failed: ", "records 0, rows 0"}) {
    INFO(part << " in\n" << f.lines.text);
    CHECK(f.lines.text.find(part) != std::string::npos);
  }
  CHECK(f.lines.text.find(kCanary) == std::string::npos);
  CHECK(planned.error().message().find(kCanary) == std::string::npos);
  CHECK(executed.error().message().find(kCanary) == std::string::npos);
}

TEST_CASE("export: a secret that cannot be had fails the attempt, says which, and is in its log") {
  Fixture f;
  ::unsetenv("SLUICE_TEST_CANARY");
  const auto run = f.runner.prepare(f.job, f.instance, 1);
  REQUIRE_FALSE(run.has_value());
  CHECK(run.error().message().find("SLUICE_TEST_CANARY") != std::string::npos);
  CHECK(f.lines.text.find(run.error().message()) != std::string::npos);
}

TEST_CASE("export: the job's JSON and its preview hold no secret") {
  Fixture f;
  const auto planned = preview_instances(f.job, sources(), f.world.clock.now(),
                                         f.world.clock.now() + std::chrono::minutes(10));
  REQUIRE(planned.has_value());
  REQUIRE(planned->size() == 2);
  CHECK(planned->front().object.starts_with("x/20181015"));
  CHECK(boost::json::serialize(to_json(planned->front())).find(kCanary) == std::string::npos);
  CHECK(boost::json::serialize(to_json(f.job, f.world.clock.now())).find(kCanary) == std::string::npos);
}

TEST_CASE("export: a load that cannot be is refused before anything is asked or written") {
  Fixture f;
  f.runner.load_tables_first();
  REQUIRE(f.runner.prepare(f.job, f.instance, 1).has_value());
  std::string text = job_of_sources();
  text.replace(text.find("fileFormat: csv"), 15, "fileFormat: csv\n          writeSingleObject: true");
  const job::Job single = job::load_job_file(f.folder.write("single.yaml", text), sources()).jobs.at(0);
  const auto run = f.runner.prepare(single, f.instance, 1);
  REQUIRE_FALSE(run.has_value());
  CHECK(run.error().message() ==
        "resolve job orders: fullTableFirst cannot be had with writeSingleObject, because the table needs "
        "objects of its own; remove one of the two");
  CHECK(f.lines.text.find(run.error().message()) != std::string::npos);
  CHECK(f.parrot.requests == 0);

  text = job_of_sources();
  text.replace(text.find("otsstream"), 9, "ots");
  text.replace(text.find("          mode: single_version_and_update_only\n"), 47, "");
  const job::Job table = job::load_job_file(f.folder.write("table.yaml", text), sources()).jobs.at(0);
  const auto other = f.runner.prepare(table, f.instance, 1);
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().message() ==
        "resolve job orders: plugin ots exports the table itself; there is no stream to follow");
}

TEST_CASE("preview: too many slots and a range that ends before it begins are refused") {
  Fixture f;
  const Instant now = f.world.clock.now();
  const auto days = [](int count) { return std::chrono::hours(24 * count); };
  CHECK_FALSE(preview_instances(f.job, sources(), now, now - std::chrono::minutes(1)).has_value());
  CHECK_FALSE(preview_instances(f.job, sources(), now, now + days(40)).has_value());
  f.job.schedule.cycle = job::Cycle::week;
  f.job.schedule.weekdays = {1};
  CHECK(preview_instances(f.job, sources(), now, now + days(700)).value().size() == 100);
}

TEST_CASE("preview: one page has so many slots, and says with which the next one begins") {
  Fixture f;
  const Instant from = f.world.clock.now();
  const Instant to = from + std::chrono::hours(24 * 7);
  const auto first = preview_page(f.job, sources(), from, to);
  REQUIRE(first.has_value());
  CHECK(first->instances.size() == 1500);
  REQUIRE(first->next);
  CHECK(*first->next > first->instances.back().instance.id.scheduled);
  const auto second = preview_page(f.job, sources(), *first->next, to);
  REQUIRE(second.has_value());
  CHECK(second->instances.front().instance.id.scheduled == *first->next);
  CHECK_FALSE(second->next);
  CHECK(first->instances.size() + second->instances.size() == 7 * 288);
  CHECK(preview_instances(f.job, sources(), from, to).value().size() == 7 * 288);

  // Of two plans the one that ends first says how far they are compared.
  PlannedPage sparse = *second;
  sparse.next.reset();
  PlannedPage dense = *second;
  dense.instances.resize(100);
  dense.next = second->instances.at(100).instance.id.scheduled;
  CHECK(end_together(sparse, dense) == second->instances.at(100).instance.id.scheduled);
  CHECK(sparse.instances.size() == 100);
  PlannedPage whole = *second;
  CHECK_FALSE(end_together(whole, whole));
  CHECK(whole.instances.size() == second->instances.size());
}
