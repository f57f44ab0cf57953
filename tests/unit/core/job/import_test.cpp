#include "core/job/import.hpp"

#include "core/job/job_file.hpp"
#include "tests/unit/core/job/import_text.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

// The schedule of the job that comes out, which has to be valid.
Schedule schedule_of(const Import& import) {
  CAPTURE(printed(import));
  REQUIRE(import.valid());
  const LoadedJobs loaded =
      load_job_text("j.yaml", file_of(import, ".yaml"), kSources,
                    [&](const std::string&) -> Result<std::string> { return file_of(import, ".json"); });
  REQUIRE(loaded.jobs.size() == 1);
  return loaded.jobs.front().schedule;
}

}  // namespace

TEST_CASE("import: a script that is accepted is copied byte for byte, beside a job file that is valid") {
  ImportRequest request = request_of(kDataworks);
  request.sources = kSources;
  const Import import = import_job(request);
  CAPTURE(printed(import));
  REQUIRE(import.valid());
  CHECK(import.job == "orders");
  CHECK(file_of(import, ".json") == kDataworks);
  CHECK(import.files.size() == 2);
  CHECK(import.data_sources.empty());
  CHECK(has_line(file_of(import, ".yaml"), "start_time: \"$[yyyymmddhh24miss-10/24/60]\"  # --params"));
  CHECK(fate_of(import, "reader.parameter.dataTable") == "kept");
  CHECK(fate_of(import, "reader.parameter.threadNum") == "ignored");
  CHECK(fate_of(import, "setting.speed.mbps") == "ignored");
  CHECK(fate_of(import, "writer.parameter.object") == "changed");
  CHECK(schedule_of(import).interval == std::chrono::minutes(5));
}

TEST_CASE("import: the place of a key is its place in the input") {
  const Import import = import_job(request_of(kDataworks));
  const auto note = std::find_if(import.notes.begin(), import.notes.end(), [](const ImportNote& one) {
    return one.key == "reader.parameter.statusTable";
  });
  REQUIRE(note != import.notes.end());
  CHECK(note->file == "in/orders.json");
  CHECK(note->place == Place{4, 5});
}

TEST_CASE("import: data sources that are missing are made up of references, and no secret is copied") {
  const Import named = import_job(request_of(kDataworks));
  REQUIRE(named.valid());
  CHECK(has_line(named.data_sources, "accessKey: \"${env:ORDERS_OTS_ACCESS_KEY}\""));
  const Import datax = import_job(request_of(kDatax));
  CAPTURE(printed(datax));
  REQUIRE(datax.valid());
  CHECK(datax.files.size() == 3);
  CHECK(has_line(datax.data_sources, "endpoint: \"https://oss-cn-hangzhou.aliyuncs.com\""));
  for (const ImportedFile& file : datax.files) CHECK_FALSE(has_line(file.content, "canary"));
  for (const ImportNote& note : datax.notes) CHECK_FALSE(has_line(note.text, "canary"));
  CHECK(has_line(file_of(datax, ".json"), "\"startTimeString\": \"${start_time}\""));
  CHECK(has_line(file_of(datax, ".json"), "\"datasource\": \"orders_oss\""));
  CHECK(std::count_if(datax.differences.begin(), datax.differences.end(),
                      [](const std::string& one) { return one.starts_with("errorLimit"); }) == 1);
}

TEST_CASE("import: a credential in a comment is not copied either") {
  const Import import = import_job(request_of(kDataworks + "\n# \"accessKey\": \"canary-of-old\"\n"));
  REQUIRE(import.valid());
  CHECK_FALSE(has_line(file_of(import, ".json"), "canary"));
}

TEST_CASE("import: DataX runs the first pair of its list only") {
  const std::string pair =
      R"({"reader": {"name": "x", "parameter": {}}, "writer": {"name": "y", "parameter": {}}})";
  const Import import = import_job(request_of(replaced(kDatax, "}}}],", "}}}, " + pair + "],")));
  CAPTURE(printed(import));
  CHECK(import.valid());
  CHECK(fate_of(import, "job.content[1]") == "unsupported");
}

TEST_CASE("import: each cron expression becomes a cycle with the same slots") {
  struct Case {
    std::string cron;
    std::string line;
  };
  const std::vector<Case> cases{{"00 00/5 * * * ?", "interval: 5m"},
                                {"*/5 * * * *", "interval: 5m"},
                                {"00 */30 00-23 * * ?", "interval: 30m"},
                                {"00 00 00-23/2 * * ?", "interval: 2h"},
                                {"00 26 00 * * ?", "at: \"00:26\""},
                                {"00 00/40 * * * ?", "cron: \"00 00/40 * * * ?\""},
                                {"00 00 01 ? * 2,4", "cron: \"00 00 01 ? * 2,4\""},
                                {"00 00 01 L * ?", "cron: \"00 00 01 L * ?\""},
                                {"30 00 01 * * ?", "cron: \"30 00 01 * * ?\""},
                                {"00 00 01 1 3 ?", "cron: \"00 00 01 1 3 ?\""}};
  for (const Case& one : cases) {
    CAPTURE(one.cron);
    ImportRequest request = request_of(kDataworks);
    request.cron = one.cron;
    const Import import = import_job(request);
    CAPTURE(printed(import));
    CHECK(import.valid());
    CHECK(has_line(file_of(import, ".yaml"), one.line));
  }
  ImportRequest part = request_of(kDataworks);
  part.cron = "00 00-59/10 8-17 * * ?";
  const Schedule schedule = schedule_of(import_job(part));
  CHECK(schedule.start == std::chrono::hours(8));
  CHECK(schedule.end == std::chrono::minutes(17 * 60 + 50));
}

TEST_CASE("import: the schedule as GetFile answers it") {
  const Import import =
      import_job(with_schedule(R"({"RequestId": "x", "Data": {"File": {"FileName": "my sync"},
    "NodeConfiguration": {"CronExpress": "00 00/5 * * * ?", "CycleType": "NOT_DAY", "AutoRerunTimes": 2,
    "AutoRerunIntervalMillis": 90000, "RerunMode": "FAILURE_ALLOWED", "DependentType": "USER_DEFINE_AND_SELF",
    "DependentNodeIdList": "5,10", "StartEffectDate": 936923400000, "EndEffectDate": 253370736000000,
    "InputList": [{"Input": "ws_root"}, {"Input": "ws.rates"}], "ResourceGroupId": 1, "New": 1,
    "ParaValue": ")" + kParameters +
                               R"("}}})"));
  CHECK(import.job == "my_sync");
  const std::string job = file_of(import, ".yaml");
  for (const std::string_view line :
       {"times: 2  # AutoRerunTimes, node.json:2:", "interval: 90s", "property: after_failure",
        "effectiveFrom: 1999-09-10", "effectiveTo: 9999-01-01"})
    CHECK(has_line(job, line));
  CHECK(fate_of(import, "New") == "unsupported");
  CHECK(fate_of(import, "ResourceGroupId") == "ignored");
  CHECK(fate_of(import, "DependentNodeIdList") == "unsupported");
  CHECK(schedule_of(import).interval == std::chrono::minutes(5));
}

TEST_CASE("import: the schedule as GetNode and ListNodes answer it") {
  const std::string node =
      R"({"NodeName": "orders", "NodeId": 1, "CronExpress": "00 05 00 * * ?", "RepeatMode": 2,
    "Priority": 7, "RepeatInterval": 60, "SchedulerType": "PAUSE", "ParamValues": ")" +
      kParameters + "\"}";
  for (const std::string& answer : {"{\"Data\": " + node + "}", "{\"Data\": {\"Nodes\": [" + node + "]}}"}) {
    const Import import = import_job(with_schedule(answer));
    CHECK(schedule_of(import).cycle == Cycle::day);
    CHECK(has_line(file_of(import, ".yaml"), "property: never"));
    CHECK(has_line(file_of(import, ".yaml"), "priority: 7"));
    CHECK(fate_of(import, "RepeatInterval") == "unsupported");
    CHECK(fate_of(import, "SchedulerType") == "unsupported");
  }
  CHECK(printed(import_job(with_schedule("{\"Data\": {\"Nodes\": [" + node + ", " + node + "]}}")))
            .front()
            .find("holds 2 nodes (orders, orders)") != std::string::npos);
}

TEST_CASE("import: the schedule as a FlowSpec has it, also as the text that GetNode answers") {
  const std::string spec =
      R"({"version": "1.1.0", "kind": "CycleWorkflow", "spec": {"nodes": [{"name": "orders",
    "recurrence": "Normal", "rerunMode": "Allowed", "rerunTimes": 3, "rerunInterval": 120000, "instanceMode": "T+1",
    "script": {"path": "a", "parameters": [{"name": "start_time", "value": "$[yyyymmddhh24miss-10/24/60]"},
      {"name": "end_time", "scope": "NodeParameter", "value": "$[yyyymmddhh24miss-5/24/60]"}]},
    "trigger": {"type": "Scheduler", "cron": "00 */5 * * * ?", "startTime": "1970-01-01 00:00:00",
      "endTime": "9999-01-01 00:00:00", "timezone": "GMT+09:00", "delaySeconds": 0}}],
    "flow": [{"depends": [{"type": "CrossCycleDependsOnSelf"}, {"type": "Normal", "output": "ws_root"}]}]}})";
  for (const std::string& answer : {spec, "{\"Node\": {\"Spec\": " + quoted_text(spec) + "}}"}) {
    const Schedule schedule = schedule_of(import_job(with_schedule(answer)));
    CHECK(schedule.zone == "Etc/GMT-9");
    CHECK(schedule.interval == std::chrono::minutes(5));
  }
}

TEST_CASE("import: what cannot be a schedule is an error at its place") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{\"a\": 1}", "node.json:1:1: error: no known form of a schedule"},
      {"[1]", "node.json:1:1: error: no known form of a schedule"},
      {"{\"CronExpress\": \"nonsense\"}", "node.json:1:2: error: CronExpress: "},
      {"{\"CronExpress\": \"* * * * *\", \"AutoRerunTimes\": \"x\"}",
       "node.json:1:30: error: AutoRerunTimes: "},
      {"{\"CronExpress\": \"* * * * *\", \"AutoRerunTimes\": 11}", "node.json:1:30: error: rerun.times: "},
      {"{\"CronExpress\": \"* * * * *\", \"CronExpress\": \"\"}", "CronExpress: the key is there twice"},
      {"{\"spec\": {\"nodes\": []}}", "node.json:1:10: error: spec: expected one node"},
      {"{\"Node\": {\"Spec\": \"{\"}}", "node.json (Node.Spec):1:"},
      {"{", "node.json:1:"}};
  for (const auto& [schedule, expected] : cases) {
    CAPTURE(schedule);
    const Import import = import_job(with_schedule(schedule));
    CHECK_FALSE(import.valid());
    CHECK(import.files.empty());
    std::string all;
    for (const std::string& line : printed(import)) all += line + "\n";
    CAPTURE(all);
    CHECK(has_line(all, expected));
  }
}

TEST_CASE("import: a crontab line gives the times and what it defines") {
  ImportRequest request = request_of(kDatax);
  request.cron.clear();
  request.parameters.clear();
  request.crontab =
      R"(*/5 * * * * cd /opt && python datax.py j.json -p "-Dstart_time=$(date -d '10 minutes ago' )"
      R"(+\%Y\%m\%d\%H\%M00) -Dend_time=`date --date=-5min +\%Y\%m\%d\%H\%M00` -Dplain=x -DaccessKey=canary -Dodd=$HOME")";
  const Import import = import_job(request);
  CAPTURE(printed(import));
  CHECK(import.valid());
  const std::string job = file_of(import, ".yaml");
  CHECK(has_line(job, "start_time: \"$[yyyymmddhh24mi-10/24/60]00\""));
  CHECK(has_line(job, "end_time: \"$[yyyymmddhh24mi-5/24/60]00\""));
  CHECK(has_line(job, "interval: 5m"));
  CHECK_FALSE(has_line(job, "canary"));
  CHECK(fate_of(import, "--crontab -Dodd") == "unsupported");
  request.crontab = "@reboot x";
  CHECK_FALSE(import_job(request).valid());
}

TEST_CASE("import: variables that nobody defines are errors at their place") {
  ImportRequest request = request_of(kDataworks);
  request.parameters = "start_time=$[yyyymmddhh24miss]";
  const Import import = import_job(request);
  CHECK_FALSE(import.valid());
  CHECK(import.files.empty());
  REQUIRE_FALSE(import.problems.empty());
  CHECK(has_line(printed(import).front(), "in/orders.json:4:"));
  CHECK(has_line(printed(import).front(), "undefined variable ${end_time}"));
}

TEST_CASE("import: --take-over begins at the slot whose window begins there, in the original's positions") {
  ImportRequest request = request_of(kDataworks);
  request.take_over = "2018-10-16T00:05";
  const Import import = import_job(request);
  CAPTURE(printed(import));
  REQUIRE(import.valid());
  CHECK(has_line(file_of(import, ".yaml"), "from: \"2018-10-16T00:15+08:00\""));
  CHECK(has_line(file_of(import, ".json"), "\"takeOver\": \"required\""));
  request.take_over = "yesterday";
  CHECK_FALSE(import_job(request).valid());
}

TEST_CASE("import: broken and hostile scripts are told of at their place") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "in/orders.json:1:1: error: no known form of a script"},
      {"{\"a\": [1, 2", "in/orders.json:1:"},
      {"[]", "no known form of a script"},
      {"{\"steps\": 3}", "steps: expected a list"},
      {"{\"job\": {\"content\": {}}}", "content: expected a list"},
      {"{\"configuration\": []}", "error"},
      {replaced(kDataworks, "\"dataTable\": \"orders\"", "\"dataTable\": \"orders\", \"dataTable\": \"b\""),
       "duplicate"},
      {replaced(kDataworks, "\"dataTable\": \"orders\"", "\"dataTable\": [1]"), "in/orders.json:3:"},
      {std::string(2U << 20U, ' '), "larger than"}};
  for (const auto& [script, expected] : cases) {
    const Import import = import_job(request_of(script));
    CHECK_FALSE(import.valid());
    CHECK(import.files.empty());
    std::string all;
    for (const std::string& line : printed(import)) all += line + "\n";
    CAPTURE(script.substr(0, 100), all);
    CHECK(has_line(all, expected));
  }
}

TEST_CASE("import: what options say wins, and is checked") {
  ImportRequest request = with_schedule(
      R"({"CronExpress": "00 00 01 * * ?", "AutoRerunTimes": 1, "ParaValue": ")" + kParameters + "\"}");
  request.cron = "00 00/5 * * * ?";
  request.rerun_times = "7";
  request.rerun_interval = "30s";
  request.timezone = "Europe/Berlin";
  request.name = "other";
  const Import import = import_job(request);
  CHECK(schedule_of(import).zone == "Europe/Berlin");
  CHECK(import.job == "other");
  CHECK(has_line(file_of(import, "other.yaml"), "times: 7  # --rerun-times"));
  request.name = "no name";
  request.rerun_interval = "often";
  request.timezone = "Mars/Base";
  const Import wrong = import_job(request);
  CHECK_FALSE(wrong.valid());
  CHECK(printed(wrong).size() >= 3);
}
