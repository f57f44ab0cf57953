#include "daemon/base/metrics.hpp"

#include "daemon/app/metrics_observer.hpp"
#include "tests/support/memory_state_store.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

#include <regex>
#include <set>
#include <sstream>

using namespace sluice::daemon;

TEST_CASE("metrics: counters, gauges and histograms print as Prometheus reads them") {
  Metrics metrics;
  metrics.declare_counter("a_total", "Things.");
  metrics.declare_gauge("b_bytes", "Size \\ of\nit.");
  metrics.declare_histogram("c_seconds", "Time.", {0.5, 2});
  metrics.add("a_total", {{"job", "x\"y\\z\n"}}, 2);
  metrics.add("a_total", {{"job", "x\"y\\z\n"}});
  metrics.set("b_bytes", {}, 1.5);
  metrics.observe("c_seconds", {{"job", "o"}}, 0.5);
  metrics.observe("c_seconds", {{"job", "o"}}, 1);
  metrics.observe("c_seconds", {{"job", "o"}}, 9);
  CHECK(metrics.text() ==
        "# HELP a_total Things.\n# TYPE a_total counter\na_total{job=\"x\\\"y\\\\z\\n\"} 3\n"
        "# HELP b_bytes Size \\\\ of\\nit.\n# TYPE b_bytes gauge\nb_bytes 1.5\n"
        "# HELP c_seconds Time.\n# TYPE c_seconds histogram\n"
        "c_seconds_bucket{job=\"o\",le=\"0.5\"} 1\nc_seconds_bucket{job=\"o\",le=\"2\"} 2\n"
        "c_seconds_bucket{job=\"o\",le=\"+Inf\"} 3\nc_seconds_sum{job=\"o\"} "
        "10.5\nc_seconds_count{job=\"o\"} 3\n");
  metrics.clear("b_bytes");
  CHECK(metrics.text().find("b_bytes") == std::string::npos);
}

TEST_CASE("metrics: the rows that attempts left out are counted by job") {
  Metrics metrics;
  declare_all(metrics, "1.2.3");
  MetricsObserver observer(metrics);
  sluice::pipeline::Statistics statistics;
  statistics.dirty_rows = 3;
  observer.counted("orders", statistics);
  observer.counted("orders", statistics);
  CHECK(metrics.text().find("sluice_dirty_rows_total{job=\"orders\"} 6\n") != std::string::npos);
}

TEST_CASE("metrics: counters that alarms look at are there before the first thing they count") {
  Metrics metrics;
  declare_all(metrics, "1.2.3");
  begin_job_counters(metrics, "orders");
  begin_channel_counters(metrics, "ops");
  const std::string text = metrics.text();
  for (const std::string line : {"sluice_attempts_total{job=\"orders\",result=\"failed\"} 0\n",
                                 "sluice_attempts_total{job=\"orders\",result=\"lost\"} 0\n",
                                 "sluice_dirty_rows_total{job=\"orders\"} 0\n",
                                 "sluice_source_ahead_records_total{job=\"orders\"} 0\n",
                                 "sluice_alert_deliveries_total{channel=\"ops\",result=\"given_up\"} 0\n"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
  sluice::pipeline::Statistics statistics;
  statistics.dirty_rows = 3;
  MetricsObserver(metrics).counted("orders", statistics);
  begin_job_counters(metrics, "orders");
  CHECK(metrics.text().find("sluice_dirty_rows_total{job=\"orders\"} 3\n") != std::string::npos);
}

TEST_CASE("metrics: two that ask at the same time are both told of every job") {
  std::vector<sluice::job::Job> jobs(3);
  for (std::size_t n = 0; n < jobs.size(); ++n) jobs[n].name = "job" + std::to_string(n);
  for (int turns = 0; turns < 30; ++turns) {  // of the first before the second asks
    sluice::test::Loop loop;
    sluice::test::MemoryStateStore store;
    Metrics metrics;
    declare_all(metrics, "1.2.3");
    std::vector<std::string> texts;
    const auto ask = [&] {
      boost::asio::co_spawn(loop.io, text_with_jobs(metrics, store, JobList(jobs), loop.clock.now()),
                            [&](std::exception_ptr, std::string text) { texts.push_back(std::move(text)); });
    };
    ask();
    for (int turn = 0; turn < turns; ++turn) loop.io.poll_one();
    ask();
    loop.io.restart();
    loop.io.poll();
    INFO(turns);
    REQUIRE(texts.size() == 2);
    for (const std::string& text : texts) {
      for (const sluice::job::Job& job : jobs) {
        for (const std::string gauge : {"sluice_job_late", "sluice_coverage_gaps"})
          CHECK(text.find(gauge + "{job=\"" + job.name + "\"} 0\n") != std::string::npos);
      }
    }
  }
}

TEST_CASE("metrics: names follow the conventions, and the process is measured") {
  Metrics metrics;
  declare_all(metrics, "1.2.3");
  set_process_metrics(metrics);
  const std::string text = metrics.text();
  CHECK(text.find("sluice_build_info{version=\"1.2.3\"} 1\n") != std::string::npos);
  std::istringstream lines(text);
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (!std::regex_match(line, found, std::regex("# TYPE (\\S+) (\\S+)"))) continue;
    INFO(line);
    CHECK(seen.insert(found[1]).second);
    CHECK((found[2] == "counter") == (found[1].str().ends_with("_total")));
  }
  CHECK(seen.contains("process_resident_memory_bytes"));
  const auto memory = text.find("\nprocess_resident_memory_bytes ");
  REQUIRE(memory != std::string::npos);
  CHECK(std::stod(text.substr(memory + 31)) > 1e6);
  const auto start = text.find("\nprocess_start_time_seconds ");
  CHECK(std::stod(text.substr(start + 28)) > 1.5e9);
}
