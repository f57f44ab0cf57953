#include "daemon/doctor/doctor_world.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/job_file.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/daemon/job_file_text.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

namespace {

// A service that refuses all it is asked.
class Refusal final : public http::Transport {
 public:
  awaitable<Result<http::Response>> send(const http::Endpoint&, const http::Request&) override {
    ++requests;
    http::Response response;
    response.status = 403;
    co_return response;
  }
  int requests = 0;
};

struct Fixture {
  Fixture() {
    sluice::test::JobConnections keys;
    for (std::string* lines : {&keys.reader, &keys.writer})
      lines->replace(lines->find("${env:SLUICE_TEST_CANARY}"), 25, "key");
    auto loaded = job::load_job_file(folder.write("leap.yaml", sluice::test::job_text("leap", 5, keys)), {});
    for (const auto& problem : loaded.problems) UNSCOPED_INFO(to_string(problem));
    REQUIRE(loaded.jobs.size() == 1);
    job = loaded.jobs.front();
  }

  std::vector<Finding> look() {
    return world.run(look_at_job(DoctorPorts{world.clock, transport, runner}, job, false));
  }
  // The first finding that is about the job itself.
  static const Finding* about_job(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings)
      if (finding.check == "job") return &finding;
    return nullptr;
  }

  sluice::test::TempFolder folder;
  sluice::test::Loop world{job::parse_local("2026-03-01T12:00+08:00").value()};
  SeededRandom random{1};
  Refusal transport;
  ExportRunner runner{ExportPorts{world.io.get_executor(), world.clock, random, transport},
                      job::DataSources(),
                      [](const scheduler::Instance&, int) { return std::unique_ptr<pipeline::Log>(); },
                      [](const std::string&, const pipeline::Statistics&) {}};
  job::Job job;
};

}  // namespace

TEST_CASE("doctor: a job whose next slot is years away is asked about all the same") {
  Fixture f;
  f.job.schedule.cycle = job::Cycle::year;
  f.job.schedule.year_days = {std::chrono::month_day(std::chrono::February, std::chrono::day(29))};
  SECTION("its last slot was years ago") {}
  SECTION("its first one comes in two years") {
    f.job.schedule.effective_from = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1);
  }
  const auto findings = f.look();
  CHECK(Fixture::about_job(findings) == nullptr);
  CHECK(f.transport.requests > 1);
}

TEST_CASE("doctor: a job that has ended is asked about as of its last slot") {
  Fixture f;
  f.job.schedule.effective_to = std::chrono::sys_days(std::chrono::year(2020) / 1 / 31);
  const auto findings = f.look();
  CHECK(Fixture::about_job(findings) == nullptr);
  CHECK(f.transport.requests > 1);
}

TEST_CASE("doctor: a job that has no slot at all is a warning") {
  Fixture f;
  f.job.schedule.cycle = job::Cycle::year;
  f.job.schedule.year_days = {std::chrono::month_day(std::chrono::February, std::chrono::day(29))};
  f.job.schedule.effective_from = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1);
  f.job.schedule.effective_to = std::chrono::sys_days(std::chrono::year(2025) / 12 / 31);
  const auto findings = f.look();
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].check == "job");
  CHECK(findings[0].health == Health::warning);
  CHECK(findings[0].said == "its schedule has no slot, past or to come");
  CHECK(f.transport.requests == 0);
}
