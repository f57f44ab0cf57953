#pragma once
// A job file for tests of what the daemon does with files.

#include <string>

namespace sluice::test {

inline constexpr const char* kJobScript = R"(
script:
  inline:
    type: job
    version: "1.0"
    configuration:
      setting: {errorLimit: {record: "0"}, speed: {mbps: "1", concurrent: "1"}}
      reader:
        plugin: otsstream
        parameter:
          endpoint: "http://127.0.0.1:1"
          accessId: id
          accessKey: ${env:SLUICE_TEST_CANARY}
          instanceName: demo
          dataTable: orders
          startTimestampMillis: "${start_time}"
          endTimestampMillis: "${end_time}"
          mode: single_version_and_update_only
          column: [{name: uid}]
      writer:
        plugin: oss
        parameter:
          endpoint: "http://127.0.0.1:1"
          accessId: id
          accessKey: ${env:SLUICE_TEST_CANARY}
          bucket: archive
          object: "x/${date}"
          writeMode: truncate
          fileFormat: csv
)";

// A job with an inline script.
inline std::string job_text(const std::string& name, int interval = 5) {
  return "name: " + name + "\nschedule: {cycle: minute, start: \"00:00\", end: \"23:59\", interval: " +
         std::to_string(interval) + "m}\nparameters:\n  start_time: $[yyyymmddhh24miss-10/24/60]\n" +
         "  end_time: $[yyyymmddhh24miss-5/24/60]\n  date: ${bdp.system.bizdate}\n" + kJobScript;
}

}  // namespace sluice::test
