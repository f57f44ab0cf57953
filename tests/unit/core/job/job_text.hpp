#pragma once
// Job files for tests, built from a good one by changing a line.

#include "core/job/job.hpp"
#include "core/job/job_file.hpp"
#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::job::test {

inline const DataSources kSources{
    {"orders_ots",
     {"ots",
      {{"endpoint", "https://myinstance.cn-hangzhou.ots.aliyuncs.com"},
       {"instanceName", "myinstance"},
       {"accessId", "id-of-ots"},
       {"accessKey", "canary-of-ots"}}}},
    {"archive_oss",
     {"oss",
      {{"endpoint", "https://oss-cn-hangzhou.aliyuncs.com"},
       {"bucket", "archive"},
       {"accessId", "id-of-oss"},
       {"accessKey", "canary-of-oss"}}}},
};

// A job with an inline script; the line numbers of the tests count in it.
inline const std::string kGood = R"(name: orders
schedule: {cycle: minute, start: "00:00", end: "23:59", interval: 5m}
rerun: {times: 3, interval: 2m}
parameters:
  start_time: $[yyyymmddhh24miss-10/24/60]
  end_time: $[yyyymmddhh24miss-5/24/60]
  date: ${bdp.system.bizdate}
script:
  inline:
    type: job
    version: "1.0"
    configuration:
      setting:
        errorLimit: {record: "0"}
      reader:
        plugin: otsstream
        parameter:
          datasource: orders_ots
          dataTable: orders
          startTimestampMillis: ${start_time}
          endTimestampMillis: ${end_time}
          mode: single_version_and_update_only
          column: [{name: uid}, {name: name}]
      writer:
        plugin: oss
        parameter:
          datasource: archive_oss
          object: instance/orders/{date}
          fileFormat: csv
)";

// `text` with its only `from` replaced.
inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  INFO("not found, or not once: " << from);
  REQUIRE(at != std::string::npos);
  REQUIRE(text.find(from, at + 1) == std::string::npos);
  return text.replace(at, from.size(), to);
}

using Files = std::map<std::string, std::string>;

inline LoadedJobs load(const std::string& text, const Files& files = {},
                       const DataSources& sources = kSources) {
  return load_job_text("jobs.d/orders.yaml", text, sources,
                       [&](const std::string& path) -> Result<std::string> {
                         const auto found = files.find(path);
                         if (found != files.end()) return found->second;
                         return Error(Errc::not_found, "read " + path + ": No such file or directory");
                       });
}

// All problems as printed.
inline std::vector<std::string> problems(const std::string& text, const Files& files = {},
                                         const DataSources& sources = kSources) {
  const LoadedJobs loaded = load(text, files, sources);
  std::vector<std::string> printed;
  bool error = false;
  for (const Problem& problem : loaded.problems) {
    printed.push_back(to_string(problem));
    error = error || problem.severity == Severity::error;
  }
  CHECK(loaded.jobs.empty() == error);
  return printed;
}

inline std::vector<std::string> problems_after(std::string_view from, std::string_view to) {
  return problems(replaced(kGood, from, to));
}

inline Job good_job() {
  LoadedJobs loaded = load(kGood);
  REQUIRE(loaded.problems.empty());
  REQUIRE(loaded.jobs.size() == 1);
  return std::move(loaded.jobs.front());
}

// The list of exactly one text; keeps the tests' lines short.
inline std::vector<std::string> only(std::string text) { return {std::move(text)}; }

}  // namespace sluice::job::test
