#pragma once
// A job file for tests of what the daemon does with files.

#include <string>

namespace sluice::test {

// The lines by which a job's reader and writer find what they connect to.
struct JobConnections {
  std::string reader = R"(
          endpoint: "http://127.0.0.1:1"
          accessId: id
          accessKey: ${env:SLUICE_TEST_CANARY}
          instanceName: demo)";
  std::string writer = R"(
          endpoint: "http://127.0.0.1:1"
          accessId: id
          accessKey: ${env:SLUICE_TEST_CANARY}
          bucket: archive)";
};

// The parameters and the inline script of a job.
inline std::string job_script(const JobConnections& connections = {}) {
  return R"(parameters:
  start_time: $[yyyymmddhh24miss-10/24/60]
  end_time: $[yyyymmddhh24miss-5/24/60]
  date: ${bdp.system.bizdate}

script:
  inline:
    type: job
    version: "1.0"
    configuration:
      setting: {errorLimit: {record: "0"}, speed: {mbps: "1", concurrent: "1"}}
      reader:
        plugin: otsstream
        parameter:)" +
         connections.reader + R"(
          dataTable: orders
          startTimestampMillis: "${start_time}"
          endTimestampMillis: "${end_time}"
          mode: single_version_and_update_only
          column: [{name: uid}]
      writer:
        plugin: oss
        parameter:)" +
         connections.writer + R"(
          object: "x/${date}"
          writeMode: truncate
          fileFormat: csv
)";
}

// A job with an inline script.
inline std::string job_text(const std::string& name, int interval = 5,
                            const JobConnections& connections = {}) {
  return "name: " + name + "\nschedule: {cycle: minute, start: \"00:00\", end: \"23:59\", interval: " +
         std::to_string(interval) + "m}\n" + job_script(connections);
}

}  // namespace sluice::test
