#pragma once
// Scripts and schedules for the tests of the import, and what is asked of its results.

#include "core/job/import_parts.hpp"
#include "core/job/yaml_document.hpp"
#include "tests/unit/core/job/job_text.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace sluice::job::test {

inline const std::string kParameters =
    "start_time=$[yyyymmddhh24miss-10/24/60] end_time=$[yyyymmddhh24miss-5/24/60]";

inline const std::string kDataworks =
    R"({"type": "job", "version": "1.0", "configuration": {
  "setting": {"errorLimit": {"record": "0"}, "speed": {"mbps": "1", "concurrent": "2"}},
  "reader": {"plugin": "otsstream", "parameter": {"datasource": "orders_ots", "dataTable": "orders",
    "statusTable": "st", "startTimestampMillis": "${start_time}", "endTimestampMillis": "${end_time}",
    "mode": "single_version_and_update_only", "column": [{"name": "uid"},], "threadNum": 3}},  # a comment
  "writer": {"plugin": "oss", "parameter": {"datasource": "archive_oss", "object": "a/{date}", "fileFormat": "csv"}}}})";

inline const std::string kDatax = R"({"job": {"content": [{
  "reader": {"name": "otsstreamreader", "parameter": {"endpoint": "https://i.cn-hangzhou.ots.aliyuncs.com",
    "accessId": "canary-id", "accessKey": "canary-key", "instanceName": "i", "dataTable": "orders",
    "startTimeString": "$start_time", "endTimeString": "${end_time}", "mode": "single_version_and_update_only",
    "column": [{"name": "uid"}]}},
  "writer": {"name": "osswriter", "parameter": {"endpoint": "https://oss-cn-hangzhou.aliyuncs.com", "bucket": "b",
    "accessId": "canary-id", "accessKey": "canary-key", "object": "a/orders", "fileFormat": "csv"}}}],
  "setting": {"speed": {"channel": 3}}}})";

inline ImportRequest request_of(const std::string& script) {
  ImportRequest request;
  request.script_file = "in/orders.json";
  request.script = script;
  request.cron = "00 00/5 * * * ?";
  request.parameters = kParameters;
  return request;
}

inline ImportRequest with_schedule(const std::string& schedule) {
  ImportRequest request = request_of(kDataworks);
  request.cron.clear();
  request.parameters.clear();
  request.schedule_file = "node.json";
  request.schedule = schedule;
  return request;
}

inline std::string file_of(const Import& import, const std::string& suffix) {
  for (const ImportedFile& file : import.files) {
    if (file.name.ends_with(suffix)) return file.content;
  }
  return "";
}

// "changed" of a key, "" when nothing is said of it.
inline std::string fate_of(const Import& import, std::string_view key) {
  for (const ImportNote& note : import.notes) {
    if (note.key == key) return std::string(to_string(note.fate));
  }
  return "";
}

// All that is said of a key: "changed: as name: a".
inline std::vector<std::string> notes_of(const Import& import, std::string_view key) {
  std::vector<std::string> all;
  for (const ImportNote& note : import.notes) {
    if (note.key == key) all.push_back(std::string(to_string(note.fate)) + ": " + note.text);
  }
  return all;
}

inline std::vector<std::string> printed(const Import& import) {
  std::vector<std::string> all;
  for (const Problem& problem : import.problems) all.push_back(to_string(problem));
  return all;
}

inline bool has_line(const std::string& text, std::string_view line) {
  return text.find(line) != std::string::npos;
}

// The value of a line of the job file to be, "" without it.
inline std::string value_of(const ImportWork& work, std::string_view path) {
  const ImportedKey* key = work.find(path);
  return key == nullptr ? "" : key->value;
}

// A schedule as GetFile, GetNode or a FlowSpec has it, read.
struct ReadSchedule {
  explicit ReadSchedule(const std::string& schedule, const std::string& file = "node.json") {
    read_dataworks_schedule(work, parse_yaml(schedule).value(), file);
  }
  std::string value(std::string_view path) const { return value_of(work, path); }

  ImportRequest request;
  Import result;
  ImportWork work{request, result};
};

}  // namespace sluice::job::test
