#include "core/job/script.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/problems.hpp"
#include "core/job/yaml_document.hpp"
#include "tests/unit/core/job/job_text.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

constexpr const char* kJob = R"(name: orders
parameters: {start_time: "$[yyyymmddhh24miss-10/24/60]", end_time: "$[yyyymmddhh24miss-5/24/60]"}
script: {file: script.json}
)";

constexpr const char* kVersion2 = R"({
"type":"job","version":"2.0",
"steps":[
 {"stepType":"otsstream","name":"Reader","category":"reader","parameter":{
   "datasource":"orders_ots","table":"orders","statusTable":"S",
   "startTimeString":"${start_time}","endTimeString":"${end_time}",
   "mode":"Single_Version_And_Update_Only","isExportSequenceInfo":"false","maxRetries":"7",
   "column":[{"name":"uid"},{"name":"uid"}]}},
 {"stepType":"oss","name":"Writer","category":"writer","parameter":{
   "datasource":"archive_oss","object":"a\/b","fileFormat":"text","fieldDelimiter":"||","writeMode":"nonConflict",
   "header":["uid","uid2"],"suffix":"txt ","writeSingleObject":"TRUE"}},
 {"stepType":null,"name":"Processor","category":"processor","copies":1,"parameter":{"nodes":[],"edges":[]}}
],
"order":{"hops":[{"from":"Reader","to":"Writer"}]},
"setting":{"errorLimit":{"record":""},"speed":{"throttle":true,"concurrent":1,"mbps":"12"}}
})";

constexpr const char* kDatax = R"({"job": {
  "setting": {"speed": {"channel": 3, "byte": 1048576}, "errorLimit": {"record": 10, "percentage": 0.02}},
  "content": [{
    "reader": {"name": "otsstreamreader", "parameter": {
      "endpoint": "https://i.cn-hangzhou.ots.aliyuncs.com", "accessId": "id", "accessKey": "key", "instanceName": "i",
      "dataTable": "orders", "date": "20181015", "mode": "single_version_and_update_only", "threadNum": 32,
      "column": [{"name": "uid"}]}},
    "writer": {"name": "osswriter", "parameter": {
      "endpoint": "oss-cn-hangzhou.aliyuncs.com", "accessId": "id", "accessKey": "key", "bucket": "b",
      "object": "o", "writeMode": "nonConflict"}}
  }]
}})";

std::vector<std::string> script_problems(std::string script) {
  return problems(kJob, {{"jobs.d/script.json", std::move(script)}});
}

std::string in_script(std::string_view text) { return "jobs.d/script.json:" + std::string(text); }

Export resolved(std::string script) {
  LoadedJobs loaded = load(kJob, {{"jobs.d/script.json", std::move(script)}});
  REQUIRE(loaded.jobs.size() == 1);
  const Job& job = loaded.jobs.front();
  const auto values = freeze(job, parse_local("2018-10-16T00:15+08:00").value());
  return resolve(job, values.value(), kSources).value();
}

}  // namespace

TEST_CASE("script: the form of version 2.0 is read") {
  const std::string script = replaced(kVersion2, R"("record":"")", R"("record":"5")");
  CHECK(script_problems(script).empty());
  const Export result = resolved(script);
  CHECK(result.source.table == "orders");
  CHECK(result.source.max_retries == 7);
  CHECK(result.source.columns.size() == 2);
  CHECK(format_local(result.window.start, "Asia/Shanghai") == "2018-10-16T00:05+08:00");
  CHECK(result.target.object == "a/b");
  CHECK(result.target.file_format == FileFormat::text);
  CHECK(result.target.field_delimiter == "||");
  CHECK(result.target.write_mode == WriteMode::non_conflict);
  CHECK(result.target.header == std::vector<std::string>{"uid", "uid2"});
  CHECK(result.target.suffix == ".txt");
  CHECK(result.target.write_single_object);
  CHECK(result.settings.error_limit == 5U);
  CHECK(result.settings.bytes_per_second == 12U * 1024 * 1024);
}

TEST_CASE("script: a blank error limit means none, as in the original") {
  CHECK(resolved(kVersion2).settings.error_limit == std::nullopt);
}

TEST_CASE("script: the form of DataX is read, and keys without effect are named") {
  const std::string unused = ": not used in the script";
  CHECK(
      script_problems(kDatax) ==
      std::vector<std::string>{"jobs.d/orders.yaml:2:26: warning: parameters.start_time" + unused,
                               "jobs.d/orders.yaml:2:68: warning: parameters.end_time" + unused,
                               in_script("6:38: warning: reader.parameter.date: the window "
                                         "[2018-10-15T00:00+08:00, 2018-10-16T00:00+08:00) is the same for "
                                         "every slot: the first one exports it, and the others find nothing "
                                         "that is new; write a variable that moves with the slot, such as "
                                         "\"${end_time}\" with end_time=$[yyyymmddhh24miss-5/24/60]"),
                               in_script("6:105: warning: reader.parameter.threadNum: has no effect")});
  const Export result = resolved(kDatax);
  CHECK(format_local(result.window.start, "Asia/Shanghai") == "2018-10-15T00:00+08:00");
  CHECK(format_local(result.window.end, "Asia/Shanghai") == "2018-10-16T00:00+08:00");
  CHECK(result.source.access_key.reveal() == "key");
  CHECK(result.target.file_format == FileFormat::text);  // the original's default
  CHECK(result.target.suffix.empty());
  CHECK(result.target.write_mode == WriteMode::non_conflict);
  CHECK(result.settings.bytes_per_second == 1'048'576);
  CHECK(result.settings.error_limit == 10U);
  CHECK(result.settings.error_percentage == Approx(2.0));
  CHECK(result.settings.shards_at_once == 3);
}

TEST_CASE("script: what is no script says which forms there are") {
  CHECK(script_problems("{\"reader\": {}}") ==
        only(in_script(
            "1:1: error: the script: no known form; expected \"configuration\" with reader and writer "
            "(script mode 1.0), \"steps\" (script mode 2.0) or \"job\" with \"content\" (DataX)")));
  CHECK(script_problems("[]") == only(in_script("1:1: error: the script: expected a map, got a list")));
  CHECK(script_problems("{\"configuration\": {\"reader\": {\"plugin\": \"mysql\", \"parameter\": {}}}}") ==
        std::vector<std::string>{
            in_script("1:19: error: configuration.writer: missing; a script needs a writer"),
            in_script("1:41: error: reader.plugin: \"mysql\" is not supported as reader; "
                      "supported are otsstream, otsstreamreader, ots and otsreader")});
  CHECK(script_problems("{\"steps\": {}}") ==
        std::vector<std::string>{
            in_script("1:11: error: steps: expected a list with a reader and a writer, got a map")});
  CHECK(script_problems("{\"job\": {\"content\": []}}") ==
        only(in_script(
            "1:21: error: job.content: expected a list with exactly one reader and writer; write one job "
            "file for each pair")));
}

TEST_CASE("script: an undefined variable names itself and the known ones") {
  CHECK(problems_after("${start_time}", "${start}") ==
        std::vector<std::string>{
            "jobs.d/orders.yaml:5:15: warning: parameters.start_time: not used in the script",
            "jobs.d/orders.yaml:20:33: error: reader.parameter.startTimestampMillis: undefined variable "
            "${start}; "
            "known are start_time, end_time and date; define it under parameters"});
}

TEST_CASE("script: variables are replaced once, and only where they may be") {
  const auto object = [](std::string_view text) {
    const auto loaded = load(replaced(kGood, "instance/orders/{date}", text));
    const auto values = ParameterValues{
        {"start_time", "1539619500000"}, {"end_time", "1539619800000"}, {"date", "${start_time}"}};
    return resolve(loaded.jobs.at(0), values, kSources).value().target.object;
  };
  CHECK(object("a/${date}{date}") == "a/${start_time}${start_time}");
  CHECK(object("$${date}$x{other}") == "${date}$x{other}");
  const std::string at = "jobs.d/orders.yaml:28:19: error: writer.parameter.object: ";
  const std::string unused = "jobs.d/orders.yaml:7:9: warning: parameters.date: not used in the script";
  CHECK(problems_after("instance/orders/{date}", "'$[yyyymmdd]'") ==
        std::vector<std::string>{unused,
                                 at + "$[...] is not evaluated inside a script: define a parameter, such as "
                                      "start_time=$[...], and write ${start_time} here"});
  CHECK(problems_after("instance/orders/{date}", "a/${date") ==
        std::vector<std::string>{unused, at + "\"${\" without \"}\"; write $${ for a plain ${"});
  CHECK(problems_after("instance/orders/{date}", "a/${env:HOME}") ==
        std::vector<std::string>{unused, at + "${env:...} must be the whole value, of a connection key"});
}

TEST_CASE("script: a date beside a time range is an error") {
  CHECK(problems_after("mode: single", "date: ${date}\n          mode: single") ==
        only("jobs.d/orders.yaml:22:17: error: reader.parameter.date: cannot be given together with a time "
             "range; "
             "remove date, or the start and end times"));
}

TEST_CASE("script: exactly one complete time form is needed") {
  const std::string unused = "warning: parameters.start_time: not used in the script";
  CHECK(problems_after("          startTimestampMillis: ${start_time}\n", "") ==
        std::vector<std::string>{
            "jobs.d/orders.yaml:5:15: " + unused,
            "jobs.d/orders.yaml:18:11: error: reader.parameter.startTimestampMillis: missing "
            "beside endTimestampMillis; a time range needs both"});
  CHECK(
      problems_after("startTimestampMillis: ${start_time}", "startTimeString: ${start_time}") ==
      only("jobs.d/orders.yaml:20:28: error: reader.parameter.startTimeString: cannot be given together with "
           "startTimestampMillis or endTimestampMillis; keep one pair"));
  const std::string range = "startTimestampMillis: ${start_time}\n          endTimestampMillis: ${end_time}";
  const std::vector<std::string> none = problems_after(range, "date: yyyyMMdd");
  REQUIRE(none.size() == 3);
  CHECK(none.back() ==
        "jobs.d/orders.yaml:20:17: error: reader.parameter.date: \"yyyyMMdd\" is the unfilled value of the "
        "template; write startTimestampMillis: \"${start_time}\" and endTimestampMillis: \"${end_time}\", or "
        "a day such as \"${bdp.system.bizdate}\"");
  CHECK(problems_after(range, "startTimestampMillis: ''").back() ==
        "jobs.d/orders.yaml:18:11: error: reader.parameter: no time range; give startTimestampMillis and "
        "endTimestampMillis (or startTimeString and endTimeString, or date)");
}

TEST_CASE("script: wrong columns are reported one by one") {
  const auto columns = [](std::string_view to) {
    return problems_after("column: [{name: uid}, {name: name}]", to);
  };
  const std::string at = "jobs.d/orders.yaml:23:";
  CHECK(columns("settle: 60s") == only("jobs.d/orders.yaml:18:11: error: reader.parameter.column: empty or "
                                       "missing; list the columns to export, "
                                       "such as [{\"name\": \"uid\"}]"));
  CHECK(columns("column: []") ==
        only(at + "19: error: reader.parameter.column: empty or missing; list the columns to "
                  "export, such as [{\"name\": \"uid\"}]"));
  CHECK(columns("column: uid") ==
        only(at + "19: error: reader.parameter.column: expected a list of maps such as "
                  "{\"name\": \"uid\"}, got a string"));
  CHECK(columns("column: [uid, {nam: uid}, {name: ''}, [x]]") ==
        std::vector<std::string>{
            at + "20: error: reader.parameter.column[0]: expected a map such as {\"name\": \"uid\"}, got a "
                 "string",
            at + "25: error: reader.parameter.column[1].name: missing; name the column of the table",
            at + "26: error: reader.parameter.column[1].nam: unknown key, did you mean name?",
            at + "44: error: reader.parameter.column[2].name: empty; name the column of the table",
            at + "49: error: reader.parameter.column[3]: expected a map of keys and values, got a list"});
}

TEST_CASE("script: steps that are missing, doubled or of another kind are told of") {
  const auto changed = [](std::string_view from, std::string_view to) {
    return script_problems(replaced(kVersion2, from, to));
  };
  CHECK(changed(R"("type":"job")", R"("type":"flow")") ==
        only(in_script("2:8: error: type: expected \"job\", got \"flow\"")));
  CHECK(changed(R"("type":"job",)", "").empty());
  CHECK(
      changed(R"("nodes":[])", R"("nodes":[{"id":1}])") ==
      only(in_script("12:93: error: steps[2].parameter.nodes: transformations between reader and writer are "
                     "not supported; remove the processor step")));
  CHECK(changed(R"("category":"processor","copies":1,"parameter":{"nodes":[],"edges":[]})",
                R"("category":"processor","parameter":{"groups":[1]})")
            .size() == 1);
  CHECK(changed(R"("category":"processor")", R"("category":"sink")") ==
        only(in_script("12:49: error: steps[2].category: expected reader or writer, got \"sink\"")));
}

TEST_CASE("script: a step needs a category, and each of the two comes once") {
  const auto of_steps = [](const std::string& steps) {
    return script_problems("{\"type\": \"job\", \"steps\": [" + steps + "]}");
  };
  CHECK(of_steps("") ==
        std::vector<std::string>{
            in_script("1:26: error: steps: a step of category reader with a parameter map is missing"),
            in_script("1:26: error: steps: a step of category writer with a parameter map is missing")});
  CHECK(of_steps("{}").front() == in_script("1:26: error: steps: a step of category reader with a parameter "
                                            "map is missing"));
  const std::vector<std::string> none = of_steps("{}");
  CHECK(std::find(none.begin(), none.end(),
                  in_script("1:27: error: steps[0].category: missing; reader or writer")) != none.end());
  const std::string writer = R"({"category": "writer", "stepType": "oss", "parameter": {}})";
  const std::vector<std::string> twice = of_steps(writer + ", " + writer);
  CHECK(std::find(twice.begin(), twice.end(),
                  in_script("1:100: error: steps[1].category: a second writer is not supported")) !=
        twice.end());
  const std::string reader = R"({"category": "reader", "stepType": "otsstream", "parameter": {}})";
  const std::vector<std::string> readers = of_steps(reader + ", " + reader);
  CHECK(std::any_of(readers.begin(), readers.end(), [](const std::string& text) {
    return text.ends_with("steps[1].category: a second reader is not supported");
  }));
}

TEST_CASE("script: DataX has one pair without transformations between its sides") {
  const auto told = [](const std::string& job) { return script_problems("{\"job\": " + job + "}"); };
  CHECK(told("{}") == only(in_script("1:9: error: job.content: missing; a list with one reader and writer")));
  CHECK(told("{\"content\": {}}") ==
        only(in_script("1:21: error: job.content: expected a list with exactly one reader and writer; write "
                       "one job file for each pair")));
  const std::string with_transformer = replaced(
      kDatax, "    \"writer\": {", "    \"transformer\": [{\"name\": \"dx_substr\"}],\n    \"writer\": {");
  const std::vector<std::string> refused = script_problems(with_transformer);
  CHECK(std::any_of(refused.begin(), refused.end(), [](const std::string& text) {
    return text.ends_with(
        "job.content[0].transformer: transformations between reader and writer are not "
        "supported; remove them");
  }));
  // An empty list is what an editor leaves behind.
  const std::vector<std::string> fine =
      script_problems(replaced(with_transformer, "[{\"name\": \"dx_substr\"}]", "[]"));
  CHECK(std::none_of(fine.begin(), fine.end(),
                     [](const std::string& text) { return text.find("error") != std::string::npos; }));
}

TEST_CASE("script: a part that is no map is told of in its place") {
  CHECK(problems_after("        errorLimit: {record: \"0\"}\n", "        - 1\n") ==
        only("jobs.d/orders.yaml:14:9: error: setting: expected a map of keys and values, got a list"));
  CHECK(problems_after("      setting:\n        errorLimit: {record: \"0\"}\n", "").empty());
  const std::vector<std::string> text = script_problems(R"({"configuration": {
    "reader": {"plugin": "otsstream", "parameter": "x"}, "writer": {"plugin": "oss", "parameter": 5}}})");
  CHECK(std::find(
            text.begin(), text.end(),
            in_script("2:52: error: reader.parameter: expected a map of keys and values, got a string")) !=
        text.end());
}

TEST_CASE("script: the text writer's names are taken where the own ones are not there") {
  const auto writer = [](const std::string& parameter) {
    const auto root = parse_yaml(
        "{job: {content: [{reader: {name: otsstreamreader, parameter: {date: a, date: b}}, "
        "writer: {name: txtfilewriter, parameter: {" +
        parameter + "}}}]}}");
    ProblemList problems("s.json");
    return read_script(root.value(), problems).value().writer;
  };
  CHECK(writer("path: /a, fileName: b").find("directory")->text == "/a");
  CHECK(writer("path: /a, fileName: b").find("object")->text == "b");
  CHECK(writer("path: /a, directory: /c").find("directory")->text == "/c");
  CHECK(writer("fileName: b, object: d").find("fileName")->text == "b");
}

TEST_CASE("script: a category that is no text is told of once, and the step counts as neither") {
  const std::vector<std::string> told = script_problems("{\"steps\": [{\"category\": [\"reader\"]}]}");
  REQUIRE(told.size() == 3);
  CHECK(std::count(told.begin(), told.end(),
                   in_script("1:25: error: steps[0].category: expected a string, got a list")) == 1);
}
