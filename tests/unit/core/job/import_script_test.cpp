#include "tests/unit/core/job/import_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

// Script mode 2.0: steps by their category.
std::string steps(const std::string& reader, const std::string& writer) {
  return R"({"type": "job", "version": "2.0", "steps": [
  {"stepType": "otsstream", "parameter": {)" +
         reader + R"("dataTable": "orders", "statusTable": "st",
    "startTimestampMillis": "${start_time}", "endTimestampMillis": "${end_time}",
    "mode": "single_version_and_update_only", "column": [{"name": "uid"}]}, "name": "Reader", "category": "reader"},
  {"stepType": "oss", "parameter": {)" +
         writer + R"("object": "a/orders", "fileFormat": "csv"},
    "name": "Writer", "category": "writer"}], "setting": {"errorLimit": {"record": ""}}})";
}

const std::string kOts = R"("endpoint": "https://i.cn-hangzhou.ots.aliyuncs.com", "instanceName": "i",
    "accessId": "canary-id", "accessKey": "canary-key", )";
const std::string kOss = R"("datasource": "archive_oss", )";

Import imported(const std::string& script, DataSources sources = kSources) {
  ImportRequest request = request_of(script);
  request.sources = std::move(sources);
  return import_job(request);
}

std::string script_of(const Import& import) {
  CAPTURE(printed(import));
  REQUIRE(import.valid());
  for (const ImportedFile& file : import.files) CHECK_FALSE(has_line(file.content, "canary"));
  return file_of(import, ".json");
}

}  // namespace

TEST_CASE("import script: steps are found by their category") {
  const Import import = imported(steps(kOts, kOss));
  CHECK(has_line(script_of(import), "\"datasource\": \"orders_ots_new\""));  // orders_ots is another one
  CHECK(has_line(import.data_sources, "\"orders_ots_new\":\n    type: ots\n"));
  CHECK(has_line(import.data_sources, "accessKey: \"${env:ORDERS_OTS_NEW_ACCESS_KEY}\""));
  CHECK(fate_of(import, "reader.parameter.accessKey") == "changed");
  const Import both =
      imported(steps(kOts, R"("endpoint": "https://oss-cn-hangzhou.aliyuncs.com", "bucket": "b",
    "accessId": "canary-id", "accessKey": "canary-key", "region": "cn-hangzhou", "securityToken": "", )"),
               {});
  CHECK(has_line(script_of(both), "\"datasource\": \"orders_oss\""));
  CHECK(has_line(both.data_sources, "region: \"cn-hangzhou\""));
  CHECK_FALSE(has_line(both.data_sources, "securityToken"));  // it had no value
}

TEST_CASE("import script: keys beside a data source that is named are left out, it has its own") {
  const Import import = imported(steps("\"datasource\": \"orders_ots\", " + kOts, kOss));
  CHECK_FALSE(has_line(script_of(import), "endpoint"));
  CHECK(import.data_sources.empty());
  CHECK(notes_of(import, "reader.parameter.endpoint") ==
        only("changed: left out: the data source has its own"));
  CHECK(notes_of(import, "reader.parameter.accessKey") ==
        only("changed: not copied: left out: the data source has its own, which refers to a variable of the "
             "environment"));
}

TEST_CASE("import script: an empty data source is filled in where it stands") {
  const Import import = imported(steps("\"datasource\": \"\", " + kOts, kOss), {kSources[1]});
  const std::string script = script_of(import);
  CAPTURE(script);
  CHECK(has_line(script, "\"datasource\": \"orders_ots\""));
  CHECK_FALSE(has_line(script, "\"datasource\": \"\""));
}

TEST_CASE("import script: a reference to a credential stays, and nothing moves") {
  const std::string script = steps(
      R"("endpoint": "https://i.cn-hangzhou.ots.aliyuncs.com", "instanceName": "i", "accessId": "${env:ID}",
         "accessKey": "file:/etc/keys/ots", "securityToken": null, )",
      kOss);
  const Import import = imported(script);
  CHECK(script_of(import) == script);
  CHECK(import.data_sources.empty());
  // With one that is written out the reference is kept beside it.
  const Import mixed = imported(replaced(script, "file:/etc/keys/ots", "canary-key"), {kSources[1]});
  script_of(mixed);
  CHECK(has_line(mixed.data_sources, "accessId: \"${env:ID}\""));
  CHECK(has_line(mixed.data_sources, "accessKey: \"${env:ORDERS_OTS_ACCESS_KEY}\""));
}

TEST_CASE("import script: an address with a variable in it is not copied into a data source") {
  const Import import =
      imported(steps(replaced(kOts, "https://i.cn", "https://${host}.cn"), kOss), {kSources[1]});
  CHECK(has_line(import.data_sources, "endpoint: \"${env:ORDERS_OTS_ENDPOINT}\""));
}

TEST_CASE("import script: a data source that nobody defined is made up once, by the name it has") {
  const Import import =
      imported(steps("\"datasource\": \"shared\", ", "\"dataSource\": \"Archive-2\", "), {});
  CAPTURE(printed(import));
  REQUIRE(import.valid());
  CHECK(import.data_sources ==
        "dataSources:\n"
        "  \"shared\":\n    type: ots\n    endpoint: \"${env:SHARED_ENDPOINT}\"\n"
        "    instanceName: \"${env:SHARED_INSTANCE_NAME}\"\n    accessId: \"${env:SHARED_ACCESS_ID}\"\n"
        "    accessKey: \"${env:SHARED_ACCESS_KEY}\"\n"
        "  \"Archive-2\":\n    type: oss\n    endpoint: \"${env:ARCHIVE_2_ENDPOINT}\"\n"
        "    bucket: \"${env:ARCHIVE_2_BUCKET}\"\n    accessId: \"${env:ARCHIVE_2_ACCESS_ID}\"\n"
        "    accessKey: \"${env:ARCHIVE_2_ACCESS_KEY}\"\n");
  CHECK(fate_of(import, "writer.parameter.dataSource") == "changed");
}

TEST_CASE("import script: the writer's connection is understood by its plugin") {
  const std::string keys = R"("endpoint": "https://s3.example.com", "bucket": "b", "region": "eu-central-1",
    "accessId": "canary-id", "accessKey": "canary-key", )";
  for (const std::string plugin : {"s3", "s3writer"}) {
    const Import import = imported(replaced(steps("\"datasource\": \"orders_ots\", ", keys),
                                            "\"stepType\": \"oss\"", "\"stepType\": \"" + plugin + "\""));
    CAPTURE(printed(import));
    CHECK(has_line(import.data_sources, "\"orders_s3\":\n    type: s3\n"));
  }
  const Import unknown = imported(replaced(steps("\"datasource\": \"orders_ots\", ", keys),
                                           "\"stepType\": \"oss\"", "\"stepType\": \"mysql\""));
  CHECK_FALSE(unknown.valid());
  CHECK(unknown.files.empty());
  for (const ImportNote& note : unknown.notes) CHECK_FALSE(has_line(note.text, "canary"));
}

TEST_CASE("import script: $name of DataX becomes ${name} where it is defined, and stays text otherwise") {
  ImportRequest request = request_of(replaced(kDatax, "\"a/orders\"", "\"a/$dt/$other/$\""));
  request.parameters += " dt=$[yyyymmdd]";
  const Import import = import_job(request);
  CHECK(has_line(script_of(import), "\"object\": \"a/${dt}/$other/$\""));
  CHECK(notes_of(import, "object") == only("changed: its $NAME is written ${NAME}"));
}

TEST_CASE("import script: --take-over replaces what the script says of it") {
  ImportRequest request =
      request_of(replaced(kDataworks, "\"statusTable\"", "\"takeOver\": \"off\", \"statusTable\""));
  request.take_over = "2018-10-16T00:05";
  const std::string script = script_of(import_job(request));
  CHECK(has_line(script, "\"takeOver\": \"required\""));
  CHECK_FALSE(has_line(script, "\"off\""));
}

TEST_CASE("import script: one that lacks a part is refused, and nothing is written") {
  for (const std::string& script : std::vector<std::string>{
           R"({"steps": [{"stepType": "otsstream", "parameter": {}}]})",
           R"({"steps": [{"category": "writer", "name": "oss"}, {"category": "reader", "parameter": 3}]})",
           R"({"job": {}})", R"({"job": {"content": []}})", R"({"job": {"content": [{}]}})",
           R"({"job": {"content": [{"writer": {"name": "osswriter"}}]}})",
           R"({"job": {"content": [{"writer": {"parameter": {}}, "reader": {"parameter": []}}]}})",
           R"({"configuration": {"writer": {"plugin": "", "name": "oss"}}})", R"({"job": 1})"}) {
    CAPTURE(script);
    for (const std::string take_over : {"", "2018-10-16T00:05"}) {
      ImportRequest request = request_of(script);
      request.take_over = take_over;
      const Import import = import_job(request);
      CHECK_FALSE(import.valid());
      CHECK(import.files.empty());
    }
  }
}

TEST_CASE("import script: a credential in a section without effect is not copied either") {
  const std::string idle = R"({"accessKey": "canary", "accessId": "${env:ID}", "securityToken": null,
    "in": [{"accessId": ["canary"]}, "x"]})";
  const std::vector<std::pair<std::string, std::string>> scripts{
      {replaced(kDataworks, "{\"type\": \"job\", ", "{\"type\": \"job\", \"extend\": " + idle + ", "),
       "extend"},
      {replaced(kDatax, "{\"job\": {\"content\"", "{\"core\": " + idle + ", \"job\": {\"content\""), "core"},
      {replaced(steps(kOts, kOss), "\"category\": \"writer\"}]",
                "\"category\": \"writer\"}, {\"category\": \"processor\", \"parameter\": " + idle + "}]"),
       "steps[2].parameter"}};
  for (const auto& [script, path] : scripts) {
    CAPTURE(path);
    const Import import = imported(script);
    const std::string text = script_of(import);
    CHECK(has_line(text, "\"accessId\": \"${env:ID}\""));
    CHECK(has_line(text, "\"x\""));
    CHECK(notes_of(import, path + ".accessKey") ==
          only("changed: not copied: a credential that has no effect there"));
    CHECK(fate_of(import, path + ".in[0].accessId") == "changed");
  }
}

TEST_CASE("import script: one with // comments is copied as it is, and its credentials are found in them") {
  std::string script = steps(R"("datasource": "orders_ots", )", kOss);
  script.replace(script.find("\"2.0\","), 6, "\"2.0\",//\u7248\u672c\u53f7\n");
  CHECK(script_of(imported(script)) == script);
  script.insert(script.find("\"setting\""), "//\"accessKey\": \"canary-old\",\n");
  CHECK(has_line(script_of(imported(script)), "\"version\": \"2.0\""));
}
